"""Lines that kernels and programs write to their logs about the receive path, and what each means.

A user pastes the whole line, time stamp and all: `netrx-tune explain "so-rcvbuf 4194304 was not
granted. Got 425984."` A message is found by the words that are its own.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

from netrx_tune.rules.words import count

_MOST_CHARACTERS = 2000
_SCALE = {"": 1, "k": 1 << 10, "m": 1 << 20}


class Message(NamedTuple):
    """One kind of line.

    `words` is a pattern for the part that is always there; its groups `wanted` and `got` are
    bytes, or with `unit` kibibytes or mebibytes. Each is what getsockopt() or the program's
    configuration says.
    """

    name: str
    title: str
    words: str
    means: str
    loss: str  # whether packets are lost, and how to tell
    do: str
    source: str
    stages: tuple[str, ...] = ()
    counters: tuple[str, ...] = ()
    tunables: tuple[str, ...] = ()


class Heard(NamedTuple):
    """A message that somebody pasted, with the numbers that were in it."""

    message: Message
    wanted_bytes: int | None
    got_bytes: int | None

    @property
    def arithmetic(self) -> str:
        """Return what the line's own numbers say of net.core.rmem_max, "" without any."""
        if self.wanted_bytes is None:
            return ""
        text = (
            f"The program asked for {count(self.wanted_bytes)} bytes, so net.core.rmem_max has to"
            f" be at least {count(self.wanted_bytes)} for all of it to be granted."
        )
        if self.got_bytes is not None and self.got_bytes < 2 * self.wanted_bytes:
            text += (
                f" It got {count(self.got_bytes)}: the kernel cut the request to"
                f" {count(self.got_bytes // 2)} and doubled that for its own accounts."
            )
        return text


_WARNING = (
    "No. The line says that the socket is smaller than the program likes, when it starts. Whether"
    " datagrams are lost is told by the socket's drops and by RcvbufErrors: netrx-tune diagnose."
)
_GRANT = (
    "If diagnose names the socket as losing to bursts or pauses, or to be rid of the line: raise"
    " net.core.rmem_max to what the program asks for, on the host itself (a container cannot), and"
    " restart the program: a running socket keeps its size. netrx-tune size says what that"
    " survives. Undo: write the old value back; nothing else changes."
)
_RMEM = {
    "stages": ("udp-rcvbuf-full",),
    "counters": ("Udp.RcvbufErrors",),
    "tunables": ("net.core.rmem_max", "SO_RCVBUF"),
}

MESSAGES: tuple[Message, ...] = (
    Message(
        "log-quic-go-buffer",
        "quic-go did not get the buffer it asked for",
        r"failed to (?:sufficiently )?increase receive buffer size"
        r"(?: \(was: [0-9]+ [km]ib, wanted: (?P<wanted>[0-9]+) (?P<unit>[km])ib,"
        r" got: (?P<got>[0-9]+) [km]ib\))?",
        "Programs built on quic-go (Caddy, cloudflared, kubo, syncthing, AdGuard Home) ask for a"
        " large receive buffer and compare it with what getsockopt() says, which is doubled.",
        _WARNING,
        _GRANT,
        "quic-go wiki, UDP Buffer Sizes",
        **_RMEM,
    ),
    Message(
        "log-unbound-so-rcvbuf",
        "Unbound did not get the so-rcvbuf of its configuration",
        r"so-rcvbuf (?P<wanted>[0-9]+) was not granted(?:\. got (?P<got>[0-9]+))?",
        "net.core.rmem_max is below the so-rcvbuf in unbound.conf, and Unbound had no right to pass"
        " the limit (SO_RCVBUFFORCE wants CAP_NET_ADMIN).",
        _WARNING,
        _GRANT,
        "NLnetLabs/unbound, services/listen_dnsport.c",
        **_RMEM,
    ),
    Message(
        "log-syslog-ng-so-rcvbuf",
        "syslog-ng did not get its so-rcvbuf()",
        r"kernel refused to set the receive buffer(?:.*?so_rcvbuf='?(?P<wanted>[0-9]+)"
        r".*?so_rcvbuf_set='?(?P<got>[0-9]+))?",
        "net.core.rmem_max is below the so-rcvbuf() of a network source.",
        _WARNING,
        _GRANT,
        "syslog-ng, lib/socket-options.c",
        **_RMEM,
    ),
    Message(
        "log-cyclone-dds-buffer",
        "Cyclone DDS did not get the least receive buffer it was told to have",
        r"failed to increase socket receive buffer size to at least (?P<wanted>[0-9]+) bytes"
        r"(?:, current is (?P<got>[0-9]+))?",
        "CYCLONEDDS_URI sets SocketReceiveBufferSize with a min; below it the domain is not made"
        " and nodes do not start (rmw_create_node: failed to create domain).",
        "No: nothing runs. It is a setting that cannot be met.",
        "Raise net.core.rmem_max to the min, or lower the min in the XML: it is compared with the"
        " doubled value. 2 GiB, which is copied everywhere, is not needed for it.",
        "Eclipse Cyclone DDS, SocketReceiveBufferSize",
        **_RMEM,
    ),
    Message(
        "log-tinc-buffer",
        "tinc did not get its UDPRcvBuf",
        r"can't set udp so_rcvbuf to (?P<wanted>[0-9]+), the system set it to (?P<got>[0-9]+)",
        "net.core.rmem_max is below UDPRcvBuf. A value of twice the request is no fault: the"
        " kernel doubles what it grants.",
        _WARNING,
        _GRANT,
        "gsliepen/tinc, pull request 242",
        **_RMEM,
    ),
    Message(
        "log-aeron-buffer",
        "Aeron's media driver did not get its receive buffer",
        r"set_rcvbuf: failed to increase socket receive buffer size to (?P<wanted>[0-9]+) bytes"
        r"(?:, maximum is (?P<got>[0-9]+))?",
        "net.core.rmem_max is below aeron.socket.so_rcvbuf.",
        _WARNING,
        _GRANT,
        "aeron-io/aeron, aeron-driver/src/main/c",
        **_RMEM,
    ),
    Message(
        "log-conntrack-full",
        "The table of connections is full",
        r"(?:nf_conntrack|ip_conntrack): table full, dropping packet",
        "A packet of a connection that is not in the table was discarded, since the table holds as"
        " many as net.netfilter.nf_conntrack_max allows.",
        "Yes: each line is at least one packet, and most are not written (the line is limited to a"
        " few each second). The column drop of /proc/net/stat/nf_conntrack has the number.",
        "sudo netrx-tune diagnose says how full the table is and computes a size. Where the traffic"
        " needs no state, a notrack rule costs no memory at all.",
        "net/netfilter/nf_conntrack_core.c, __nf_conntrack_alloc()",
        ("conntrack-table-full",),
        ("nf_conntrack.drop",),
        ("net.netfilter.nf_conntrack_max", "net.netfilter.nf_conntrack_buckets"),
    ),
    Message(
        "log-syn-flooding",
        "More connections are being opened than the listener's queue holds",
        r"possible syn flooding on port",
        "The queue of half-open connections of one listening socket is full. That is an attack, or"
        " a program whose listen() backlog is small for its clients. The kernel writes the line"
        " once for each listener, however long it lasts.",
        "With 'Sending cookies' nothing is lost, though connections lose options; with 'Dropping"
        " request' each is (TCPReqQFullDrop), and clients try again after a second or more.",
        "The length is the smallest of the program's listen() backlog and net.core.somaxconn, so"
        " raising the latter alone changes nothing: netrx-tune diagnose shows both.",
        "net/ipv4/tcp_input.c, tcp_syn_flood_action()",
        ("tcp-syn-queue-full", "tcp-listen-overflow"),
        ("TcpExt.TCPReqQFullDrop", "TcpExt.TCPReqQFullDoCookies"),
        ("net.core.somaxconn", "net.ipv4.tcp_max_syn_backlog", "net.ipv4.tcp_syncookies"),
    ),
    Message(
        "log-tcp-out-of-memory",
        "TCP has all the memory it may have",
        r"tcp: out of memory -- consider tuning tcp_mem",
        "All TCP sockets of the host together reached the third value of net.ipv4.tcp_mem, which is"
        " in pages. Mostly many connections hold data that no program reads or no peer takes.",
        "Connections are reset and segments dropped.",
        "Find who holds it first: ss -tanm, largest Recv-Q and Send-Q. A pool that is raised fills"
        " as well if the reader is stuck.",
        "net/ipv4/tcp.c, tcp_check_oom()",
        ("tcp-memory",),
        (),
        ("net.ipv4.tcp_mem", "net.ipv4.tcp_rmem"),
    ),
    Message(
        "log-udp-bad-checksum",
        "A datagram's checksum was wrong",
        r"udp(?:v6|-lite|lite)?: bad checksum\. from",
        "The datagram was damaged on its way, or its sender computes no checksum, or a capture or"
        " tunnel took it before hardware had filled it in.",
        "Yes, one datagram for each; the line is limited, InCsumErrors is not.",
        "No setting of this host cures it. Compare InCsumErrors by device and by sender.",
        "net/ipv4/udp.c, __udp4_lib_rcv()",
        ("udp-csum-early", "udp-csum-late"),
        ("Udp.InCsumErrors",),
        (),
    ),
    Message(
        "log-martian-source",
        "A packet came from an address that cannot come from there",
        r"martian (?:source|destination)\b",
        "The source address is this host's own, a broadcast, loopback, or fails rp_filter: the way"
        " back to it does not lead through the device it came in by.",
        "Yes: each such packet is discarded. The line is only written with log_martians.",
        "Where two devices lead to the same network rp_filter 2 (loose) accepts it: sudo netrx-tune"
        " diagnose names device and counter.",
        "net/ipv4/route.c, ip_handle_martian_source()",
        ("route-martian", "route-rpfilter"),
        ("rt_cache.in_martian_src", "TcpExt.IPReversePathFilter"),
        ("net.ipv4.conf.IF.rp_filter", "net.ipv4.conf.IF.log_martians"),
    ),
    Message(
        "log-page-allocation-failure",
        "The kernel found no free memory while it could not wait",
        r"page allocation failure.*gfp_atomic",
        "A driver or the network stack needed pages in an interrupt, and the reserve was used up.",
        "Likely packets of that moment: rx_dropped, rx_alloc_failed or the like of the device.",
        "vm.min_free_kbytes is the reserve; a large burst on a host whose memory is all page cache"
        " needs more of it. netrx-tune diagnose computes it when the device's counters moved.",
        "mm/page_alloc.c, warn_alloc()",
        ("nic-alloc-fail",),
        (),
        ("vm.min_free_kbytes",),
    ),
    Message(
        "log-budget-ran-out",
        "The receive softirq used up its budget",
        r"netdev.budget.ran.outs?|softnet.times?.?squeezed?",
        "Monitoring counts time_squeeze: polling stopped with work left and goes on at once, or in"
        " ksoftirqd.",
        "No. Nothing is discarded there. A ring that overflows while it waits shows in the device's"
        " own counters, a full backlog in the second column of softnet_stat.",
        "Nothing, while neither of those grows: silence the alarm. Budgets of 65535 that are passed"
        " around let one softirq hold a CPU for longer.",
        "net/core/dev.c, net_rx_action()",
        ("softirq-squeeze",),
        ("softnet.time_squeeze",),
        ("net.core.netdev_budget", "net.core.netdev_budget_usecs"),
    ),
)


def message_in(line: str) -> Heard | None:
    """Return the message that a line of a log holds, None if none is known."""
    text = " ".join(line[:_MOST_CHARACTERS].casefold().split())
    for message in MESSAGES:
        match = re.search(message.words, text)
        if match:
            return Heard(message, *_numbers(match.groupdict()))
    return None


def message_named(name: str) -> Heard | None:
    """Return the message whose page has that name."""
    found = next((message for message in MESSAGES if message.name == name.strip()), None)
    return found and Heard(found, None, None)


def _numbers(groups: Mapping[str, str | None]) -> tuple[int | None, int | None]:
    scale = _SCALE[groups.get("unit") or ""]
    wanted, got = groups.get("wanted"), groups.get("got")
    return (
        int(wanted[:18]) * scale if wanted else None,
        int(got[:18]) * scale if got else None,
    )
