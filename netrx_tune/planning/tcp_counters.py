"""What counters of TCP say that no stage's data says."""

from __future__ import annotations

from netrx_tune.planning.counter_note import CounterNote

TCP_NOTES: tuple[CounterNote, ...] = (
    CounterNote(
        "TcpExt.ListenDrops",
        "Connection requests dropped at a listener for any reason; ListenOverflows and "
        "TCPReqQFullDrop are parts of it.",
        "Not only full accept queues.",
        ("SYNs to LISTEN sockets dropped",),
    ),
    CounterNote(
        "TcpExt.ListenOverflows",
        "Connections refused because the accept queue was full. Each is in ListenDrops too.",
        aliases=("times the listen queue of a socket overflowed",),
    ),
    CounterNote(
        "TcpExt.PruneCalled",
        "Times that TCP had to make room in a connection's buffer.",
        "Not loss: RcvPruned and OfoPruned say whether data was thrown away.",
        ("packets pruned from receive queue because of socket buffer overrun",),
    ),
    CounterNote(
        "TcpExt.TCPRcvCollapsed",
        "Segments copied together to save memory: CPU time.",
        "Not loss.",
        ("packets collapsed in receive queue due to low socket buffer", "RcvCollapsed"),
    ),
    CounterNote(
        "TcpExt.TCPReqQFullDoCookies",
        "Connection requests answered with a SYN cookie because the queue was full.",
        "Not loss.",
    ),
    CounterNote(
        "TcpExt.TCPToZeroWindowAdv",
        "Times that a connection told its peer to stop: the program does not read.",
        "Not loss: the peer waits.",
        ("TCPFromZeroWindowAdv", "TCPWantZeroWindowAdv", "zero window"),
        "From 3.19.",
    ),
    CounterNote(
        "TcpExt.TCPBacklogCoalesce",
        "Segments merged on a locked socket's backlog.",
        "Not loss.",
        kernels="From 5.0.",
    ),
    CounterNote(
        "TcpExt.TCPMemoryPressures",
        "Times that TCP's memory passed the second value of net.ipv4.tcp_mem.",
        "Not loss: windows shrink.",
    ),
    CounterNote(
        "TcpExt.BeyondWindow",
        "Segments with data beyond the window, as after it was shrunk.",
        "Sent again by the peer.",
        kernels="Seen on 6.18.",
    ),
    CounterNote(
        "Tcp.InErrs",
        "Segments with a bad checksum or header, and SYNs within a connection; InCsumErrors is a "
        "part of it, and all of them are in InSegs.",
        "Not full buffers: they came damaged or forged, and what is real is sent again. They are "
        "in no stage; a diagnosis takes them off what was delivered and says so in a remark.",
        ("Tcp.InCsumErrors", "bad segments received"),
    ),
    CounterNote(
        "TcpExt.TCPOFOQueue",
        "Segments that came before an earlier one and wait for it.",
        "Not loss here: they are kept. The missing one was lost or late before this host.",
    ),
    CounterNote(
        "TcpExt.TCPRcvCoalesce",
        "Segments joined to the one before them in a connection's queue.",
        "Not loss: it saves memory.",
    ),
    CounterNote(
        "TcpExt.SyncookiesSent",
        "Connection requests answered with a SYN cookie; SyncookiesRecv are those whose client "
        "came back with it.",
        "Not loss. Many more sent than received is a SYN flood.",
        ("SyncookiesRecv", "SYN cookies sent", "SYN cookies received"),
    ),
    CounterNote(
        "TcpExt.SyncookiesFailed",
        "Last steps of a handshake whose cookie did not fit: scans, and clients of a connection "
        "that is long gone.",
        "Not full queues.",
        ("invalid SYN cookies received",),
    ),
    CounterNote(
        "TcpExt.EmbryonicRsts",
        "Half-open connections that their client reset: scans, health checks.",
        "Not loss.",
        ("resets received for embryonic SYN_RECV sockets",),
    ),
    CounterNote(
        "TcpExt.TCPTimeWaitOverflow",
        "Closed connections that skipped TIME-WAIT, since net.ipv4.tcp_max_tw_buckets was reached.",
        "Not loss.",
    ),
    CounterNote(
        "TcpExt.PAWSEstab",
        "Segments with a time stamp older than the connection's last one: duplicates and "
        "stragglers, or a middlebox that mixes hosts behind one address.",
        "Not full buffers.",
        ("packets rejects in established connections because of timestamp",),
    ),
    CounterNote(
        "TcpExt.TCPDeferAcceptDrop",
        "Bare last steps of handshakes that a listener with TCP_DEFER_ACCEPT ignored until data "
        "comes.",
        "Not loss: it did what its program asked for.",
    ),
)
