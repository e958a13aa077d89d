"""Kinds of devices by their usual names."""

from __future__ import annotations

import pytest

from netrx_tune.collectors.device_names import kind_by_name


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("eth0", ""),
        ("enp193s0f0np0", ""),
        ("ens192", ""),
        ("lo", ""),
        ("brcm0", ""),
        ("bond0", "bond"),
        ("br0", "bridge"),
        ("docker0", "bridge"),
        ("br-0123456789ab", "bridge"),
        ("veth1a2b3c4", "veth"),
        ("cali0123456789a", "veth"),
        ("eth0.100", "vlan"),
        ("bond0.5", "vlan"),
        ("flannel.1", "vxlan"),
        ("tun0", "tun"),
        ("wg0", "wireguard"),
        ("tunl0", "ipip"),
        ("gre1", "gre"),
        ("gretap0", "gretap"),
        ("ip6tnl0", "ip6tnl"),
        ("ip_vti0", "vti"),
        ("ipsec0", "xfrm"),
        ("genev_sys_6081", "geneve"),
        ("vxlan_sys_4789", "vxlan"),
        ("tailscale0", "tun"),
        ("green0", ""),
        ("ppp0", "ppp"),
        ("pppoe-wan", "ppp"),
    ],
)
def test_a_name_tells_the_kind(name: str, kind: str) -> None:
    assert kind_by_name(name) == kind
