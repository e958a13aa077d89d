"""Many sockets, of which one loses: which one, and never the healthy ones beside it."""

from __future__ import annotations

from tests.live.faults.buffers import SLOW
from tests.live.faults.common import PORT, ROOMY_BYTES, STEADY, nothing_left, roomy, to
from tests.live.lab import Lab
from tests.live.readers import FAST, STOPPED, Reader
from tests.live.sockets import Socket
from tests.live.traffic import Datagrams, Pace
from tests.live.truth import Fault, Play, Truth, at

GROUP = "239.77.7.7"
HEALTHY_SOCKETS = 60
BURST = Pace(count=600)


def _settled(sent: int, healthy: Reader, slow: Reader, netns: str, *, copies: int = 1) -> Play:
    """Close the window and return the account of two programs; `sent` counts copies once."""
    delivered = healthy.settle() + slow.settle()
    yield netns
    queued = sum(slow.drain())
    nothing_left(healthy)
    lost = {"udp-rcvbuf-full": copies * sent - delivered - queued}
    return Truth(sent=sent, delivered=delivered, queued=queued, lost=lost, losers=1)


def _sixty_and_one(lab: Lab) -> Play:
    wire = lab.wire()
    ports = range(PORT + 1, PORT + 1 + HEALTHY_SOCKETS)
    healthy = lab.read(wire.rx.netns, *(roomy(port=port) for port in ports))
    slow = lab.read(wire.rx.netns, Socket(), habit=SLOW)
    yield wire.rx.netns
    few = Pace(count=50)
    sent = sum(lab.send(wire.tx.netns, to(wire, pace=few, port=port)) for port in ports[::6])
    sent += lab.send(wire.tx.netns, to(wire, pace=STEADY))
    return (yield from _settled(sent, healthy, slow, wire.rx.netns))


def _connected(lab: Lab) -> Play:
    wire = lab.wire()
    peer = (wire.tx.ipv4, 40_001)
    wildcard = Socket(reuse_address=True, rcvbuf_bytes=ROOMY_BYTES, force=True)
    healthy = lab.read(wire.rx.netns, wildcard)
    connected = Socket(reuse_address=True, address=wire.rx.ipv4, peer=peer)
    slow = lab.read(wire.rx.netns, connected, habit=STOPPED)
    yield wire.rx.netns
    half = Pace(count=3_000, per_second=8_000)
    sent = lab.send(wire.tx.netns, to(wire, pace=half))
    to_connected = Datagrams(to=wire.rx.ipv4, port=PORT, pace=half, source_port=peer[1])
    sent += lab.send(wire.tx.netns, to_connected)
    return (yield from _settled(sent, healthy, slow, wire.rx.netns))


def _reuseport(lab: Lab) -> Play:
    wire = lab.wire()
    member = Socket(reuse_port=True, rcvbuf_bytes=ROOMY_BYTES, force=True)
    healthy = lab.read(wire.rx.netns, member, member, member)
    slow = lab.read(wire.rx.netns, Socket(reuse_port=True, rcvbuf_bytes=8_192), habit=STOPPED)
    yield wire.rx.netns
    each = Pace(count=200, per_second=8_000)
    # One sender per flow; each flow belongs to one member by its hash.
    sent = sum(lab.send(wire.tx.netns, to(wire, pace=each)) for _ in range(40))
    return (yield from _settled(sent, healthy, slow, wire.rx.netns))


def _multicast(lab: Lab) -> Play:
    wire = lab.wire()
    member = Socket(
        reuse_address=True,
        group=GROUP,
        device=wire.rx.device,
        rcvbuf_bytes=ROOMY_BYTES,
        force=True,
    )
    narrow = Socket(reuse_address=True, group=GROUP, device=wire.rx.device, rcvbuf_bytes=8_192)
    healthy = lab.read(wire.rx.netns, member, member)
    slow = lab.read(wire.rx.netns, narrow, habit=STOPPED)
    yield wire.rx.netns
    datagrams = Datagrams(to=GROUP, port=PORT, pace=STEADY, device=wire.tx.device)
    sent = lab.send(wire.tx.netns, datagrams)
    return (yield from _settled(sent, healthy, slow, wire.rx.netns, copies=3))


def _short_lived(lab: Lab) -> Play:
    """Each socket overflows, is read to its end and closed, all inside the window."""
    wire = lab.wire()
    yield wire.rx.netns
    sent = delivered = 0
    for _ in range(8):
        reader = lab.read(wire.rx.netns, Socket(), habit=STOPPED)
        sent += lab.send(wire.tx.netns, to(wire, pace=BURST))
        delivered += sum(reader.drain())
        reader.close()
    yield wire.rx.netns
    return Truth(sent=sent, delivered=delivered, lost={"udp-rcvbuf-full": sent - delivered})


def _closed_unread(lab: Lab) -> Play:
    """A restart: the old socket closes with datagrams in its queue, the new one is read."""
    wire = lab.wire()
    old = lab.read(wire.rx.netns, roomy(), habit=STOPPED)
    yield wire.rx.netns
    waiting = lab.send(wire.tx.netns, to(wire, pace=BURST))
    old.close()
    new = lab.read(wire.rx.netns, roomy(), habit=FAST)
    sent = waiting + lab.send(wire.tx.netns, to(wire, pace=BURST))
    delivered = new.settle()
    yield wire.rx.netns
    nothing_left(new)
    return Truth(sent=sent, delivered=delivered, lost={"udp-closed-unread": sent - delivered})


FULL = (at("udp-rcvbuf-full"),)

FAULTS = (
    Fault(
        name="sixty-healthy-one-slow",
        description="sixty healthy sockets and a slow one",
        play=_sixty_and_one,
        seconds=1.5,
        expected=FULL,
    ),
    Fault(
        name="connected-beside-wildcard",
        description="a connected socket that nobody reads beside a healthy wildcard one",
        play=_connected,
        seconds=1.5,
        expected=FULL,
        cause="reader-stopped",
    ),
    Fault(
        name="reuseport-one-slow",
        description="four SO_REUSEPORT members, one of them stopped",
        play=_reuseport,
        seconds=1.5,
        expected=FULL,
        cause="reader-stopped",
    ),
    Fault(
        name="multicast-one-slow",
        description="three members of a group, one of them stopped",
        play=_multicast,
        seconds=1.5,
        expected=FULL,
        cause="reader-stopped",
    ),
    Fault(
        name="short-lived-sockets",
        description="sockets that overflow and close inside the window",
        play=_short_lived,
        seconds=1.5,
        expected=FULL,
    ),
    Fault(
        name="closed-unread",
        description="a socket closes with datagrams in its queue",
        play=_closed_unread,
        seconds=1.5,
        expected=(at("udp-closed-unread"),),
    ),
)
