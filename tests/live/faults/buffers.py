"""Receive buffers that fill: slow, stopped, stalling and bursty; small, clamped and default."""

from __future__ import annotations

from collections.abc import Callable
from socket import AF_INET6

from tests.live.faults.common import KINDS, PORT, STEADY, UDP4, UDP6, Kind, overflow, overflowed, to
from tests.live.lab import Lab
from tests.live.readers import STOPPED, Habit
from tests.live.sockets import Socket
from tests.live.traffic import Datagrams, Pace
from tests.live.truth import Fault, Play, at

SLOW = Habit(per_second=2_000)
STALLING = Habit(stall_seconds=0.2)
QUICK = Habit(per_second=20_000)
BURSTS = Pace(count=8_000, per_second=8_000, burst=2_000)
HALF = Pace(count=5_000, per_second=10_000)


def _by_kind(kind: Kind) -> tuple[Fault, ...]:
    socket = Socket(family=kind.family, protocol=kind.protocol)
    return (
        _full(
            f"slow-reader-{kind.suffix}",
            "arrivals at 10,000/s, a reader of 2,000/s",
            lambda lab: overflow(lab, socket, SLOW, STEADY, kind),
            "sustained-overload",
        ),
        _full(
            f"stopped-reader-{kind.suffix}",
            "a program that never reads",
            lambda lab: overflow(lab, socket, STOPPED, STEADY, kind),
            "reader-stopped",
        ),
        _full(
            f"stalling-reader-{kind.suffix}",
            "a reader that is away for 200 ms at a time",
            lambda lab: overflow(lab, socket, STALLING, STEADY, kind),
            "reader-stall",
        ),
        _full(
            f"bursts-{kind.suffix}",
            "bursts of 2,000 datagrams each 250 ms, a reader of 20,000/s",
            lambda lab: overflow(lab, socket, QUICK, BURSTS, kind),
            "burst",
        ),
    )


def _full(name: str, description: str, play: Callable[[Lab], Play], cause: str = "") -> Fault:
    return Fault(
        name=name,
        description=description,
        play=play,
        expected=(at("udp-rcvbuf-full"),),
        cause=cause,
        seconds=2.0 if cause == "reader-stall" else 1.5,
    )


def _small(lab: Lab) -> Play:
    return overflow(lab, Socket(rcvbuf_bytes=4_096), QUICK, STEADY)


def _clamped(lab: Lab) -> Play:
    lab.host({"net.core.rmem_max": 212_992})
    return (yield from overflow(lab, Socket(rcvbuf_bytes=8 << 20), STALLING, STEADY))


def _small_default(lab: Lab) -> Play:
    lab.host({"net.core.rmem_default": 65_536})
    return (yield from overflow(lab, Socket(), STALLING, STEADY))


def _dual_stack(lab: Lab) -> Play:
    wire = lab.wire(ipv6=True)
    reader = lab.read(wire.rx.netns, Socket(family=AF_INET6), habit=SLOW)
    yield wire.rx.netns
    sent = lab.send(wire.tx.netns, to(wire, UDP4, pace=HALF))
    sent += lab.send(wire.tx.netns, to(wire, UDP6, pace=HALF))
    return (yield from overflowed(sent, reader, wire.rx.netns))


def _loopback(lab: Lab) -> Play:
    here = lab.namespace()
    reader = lab.read(here, Socket(), habit=SLOW)
    yield here
    sent = lab.send(here, Datagrams(to="127.0.0.1", port=PORT, pace=STEADY))
    return (yield from overflowed(sent, reader, here))


def _segmented(lab: Lab) -> Play:
    """The wire carries one packet per ten datagrams, the socket gets ten."""
    wire = lab.wire()
    reader = lab.read(wire.rx.netns, Socket(), habit=SLOW)
    yield wire.rx.netns
    ten_at_once = Datagrams(
        to=wire.rx.ipv4,
        port=PORT,
        pace=Pace(count=1_000, per_second=1_000),
        segment_bytes=200,
    )
    sent = lab.send(wire.tx.netns, ten_at_once)
    return (yield from overflowed(sent, reader, wire.rx.netns))


FAULTS = (
    *(fault for kind in KINDS for fault in _by_kind(kind)),
    _full("small-buffer", "SO_RCVBUF of 4,096 bytes, a quick reader", _small, "burst"),
    _full(
        "clamped-buffer",
        "a program asked for 8 MiB, rmem_max allows 208 KiB",
        _clamped,
        "reader-stall",
    ),
    _full(
        "default-buffer",
        "a program never asked, rmem_default is 64 KiB",
        _small_default,
        "reader-stall",
    ),
    _full(
        "dual-stack",
        "IPv4 and IPv6 datagrams on one slow IPv6 socket",
        _dual_stack,
        "sustained-overload",
    ),
    _full(
        "slow-reader-loopback",
        "sender and slow reader on one host, over lo",
        _loopback,
        "sustained-overload",
    ),
    _full(
        "slow-reader-gso",
        "ten datagrams per packet (UDP_SEGMENT), a slow reader",
        _segmented,
        "sustained-overload",
    ),
)
