"""What kind of device a name points to, where nothing but the name is known.

The kernel, Docker, libvirt, Kubernetes and the distributions name devices so unless told otherwise.
"""

from __future__ import annotations

import re
from functools import cache

# The first that fits: flannel.1 looks like a VLAN, too.
_KINDS = {
    "bond": r"bond\d+",
    "team": r"team\d+",
    "bridge": r"(?:docker|virbr|cni|lxcbr|lxdbr|vmbr|cbr|br)\d+|br-[0-9a-f]{12}",
    "veth": r"veth\w+|(?:cali|lxc)[0-9a-f]{6,}",
    # A guest's end: of libvirt, Proxmox and OpenStack; Xen's works as they do.
    "tun": r"(?:tun|tap|vnet|tailscale)\d+(?:i\d+)?|tap[0-9a-f]{8}-[0-9a-f]{2}|vif\d+\.\d+|zt\w{8}",
    "macvtap": r"macvtap\d+",
    "macvlan": r"macvlan\d+",
    "ipvlan": r"ipvlan\d+",
    "vxlan": r"flannel\.\d+|vxlan\d+|vxlan(?:-v6)?\.calico|cilium_vxlan|vxlan_sys_\d+",
    "geneve": r"geneve\d+|cilium_geneve|genev_sys_\d+",
    "gre": r"gre\d+",
    "gretap": r"gretap\d+",
    "erspan": r"erspan\d+",
    "ip6gre": r"ip6gre\d+",
    "ip6tnl": r"ip6tnl\d+",
    "vti": r"(?:ip_)?vti\d+",
    "vti6": r"ip6_vti\d+",
    "xfrm": r"(?:xfrm|ipsec)\d+",
    "wireguard": r"a?wg\d+|wireguard\.cali",
    "dummy": r"dummy\d+|nodelocaldns|kube-ipvs0",
    "ifb": r"ifb\d+",
    "sit": r"sit\d+",
    "ipip": r"tunl\d+",
    "ppp": r"ppp\d+|pppoe-\w+",
    "vlan": r"[a-z]\w*\.\d{1,4}|vlan\d+",
}


def kind_by_name(name: str) -> str:
    """Return rtnetlink's word for the kind, "" for a card or what is not known."""
    found = _compiled().fullmatch(name)
    return (found.lastgroup or "") if found else ""


@cache
def _compiled() -> re.Pattern[str]:
    """Return one pattern for all: a live run has rtnetlink's words and needs none."""
    return re.compile("|".join(f"(?P<{kind}>{look})" for kind, look in _KINDS.items()))
