"""Many sockets, of which one loses: which one, and never the healthy ones beside it."""

from __future__ import annotations

from tests.live.children import require
from tests.live.faults.buffers import LASTING, OVERLOAD, SLOW
from tests.live.faults.common import PORT, ROOMY_BYTES, STEADY, nothing_left, roomy, to
from tests.live.lab import Lab
from tests.live.readers import FAST, STOPPED, Reader
from tests.live.sockets import Socket
from tests.live.traffic import Datagrams, Pace
from tests.live.truth import Fault, Play, Truth, at

GROUP = "239.77.7.7"
HEALTHY_SOCKETS = 60
BURST = Pace(count=600)


def _settled(
    sent: int,
    healthy: Reader,
    slow: Reader,
    netns: str,
    *,
    copies: int = 1,
    words: tuple[str, ...] = (),
) -> Play:
    """Close the window and return the account of two programs; `sent` counts copies once."""
    delivered = healthy.settle() + slow.settle()
    yield netns
    queued = sum(slow.drain())
    nothing_left(healthy)
    lost = {"udp-rcvbuf-full": copies * sent - delivered - queued}
    return Truth(sent=sent, delivered=delivered, queued=queued, lost=lost, losers=1, words=words)


def _alone(slow: Reader, count: int) -> tuple[str, ...]:
    """Return what has to be said of the one member of a port that loses."""
    return (
        f"Of the {count} sockets on 0.0.0.0:{PORT}, this one alone lost",
        f"pid {slow.pid}) has 100 % of their loss, where an even share is {100 / count:.0f} %",
    )


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
    words = (*_alone(slow, 4), "each flow stays with its member, so the others cannot take")
    return (yield from _settled(sent, healthy, slow, wire.rx.netns, words=words))


def _one_flow(lab: Lab) -> Play:
    """Four programs share a port by flow, and all comes in one flow."""
    wire = lab.wire()
    netns = wire.rx.netns
    readers = [lab.read(netns, Socket(reuse_port=True), habit=SLOW) for _ in range(4)]
    yield netns
    sent = lab.send(wire.tx.netns, to(wire, pace=LASTING))
    took = [reader.settle() for reader in readers]
    yield netns
    queued = sum(sum(reader.drain()) for reader in readers)
    delivered = sum(took)
    require(sum(1 for each in took if each) == 1, f"one flow reached several members: {took}")
    words = (
        *_alone(readers[took.index(delivered)], 4),
        "One flow, or few, load this one alone: more members do not help",
        "the others never held a datagram",
    )
    lost = {"udp-rcvbuf-full": sent - delivered - queued}
    return Truth(sent=sent, delivered=delivered, queued=queued, lost=lost, losers=1, words=words)


def _many_sockets(lab: Lab) -> Play:
    """One program with sixty sockets that get a little, and one that gets too much."""
    wire = lab.wire()
    ports = range(PORT + 1, PORT + 1 + HEALTHY_SOCKETS)
    sockets = (Socket(), *(roomy(port=port) for port in ports))
    program = lab.read(wire.rx.netns, *sockets, habit=SLOW)
    yield wire.rx.netns
    few = Pace(count=20)
    sent = sum(lab.send(wire.tx.netns, to(wire, pace=few, port=port)) for port in ports[::6])
    sent += lab.send(wire.tx.netns, to(wire, pace=LASTING))
    delivered = program.settle()
    yield wire.rx.netns
    queued = sum(program.drain())
    words = (
        f"(pid {program.pid}) has {1 + HEALTHY_SOCKETS} UDP sockets open, and this one",
        "alone lost, 100 % of the program's loss",
    )
    lost = {"udp-rcvbuf-full": sent - delivered - queued}
    return Truth(sent=sent, delivered=delivered, queued=queued, lost=lost, losers=1, words=words)


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
    words = (*_alone(slow, 3), "each member of a multicast group has a copy of its own")
    return (yield from _settled(sent, healthy, slow, wire.rx.netns, copies=3, words=words))


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
        name="reuseport-one-flow",
        description="four SO_REUSEPORT members, all datagrams in one flow",
        play=_one_flow,
        seconds=3.8,
        expected=FULL,
        cause=OVERLOAD,
    ),
    Fault(
        name="many-sockets-one-slow",
        description="one program with 61 sockets, one of which gets too much",
        play=_many_sockets,
        seconds=4.2,
        expected=FULL,
        cause=OVERLOAD,
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
