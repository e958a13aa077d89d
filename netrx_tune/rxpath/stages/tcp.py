"""TCP's receive side: connections that are refused and segments that are dropped.

What TCP drops after the handshake is sent again, so the cost is time, not data.
Versions read: 3.10 to 6.19.
"""

from __future__ import annotations

from netrx_tune.model.stage import Stage

TCP_STAGES: tuple[Stage, ...] = (
    Stage(
        name="tcp-listen-overflow",
        order=100,
        layer="tcp",
        title="the accept queue was full",
        function="tcp_conn_request() in net/ipv4/tcp_input.c, tcp_v4_syn_recv_sock() in "
        "net/ipv4/tcp_ipv4.c",
        what=(
            "Connections that are ready wait for accept() in a queue as long as listen() asked "
            "for, at most net.core.somaxconn. It was full, so a SYN or the last ACK of a handshake "
            "was dropped and the client tries again."
        ),
        counters=("TcpExt.ListenOverflows",),
        also=("TcpExt.ListenDrops", "tcp_socket.drops"),
        reasons=("TCP_LISTEN_OVERFLOW", "NOT_SPECIFIED"),
        knobs=("net.core.somaxconn", "listen() backlog"),
        remedy=(
            "Accept faster (more acceptors, SO_REUSEPORT); for bursts a larger backlog in "
            "listen() and a net.core.somaxconn not below it."
        ),
        wrong_when=(
            "The program does not accept at all. somaxconn alone: a listener keeps its length "
            "until listen() is called again."
        ),
        blind="ListenDrops holds these and other refusals. No kfree_skb event was seen for it.",
        versions=(
            "Up to 4.9 a SYN is refused only if more than one young request waits as well. "
            "somaxconn is 128 by default up to 5.3 and 4096 from 5.4."
        ),
        unit="connections",
    ),
    Stage(
        name="tcp-syn-queue-full",
        order=101,
        layer="tcp",
        title="too many half-open connections",
        function="tcp_syn_flood_action() in net/ipv4/tcp_input.c",
        what=(
            "The queue of half-open connections was full and SYN cookies were not allowed, so the "
            "SYN was dropped. With cookies it is answered without using the queue."
        ),
        counters=("TcpExt.TCPReqQFullDrop",),
        also=("TcpExt.ListenDrops", "tcp_socket.drops"),
        knobs=("net.ipv4.tcp_max_syn_backlog", "net.ipv4.tcp_syncookies", "net.core.somaxconn"),
        remedy="Leave net.ipv4.tcp_syncookies at 1; raise tcp_max_syn_backlog for honest bursts.",
        wrong_when="It is a SYN flood: cookies are the answer, not longer queues.",
        blind="TCPReqQFullDoCookies counts SYNs that were answered: no loss.",
        versions="3.10 to 6.19.",
        unit="connections",
    ),
    Stage(
        name="tcp-backlog-full",
        order=102,
        layer="tcp",
        title="the socket was locked and its backlog full",
        function="tcp_add_backlog() in net/ipv4/tcp_ipv4.c",
        what=(
            "The program held the socket in a system call while segments came in; they wait on "
            "the socket's backlog, and it was full."
        ),
        counters=("TcpExt.TCPBacklogDrop",),
        also=("tcp_socket.drops",),
        reasons=("SOCKET_BACKLOG",),
        knobs=("net.ipv4.tcp_rmem", "SO_RCVBUF"),
        remedy="Read in smaller pieces so that the lock is held shorter; larger tcp_rmem.",
        wrong_when="Raising net.core.netdev_max_backlog: that is another backlog.",
        versions=(
            "Limit: up to 4.4 receive plus send buffer; from 4.9 64 KiB more; later the send "
            "buffer counts half (5.15 late, 6.2) and the receive buffer twice (5.4 and 6.1 late, "
            "6.12). From 5.0 segments on the backlog are merged (TCPBacklogCoalesce)."
        ),
        unit="segments",
    ),
    Stage(
        name="tcp-rcvbuf-full",
        order=105,
        layer="tcp",
        title="the connection's receive buffer was full",
        function="tcp_data_queue() and tcp_prune_queue() in net/ipv4/tcp_input.c",
        what=(
            "A segment came when the connection's buffer was used up, although the window had "
            "promised room: small segments cost much more memory than their data. TCP first "
            "collapses and prunes what it holds (PruneCalled, TCPRcvCollapsed), then drops."
        ),
        counters=("TcpExt.TCPRcvQDrop",),
        also=("TcpExt.RcvPruned", "TcpExt.PruneCalled", "tcp_socket.drops"),
        reasons=("PROTO_MEM",),
        knobs=("net.ipv4.tcp_rmem", "net.ipv4.tcp_mem", "SO_RCVBUF"),
        remedy=(
            "Read faster; leave the buffer to auto-tuning and raise the third value of "
            "net.ipv4.tcp_rmem."
        ),
        wrong_when=(
            "Setting SO_RCVBUF: it switches auto-tuning off for that connection and often makes "
            "it smaller. PruneCalled and TCPRcvCollapsed alone: work, not loss."
        ),
        blind=(
            "The dropped data is sent again: the program sees delay. The counters do not say "
            "which connection it was."
        ),
        versions=(
            "TCPRcvQDrop from 4.19; before, RcvPruned, which holds tcp-ofo-pruned too. Admission: "
            "rmem > rcvbuf up to 6.14, rmem + truesize in 6.17, rmem + payload from 6.18."
        ),
        unit="segments",
    ),
    Stage(
        name="tcp-ofo-pruned",
        order=106,
        layer="tcp",
        title="out-of-order data was thrown away",
        function="tcp_data_queue_ofo() and tcp_prune_ofo_queue() in net/ipv4/tcp_input.c",
        what=(
            "Segments that came before a missing one fill the buffer. The kernel drops the next "
            "of them, or discards some that it holds to make room for the missing one."
        ),
        counters=("TcpExt.TCPOFODrop", "TcpExt.OfoPruned"),
        also=("TcpExt.RcvPruned", "TcpExt.PruneCalled", "tcp_socket.drops"),
        reasons=("TCP_OFO_QUEUE_PRUNE", "PROTO_MEM"),
        knobs=("net.ipv4.tcp_rmem", "net.ipv4.tcp_mem"),
        remedy="Find why segments are lost or reordered before this; raise net.ipv4.tcp_rmem.",
        wrong_when="The cause is loss in the network: a larger buffer only hides it.",
        blind="One OfoPruned can be many segments: at least so many were discarded.",
        versions=(
            "The same flood discarded what was held on 6.1 (OfoPruned) and refused what came on "
            "6.12 and 6.18 (TCPOFODrop)."
        ),
        unit="segments",
    ),
    Stage(
        name="tcp-zero-window",
        order=107,
        layer="tcp",
        title="data came for a closed window",
        function="tcp_data_queue() in net/ipv4/tcp_input.c",
        what=(
            "The program does not read, so the connection's window went to zero and data that "
            "came nevertheless was dropped. The peer waits and probes."
        ),
        counters=("TcpExt.TCPZeroWindowDrop",),
        also=("tcp_socket.drops",),
        knobs=("net.ipv4.tcp_rmem",),
        remedy="Make the program read. A larger buffer helps only on long, fast paths.",
        wrong_when="Raising tcp_rmem for a program that has stopped reading.",
        blind=(
            "Zero windows that were announced are TCPToZeroWindowAdv and TCPFromZeroWindowAdv: "
            "no loss. On late kernels data beyond a shrunk window is BeyondWindow."
        ),
        versions="TCPZeroWindowDrop from 4.19; the window counters from 3.19.",
        unit="segments",
    ),
    Stage(
        name="tcp-memory",
        order=108,
        layer="tcp",
        title="all TCP memory was used up",
        function="__sk_mem_raise_allocated() in net/core/sock.c",
        what=(
            "All TCP sockets together reached net.ipv4.tcp_mem (pages), or a memory cgroup "
            "refused. Windows shrink first; then segments are dropped and connections aborted."
        ),
        counters=("TcpExt.TCPAbortOnMemory",),
        reasons=("PROTO_MEM",),
        knobs=("net.ipv4.tcp_mem", "memory.max"),
        remedy="Find the connections whose data is not read (ss -tm); raise tcp_mem if RAM allows.",
        wrong_when="Raising net.ipv4.tcp_rmem: it lets sockets take more of what is missing.",
        blind=(
            "It counts connections given up. Segments refused stand in tcp-rcvbuf-full; "
            "TCPMemoryPressures counts entries into pressure, which is no loss."
        ),
        versions="3.10 to 6.19. net.ipv4.tcp_mem is the host's, in every version.",
        unit="connections",
    ),
)
