"""Receive buffers that fill: slow, stopped, stalling and bursty; small, clamped and default."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
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
# The traffic of a cause fills most of its window, as a disease does that lasts.
LASTING = Pace(count=26_000, per_second=10_000)
LASTING_BURSTS = Pace(count=22_000, per_second=8_000, burst=2_000)
OVERLOAD, STALL = "sustained-overload", "reader-stall"
HALF = Pace(count=5_000, per_second=10_000)


def _by_kind(kind: Kind) -> tuple[Fault, ...]:
    """Return the four diseases of a reader; over IPv4 for so long that the cause shows, too."""
    socket = Socket(family=kind.family, protocol=kind.protocol)
    lasting = kind == UDP4
    steady, bursts = (LASTING, LASTING_BURSTS) if lasting else (STEADY, BURSTS)
    diseases = (
        ("slow-reader", "arrivals at 10,000/s, a reader of 2,000/s", SLOW, steady, OVERLOAD),
        ("stopped-reader", "a program that never reads", STOPPED, steady, "reader-stopped"),
        ("stalling-reader", "a reader away for 200 ms at a time", STALLING, steady, STALL),
        ("bursts", "2,000 datagrams each 250 ms, a reader of 20,000/s", QUICK, bursts, "burst"),
    )
    return tuple(
        _full(
            f"{name}-{kind.suffix}",
            description,
            partial(overflow, socket=socket, habit=habit, pace=pace, kind=kind),
            cause if lasting else "",
        )
        for name, description, habit, pace, cause in diseases
    )


def _full(name: str, description: str, play: Callable[[Lab], Play], cause: str = "") -> Fault:
    return Fault(
        name=name,
        description=description,
        play=play,
        expected=(at("udp-rcvbuf-full"),),
        cause=cause,
        seconds=3.8 if cause else 1.8,
    )


def _small(lab: Lab) -> Play:
    return overflow(lab, Socket(rcvbuf_bytes=4_096), QUICK, LASTING)


def _clamped(lab: Lab) -> Play:
    lab.host({"net.core.rmem_max": 212_992})
    return (yield from overflow(lab, Socket(rcvbuf_bytes=8 << 20), STALLING, LASTING))


def _small_default(lab: Lab) -> Play:
    lab.host({"net.core.rmem_default": 65_536})
    return (yield from overflow(lab, Socket(), STALLING, LASTING))


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
    _full("dual-stack", "IPv4 and IPv6 datagrams on one slow IPv6 socket", _dual_stack),
    _full("slow-reader-loopback", "sender and slow reader on one host, over lo", _loopback),
    _full("slow-reader-gso", "ten datagrams per packet (UDP_SEGMENT), a slow reader", _segmented),
)
