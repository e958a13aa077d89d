"""Lines of programs that did not get the receive buffer that they asked for."""

from __future__ import annotations

from netrx_tune.planning.log_lines.message import SIZE, Message

_LOSS = (
    "No. The line says that the socket is smaller than the program likes, when it starts. Whether"
    " datagrams are lost is told by the socket's drops and by RcvbufErrors: netrx-tune diagnose."
)
_GRANT = (
    "If diagnose names the socket as losing to bursts or pauses, or to be rid of the line: raise"
    " net.core.rmem_max to what the program asks for, on the host itself (a container cannot), and"
    " restart the program: a running socket keeps its size. netrx-tune size says what that"
    " survives. Undo: write the old value back; nothing else changes."
)
_STAGES = ("udp-rcvbuf-full",)
_COUNTERS = ("Udp.RcvbufErrors",)
_TUNABLES = ("net.core.rmem_max", "SO_RCVBUF")


def _cut(
    name: str,
    title: str,
    words: str,
    means: str,
    source: str,
    *,
    loss: str = _LOSS,
    do: str = _GRANT,
    kilo: int = 1024,
    doubled: bool = True,
) -> Message:
    """Return a line about a request that the kernel cut."""
    return Message(
        name, title, words, means, loss, do, source, _STAGES, _COUNTERS, _TUNABLES, kilo, doubled
    )


SMALL_BUFFERS: tuple[Message, ...] = (
    _cut(
        "log-quic-go-buffer",
        "quic-go did not get the buffer it asked for",
        r"failed to (?:sufficiently )?increase receive buffer size"
        rf"(?:.{{0,4}}was: [0-9]+ [km]ib, wanted: (?P<wanted>{SIZE}), got: (?P<got>{SIZE}))?",
        "Programs built on quic-go (Caddy, cloudflared, kubo, syncthing, AdGuard Home) ask for a"
        " large receive buffer and compare it with what getsockopt() says, which is doubled.",
        "quic-go wiki, UDP Buffer Sizes",
    ),
    _cut(
        "log-unbound-so-rcvbuf",
        "Unbound did not get the so-rcvbuf of its configuration",
        r"so-rcvbuf (?P<wanted>[0-9]+) was not granted(?:\. got (?P<got>[0-9]+))?",
        "net.core.rmem_max is below the so-rcvbuf in unbound.conf, and Unbound had no right to pass"
        " the limit (SO_RCVBUFFORCE wants CAP_NET_ADMIN).",
        "NLnetLabs/unbound, services/listen_dnsport.c",
    ),
    _cut(
        "log-syslog-ng-so-rcvbuf",
        "syslog-ng did not get its so-rcvbuf()",
        r"kernel refused to set the receive buffer(?:.*?so_rcvbuf='?(?P<wanted>[0-9]+)"
        r".*?so_rcvbuf_set='?(?P<got>[0-9]+))?",
        "net.core.rmem_max is below the so-rcvbuf() of a network source.",
        "syslog-ng, lib/socket-options.c",
    ),
    _cut(
        "log-rsyslog-rcvbuf",
        "rsyslog did not get its rcvbufSize",
        r"cannot set os socket rcvbuf size (?P<wanted>[0-9]+) for socket [0-9]+,"
        r" value now is (?P<got>[0-9]+)",
        "net.core.rmem_max is below the rcvbufSize of an imudp input, and rsyslog had no right to"
        " pass the limit (SO_RCVBUFFORCE wants CAP_NET_ADMIN).",
        "rsyslog/rsyslog, runtime/net.c",
        doubled=False,
    ),
    _cut(
        "log-cyclone-dds-buffer",
        "Cyclone DDS did not get the least receive buffer it was told to have",
        r"failed to increase socket receive buffer size to at least (?P<wanted>[0-9]+) bytes"
        r"(?:, current is (?P<got>[0-9]+))?",
        "CYCLONEDDS_URI sets SocketReceiveBufferSize with a min; below it the domain is not made"
        " and nodes do not start (rmw_create_node: failed to create domain).",
        "Eclipse Cyclone DDS, SocketReceiveBufferSize",
        loss="No: nothing runs. It is a setting that cannot be met.",
        do="Raise net.core.rmem_max to the min, or lower the min in the XML: it is compared with"
        " the doubled value. 2 GiB, which is copied everywhere, is not needed for it.",
    ),
    _cut(
        "log-tinc-buffer",
        "tinc did not get its UDPRcvBuf",
        r"can't set udp so_rcvbuf to (?P<wanted>[0-9]+), the system set it to (?P<got>[0-9]+)",
        "net.core.rmem_max is below UDPRcvBuf. A value of twice the request is no fault: the"
        " kernel doubles what it grants.",
        "gsliepen/tinc, pull request 242",
    ),
    _cut(
        "log-aeron-buffer",
        "Aeron's media driver did not get its receive buffer",
        r"set_rcvbuf: failed to increase socket receive buffer size to (?P<wanted>[0-9]+) bytes"
        r"(?:, maximum is (?P<got>[0-9]+))?"
        r"|could not set desired so_rcvbuf",
        "net.core.rmem_max is below aeron.socket.so_rcvbuf.",
        "aeron-io/aeron, aeron-driver/src/main",
    ),
    _cut(
        "log-livekit-buffer",
        "LiveKit's receive buffer is smaller than it advises",
        rf"udp receive buffer is too small for a production"
        rf"(?:.{{0,30}}current\W{{1,4}}(?P<got>{SIZE}))?",
        "LiveKit asks for 16 MiB and compares what getsockopt() says, which is doubled, with"
        " 5,000,000 when it starts. All media of one udp_port come in by one socket.",
        "livekit/mediatransportutil, pkg/rtcconfig",
        do=f"{_GRANT} Several ports in rtc.udp_port (7882-7885) give each a socket and a reader:"
        " that helps also where the reader is too slow, and room does not.",
    ),
    _cut(
        "log-uhd-buffer",
        "UHD (USRP radios) did not get its receive buffer",
        r"recv buffer could not be resized sufficiently"
        rf"(?:.{{0,40}}?target sock buff size: (?P<wanted>{SIZE})(?:ytes)?\.?"
        rf".{{0,20}}?actual sock buff size: (?P<got>{SIZE}))?",
        "net.core.rmem_max is below what the radio's transport wants (recv_buff_size). Overruns of"
        " the stream are shown as D or O beside it.",
        "EttusResearch/uhd, host/lib/transport/udp_common.hpp",
        doubled=False,
    ),
    _cut(
        "log-ffmpeg-buffer",
        "FFmpeg did not get its buffer_size",
        rf"attempted to set receive buffer to size (?P<wanted>{SIZE}) but it only ended up set as"
        rf" (?P<got>{SIZE})",
        "net.core.rmem_max is below buffer_size of a udp or rtp URL. FFmpeg compares the request"
        " with the doubled value, so a request up to twice the limit goes without a word.",
        "FFmpeg, libavformat/udp.c",
    ),
    _cut(
        "log-jgroups-buffer",
        "JGroups (WildFly, Infinispan, Keycloak) did not get its receive buffer",
        rf"receive buffer of socket \w+ was set to (?P<wanted>{SIZE}), but the os only allocated"
        rf" (?P<got>{SIZE})",
        "net.core.rmem_max is below ucast_recv_buf_size or mcast_recv_buf_size of the UDP"
        " protocol. Java shows the size undoubled.",
        "JGroups, org.jgroups.protocols.UDP",
        do=f"Nothing on a host that is alone in its cluster. Else: {_GRANT[0].lower()}{_GRANT[1:]}",
        kilo=1000,
        doubled=False,
    ),
    _cut(
        "log-coherence-buffer",
        "Oracle Coherence did not get its receive buffer",
        r"udpsocket failed to set receive buffer size to [0-9]+ packets"
        rf" \((?P<wanted>{SIZE})\D*?\); actual size is [^(]*\((?P<got>{SIZE})",
        "net.core.rmem_max is below the packet-buffer of the cluster's sockets. Java shows the size"
        " undoubled.",
        "Oracle Coherence, Performance Tuning, socket buffer sizes",
        doubled=False,
    ),
    _cut(
        "log-logstash-buffer",
        "Logstash did not get its receive_buffer_bytes",
        rf"unable to set receive_buffer_bytes to desired size\.? requested (?P<wanted>{SIZE}) but"
        rf" obtained (?P<got>{SIZE})",
        "net.core.rmem_max is below receive_buffer_bytes of a udp input. Java shows the size"
        " undoubled. net.core.rmem_default plays no part: the input asks.",
        "logstash-plugins/logstash-input-udp, lib/logstash/inputs/udp.rb",
        doubled=False,
    ),
    _cut(
        "log-gstreamer-buffer",
        "GStreamer did not get its buffer-size",
        rf"could not create a buffer of requested (?P<wanted>{SIZE})",
        "buffer-size of udpsrc is above net.core.rmem_max. The plain request was cut without an"
        " error; what was refused is the forced one (SO_RCVBUFFORCE), which wants CAP_NET_ADMIN."
        " udpsink writes the same words of its send buffer.",
        "GStreamer good plug-ins, gst/udp/gstudpsrc.c",
        do=f"{_GRANT} No need to run the program as root.",
    ),
    _cut(
        "log-tailscale-buffer",
        "Tailscale could not force its receive buffer",
        rf"failed to force-set udp read buffer size to (?P<wanted>{SIZE})",
        "tailscaled has no CAP_NET_ADMIN on the host (an unprivileged container, userspace"
        " networking), so it may have no more than net.core.rmem_max, which the host sets.",
        "tailscale/tailscale, wgengine/magicsock",
    ),
    _cut(
        "log-pmacct-pipe-size",
        "pmacct says how large its receive buffer is",
        rf"(?:nf|sf)acctd_pipe_size: obtained=(?P<got>{SIZE}) target=(?P<wanted>{SIZE})",
        "obtained is doubled: twice the target means that all of it was granted, less means that"
        " net.core.rmem_max is below nfacctd_pipe_size or sfacctd_pipe_size.",
        "pmacct/pmacct, src/nfacctd.c",
    ),
    _cut(
        "log-openvpn-buffer",
        "OpenVPN says how large its buffers are",
        rf"socket buffers: r=\[[0-9]+->(?P<got>{SIZE})\]",
        "R is the receive buffer before and after OpenVPN's own setting, as getsockopt() says, S"
        " the send buffer. The same number twice means that rcvbuf is not set: that is the default"
        " (net.core.rmem_default), and no fault.",
        "OpenVPN/openvpn, src/openvpn/socket.c",
        loss="No. The line stands in every log of OpenVPN.",
        do="Nothing, unless diagnose names OpenVPN's socket as losing to bursts: then rcvbuf in its"
        " configuration, with net.core.rmem_max not below it.",
    ),
    _cut(
        "log-solana-limits",
        "A Solana validator wants a larger limit before it starts",
        r"os network limit test failed"
        r"|net\.core\.rmem_max: recommended=(?P<wanted>[0-9]+), current=[0-9]+ too small",
        "The validator compares net.core.rmem_max and net.core.wmem_max with fixed numbers and"
        " stops below them. It is a demand of the program, measured on no host.",
        "anza-xyz/agave, core/src/system_monitor_service.rs",
        loss="No: nothing runs.",
        do="Set net.core.rmem_max (and wmem_max, for sending) to the number in the line, on the"
        " host itself. Do not set larger ones: 1.5 GiB was tried, and worked worse.",
    ),
    _cut(
        "log-kamailio-buffer",
        "Kamailio or OpenSIPS says how large its receive buffer is",
        r"so_rcvbuf is finally (?P<got>[0-9]+)",
        "It doubles its request until maxbuffer (256 KiB by default) or until the kernel gives no"
        " more, and says what getsockopt() answers, which is doubled.",
        "kamailio/kamailio, src/core/udp_server.c, probe_max_receive_buffer()",
        loss="No. The line stands in the log of every start.",
        do="Nothing, unless diagnose names its socket as losing to bursts or pauses: then maxbuffer"
        " in its configuration, with net.core.rmem_max not below it. More children (workers for"
        " each socket) are the cure where the handling of a message is slow.",
    ),
    _cut(
        "log-fast-dds-buffer",
        "Fast DDS did not get its receiveBufferSize",
        r"receive buffer size could not be set to the desired value\. using [0-9]+ instead of"
        r" (?P<wanted>[0-9]+)",
        "net.core.rmem_max is below receiveBufferSize of the UDP transport (or"
        " listenSocketBufferSize of the participant). Fast DDS then halves its request until all of"
        " it is granted, so it has less than the limit would allow.",
        "eProsima/Fast-DDS, src/cpp/rtps/transport, asio_helpers.hpp",
    ),
    _cut(
        "log-flycapture-buffer",
        "A camera's driver finds net.core.rmem_default small",
        r"default linux receive buffer setting is lower than expected",
        "FlyCapture and Spinnaker (GigE cameras of FLIR and Point Grey) compare the setting with a"
        " number of their own when they start. Nothing was received yet.",
        "ros-drivers/pointgrey_camera_driver, issue 180",
        do="If images are incomplete: first larger packets (an MTU of 9000 on both sides) and a"
        " pause between them (inter-packet delay), which shorten no buffer's life; then room for a"
        " frame. net.core.rmem_default is given to every socket of every program: a driver that can"
        " ask for its size needs net.core.rmem_max only.",
    ),
    _cut(
        "log-graylog-buffer",
        "Graylog compares the receive buffer of an input with its setting",
        rf"receivebuffersize \(so_rcvbuf\) for .* should be (?:>= )?(?P<wanted>{SIZE})",
        "net.core.rmem_max is below receiveBufferSize of the input, where the second number is the"
        " smaller one. That one is doubled with the epoll transport and not with the other. Older"
        " releases write the line of a doubled one, too, which is no cut.",
        "Graylog2/graylog2-server, UdpTransport.java; issues 1350 and 1422",
    ),
    _cut(
        "log-nfcapd-buffer",
        "nfcapd says how large its receive buffer is",
        rf"standard setsockopt, so_rcvbuf is [0-9]+ requested length is (?P<wanted>{SIZE})"
        rf"|\bset setsockopt, so_rcvbuf to (?P<got>{SIZE})",
        "nfcapd and sfcapd write what option -B asks for, and what getsockopt() says then, which is"
        " doubled: less than twice the request means that net.core.rmem_max is below it.",
        "phaag/nfdump, src/libnfdump/nfnet.c",
        loss="No. The lines stand in the log of every start with -B.",
        do="Nothing, unless diagnose names its socket as losing to bursts or pauses: then a larger"
        " -B, with net.core.rmem_max not below it. Sequence failures that it counts beside no drops"
        " here were lost before this host, or by the exporter.",
    ),
    _cut(
        "log-transmission-buffer",
        "Transmission did not get the receive buffer it asked for",
        rf"failed to set receive buffer: requested (?P<wanted>{SIZE})(?:, got (?P<got>{SIZE}))?"
        r"|please add the line .net\.core\.rmem_max =",
        "Transmission asks for 4 MiB for its one UDP socket (uTP, DHT) and compares it with what"
        " getsockopt() says, which is doubled.",
        "transmission/transmission, libtransmission/tr-udp.c",
    ),
    _cut(
        "log-buffer-cut",
        "A program did not get the receive buffer that it asked for",
        r"\b(?:recv|receive|read) buf(?:fer)?\b"
        r"(?=.{0,100}\b(?:(?:clamped|capped) by|but (?:requested|(?:only )?got|obtained))\b)"
        rf"(?:.{{0,100}}?\brequested\W{{1,2}}(?P<wanted>{SIZE}))?"
        r"|maximum socket receive buffer size is too small",
        "net.core.rmem_max is below what the program asked for. What it says that it got is doubled"
        " or not, as its runtime has it; ss shows the doubled size (rb).",
        "socket(7), SO_RCVBUF",
    ),
)
