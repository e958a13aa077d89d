"""UDP and UDP-Lite: from the protocol handler to the program's read.

"Udp." is IPv4's line, "Udp6." IPv6's; a v4 datagram on a dual-stack v6 socket counts as
IPv4. Every counter of a loss here is also in that family's InErrors, except NoPorts and
IgnoredMulti. "udp_socket.drops" is the socket's own count (sk_drops).
Versions read: 3.10 to 6.19, all in net/ipv4/udp.c and net/ipv6/udp.c unless said otherwise.
"""

from __future__ import annotations

from netrx_tune.model.kernel import KernelVersion
from netrx_tune.model.stage import Stage

_IN_ERRORS = ("Udp.InErrors", "Udp6.InErrors", "UdpLite.InErrors", "UdpLite6.InErrors")
_CSUM_ERRORS = (
    "Udp.InCsumErrors",
    "Udp6.InCsumErrors",
    "UdpLite.InCsumErrors",
    "UdpLite6.InCsumErrors",
)
_RCVBUF_ERRORS = (
    "Udp.RcvbufErrors",
    "Udp6.RcvbufErrors",
    "UdpLite.RcvbufErrors",
    "UdpLite6.RcvbufErrors",
)
_SOCKET_DROPS = "udp_socket.drops"

_ARRIVAL_STAGES: tuple[Stage, ...] = (
    Stage(
        name="udp-short",
        order=80,
        layer="udp",
        title="shorter than its UDP header says",
        function="__udp4_lib_rcv() in net/ipv4/udp.c, __udp6_lib_rcv() in net/ipv6/udp.c",
        what=(
            "The UDP header is missing or cut, or its length field is below 8 or larger than the "
            "packet."
        ),
        also=_IN_ERRORS,
        reasons=("PKT_TOO_SMALL",),
        remedy="Find the sender that builds wrong headers, or the device that cuts packets.",
        wrong_when="Any buffer.",
        blind=(
            "Only InErrors moves, and no socket's drops: it is part of udp-unattributed unless a "
            "drop reason names it."
        ),
        versions="3.10 to 6.19.",
        unit="datagrams",
    ),
    Stage(
        name="udp-csum-early",
        order=81,
        layer="udp",
        title="bad checksum, found on arrival",
        function="udp4_csum_init() in net/ipv4/udp.c, udp6_csum_init() in net/ipv6/ip6_checksum.c",
        what=(
            "The UDP checksum is wrong and was tested when the datagram came in: it is small (at "
            "most 76 bytes with its UDP header), or a socket filter needed the data, or no socket "
            "was there for it."
        ),
        counters=_CSUM_ERRORS,
        also=_IN_ERRORS,
        reasons=("UDP_CSUM",),
        knobs=("ethtool -K",),
        remedy=(
            "Find what damages the data: a card's checksum offload, a faulty link, a device that "
            "rewrites packets. Compare with checksum offload off (ethtool -K DEV rx off)."
        ),
        wrong_when="Blaming the socket or its buffer: no socket's drops move.",
        blind=(
            "InCsumErrors holds the late ones too (udp-csum-late); those also move the socket's "
            "drops, these do not, except behind a socket filter."
        ),
        versions=(
            "The test of small datagrams on arrival (CHECKSUM_BREAK in include/linux/skbuff.h) is "
            "absent in 3.14 and present from 3.16."
        ),
        unit="datagrams",
    ),
    Stage(
        name="udp-v6-zero-csum",
        order=82,
        layer="udp",
        title="IPv6 datagram without a checksum",
        function="__udp6_lib_rcv() in net/ipv6/udp.c",
        what=(
            "Over IPv6 the UDP checksum is required. A datagram with checksum 0 is refused unless "
            "its socket allowed it (UDP_NO_CHECK6_RX), as some tunnels do."
        ),
        also=("Udp6.InCsumErrors", "Udp6.InErrors"),
        reasons=("UDP_CSUM", "NO_SOCKET"),
        knobs=("UDP_NO_CHECK6_RX",),
        remedy="Make the sender fill in the checksum, or set UDP_NO_CHECK6_RX on the socket.",
        wrong_when="Looking for a bad cable: the data is as it was sent.",
        blind="Within Udp6.InCsumErrors and no socket's drops, like udp-csum-early.",
        versions="Per socket from 3.16 or 3.19; before, all were refused in udp6_csum_init().",
        unit="datagrams",
    ),
    Stage(
        name="udp-mcast-nolistener",
        order=83,
        layer="udp",
        kind="stray",
        title="multicast or broadcast that no socket wanted",
        function="__udp4_lib_mcast_deliver() in net/ipv4/udp.c, __udp6_lib_mcast_deliver() in "
        "net/ipv6/udp.c",
        what=(
            "The datagram was sent to a group or to everyone, the host took it in, and no socket "
            "is bound to that port and group. Nothing is told to the sender."
        ),
        counters=("Udp.IgnoredMulti", "Udp6.IgnoredMulti", "UdpLite.IgnoredMulti"),
        reasons=("NOT_SPECIFIED",),
        knobs=("IP_MULTICAST_ALL",),
        remedy="None if nobody wants it. Else bind to the group's port and join the group.",
        wrong_when="Counting it as loss: it is discovery chatter on most networks.",
        blind="Before 3.19 nothing counts it. UDP-Lite over IPv6 has no such counter.",
        versions=(
            "Counted from 3.19 and not in el7; it is in neither NoPorts nor InErrors. Where the "
            "column is missing the books show it as part of the UDP residual."
        ),
        unit="datagrams",
    ),
    Stage(
        name="udp-no-port",
        order=84,
        layer="udp",
        title="no socket on that port",
        function="__udp4_lib_rcv() in net/ipv4/udp.c, __udp6_lib_rcv() in net/ipv6/udp.c",
        what=(
            "No socket matches the datagram's address and port, so it is dropped and the sender "
            "may get an ICMP port-unreachable. A connected socket takes its peer's datagrams "
            "only: all others end here if no other socket is there."
        ),
        counters=("Udp.NoPorts", "Udp6.NoPorts", "UdpLite.NoPorts", "UdpLite6.NoPorts"),
        reasons=("NO_SOCKET",),
        knobs=("net.ipv4.udp_l3mdev_accept",),
        remedy=(
            "Start the listener, or correct the port, address or VRF it binds to. Scans and "
            "late answers to closed sockets are normal."
        ),
        wrong_when="Any buffer: there was no socket to have one.",
        blind=(
            "It does not say which port. The ICMP answers are rate-limited, so their number is "
            "no measure."
        ),
        versions="3.10 to 6.19.",
        unit="datagrams",
    ),
    Stage(
        name="udp-gso-segment-fail",
        order=85,
        layer="udp",
        title="a merged datagram could not be divided",
        function="udp_rcv_segment() in include/net/udp.h",
        what=(
            "Several datagrams came up as one merged packet (GRO) for a socket that did not ask "
            "for that, and dividing it failed."
        ),
        also=(*_IN_ERRORS, _SOCKET_DROPS),
        reasons=("NOT_SPECIFIED", "SKB_GSO_SEG"),
        knobs=("UDP_GRO", "ethtool -K"),
        remedy="Switch UDP GRO off on the device (ethtool -K) and report the driver's fault.",
        wrong_when="Any buffer.",
        blind="InErrors and the socket's drops move by the number of segments, as for a filter.",
        versions="From 5.0.",
        since=KernelVersion(5, 0),
        unit="datagrams",
    ),
)

_SOCKET_STAGES: tuple[Stage, ...] = (
    Stage(
        name="udp-xfrm-policy",
        order=86,
        layer="udp",
        kind="policy",
        title="IPsec policy refused the datagram",
        function="udp_queue_rcv_one_skb() in net/ipv4/udp.c",
        what="The socket was found, and an IPsec policy forbids what came in for it.",
        also=(
            *_IN_ERRORS,
            _SOCKET_DROPS,
            "xfrm.XfrmInPolBlock",
            "xfrm.XfrmInNoPols",
            "xfrm.XfrmInTmplMismatch",
        ),
        reasons=("XFRM_POLICY",),
        knobs=("ip xfrm policy",),
        remedy="Compare `ip xfrm policy` with what the peer protects.",
        wrong_when="Any buffer.",
        blind="InErrors and the socket's drops move; /proc/net/xfrm_stat tells it from a filter.",
        versions="All kernels; the reason XFRM_POLICY after 5.17.",
        unit="datagrams",
    ),
    Stage(
        name="udp-encap",
        order=87,
        layer="udp",
        title="a tunnel on this socket took it",
        function="udp_queue_rcv_one_skb() in net/ipv4/udp.c, the socket's encap_rcv()",
        what=(
            "The socket belongs to a tunnel (VXLAN, WireGuard, L2TP, ESP in UDP). The tunnel takes "
            "the datagram and may drop it; UDP counts it as delivered either way."
        ),
        also=("Udp.InDatagrams", "Udp6.InDatagrams"),
        remedy="Look at the tunnel device's counters and at /proc/net/xfrm_stat.",
        wrong_when="Looking for a program that should have read it.",
        blind="Nothing tells a tunnel's loss from its success: both are InDatagrams.",
        versions="IPv6 sockets moved the IPv4 line's InDatagrams until 5.15; from 5.19 Udp6's.",
        unit="datagrams",
    ),
    Stage(
        name="udplite-coverage",
        order=88,
        layer="udp",
        kind="policy",
        title="UDP-Lite checksum covers too little",
        function="udp_queue_rcv_one_skb() in net/ipv4/udp.c",
        what=(
            "The UDP-Lite datagram's checksum covers fewer bytes than the socket asked for with "
            "UDPLITE_RECV_CSCOV."
        ),
        also=("UdpLite.InErrors", "UdpLite6.InErrors", _SOCKET_DROPS),
        reasons=("NOT_SPECIFIED",),
        knobs=("UDPLITE_RECV_CSCOV",),
        remedy="Agree on the coverage with the sender.",
        wrong_when="Any buffer.",
        blind="Part of the UDP-Lite residual.",
        versions="As long as the kernel has UDP-Lite: to 6.19, no longer in 7.3.",
        until=KernelVersion(7, 3),
        unit="datagrams",
    ),
    Stage(
        name="udp-sk-filter",
        order=89,
        layer="udp",
        kind="policy",
        title="a filter on the socket refused it",
        function="sk_filter_trim_cap() in net/core/filter.c",
        what=(
            "A BPF filter attached to the socket, a cgroup's ingress program or a security module "
            "said no. It did what it was written for."
        ),
        also=(*_IN_ERRORS, _SOCKET_DROPS),
        reasons=("SOCKET_FILTER", "SECURITY_HOOK"),
        knobs=("SO_ATTACH_FILTER", "BPF_CGROUP_INET_INGRESS"),
        remedy="Ask the program's owner; ss -uaemb shows a socket's filter, bpftool cgroup tree.",
        wrong_when="Counting it as overload, or raising a buffer: nothing was full.",
        blind=(
            "InErrors moves with no name of its own: with the socket's drops from 4.9, without "
            "them up to 4.4. The residual looks like an IPsec policy or a copy fault."
        ),
        versions=(
            "Up to 4.4 in sock_queue_rcv_skb(), no socket drops; from 4.9 in udp_queue_rcv_skb(). "
            "From 6.17 the reasons SECURITY_HOOK and PFMEMALLOC tell the refusals apart."
        ),
        unit="datagrams",
    ),
    Stage(
        name="udp-rcvbuf-full",
        order=90,
        layer="udp",
        title="the socket's receive buffer was full",
        function="__udp_enqueue_schedule_skb() in net/ipv4/udp.c",
        what=(
            "What waits in the socket's queue already costs as much memory as SO_RCVBUF allows, "
            "so the datagram is dropped. Memory means truesize: packet headers and slack "
            "included, often many times the payload. The program read too slowly, too late, or "
            "too little for this burst."
        ),
        counters=_RCVBUF_ERRORS,
        also=(*_IN_ERRORS, _SOCKET_DROPS),
        reasons=("SOCKET_RCVBUFF",),
        knobs=(
            "SO_RCVBUF",
            "SO_RCVBUFFORCE",
            "net.core.rmem_max",
            "net.core.rmem_default",
            "SO_REUSEPORT",
            "recvmmsg",
            "UDP_GRO",
        ),
        remedy=(
            "For bursts and pauses of the reader: a buffer as large as the burst in truesize "
            "(SO_RCVBUF, below net.core.rmem_max). For overload: read faster, with recvmmsg, more "
            "readers (SO_REUSEPORT), more CPU, or receive less."
        ),
        wrong_when=(
            "Arrival is faster than reading all the time: a buffer only delays the first loss. "
            "One socket of a SO_REUSEPORT group is hot: spread better. The reader does not run: "
            "start it."
        ),
        blind=(
            "The counter does not say which socket: the sockets' drops do, as long as they are "
            "open. A merged datagram for a UDP_GRO socket counts as one."
        ),
        versions=(
            "3.10 to 3.14 and el7.3: the first test, sk_rcvqueues_full() in include/net/sock.h, "
            "moves InErrors and the socket's drops without RcvbufErrors, and most losses end "
            "there. From 3.16 RcvbufErrors counts them. Up to 4.9 the queue and the socket's "
            "backlog count together; from 4.10 memory of read datagrams comes back in quarters "
            "(udp_rmem_release()); from 6.18 one datagram fits an empty queue whatever its size."
        ),
        unit="datagrams",
    ),
    Stage(
        name="udp-backlog-full",
        order=91,
        layer="udp",
        title="the socket was locked and its backlog full",
        function="sk_add_backlog() in include/net/sock.h",
        what=(
            "A program held the socket in a system call, so the datagram had to wait on the "
            "socket's backlog, and backlog and queue together exceeded the receive buffer."
        ),
        also=(*_IN_ERRORS, _SOCKET_DROPS),
        knobs=("SO_RCVBUF", "net.core.rmem_max"),
        remedy="A larger buffer; fewer or shorter calls that lock the socket.",
        wrong_when="Raising net.core.netdev_max_backlog: that is another backlog.",
        blind="No RcvbufErrors: InErrors and the socket's drops alone.",
        versions="Up to 4.9. From 4.10 UDP queues without the socket lock and has no backlog.",
        until=KernelVersion(4, 10),
        unit="datagrams",
    ),
    Stage(
        name="udp-proto-mem",
        order=92,
        layer="udp",
        title="all UDP memory was used up",
        function="__sk_mem_raise_allocated() in net/core/sock.c",
        what=(
            "Not this socket's buffer but the host's memory for UDP was exhausted: the sum of all "
            "sockets passed the first value of net.ipv4.udp_mem (pages), or the memory cgroup of "
            "the socket's owner refused the charge."
        ),
        counters=("Udp.MemErrors", "Udp6.MemErrors", "UdpLite.MemErrors", "UdpLite6.MemErrors"),
        also=(*_IN_ERRORS, _SOCKET_DROPS),
        reasons=("PROTO_MEM",),
        knobs=("net.ipv4.udp_mem", "net.ipv4.udp_rmem_min", "memory.max"),
        remedy=(
            "Raise net.ipv4.udp_mem (pages; its first value is the limit that bites) or the "
            "cgroup's memory.max; make other sockets' buffers smaller, or read them out."
        ),
        wrong_when="Raising SO_RCVBUF: it lets sockets take more of what is missing.",
        blind=(
            "6.18 and 6.19 move the socket's drops alone: neither InErrors nor MemErrors. Up to "
            "5.10 it is in InErrors without a name. Each CPU may hold net.core.mem_pcpu_rsv "
            "pages that sockstat does not show, so the limit bites late."
        ),
        versions=(
            "Up to 5.10 InErrors and drops; 5.11 to 6.17 MemErrors as well; 6.18 and 6.19 drops "
            "only; 7.3 MemErrors again."
        ),
        unit="datagrams",
    ),
    Stage(
        name="udp-mcast-clone-fail",
        order=93,
        layer="udp",
        title="no memory for one more copy",
        function="__udp4_lib_mcast_deliver() in net/ipv4/udp.c",
        what=(
            "A multicast datagram is copied for each socket that wants it, and the kernel had no "
            "memory for a copy."
        ),
        also=(*_RCVBUF_ERRORS, *_IN_ERRORS, _SOCKET_DROPS),
        reasons=("NOT_SPECIFIED",),
        knobs=("vm.min_free_kbytes",),
        remedy="End the memory pressure.",
        wrong_when="Enlarging SO_RCVBUF: no buffer was full, though RcvbufErrors says so.",
        blind="It is booked as RcvbufErrors; only a queue that is nearly empty gives it away.",
        versions="3.10 to 6.19.",
        unit="datagrams",
    ),
)

_READ_STAGES: tuple[Stage, ...] = (
    Stage(
        name="udp-csum-late",
        order=94,
        layer="udp",
        title="bad checksum, found when read",
        function="udp_recvmsg() and __first_packet_length() in net/ipv4/udp.c",
        what=(
            "A datagram of more than 68 bytes whose checksum the card did not verify is queued "
            "unchecked and tested when the program reads it. It used buffer until then."
        ),
        also=(*_CSUM_ERRORS, *_IN_ERRORS, _SOCKET_DROPS),
        reasons=("UDP_CSUM", "NOT_SPECIFIED"),
        knobs=("ethtool -K",),
        remedy="As udp-csum-early: find what damages the data.",
        wrong_when="Enlarging SO_RCVBUF. Bad datagrams that do not fit count as RcvbufErrors.",
        blind=(
            "Nothing shows before the program reads or polls. A v6 datagram found bad by poll() on "
            "a blocking socket counts on IPv4's line."
        ),
        versions="3.10 to 6.19; the reason UDP_CSUM from 6.17, before NOT_SPECIFIED.",
        unit="datagrams",
    ),
    Stage(
        name="udp-copy-fault",
        order=95,
        layer="udp",
        title="the program gave a bad address",
        function="udp_recvmsg() in net/ipv4/udp.c",
        what="recv() was given memory that cannot be written (EFAULT); the datagram is gone.",
        also=(*_IN_ERRORS, _SOCKET_DROPS),
        reasons=("NOT_SPECIFIED",),
        remedy="A bug of the program: strace -e recvfrom,recvmsg shows EFAULT.",
        wrong_when="Any buffer.",
        blind="In InErrors and the socket's drops, as for a filter.",
        versions="3.10 to 6.19.",
        unit="datagrams",
    ),
    Stage(
        name="udp-truncated-read",
        order=96,
        layer="udp",
        title="the program's buffer was too short",
        function="udp_recvmsg() in net/ipv4/udp.c",
        what=(
            "recv() had room for fewer bytes than the datagram holds. The rest is thrown away, "
            "and the datagram counts as delivered."
        ),
        also=("Udp.InDatagrams", "Udp6.InDatagrams"),
        remedy="Give recv() room for 65,535 bytes, or look at MSG_TRUNC.",
        wrong_when="SO_RCVBUF: it is the program's own buffer that is short.",
        blind="No counter: only the flag MSG_TRUNC of that read.",
        versions="3.10 to 6.19.",
        unit="datagrams",
    ),
    Stage(
        name="udp-closed-unread",
        order=97,
        layer="udp",
        title="closed with datagrams unread",
        function="udp_destruct_common() in net/ipv4/udp.c",
        what=(
            "The program closed the socket, or ended, while datagrams waited in the queue. They "
            "vanish."
        ),
        reasons=("NOT_SPECIFIED",),
        remedy="Read the queue empty before closing; hand the socket over when restarting.",
        wrong_when="Any buffer: a larger one loses more at a restart.",
        blind=(
            "No counter. InDelivers ran ahead of InDatagrams, InErrors, NoPorts and what is "
            "queued: the books show the gap."
        ),
        versions="In udp_destruct_common() 4.14 to 6.18, inet_sock_destruct() before.",
        unit="datagrams",
    ),
)

UDP_STAGES: tuple[Stage, ...] = (*_ARRIVAL_STAGES, *_SOCKET_STAGES, *_READ_STAGES)
