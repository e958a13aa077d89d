"""What kind of device a name points to, where nothing but the name is known.

The kernel, Docker, libvirt, Kubernetes and the distributions name devices so unless told otherwise.
"""

from __future__ import annotations

import re

_KINDS = tuple(
    (kind, re.compile(pattern))
    for kind, pattern in (
        ("bond", r"bond\d+"),
        ("team", r"team\d+"),
        ("bridge", r"(?:docker|virbr|cni|lxcbr|lxdbr|vmbr|cbr)\d+|br-[0-9a-f]{12}|br\d+"),
        ("veth", r"veth\w+|cali[0-9a-f]{6,}|lxc[0-9a-f]{6,}"),
        ("tun", r"(?:tun|tap|vnet)\d+"),
        ("vlan", r"[a-z]\w*\.\d{1,4}|vlan\d+"),
        ("vxlan", r"flannel\.\d+|vxlan\d+|vxlan\.calico|cilium_vxlan"),
        ("wireguard", r"wg\d+|wireguard\.cali"),
        ("dummy", r"dummy\d+|nodelocaldns|kube-ipvs0"),
        ("ifb", r"ifb\d+"),
        ("sit", r"sit\d+"),
        ("ipip", r"tunl\d+"),
    )
)


def kind_by_name(name: str) -> str:
    """Return rtnetlink's word for the kind, "" for a card or what is not known."""
    found = {kind for kind, pattern in _KINDS if pattern.fullmatch(name)}
    if len(found) > 1:
        found.discard("vlan")  # flannel.1
    return next(iter(found), "")
