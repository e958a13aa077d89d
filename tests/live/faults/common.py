"""Plays that many faults share."""

from __future__ import annotations

from collections.abc import Sequence
from socket import AF_INET, AF_INET6
from typing import NamedTuple

from tests.live.children import require
from tests.live.lab import Lab, need_protocol
from tests.live.netns import Wire
from tests.live.packets import UDP, UDPLITE, Flow
from tests.live.readers import Habit, Reader
from tests.live.sockets import Socket
from tests.live.traffic import Datagrams, Pace
from tests.live.truth import Play, Truth

PORT = 9000
# Holds anything that the lab sends in one window.
ROOMY_BYTES = 128 << 20


class Kind(NamedTuple):
    """A protocol over an address family."""

    suffix: str
    family: int
    protocol: int


UDP4 = Kind("ipv4", AF_INET, UDP)
UDP6 = Kind("ipv6", AF_INET6, UDP)
UDPLITE4 = Kind("udplite", AF_INET, UDPLITE)
UDPLITE6 = Kind("udplite-ipv6", AF_INET6, UDPLITE)
KINDS = (UDP4, UDP6, UDPLITE4, UDPLITE6)

STEADY = Pace(count=10_000, per_second=10_000)
PLAIN = Pace(count=1_000, per_second=2_000)


def to(wire: Wire, kind: Kind = UDP4, *, pace: Pace, port: int = PORT) -> Datagrams:
    """Return datagrams for the wire's receiver."""
    address = wire.rx.ipv4 if kind.family == AF_INET else wire.rx.ipv6
    return Datagrams(to=address, port=port, protocol=kind.protocol, pace=pace)


def flow(wire: Wire, kind: Kind = UDP4, *, sport: int = 40_000, dport: int = PORT) -> Flow:
    """Return the addresses and ports of crafted packets for the wire's receiver."""
    if kind.family == AF_INET:
        return Flow(wire.tx.ipv4, wire.rx.ipv4, sport, dport)
    return Flow(wire.tx.ipv6, wire.rx.ipv6, sport, dport)


def roomy(kind: Kind = UDP4, *, port: int = PORT) -> Socket:
    """Return a socket that never fills."""
    return Socket(
        port=port,
        family=kind.family,
        protocol=kind.protocol,
        rcvbuf_bytes=ROOMY_BYTES,
        force=True,
    )


def overflow(lab: Lab, socket: Socket, habit: Habit, pace: Pace, kind: Kind = UDP4) -> Play:
    """One socket, one reader, more than they can take."""
    need_protocol(kind.protocol)
    wire = lab.wire(ipv6=kind.family == AF_INET6)
    reader = lab.read(wire.rx.netns, socket, habit=habit)
    yield wire.rx.netns
    sent = lab.send(wire.tx.netns, to(wire, kind, pace=pace))
    return (yield from overflowed(sent, reader, wire.rx.netns))


def overflowed(sent: int, reader: Reader, netns: str) -> Play:
    """Let one socket's reader do what it can, close the window, and see what is missing."""
    delivered = reader.settle()
    yield netns
    queued = sum(reader.drain())
    lost = {"udp-rcvbuf-full": sent - delivered - queued}
    return Truth(sent=sent, delivered=delivered, queued=queued, lost=lost, losers=1)


def refused(lab: Lab, wire: Wire, frames: Sequence[bytes], stage: str) -> Play:
    """Frames that no program gets, then datagrams that a healthy one does."""
    reader = lab.read(wire.rx.netns, roomy())
    yield wire.rx.netns
    sent = lab.send_frames(wire.tx, frames)
    sent += lab.send(wire.tx.netns, to(wire, pace=PLAIN))
    return (yield from closed_books(sent, reader, wire.rx.netns, stage))


def closed_books(sent: int, reader: Reader, netns: str, stage: str) -> Play:
    """Let a healthy reader settle, close the window, and charge the difference to a stage."""
    delivered = reader.settle()
    yield netns
    nothing_left(reader)
    return Truth(sent=sent, delivered=delivered, lost={stage: sent - delivered})


def all_read(sent: int, reader: Reader, netns: str) -> Play:
    """Let a healthy reader settle and close the window; it has to have read everything."""
    delivered = reader.settle()
    yield netns
    require(delivered == sent, f"a healthy reader got {delivered} of {sent}")
    return Truth(sent=sent, delivered=delivered)


def nothing_left(reader: Reader) -> None:
    """Make sure that a program that reads all has done so."""
    left = sum(reader.drain())
    require(left == 0, f"{left} datagrams still waited for a healthy reader")
