"""Lines of programs about their own queues, gaps that they see, accept(), and sending."""

from __future__ import annotations

from netrx_tune.planning.log_lines.message import Message

_NOT_KERNEL = (
    "Yes, but not by the kernel: the program had read them. The socket's drops and RcvbufErrors"
    " do not move for it, and no sysctl helps."
)
_ACCEPT = ("TcpExt.ListenOverflows",)
_LENGTH = ("net.core.somaxconn", "listen() backlog")

OWN_QUEUES: tuple[Message, ...] = (
    Message(
        "log-rtpengine-queue",
        "rtpengine stopped a round of reading, to serve other streams",
        r"too many packets in udp receive queue \(more than [0-9]+\)",
        "rtpengine read as many packets of one socket as it does in one round (max-recv-iters) and"
        " there were more: a media loop, packets that are forwarded in user space instead of by"
        " its kernel module, or too little CPU.",
        "Not by itself. The kernel lost packets only if the socket's drops and RcvbufErrors rose:"
        " netrx-tune diagnose.",
        "Look for the loop and whether the kernel module forwards (rtpengine-ctl list sessions);"
        " threads as many as CPUs, not more. A larger buffer makes media older and cures none of"
        " these.",
        "sipwise/rtpengine, daemon/media_socket.c",
        ("udp-rcvbuf-full",),
        ("Udp.RcvbufErrors",),
    ),
    Message(
        "log-statsd-pending",
        "Telegraf's statsd input has no room for what it read",
        r"statsd message queue full|allowed_pending_messages|udp.pending.messages dropped",
        "The parsers are slower than what comes in, so the input's own queue"
        " (allowed_pending_messages) was full.",
        _NOT_KERNEL,
        "number_workers_threads (more parsers) first, then allowed_pending_messages for bursts."
        " Fewer, larger datagrams at the senders cost less for each metric.",
        "influxdata/telegraf, plugins/inputs/statsd",
    ),
    Message(
        "log-memberlist-queue",
        "memberlist (Consul, Serf, Nomad, Docker) has no room for what it read",
        r"memberlist: (?:udp )?handler queue full, dropping message",
        "Messages of the gossip come faster than the program handles them: mostly it gets too"
        " little CPU, or a large cluster is restarting.",
        _NOT_KERNEL,
        "Find why the program is slow (CPU, its own lock, disk); more CPU for it. It is no matter"
        " of socket buffers.",
        "hashicorp/memberlist, net.go",
    ),
    Message(
        "log-ffmpeg-fifo",
        "FFmpeg's own buffer is full",
        r"circular buffer overrun",
        "What FFmpeg read from the socket waits in a buffer of its own (fifo_size, in packets of"
        " 188 bytes), and the rest of the program is too slow for it.",
        _NOT_KERNEL,
        "A faster decoder or output first. fifo_size makes room for a pause, overrun_nonfatal=1"
        " goes on after a loss. buffer_size, the socket's, is another one.",
        "FFmpeg, libavformat/udp.c",
    ),
    Message(
        "log-steam-queue",
        "A game server (Steam's sockets) has no room for what it read",
        r"recv queue overflow [0-9]+ messages already queued",
        "The game's main loop does not take the messages of a connection that the network thread"
        " read: it hangs, or a tick takes too long.",
        _NOT_KERNEL,
        "Find what holds the main loop (a plug-in, a map change, the disk). No setting of the"
        " kernel has a part in it.",
        "ValveSoftware/csgo-osx-linux, issue 3638",
    ),
    Message(
        "log-sequence-gap",
        "A program misses numbers in a stream",
        r"rtp: missed [0-9]+ packets|\b[0-9]+ rtp packets? lost\b|\bmissing [0-9]+ packets\b"
        r"|rtp丢包|\bpkt loss freq\b|\bsequence errors: [1-9]",
        "What was numbered by the sender (RTP, a transport stream, NetFlow, a lidar) came with"
        " gaps: from the sender, the way, this host, or the program's own queues.",
        "Something is missing, and the line does not say where. What this host lost is in its own"
        " counters: the socket's drops, RcvbufErrors, and the card's.",
        "netrx-tune diagnose while it happens. If nothing is lost here, look at the sender and the"
        " network: a larger buffer changes nothing then.",
        "FFmpeg, libavformat/rtpdec.c; bluenviron/mediamtx; tsduck/tsduck",
        ("udp-rcvbuf-full",),
        ("Udp.RcvbufErrors",),
    ),
    Message(
        "log-kernel-dropped",
        "A program was told by the kernel that its socket dropped datagrams",
        r"kernel dropped [0-9]+ (?:more |udp )?packets",
        "Envoy and others read the socket's drops (SO_RXQ_OVFL, or /proc/net/udp): these datagrams"
        " met a full receive buffer, or were refused by a filter or by UDP's memory.",
        "Yes, as many as it says, on that socket.",
        "netrx-tune diagnose while it happens: it tells a burst, which room helps, from a reader"
        " that is too slow, which it does not.",
        "envoyproxy/envoy, source/common/network/utility.cc",
        ("udp-rcvbuf-full",),
        ("Udp.RcvbufErrors",),
        ("SO_RCVBUF", "net.core.rmem_max"),
    ),
    Message(
        "log-redis-backlog",
        "A program's listen() backlog is cut by the host",
        r"tcp backlog setting of [0-9]+ cannot be enforced because .{0,40}somaxconn",
        "Redis asks for a longer queue of finished connections than net.core.somaxconn allows, so"
        " it is as long as that. Containers have a somaxconn of their own, 128 up to 5.3.",
        "No. Connections are refused only if ListenOverflows rises: netrx-tune diagnose.",
        "If it does: net.core.somaxconn at least as large as tcp-backlog, set in the container"
        " itself (docker run --sysctl net.core.somaxconn=511), and a restart of the program.",
        "redis/redis, src/server.c, checkTcpBacklogSettings()",
        ("tcp-listen-overflow",),
        _ACCEPT,
        _LENGTH,
    ),
    Message(
        "log-uwsgi-backlog",
        "uWSGI asks for a longer queue than the host allows",
        r"listen queue size is greater than the system max net\.core\.somaxconn",
        "uWSGI refuses to start: its listen option is above net.core.somaxconn of the network"
        " namespace it is in.",
        "No: nothing runs.",
        "net.core.somaxconn at least as large as listen, in the container itself, or a smaller"
        " listen.",
        "unbit/uwsgi, core/socket.c",
        ("tcp-listen-overflow",),
        _ACCEPT,
        _LENGTH,
    ),
    Message(
        "log-uwsgi-queue-full",
        "uWSGI's workers do not accept as fast as connections come",
        r"uwsgi listen queue of socket .{0,60}full",
        "The accept queue holds more than the number behind the stroke, 100 unless the option"
        " listen says otherwise: all workers are busy.",
        "Connection attempts, which clients make again after a second or more. ListenOverflows"
        " counts them.",
        "More or faster workers (processes, threads) first. For bursts a larger listen in uWSGI's"
        " configuration, with net.core.somaxconn not below it: the latter alone changes nothing.",
        "unbit/uwsgi, core/master_checks.c",
        ("tcp-listen-overflow",),
        _ACCEPT,
        _LENGTH,
    ),
    Message(
        "log-udp-buffer-alarm",
        "A monitor saw RcvbufErrors rise",
        r"(?:1m|last minute).{0,20}udp.{0,3}receive.{0,3}buffer.{0,3}errors|ipv4\.udperrors",
        "Netdata's alarm: datagrams met a full receive buffer within the last minute, of whatever"
        " socket.",
        "Yes, as many as it says. It does not say of how many, nor whose.",
        "netrx-tune diagnose names the socket, its program and the cause while it happens. A larger"
        " net.core.rmem_default, which is advised with it, gives every socket of every program"
        " more and cures neither a slow nor a stopped reader.",
        "netdata/netdata, src/health/health.d/udp_errors.conf",
        ("udp-rcvbuf-full",),
        ("Udp.RcvbufErrors",),
    ),
    Message(
        "log-send-enobufs",
        "A program could not send: no room on the way out",
        r"(?:\bsend(?:to|msg|mmsg)?|\bwrite)\b.{0,60}(?:no buffer space available|enobufs)",
        "The queue of the device it leaves by (txqueuelen, its qdisc, or a wireless or tunnel"
        " driver's) was full, or there was no memory for the packet.",
        "Nothing that was received. The program lost or repeats what it wanted to send;"
        " Udp.SndbufErrors counts it.",
        "Send more slowly or in smaller bursts; tc -s qdisc shows which queue dropped. No receive"
        " setting has a part in it.",
        "send(2), ENOBUFS; net/ipv4/udp.c, udp_sendmsg()",
        (),
        ("Udp.SndbufErrors",),
    ),
    Message(
        "log-send-buffer",
        "A program did not get the send buffer that it asked for",
        r"failed to (?:sufficiently )?increase send buffer size"
        r"|force-set udp write buffer size|send buffer (?:of socket|could not be resized)"
        r"|so-sndbuf [0-9]+ was not granted|could not set desired so_sndbuf"
        r"|cannot set os socket sndbuf size|failed to set send buffer: requested"
        r"|please add the line .net\.core\.wmem_max =|sendbuffersize could not be set",
        "It is about sending: net.core.wmem_max is below what the program wants.",
        "Nothing that was received. A full send buffer makes the program wait or try again;"
        " Udp.SndbufErrors counts that, and is no receive loss.",
        "To be rid of the line raise net.core.wmem_max to what it says, on the host, and restart"
        " the program. No receive setting has a part in it.",
        "socket(7), SO_SNDBUF",
        (),
        ("Udp.SndbufErrors",),
    ),
)
