"""Losses that the totals of two layers show and no counter names.

They have no counter of their own: `also` names the totals they are reckoned from. When a
rule's counter, a drop reason or another file names the loss, its own stage has it instead.
"""

from __future__ import annotations

from netrx_tune.model.stage import Stage

BOOKS_STAGES: tuple[Stage, ...] = (
    Stage(
        name="device-unattributed",
        order=120,
        layer="books",
        title="left the device, did not reach IP",
        function="between the device's rx_packets and ip_rcv_core() in net/ipv4/ip_input.c",
        what=(
            "The device counted more packets than IP received, or counted drops that no stage "
            "explains. XDP, tc and nftables at ingress drop here without any counter; so do "
            "drivers that book several causes as rx_dropped, and tunnels without a queue of their "
            "own (tun, WireGuard, sit, vti)."
        ),
        also=("rx_packets", "rx_dropped", "Ip.InReceives", "Ip6.InReceives"),
        remedy=(
            "Look for programs at the device: ip link (xdp), tc filter show dev DEV ingress, nft "
            "list ruleset. From 5.19 on `perf trace -e skb:kfree_skb` shows the kernel's reason."
        ),
        wrong_when=(
            "The device carries other protocols, feeds a bridge, or a VLAN device: they pass IP by."
        ),
        blind=(
            "Merged packets (GRO) and packets that pass a second device make the difference "
            "inexact."
        ),
    ),
    Stage(
        name="ip-unattributed",
        order=121,
        layer="books",
        title="IP received it, nothing delivered or named it",
        function="between ip_rcv_core() and ip_protocol_deliver_rcu() in net/ipv4/ip_input.c",
        what=(
            "Packets that Ip.InReceives counted and that neither a named IP loss nor a delivery "
            "accounts for: netfilter drops, connection tracking, martians, multicast that was not "
            "joined, source routing."
        ),
        also=("Ip.InReceives", "Ip.InDelivers", "Ip6.InReceives", "Ip6.InDelivers"),
        remedy=(
            "Give the firewall's rules counters (nft: `counter`), look at "
            "/proc/net/stat/nf_conntrack and rt_cache. From 5.19 on `perf trace -e "
            "skb:kfree_skb` shows the kernel's reason."
        ),
        wrong_when="Any buffer: it was lost before a socket was looked up.",
        blind=(
            "Packets in a user-space queue (NFQUEUE), fragments that still wait and IPsec packets "
            "that come round twice look the same for a while."
        ),
    ),
    Stage(
        name="udp-unattributed",
        order=122,
        layer="books",
        title="a UDP error that no counter names",
        function="__udp4_lib_rcv() to udp_recvmsg() in net/ipv4/udp.c",
        what=(
            "InErrors less RcvbufErrors, InCsumErrors and MemErrors: a socket filter, an IPsec "
            "policy, a wrong length, a copy fault; on old kernels also a full buffer or refused "
            "memory."
        ),
        also=("Udp.InErrors", "Udp6.InErrors", "UdpLite.InErrors", "UdpLite6.InErrors"),
        remedy=(
            "If sockets' drops moved by the same number, look at that socket's filter (ss -uaemb), "
            "the cgroup's programs and ip xfrm policy; else at the sender's UDP lengths."
        ),
        wrong_when=(
            "Up to 3.14 and on el7.3 it is mostly full buffers: see the versions of "
            "udp-rcvbuf-full. Up to 5.10 it holds refused memory."
        ),
        blind="Counters are read CPU by CPU, so short windows can show a few too many or too few.",
        versions="The parts differ by kernel: see udp-rcvbuf-full and udp-proto-mem.",
        unit="datagrams",
    ),
)
