"""UDP's systems: sockets, their queues and buffers, multicast, UDP-Lite."""

from __future__ import annotations

from netrx_tune.planning.topics.topic import Topic

UDP_TOPICS: tuple[Topic, ...] = (
    Topic(
        name="udp",
        title="from the protocol handler to a socket",
        what=(
            "UDP checks the header and its length, prepares the checksum, finds the socket by "
            "address and port, and gives the datagram to it. Then come, in this order: IPsec "
            "policy, a tunnel that owns the socket, UDP-Lite coverage, the socket's filter, and "
            "the queue with its limit."
        ),
        then=(
            "udp_rcv() calls __udp4_lib_rcv() in net/ipv4/udp.c. A socket that early demux found "
            "is used, else __udp4_lib_lookup_skb() searches. udp_queue_rcv_skb() asks the tunnel, "
            "tests coverage and checksum, then sk_rcvqueues_full(): queue plus backlog above "
            "sk_rcvbuf is a drop that moves InErrors and the socket's drops, and not "
            "RcvbufErrors. Then the queue, or the backlog if a program holds the socket."
        ),
        now=(
            "The filter comes before the queue's limit from 4.9; the socket lock and the backlog "
            "are gone from 4.10 (__udp_enqueue_schedule_skb()); merged datagrams are divided for "
            "sockets that did not ask for them from 5.0. RcvbufErrors counts full buffers from "
            "3.16, MemErrors refused memory from 5.11, and 6.18 and 6.19 count the latter only on "
            "the socket."
        ),
        lost=(
            "Everything that UDP loses is in InErrors, and part of it in RcvbufErrors, "
            "InCsumErrors or MemErrors; the rest is udp-unattributed unless more is known. NoPorts "
            "and IgnoredMulti stand beside it."
        ),
        aliases=("udp_rcv", "udp_queue_rcv_skb", "__udp4_lib_rcv"),
        stages=(
            "udp-short",
            "udp-csum-early",
            "udp-no-port",
            "udp-encap",
            "udp-sk-filter",
            "udp-rcvbuf-full",
            "udp-proto-mem",
            "udp-csum-late",
            "udp-closed-unread",
            "udp-unattributed",
        ),
        counters=("Udp.InErrors", "Udp.RcvbufErrors", "Udp.NoPorts", "Udp.InDatagrams"),
        tunables=("SO_RCVBUF", "net.core.rmem_max", "net.ipv4.udp_mem"),
    ),
    Topic(
        name="socket-queue",
        title="the queue that a program reads from",
        what=(
            "Each socket has a list of datagrams that wait to be read, and a charge: the sum of "
            "their truesize (sk_rmem_alloc). A datagram is taken if the charge allows it, is then "
            "charged to the socket, appended, and the sleeping reader is woken."
        ),
        then=(
            "sock_queue_rcv_skb() in net/core/sock.c: the charge must be below sk_rcvbuf, else "
            "ENOMEM and RcvbufErrors; then the socket's filter; then sk_rmem_schedule() for the "
            "host's memory; skb_set_owner_r() charges; __skb_queue_tail() appends; "
            "sk_data_ready() wakes the reader. Reading gives the memory back at once."
        ),
        now=(
            "UDP does it in __udp_enqueue_schedule_skb() from 4.10, and the reader has a list of "
            "its own that it takes over in one go. Memory of what was read comes back in quarters "
            "of the buffer: see quarter-rule. From 6.18 datagrams pass a short list for each NUMA "
            "node first, and a datagram must fit wholly unless the queue is empty."
        ),
        lost=(
            "The queue's limit is udp-rcvbuf-full. What is unread when the socket closes vanishes "
            "without a counter (udp-closed-unread). InDatagrams counts at the read, so what waits "
            "here is in no UDP counter yet."
        ),
        aliases=(
            "receive queue",
            "sk_receive_queue",
            "sk_rmem_alloc",
            "sock_queue_rcv_skb",
            "skb_set_owner_r",
            "sk_data_ready",
        ),
        stages=("udp-rcvbuf-full", "udp-proto-mem", "udp-closed-unread"),
        counters=("Udp.RcvbufErrors", "udp_socket.drops", "Udp.InDatagrams"),
        tunables=("SO_RCVBUF", "net.core.rmem_default"),
    ),
    Topic(
        name="so-rcvbuf",
        title="how large a socket's buffer is",
        what=(
            "A socket starts with net.core.rmem_default bytes. A program may ask for another size "
            "with SO_RCVBUF: the kernel takes at most net.core.rmem_max, doubles it to make room "
            "for overhead, and never says that it was cut. SO_RCVBUFFORCE passes rmem_max by and "
            "needs CAP_NET_ADMIN on the host. What counts is the result: `rb` in ss -uam."
        ),
        then=(
            "Defaults are 212992 for both sysctls on x86-64. net.core.rmem_max=8388608 lets a "
            "program that asks have 16 MiB; a larger net.core.rmem_default gives every new socket "
            "of every program that much, and is not doubled. Both hold for all containers and "
            "are invisible in them."
        ),
        now=(
            "net.core.rmem_max is 4194304 by default from 6.18, rmem_default still 212992. From "
            "6.12 containers see both, read-only. A new size counts at once, also for a socket in "
            "use; below what is queued it refuses until enough was read."
        ),
        lost=(
            "A request that was cut is the most common cause of udp-rcvbuf-full after bursts: "
            "compare what the program asks for with `rb`. A buffer cannot cure a reader that is "
            "too slow; it only makes data older."
        ),
        aliases=("receive buffer", "sk_rcvbuf", "rcvbuf", "buffer size"),
        stages=("udp-rcvbuf-full",),
        counters=("Udp.RcvbufErrors",),
        tunables=(
            "SO_RCVBUF",
            "SO_RCVBUFFORCE",
            "net.core.rmem_max",
            "net.core.rmem_default",
        ),
    ),
    Topic(
        name="socket-backlog",
        title="where packets wait while a program holds the socket",
        what=(
            "A system call may lock its socket. Packets that come meanwhile go to the socket's "
            "backlog and are put in the queue when the call lets go (release_sock()). It has "
            "nothing to do with net.core.netdev_max_backlog, which is a CPU's."
        ),
        then=(
            "UDP: udp_queue_rcv_skb() calls sk_add_backlog() if the socket is owned by a user; "
            "backlog and queue together may hold sk_rcvbuf. A full backlog moves InErrors and the "
            "socket's drops, never RcvbufErrors. TCP: the limit is receive plus send buffer."
        ),
        now=(
            "UDP has none from 4.10. TCP has: its limit grew in steps to twice the receive buffer, "
            "half the send buffer and 64 KiB (tcp_add_backlog() in net/ipv4/tcp_ipv4.c), and "
            "segments on it are merged from 5.0."
        ),
        lost=(
            "udp-backlog-full up to 4.9, part of the InErrors that no counter names. "
            "TcpExt.TCPBacklogDrop: tcp-backlog-full."
        ),
        aliases=("sk_backlog", "sk_add_backlog", "release_sock", "socket backlog queue"),
        stages=("udp-backlog-full", "tcp-backlog-full", "cpu-backlog-overflow"),
        counters=("Udp.InErrors", "TcpExt.TCPBacklogDrop"),
        tunables=("SO_RCVBUF", "net.ipv4.tcp_rmem"),
    ),
    Topic(
        name="quarter-rule",
        title="why a full queue stays full for a while",
        what=(
            "Memory of a datagram that was read is not given back at once but when a quarter of "
            "the receive buffer has come together. A queue that was full takes nothing new until "
            "a quarter of it was read: losses come in clusters, and the unread part may be at "
            "73 % while datagrams are refused."
        ),
        then="There was none: each read made room for the next datagram.",
        now=(
            "udp_rmem_release() in net/ipv4/udp.c, from 4.10 (not in el7.9): measured 70 reads of "
            "278 on 5.10, 56 of 222 on 6.12, 64 of 256 on 6.18. From 4.19 to 5.3 and on el8.1 the "
            "quarter may stay charged although the queue is empty, so only three quarters of the "
            "buffer are of use."
        ),
        lost=(
            "Nothing by itself. When sizing a buffer for a burst, count the whole burst: on 6.18 "
            "the measured need was all of its datagrams times their truesize, although the reader "
            "took some out meanwhile."
        ),
        aliases=("forward deficit", "deferred credit", "udp_rmem_release"),
        stages=("udp-rcvbuf-full",),
        counters=("Recv-Q", "Udp.RcvbufErrors"),
        tunables=("SO_RCVBUF",),
    ),
    Topic(
        name="truesize",
        title="what a datagram costs in a buffer",
        what=(
            "A receive buffer is filled by memory, not by payload: the packet's header structure "
            "(256 bytes), the block its data sits in (with 320 bytes of bookkeeping, rounded up) "
            "and page fragments. A 100-byte datagram costs 8 to 40 times its payload. Size buffers "
            "by datagrams times truesize."
        ),
        then=(
            "The same sum, with blocks of the general allocator only. Measured on 5.10 and 6.1, "
            "which are still so: 768 bytes for the smallest packet sent on the host itself, 1280 "
            "to 645 bytes of payload, 2304 to 1669."
        ),
        now=(
            "From 6.4 small packets have a cache of their own: 832 or 960 bytes, by the kernel's "
            "configuration. A card's driver decides more: half a page each (2304 for any packet "
            "up to 1500 bytes), whole pages (4352 and more), or a copy of small ones. So measure: "
            "memory of the socket (ss -uam, `r`) divided by what is queued."
        ),
        lost=(
            "The default 212992 holds about 256 tiny datagrams, 166 of 600 bytes, 92 of 1400: "
            "udp-rcvbuf-full comes much earlier than the bytes suggest."
        ),
        aliases=("skb truesize", "overhead", "skb_condense"),
        stages=("udp-rcvbuf-full", "udp-proto-mem", "tcp-rcvbuf-full"),
        counters=("Recv-Q", "Udp.RcvbufErrors"),
        tunables=("SO_RCVBUF", "net.core.rmem_max"),
    ),
    Topic(
        name="multicast",
        title="datagrams for groups and for everyone",
        what=(
            "A group must be joined on the device its packets come in by, else IP drops them. "
            "A datagram that was let in is copied to every socket bound to the port that may have "
            "it. Each copy has its own buffer to meet."
        ),
        then=(
            "ip_route_input_noref() checks the join; __udp4_lib_mcast_deliver() copies. A datagram "
            "that no socket wanted was counted nowhere before 3.19. A failed copy is booked as "
            "RcvbufErrors."
        ),
        now=(
            "The same, and IgnoredMulti counts what no socket wanted. A group that "
            "was not joined still has no counter; IPv6 counts in Ip6.InDiscards what a source "
            "filter refused."
        ),
        lost=(
            "One slow member loses its copy alone: RcvbufErrors and InErrors count copies, so they "
            "may exceed what arrived. Wrong device joined: mcast-not-joined. Nobody bound: "
            "udp-mcast-nolistener. A source without a route back: route-rpfilter."
        ),
        aliases=("broadcast", "igmp", "mld", "group"),
        stages=(
            "mcast-not-joined",
            "route-rpfilter",
            "udp-mcast-nolistener",
            "udp-rcvbuf-full",
            "udp-mcast-clone-fail",
        ),
        counters=("Udp.IgnoredMulti", "Udp.RcvbufErrors", "Ip6.InDiscards"),
        tunables=("IP_ADD_MEMBERSHIP", "IP_MULTICAST_ALL", "net.ipv4.igmp_max_memberships"),
    ),
    Topic(
        name="udp-lite",
        title="UDP with a partial checksum",
        what=(
            "UDP-Lite (protocol 136) protects only the first part of a datagram, for media that "
            "prefer damaged data to none. It shares UDP's code, sockets' buffers and stages, and "
            "has counters of its own: UdpLite and UdpLite6."
        ),
        then="udplite_rcv() calls the same __udp4_lib_rcv(). /proc/net/udplite lists its sockets.",
        now=(
            "The same to 6.19. 7.3 has no UDP-Lite any more: the counters, the files and the "
            "socket type are gone."
        ),
        lost="As for UDP, and udplite-coverage where the checksum covers less than asked for.",
        aliases=("udplite",),
        stages=("udplite-coverage", "udp-rcvbuf-full"),
        counters=("UdpLite.InErrors", "UdpLite.RcvbufErrors"),
        tunables=("UDPLITE_RECV_CSCOV",),
    ),
)
