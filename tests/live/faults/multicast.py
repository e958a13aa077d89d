"""Datagrams for groups and for everybody, and for ports where nobody listens."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from socket import AF_INET6

from tests.live.faults.common import PLAIN, PORT, UDP4, UDP6, Kind, closed_books, roomy, to
from tests.live.lab import Lab
from tests.live.netns import Wire
from tests.live.sockets import Socket
from tests.live.traffic import Datagrams
from tests.live.truth import Fault, Play, at

GROUP4, GROUP6 = "239.77.7.7", "ff15::7777"
OTHER_PORT = PORT + 1


def _unwanted(lab: Lab, *, stage: str, kind: Kind, joined: bool) -> Play:
    """Datagrams to a group, and others to a healthy reader."""
    wire = lab.wire(ipv6=kind.family == AF_INET6)
    reader = lab.read(wire.rx.netns, roomy(kind))
    if joined:
        group = GROUP4 if kind == UDP4 else GROUP6
        member = Socket(port=OTHER_PORT, family=kind.family, group=group, device=wire.rx.device)
        lab.read(wire.rx.netns, member)
    yield wire.rx.netns
    sent = lab.send(wire.tx.netns, to_group(wire, kind))
    sent += lab.send(wire.tx.netns, to(wire, kind, pace=PLAIN))
    return (yield from closed_books(sent, reader, wire.rx.netns, stage))


def to_group(wire: Wire, kind: Kind) -> Datagrams:
    """Return datagrams for a group, to a port where only a group's member could listen."""
    group = GROUP4 if kind == UDP4 else GROUP6
    return Datagrams(to=group, port=PORT + 2, pace=PLAIN, device=wire.tx.device)


def _broadcast(lab: Lab) -> Play:
    wire = lab.wire()
    reader = lab.read(wire.rx.netns, roomy())
    yield wire.rx.netns
    everybody = Datagrams(to="10.77.0.255", port=OTHER_PORT, pace=PLAIN, device=wire.tx.device)
    sent = lab.send(wire.tx.netns, everybody)
    sent += lab.send(wire.tx.netns, to(wire, pace=PLAIN))
    return (yield from closed_books(sent, reader, wire.rx.netns, "udp-mcast-nolistener"))


def _no_listener(lab: Lab, *, kind: Kind) -> Play:
    wire = lab.wire(ipv6=kind.family == AF_INET6)
    reader = lab.read(wire.rx.netns, roomy(kind))
    yield wire.rx.netns
    sent = lab.send(wire.tx.netns, to(wire, kind, pace=PLAIN, port=OTHER_PORT))
    sent += lab.send(wire.tx.netns, to(wire, kind, pace=PLAIN))
    return (yield from closed_books(sent, reader, wire.rx.netns, "udp-no-port"))


def _wrong_peer(lab: Lab) -> Play:
    """A connected socket hears its peer alone; to others its port has no listener."""
    wire = lab.wire()
    reader = lab.read(wire.rx.netns, roomy())
    stranger = Socket(port=OTHER_PORT, address=wire.rx.ipv4, peer=(wire.tx.ipv4, 1))
    lab.read(wire.rx.netns, stranger)
    yield wire.rx.netns
    sent = lab.send(wire.tx.netns, to(wire, pace=PLAIN, port=OTHER_PORT))
    sent += lab.send(wire.tx.netns, to(wire, pace=PLAIN))
    return (yield from closed_books(sent, reader, wire.rx.netns, "udp-no-port"))


def _fault(name: str, description: str, play: Callable[[Lab], Play], stage: str) -> Fault:
    return Fault(name=name, description=description, play=play, expected=(at(stage),), seconds=1.4)


def _groups(name: str, description: str, stage: str, kind: Kind, *, joined: bool) -> Fault:
    play = partial(_unwanted, stage=stage, kind=kind, joined=joined)
    return _fault(f"{name}-{kind.suffix}", description, play, stage)


IGNORED = "a group that was joined, a port where nobody listens"
NOT_JOINED = "a group that nobody joined"

FAULTS = (
    _groups("multicast-ignored", IGNORED, "udp-mcast-nolistener", UDP4, joined=True),
    _groups("multicast-ignored", IGNORED, "udp-mcast-nolistener", UDP6, joined=True),
    _groups("multicast-not-joined", NOT_JOINED, "mcast-not-joined", UDP4, joined=False),
    _groups("multicast-not-joined", NOT_JOINED, "mcast-not-joined", UDP6, joined=False),
    _fault(
        "broadcast-ignored",
        "a broadcast to a port without listener",
        _broadcast,
        "udp-mcast-nolistener",
    ),
    _fault(
        "no-listener-ipv4",
        "nobody listens on the port",
        partial(_no_listener, kind=UDP4),
        "udp-no-port",
    ),
    _fault(
        "no-listener-ipv6",
        "nobody listens on the port",
        partial(_no_listener, kind=UDP6),
        "udp-no-port",
    ),
    _fault(
        "connected-to-another",
        "the socket is connected to another peer",
        _wrong_peer,
        "udp-no-port",
    ),
)
