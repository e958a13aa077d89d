"""Datagrams that arrive damaged, and those that nobody or somebody refuses."""

from __future__ import annotations

from collections.abc import Callable
from socket import AF_INET6

from tests.live.faults.common import (
    PLAIN,
    UDP4,
    UDP6,
    Kind,
    closed_books,
    flow,
    nothing_left,
    roomy,
    to,
)
from tests.live.lab import Lab
from tests.live.netns import Wire
from tests.live.packets import frame, udp
from tests.live.readers import STOPPED
from tests.live.sockets import Socket, refuse_longer_than
from tests.live.truth import Fault, Play, Truth, at

# IP payloads up to this are checked in softirq before the socket is looked up.
# Kernel: include/linux/skbuff.h, CHECKSUM_BREAK (read at 6.18.2).
CHECKSUM_BREAK = 76
SMALL, LARGE = CHECKSUM_BREAK - 8, CHECKSUM_BREAK - 7
BAD = 500


def damaged(wire: Wire, kind: Kind, payload_bytes: int, count: int = BAD) -> list[bytes]:
    """Return frames whose UDP checksum is wrong."""
    path = flow(wire, kind)
    one = frame(wire, path, udp(path, b"." * payload_bytes, checksum_error=0x5555))
    return [one] * count


def _mixed(
    lab: Lab,
    make: Callable[[Wire, Kind], list[bytes]],
    stage: str,
    *,
    kind: Kind = UDP4,
    socket: Socket | None = None,
) -> Play:
    """Bad frames, then good datagrams, to one healthy reader."""
    wire = lab.wire(ipv6=kind.family == AF_INET6)
    reader = lab.read(wire.rx.netns, socket or roomy(kind))
    yield wire.rx.netns
    bad = lab.send_frames(wire.tx, make(wire, kind))
    sent = lab.send(wire.tx.netns, to(wire, kind, pace=PLAIN))
    return (yield from closed_books(bad + sent, reader, wire.rx.netns, stage))


def _small(kind: Kind) -> Callable[[Lab], Play]:
    def make(wire: Wire, kind: Kind) -> list[bytes]:
        return damaged(wire, kind, SMALL)

    return lambda lab: _mixed(lab, make, "udp-csum-early", kind=kind)


def _large(kind: Kind, *, blocking: bool = False) -> Callable[[Lab], Play]:
    def make(wire: Wire, kind: Kind) -> list[bytes]:
        return damaged(wire, kind, LARGE)

    socket = Socket(family=kind.family, rcvbuf_bytes=8 << 20, force=True, blocking=blocking)
    return lambda lab: _mixed(lab, make, "udp-csum-late", kind=kind, socket=socket)


def _unread(lab: Lab) -> Play:
    """Until somebody reads them, these are as good as any: nothing is lost yet."""
    wire = lab.wire()
    reader = lab.read(wire.rx.netns, roomy(), habit=STOPPED)
    yield wire.rx.netns
    bad = lab.send_frames(wire.tx, damaged(wire, UDP4, LARGE))
    yield wire.rx.netns
    nothing_left(reader)
    return Truth(sent=bad, delivered=0, queued=bad)


def _filtered(lab: Lab) -> Play:
    """A filter makes the kernel check in softirq; the socket counts it all the same."""

    def make(wire: Wire, kind: Kind) -> list[bytes]:
        return damaged(wire, kind, LARGE)

    accepting = Socket(rcvbuf_bytes=8 << 20, force=True, refuse=refuse_longer_than(60_000))
    return _mixed(lab, make, "udp-csum-late", socket=accepting)


def _zero_ipv6(lab: Lab) -> Play:
    def make(wire: Wire, kind: Kind) -> list[bytes]:
        path = flow(wire, kind)
        return [frame(wire, path, udp(path, b"." * 200, zero_checksum=True))] * BAD

    return _mixed(lab, make, "udp-v6-zero-csum", kind=UDP6)


def _short(kind: Kind) -> Callable[[Lab], Play]:
    """The UDP length field says 4, or more than the packet holds."""

    def make(wire: Wire, kind: Kind) -> list[bytes]:
        path = flow(wire, kind)
        return [frame(wire, path, udp(path, b"." * 100, length=length)) for length in (4, 400)] * (
            BAD // 2
        )

    return lambda lab: _mixed(lab, make, "udp-short", kind=kind)


def _fault(name: str, description: str, play: Callable[[Lab], Play], stage: str = "") -> Fault:
    expected = (at(stage),) if stage else ()
    return Fault(name=name, description=description, play=play, expected=expected)


FAULTS = (
    _fault("csum-small-ipv4", "bad checksum, 76 bytes of UDP", _small(UDP4), "udp-csum-early"),
    _fault("csum-small-ipv6", "bad checksum, 76 bytes of UDP", _small(UDP6), "udp-csum-early"),
    _fault("csum-large-ipv4", "bad checksum, 77 bytes of UDP", _large(UDP4), "udp-csum-late"),
    _fault("csum-large-ipv6", "bad checksum, 77 bytes of UDP", _large(UDP6), "udp-csum-late"),
    _fault(
        "csum-large-polled-ipv6",
        "bad checksum found by poll() on a blocking IPv6 socket (booked as IPv4)",
        _large(UDP6, blocking=True),
        "udp-csum-late",
    ),
    _fault("csum-large-unread", "bad checksum, 77 bytes of UDP, and nobody reads", _unread),
    _fault(
        "csum-large-filtered",
        "bad checksum on a socket with a filter that accepts all",
        _filtered,
        "udp-csum-late",
    ),
    _fault("csum-zero-ipv6", "checksum 0 over IPv6", _zero_ipv6, "udp-v6-zero-csum"),
    _fault("short-length-ipv4", "UDP length field wrong", _short(UDP4), "udp-short"),
    _fault("short-length-ipv6", "UDP length field wrong", _short(UDP6), "udp-short"),
)
