"""How programs that people run name the size of their receive buffer, with the source of each.

A program is found by its process name (comm, 15 characters). What has no source is not here.
Imported only when a recommendation wants it.
"""

from __future__ import annotations

from typing import NamedTuple


class Setting(NamedTuple):
    """One program's setting.

    `name` is empty where a program has none and `note` says what it does instead. `line` holds
    {bytes}, what the program asks the kernel for, which doubles it, and may hold the {port}.
    `forces` tells whether it uses SO_RCVBUFFORCE as root, past net.core.rmem_max. `only_port` is
    what must be seen beside a name that other programs have, too.
    """

    programs: tuple[str, ...]
    title: str
    name: str
    line: str
    where: str
    source: str
    note: str = ""
    default: str = "net.core.rmem_default"
    forces: bool = False
    only_port: str = ""


def candidates(process_name: str, port: str) -> tuple[Setting, ...]:
    """Return all settings that a process of that name on a port may have: "java" several."""
    known = _BY_PROGRAM.get(process_name, ())
    return tuple(one for one in known if one.only_port in ("", port))


_DOGSTATSD = Setting(
    ("dogstatsd",),
    "DogStatsD (Datadog Agent)",
    "dogstatsd_so_rcvbuf",
    "dogstatsd_so_rcvbuf: {bytes}",
    "datadog.yaml",
    "DataDog/datadog-agent, comp/dogstatsd/listeners/udp.go",
    default="0: the system's",
)
_JAVA = ("java",)
_ROS_2 = ("component_conta", "rviz2", "ros2")  # component_container, cut by the kernel

SETTINGS: tuple[Setting, ...] = (
    Setting(
        ("unbound",),
        "Unbound",
        "so-rcvbuf",
        "so-rcvbuf: {bytes}",
        "unbound.conf, clause server:",
        "NLnetLabs/unbound, doc/unbound.conf.rst",
        forces=True,
    ),
    Setting(
        ("named",),
        "BIND",
        "udp-receive-buffer",
        "udp-receive-buffer {bytes};",
        "named.conf, options",
        "BIND 9, doc/arm/reference.rst",
        "BIND warns of large ones: it then answers queries that have timed out.",
        default="0: the system's",
    ),
    Setting(
        ("dnsdist",),
        "dnsdist",
        "setUDPSocketBufferSizes",
        "setUDPSocketBufferSizes({bytes}, 0)",
        "dnsdist.conf, before addLocal()",
        "PowerDNS/pdns, dnsdist docs, setUDPSocketBufferSizes (from 1.7)",
        default="net.core.rmem_default; from 1.9 net.core.rmem_max",
    ),
    Setting(
        ("knotd",),
        "Knot DNS",
        "",
        "",
        "",
        "Knot DNS, doc/configuration.rst",
        "Its manual sets net.core.rmem_default and net.core.rmem_max instead.",
    ),
    Setting(
        ("turnserver",),
        "coturn",
        "",
        "",
        "",
        "coturn/coturn, UR_CLIENT_SOCK_BUF_SIZE; issue 1902",
        "64 KiB for each relayed address (2 MiB for its own ports) stand in its source, so no"
        " setting of the host helps; a build with a larger number does, or fewer clients each.",
        default="64 KiB for each relayed address",
    ),
    Setting(
        ("rsyslogd",),
        "rsyslog (imudp)",
        "rcvbufSize",
        'input(type="imudp" port="{port}" rcvbufSize="{bytes}")',
        "/etc/rsyslog.conf, at the input of that port",
        "rsyslog.com/doc, imudp, RcvBufSize (from 7.3.9, at most 1 GiB)",
        default="0: the system's",
        forces=True,
    ),
    Setting(
        ("syslog-ng",),
        "syslog-ng",
        "so-rcvbuf()",
        "so-rcvbuf({bytes})",
        "syslog-ng.conf, in the network() or syslog() source of that port",
        "syslog-ng administration guide, network() source, so-rcvbuf()",
    ),
    Setting(
        ("fluent-bit",),
        "Fluent Bit (syslog input)",
        "receive_buffer_size",
        "receive_buffer_size {bytes}",
        "fluent-bit.conf, section [INPUT]",
        "fluent/fluent-bit-docs, pipeline/inputs/syslog.md",
    ),
    Setting(
        ("vector",),
        "Vector",
        "receive_buffer_bytes",
        "receive_buffer_bytes: {bytes}",
        "vector.yaml, in the socket, syslog or statsd source",
        "vectordotdev/vector, src/sources/socket/udp.rs",
    ),
    Setting(
        _JAVA,
        "Logstash (udp input)",
        "receive_buffer_bytes",
        "receive_buffer_bytes => {bytes}",
        "the pipeline, in input { udp { ... } }",
        "logstash-plugins/logstash-input-udp, docs/index.asciidoc",
    ),
    Setting(
        ("telegraf",),
        "Telegraf",
        "read_buffer_size",
        'read_buffer_size = "{bytes}B"',
        "telegraf.conf, in the input of that port",
        "influxdata/telegraf, plugins/inputs/socket_listener/README.md",
    ),
    Setting(
        ("influxd",),
        "InfluxDB 1 (UDP)",
        "read-buffer",
        "read-buffer = {bytes}",
        "influxdb.conf, section [[udp]]",
        "influxdata/influxdb, services/udp/README.md",
        default="0: the system's",
    ),
    Setting(
        ("statsd_exporter",),
        "statsd_exporter",
        "--statsd.read-buffer",
        "--statsd.read-buffer={bytes}",
        "its command line",
        "prometheus/statsd_exporter, README.md",
    ),
    Setting(
        ("nfcapd", "sfcapd"),
        "nfdump's collectors",
        "-B",
        "-B {bytes}",
        "its command line",
        "phaag/nfdump, nfcapd(1)",
    ),
    Setting(
        ("nfacctd",),
        "pmacct (nfacctd)",
        "nfacctd_pipe_size",
        "nfacctd_pipe_size: {bytes}",
        "nfacctd.conf",
        "pmacct/pmacct, CONFIG-KEYS",
        "plugin_pipe_size is another buffer, between its own processes.",
    ),
    Setting(
        ("sfacctd",),
        "pmacct (sfacctd)",
        "sfacctd_pipe_size",
        "sfacctd_pipe_size: {bytes}",
        "sfacctd.conf",
        "pmacct/pmacct, CONFIG-KEYS",
        "plugin_pipe_size is another buffer, between its own processes.",
    ),
    Setting(
        ("goflow2",),
        "GoFlow2",
        "",
        "",
        "",
        "netsampler/goflow2, issue 523",
        "It had no setting in 2026; several readers on the port (count=) share the load.",
    ),
    Setting(
        ("nginx",),
        "nginx (QUIC)",
        "rcvbuf",
        "listen {port} quic reuseport rcvbuf={bytes};",
        "nginx.conf, at the listen line of that port",
        "nginx.org, ngx_http_core_module, listen",
        "reuseport gives each worker a socket of its own; in a stream server it is udp for quic.",
    ),
    Setting(
        ("caddy", "cloudflared", "ipfs", "syncthing"),
        "quic-go",
        "",
        "",
        "",
        "quic-go wiki, UDP Buffer Sizes",
        "It asks for 7 MiB by itself: set net.core.rmem_max to 7500000 or more.",
        default="asks for 7 MiB by itself",
    ),
    Setting(
        ("tailscaled",),
        "Tailscale",
        "",
        "",
        "",
        "tailscale/tailscale, wgengine/magicsock",
        "It forces 7 MiB by itself and has no setting.",
        default="forces 7 MiB by itself",
        forces=True,
    ),
    Setting(
        ("openvpn",),
        "OpenVPN",
        "rcvbuf",
        "rcvbuf {bytes}",
        "its configuration",
        "openvpn(8), --rcvbuf",
    ),
    Setting(
        ("kamailio",),
        "Kamailio",
        "maxbuffer",
        "maxbuffer={bytes}",
        "kamailio.cfg, global parameters",
        "Kamailio core cookbook, maxbuffer",
        "It probes upwards from the system's default and stops there.",
        default="262144",
    ),
    Setting(
        ("opensips",),
        "OpenSIPS",
        "maxbuffer",
        "maxbuffer={bytes}",
        "opensips.cfg, global parameters",
        "OpenSIPS core parameters, maxbuffer",
        "It probes upwards from the system's default and stops there.",
        default="262144",
    ),
    Setting(
        ("kea-dhcp4", "kea-dhcp6"),
        "Kea",
        "",
        "",
        "",
        "Kea Administrator Reference Manual, multi-threading",
        "Its packet workers (thread-pool-size) are as many as the machine has CPUs: in a container"
        " that gets few of them they take the time of the thread that reads, so set it to what the"
        " container has.",
    ),
    _DOGSTATSD,
    _DOGSTATSD._replace(programs=("agent",), only_port="8125"),
    Setting(
        ("nebula",),
        "Nebula",
        "listen.read_buffer",
        "read_buffer: {bytes}",
        "config.yml, section listen",
        "slackhq/nebula, examples/config.yml",
    ),
    Setting(
        ("livekit-server",),
        "LiveKit",
        "",
        "",
        "",
        "livekit/mediatransportutil, pkg/rtcconfig",
        "It asks for 16 MiB by itself: set net.core.rmem_max as high as needed; several ports in"
        " rtc.udp_port give it several sockets.",
        default="asks for 16 MiB by itself",
    ),
    Setting(
        ("consul", "serf", "nomad"),
        "memberlist",
        "",
        "",
        "",
        "hashicorp/memberlist, net_transport.go",
        "It asks for 2 MiB by itself and halves until granted: set net.core.rmem_max to 2097152"
        " or more.",
        default="asks for 2 MiB by itself, then half until granted",
    ),
    Setting(
        ("mediamtx",),
        "MediaMTX",
        "udpReadBufferSize",
        "udpReadBufferSize: {bytes}",
        "mediamtx.yml, global settings",
        "bluenviron/mediamtx, mediamtx.yml",
        default="0: the system's",
    ),
    Setting(
        ("gst-launch-1.0",),
        "GStreamer (udpsrc)",
        "buffer-size",
        "udpsrc buffer-size={bytes}",
        "the pipeline",
        "GStreamer good plug-ins, udpsrc, buffer-size",
        default="0: the system's",
    ),
    Setting(
        ("ffmpeg", "ffplay", "mpv"),
        "FFmpeg",
        "buffer_size",
        "udp://ADDRESS:PORT?buffer_size={bytes}",
        "the URL",
        "FFmpeg protocols documentation, udp, buffer_size",
        "fifo_size is another buffer, in the program, in packets of 188 bytes.",
        default="65536, or the system's",
    ),
    Setting(
        ("Jamulus", "jamulus"),
        "Jamulus",
        "",
        "",
        "",
        "jamulussoftware/jamuluswebsite, issue 1150",
        "It never asks: net.core.rmem_default is the one lever.",
    ),
    Setting(
        ("aeronmd",),
        "Aeron (C media driver)",
        "aeron.socket.so_rcvbuf",
        "aeron.socket.so_rcvbuf={bytes}",
        "the driver's properties",
        "aeron-io/aeron, aeron_driver_context.h",
        default="131072",
    ),
    Setting(
        _JAVA,
        "Aeron (media driver)",
        "aeron.socket.so_rcvbuf",
        "-Daeron.socket.so_rcvbuf={bytes}",
        "the driver's properties or command line",
        "aeron-io/aeron, Configuration.java, SOCKET_RCVBUF_LENGTH",
        default="131072",
    ),
    Setting(
        _ROS_2,
        "Cyclone DDS",
        "SocketReceiveBufferSize",
        '<SocketReceiveBufferSize min="{bytes}B"/>',
        "CYCLONEDDS_URI, Domain/Internal",
        "eclipse-cyclonedds/cyclonedds, ddsi_config",
        default="asks for 1 MiB and accepts less",
    ),
    Setting(
        _ROS_2,
        "Fast DDS",
        "listenSocketBufferSize",
        "<listenSocketBufferSize>{bytes}</listenSocketBufferSize>",
        "the profile, participant rtps",
        "eProsima Fast DDS, listen_socket_buffer_size",
    ),
)


def _by_program() -> dict[str, tuple[Setting, ...]]:
    table: dict[str, tuple[Setting, ...]] = {}
    for one in SETTINGS:
        for name in one.programs:
            table[name] = (*table.get(name, ()), one)
    return table


_BY_PROGRAM = _by_program()
