"""The receive path as data: every place that can lose a packet, in path order.

A counter stands in `counters` of one stage only: the stage that its increase is charged to.
Every other stage whose loss moves it as well names it in `also`, so that what such a stage
is known to have lost can be taken off. Names of counters:

    Udp.RcvbufErrors, Ip6.InDiscards   /proc/net/snmp, snmp6, netstat
    rx_dropped                         a field of struct rtnl_link_stats64, of each device
    peer.tx_dropped                    the same of the other end of a veth pair
    ethtool.rx_out_of_buffer           a driver's own name
    softnet.dropped                    a column of /proc/net/softnet_stat, summed over CPUs
    nf_conntrack.drop, rt_cache.x      a column of a file in /proc/net/stat, summed
    xfrm.XfrmInPolBlock                a line of /proc/net/xfrm_stat
    udp_socket.drops                   sockets' own counts: udp, packet, raw, tcp
    nft.input, tc.ingress              what counting rules of a hook dropped, summed
"""

from __future__ import annotations

from netrx_tune.model.kernel import KernelVersion
from netrx_tune.model.stage import Layer, Stage
from netrx_tune.rxpath.stages.books import BOOKS_STAGES
from netrx_tune.rxpath.stages.core import CORE_STAGES
from netrx_tune.rxpath.stages.device import DEVICE_STAGES
from netrx_tune.rxpath.stages.ip import IP_STAGES
from netrx_tune.rxpath.stages.softirq import SOFTIRQ_STAGES
from netrx_tune.rxpath.stages.tcp import TCP_STAGES
from netrx_tune.rxpath.stages.udp import UDP_STAGES

LAYERS: tuple[Layer, ...] = ("device", "softirq", "core", "ip", "udp", "tcp", "books")

STAGES: tuple[Stage, ...] = (
    *DEVICE_STAGES,
    *SOFTIRQ_STAGES,
    *CORE_STAGES,
    *IP_STAGES,
    *UDP_STAGES,
    *TCP_STAGES,
    *BOOKS_STAGES,
)

_BY_NAME = {one.name: one for one in STAGES}


def stage(name: str) -> Stage:
    """Return the stage of that name; a KeyError is a bug of the caller."""
    return _BY_NAME[name]


def exists(one: Stage, kernel: KernelVersion | None) -> bool:
    """Tell whether a kernel has a stage; an unknown kernel may have any.

    Distributions backport: a counter that a file shows proves the stage whatever this says.
    """
    if kernel is None:
        return True
    return (one.since is None or kernel >= one.since) and (one.until is None or kernel < one.until)
