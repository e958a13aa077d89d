"""TCP: a full accept queue, a socket that is busy while data comes, holes that fill memory."""

from __future__ import annotations

import time
from functools import partial

from tests.live import tcp
from tests.live.children import Child, LabError, number, require
from tests.live.lab import Lab
from tests.live.netns import Wire
from tests.live.tcp import Peer
from tests.live.truth import Fault, Play, Truth, at

BACKLOG = 4
SYNS = 200
SEGMENTS = 400


def _established(lab: Lab, wire: Wire, *, rcvbuf_bytes: int) -> tuple[Child, Peer]:
    """Return a serving program and the peer it is connected to."""
    neighbour = ("lladdr", wire.tx.mac, "dev", wire.rx.device)
    lab.run(wire.rx.netns, "ip", "neigh", "add", tcp.PEER, *neighbour)
    server = lab.start(wire.rx.netns, tcp.serve(wire.rx.ipv4, rcvbuf_bytes=rcvbuf_bytes))
    server.answer()
    peer = lab.call(wire.tx.netns, partial(tcp.shake_hands, wire))
    if not isinstance(peer, Peer):
        raise LabError(f"no connection, but {peer!r}")
    server.answer()
    return server, peer


def _listen_overflow(lab: Lab) -> Play:
    """A program that does not accept; its queue takes one more than it asked for."""
    wire = lab.wire()
    server = lab.start(wire.rx.netns, tcp.listen(wire.rx.ipv4, backlog=BACKLOG, accepts=0))
    server.answer()
    lab.start(wire.tx.netns, tcp.connect(wire.rx.ipv4, BACKLOG + 1)).answer()
    yield wire.rx.netns
    sent = lab.send_frames(wire.tx, [tcp.syn(wire, 20_000 + number) for number in range(SYNS)])
    yield wire.rx.netns
    return Truth(sent=sent, delivered=None, queued=None, lost={"tcp-listen-overflow": sent})


def _backlog(lab: Lab) -> Play:
    """The program is inside recv() all the time, so segments go to the socket's backlog."""
    wire = lab.wire()
    server, peer = _established(lab, wire, rcvbuf_bytes=16_384)
    yield wire.rx.netns
    lab.send_frames(wire.tx, [peer.segment(0, b".")])
    server.ask("block")
    # Turns in TOS keep the kernel from merging neighbours.
    octets = [peer.segment(1 + number, b".", tos=number % 2 * 4) for number in range(SEGMENTS)]
    sent = lab.send_frames(wire.tx, octets)
    yield wire.rx.netns
    lost = {"tcp-backlog-full": sent + 1 - server.count("read")}
    return Truth(sent=sent + 1, delivered=None, queued=None, lost=lost)


def _out_of_order(lab: Lab) -> Play:
    """The first octet is missing, nothing can be read, and the receive buffer fills.

    Every second octet is missing too, so neighbours cannot be merged. The kernel answers
    each segment that it keeps with a duplicate acknowledgement, and the peer counts those.
    """
    wire = lab.wire()
    _, peer = _established(lab, wire, rcvbuf_bytes=32_768)
    answers = lab.start(wire.tx.netns, partial(tcp.count_answers, wire))
    answers.answer()
    pieces = [peer.segment(1 + 101 * number, b"." * 100) for number in range(SEGMENTS // 2)]
    yield wire.rx.netns
    sent = lab.send_frames(wire.tx, pieces)
    kept = answers.count("count")
    yield wire.rx.netns
    lost = {"tcp-ofo-pruned": sent - kept}
    return Truth(sent=sent, delivered=None, queued=None, lost=lost)


def _slow(lab: Lab) -> Play:
    """A program that does not read closes its window; TCP waits and loses nothing."""
    wire = lab.wire()
    server = lab.start(wire.rx.netns, tcp.serve(wire.rx.ipv4, rcvbuf_bytes=65_536))
    server.answer()
    sender = lab.start(wire.tx.netns, tcp.stream(wire.rx.ipv4, 1 << 24))
    server.answer()
    yield wire.rx.netns
    time.sleep(0.5)
    require(sender.count("stop") < 1 << 24, "the sender was never held back")
    yield wire.rx.netns
    return Truth(sent=0, delivered=None, queued=None)


def _healthy(lab: Lab) -> Play:
    wire = lab.wire()
    server = lab.start(wire.rx.netns, tcp.serve(wire.rx.ipv4, rcvbuf_bytes=1 << 20))
    server.answer()
    yield wire.rx.netns
    octets = 1 << 24
    sender = lab.start(wire.tx.netns, tcp.stream(wire.rx.ipv4, octets))
    server.answer()
    require(server.count("read") == octets, "the stream came short")
    require(number(sender.answer()) == octets, "the stream was cut short")
    yield wire.rx.netns
    return Truth(sent=0, delivered=None, queued=None)


FAULTS = (
    Fault(
        name="tcp-listen-overflow",
        description="connection requests to a program that does not accept",
        play=_listen_overflow,
        expected=(at("tcp-listen-overflow"),),
    ),
    Fault(
        name="tcp-backlog",
        description="segments while the program holds the socket",
        play=_backlog,
        expected=(at("tcp-backlog-full"),),
    ),
    Fault(
        name="tcp-out-of-order",
        description="out-of-order segments beyond the receive buffer",
        play=_out_of_order,
        expected=(at("tcp-ofo-pruned"),),
    ),
    Fault(name="tcp-slow-reader", description="a TCP program that does not read", play=_slow),
    Fault(name="tcp-healthy", description="16 MiB over TCP", play=_healthy),
)
