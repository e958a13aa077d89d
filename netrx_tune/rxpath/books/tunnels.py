"""Datagrams that a tunnel of this namespace unpacked: UDP counts them, and no program reads them.

The kernel's own socket takes the outer datagram, which InDatagrams counts as read; what was in it
comes in once more by the tunnel's device, and is what was on the way to a program.
Kernel: net/ipv4/udp.c, udp_queue_rcv_one_skb(), encap_rcv; drivers/net/vxlan/vxlan_core.c,
vxlan_rcv(); drivers/net/geneve.c, geneve_rx().
"""

from __future__ import annotations

from netrx_tune.collectors.udp_ports import udp_ports
from netrx_tune.model.snapshot import Delta
from netrx_tune.rxpath.books.udp_errors import Errors

_KINDS = frozenset({"vxlan", "geneve"})
# VXLAN's by its standard and by Linux's old default, and Geneve's.
_PORTS = frozenset({4789, 8472, 6081})


def read_by_programs(delta: Delta, errors: Errors) -> int:
    """Return the datagrams that UDP delivered, less those that a tunnel's socket took.

    A tunnel's device may have been moved away from its socket: then that is another namespace's.
    """
    tunnels = [name for name, device in delta.after.devices.items() if device.kind in _KINDS]
    if not tunnels:
        return errors.delivered
    ports = udp_ports(delta.after.files)
    if ports is not None and ports.isdisjoint(_PORTS):
        return errors.delivered
    unpacked = sum(delta.increase(f"{name}.rx_packets") or 0 for name in tunnels)
    return max(0, errors.delivered - unpacked)
