"""The core's receive function: taps, classifiers, handlers, before any protocol.

Versions read: 3.10 to 6.19.
"""

from __future__ import annotations

from netrx_tune.model.kernel import KernelVersion
from netrx_tune.model.stage import Stage

CORE_STAGES: tuple[Stage, ...] = (
    Stage(
        name="xdp-generic-drop",
        order=30,
        layer="core",
        kind="policy",
        title="an XDP program in generic mode dropped it",
        function="do_xdp_generic() in net/core/dev.c",
        what=(
            "A BPF program attached in generic mode, for drivers without XDP of their own, "
            "dropped the packet after it had become a kernel packet."
        ),
        reasons=("XDP", "NOT_SPECIFIED"),
        remedy="Ask the program's owner: ip link shows xdpgeneric, bpftool prog names it.",
        wrong_when="Treating it as a lack of room: nothing was full.",
        blind=(
            "No counter moves. The books show it as packets of the device that never reached IP; "
            "the reason XDP is for a failed redirect, a plain drop says NOT_SPECIFIED with the "
            "location do_xdp_generic."
        ),
        versions="From 4.12.",
        since=KernelVersion(4, 12),
    ),
    Stage(
        name="packet-tap-drop",
        order=31,
        layer="core",
        kind="copy",
        title="a capture missed its copy",
        function="packet_rcv() and tpacket_rcv() in net/packet/af_packet.c, raw_rcv() in "
        "net/ipv4/raw.c",
        what=(
            "A capturing program (tcpdump, an IDS, a DHCP client) has a packet socket whose "
            "buffer or ring was full. Its copy of the packet is gone; the packet itself goes on. "
            "Raw sockets (ping) get such a copy, too; of a protocol that the kernel leaves to "
            "programs (OSPF, VRRP) theirs is the only one, and a loss."
        ),
        counters=("packet_socket.drops", "raw_socket.drops"),
        reasons=("PACKET_SOCK_ERROR",),
        knobs=("SO_RCVBUF", "net.core.rmem_max", "PACKET_RX_RING"),
        remedy=(
            "Give the capture a larger ring (tcpdump -B), a narrower filter, or a faster disk to "
            "write to."
        ),
        wrong_when="Taking it for loss of the application's traffic: no program missed anything.",
        blind=(
            "Only the socket's own statistics show it, and a program that reads "
            "PACKET_STATISTICS sets them back to 0."
        ),
        versions="All kernels; the reason PACKET_SOCK_ERROR from 6.8.",
    ),
    Stage(
        name="tc-ingress-drop",
        order=32,
        layer="core",
        kind="policy",
        title="a tc ingress filter dropped it",
        function="sch_handle_ingress() in net/core/dev.c",
        what=(
            "A traffic-control filter or BPF program on the device's ingress said drop: a "
            "policer above its rate, or a program that wanted the packet gone."
        ),
        counters=("tc.ingress",),
        reasons=("TC_INGRESS",),
        knobs=("tc filter",),
        remedy="Look at `tc -s filter show dev DEV ingress`; raise the policer or change the rule.",
        wrong_when="Treating it as a lack of room, unless a policer's rate was set by mistake.",
        blind=(
            "Only the qdisc's own `dropped` shows it: no IP counter and no device counter. tcx "
            "programs count nothing."
        ),
        versions="All kernels; the reason TC_INGRESS after 5.17.",
    ),
    Stage(
        name="nf-ingress-drop",
        order=33,
        layer="core",
        kind="policy",
        title="an nftables netdev rule dropped it",
        function="nf_ingress() in net/core/dev.c, nf_hook_slow() in net/netfilter/core.c",
        what=(
            "A rule in an nftables table of family netdev (or an ingress chain of inet) dropped "
            "the packet before IP saw it."
        ),
        counters=("nft.ingress",),
        reasons=("NETFILTER_DROP",),
        knobs=("nft ruleset",),
        remedy="Look at the rule and its counter: nft -a list ruleset.",
        wrong_when="Treating it as a lack of room: a rule did what it says.",
        blind=(
            "Without a `counter` in the rule nothing at all moves. The books show packets of the "
            "device that never reached IP."
        ),
        versions="From 4.2.",
        since=KernelVersion(4, 2),
    ),
    Stage(
        name="pfmemalloc-drop",
        order=34,
        layer="core",
        title="the packet sat in memory reserved for swapping",
        function="__netif_receive_skb_core() in net/core/dev.c, sk_filter_trim_cap() in "
        "net/core/filter.c",
        what=(
            "Memory was so short that the driver got its page from the emergency reserve. Such a "
            "packet may only reach sockets that help to free memory (swap over the network); for "
            "all others it is dropped at once to give the page back."
        ),
        counters=("TcpExt.PFMemallocDrop",),
        also=("rx_dropped", "Udp.InErrors", "Udp6.InErrors"),
        reasons=("PFMEMALLOC",),
        knobs=("vm.min_free_kbytes",),
        remedy="End the memory pressure; raise vm.min_free_kbytes.",
        wrong_when="Buffers of any kind: they need more of the memory that is missing.",
        blind=(
            "In the core it moves rx_dropped; only the drop at a socket's filter moves "
            "PFMemallocDrop."
        ),
        versions=(
            "The counter is there from 4.12 (and in el7.9); the reason PFMEMALLOC from 6.17. Up "
            "to 4.4 a UDP refusal of this kind is booked as RcvbufErrors."
        ),
    ),
    Stage(
        name="rx-nohandler",
        order=35,
        layer="core",
        kind="stray",
        title="a standby link delivered it",
        function="__netif_receive_skb_core() in net/core/dev.c",
        what=(
            "The packet came in by a device that is not meant to receive now: the inactive member "
            "of a bond or team. Only listeners bound to that very device would have got it."
        ),
        counters=("rx_nohandler",),
        reasons=("UNHANDLED_PROTO",),
        remedy="None: it is what a standby link does with flooded and broadcast frames.",
        wrong_when="Counting it as loss.",
        blind="Not in /proc/net/dev; in /sys/class/net/DEV/statistics and rtnetlink.",
        versions="A field of its own from 4.6; before, these packets were part of rx_dropped.",
        since=KernelVersion(4, 6),
    ),
    Stage(
        name="l2-unhandled-proto",
        order=36,
        layer="core",
        kind="stray",
        title="nobody handles this EtherType",
        function="__netif_receive_skb_core() in net/core/dev.c",
        what=(
            "No protocol is registered for the frame's EtherType: LLDP, spanning tree, a VLAN or "
            "a protocol that this host does not run. Switches send such frames for ever."
        ),
        counters=("rx_dropped",),
        reasons=("UNHANDLED_PROTO",),
        remedy=(
            "Identify the frames (tcpdump -e -nn not ip and not ip6 and not arp) and stop them at "
            "the switch, or ignore them."
        ),
        wrong_when=(
            "Raising rings or backlogs because `RX dropped` grows a little all the time: nothing "
            "was full."
        ),
        blind=(
            "rx_dropped also holds the driver's own drops, a full backlog, a full tunnel queue "
            "and packets from the memory reserve. While a packet socket listens to all "
            "protocols these frames count as handled, so the counter stops."
        ),
        versions="All kernels; the reason UNHANDLED_PROTO after 5.17.",
    ),
)
