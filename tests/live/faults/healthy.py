"""Hosts that lose nothing, or not here, or not now: the tool has to be silent."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from multiprocessing.connection import Connection

from tests.live.children import require
from tests.live.faults.common import (
    PLAIN,
    PORT,
    STEADY,
    all_read,
    flow,
    nothing_left,
    roomy,
    to,
)
from tests.live.lab import Lab
from tests.live.netns import wire as connect
from tests.live.packets import ethernet, ipv4, udp
from tests.live.readers import STOPPED
from tests.live.sockets import Socket
from tests.live.traffic import Datagrams, Pace
from tests.live.truth import Fault, Play, Truth, at

FLAT_OUT = Pace(count=60_000)
UDP_ENCAP_ESPINUDP = 2


def _healthy(lab: Lab, *, pace: Pace, skip_every: int = 0, segment_bytes: int = 0) -> Play:
    wire = lab.wire()
    reader = lab.read(wire.rx.netns, roomy())
    yield wire.rx.netns
    datagrams = Datagrams(
        to=wire.rx.ipv4, port=PORT, pace=pace, skip_every=skip_every, segment_bytes=segment_bytes
    )
    sent = lab.send(wire.tx.netns, datagrams)
    return (yield from all_read(sent, reader, wire.rx.netns))


def _full_rate(lab: Lab) -> Play:
    return _healthy(lab, pace=FLAT_OUT)


def _segments(lab: Lab) -> Play:
    return _healthy(lab, pace=Pace(count=2_000, per_second=4_000), segment_bytes=200)


def _lost_before(lab: Lab) -> Play:
    return _healthy(lab, pace=STEADY, skip_every=10)


def _idle(lab: Lab) -> Play:
    wire = lab.wire()
    reader = lab.read(wire.rx.netns, Socket())
    yield wire.rx.netns
    yield wire.rx.netns
    nothing_left(reader)
    return Truth(sent=0, delivered=0)


def _old_loss(lab: Lab) -> Play:
    """A reader that was away before the window, and a quiet window."""
    wire = lab.wire()
    reader = lab.read(wire.rx.netns, Socket(), habit=STOPPED)
    count = 5_000
    lab.send(wire.tx.netns, to(wire, pace=Pace(count=count)))
    earlier = {"udp-rcvbuf-full": count - sum(reader.drain())}
    require(earlier["udp-rcvbuf-full"] > 0, "the old loss did not happen")
    healthy = lab.read(wire.rx.netns, roomy(port=PORT + 1))
    yield wire.rx.netns
    sent = lab.send(wire.tx.netns, to(wire, pace=PLAIN, port=PORT + 1))
    truth = yield from all_read(sent, healthy, wire.rx.netns)
    return replace(truth, earlier=earlier)


def _elsewhere(lab: Lab) -> Play:
    """One sender, two receivers in namespaces of their own; the other one loses."""
    wire = lab.wire()
    other = connect(wire.tx.netns, lab.namespace(), number=1)
    healthy = lab.read(wire.rx.netns, roomy())
    lab.read(other.rx.netns, Socket(), habit=STOPPED)
    yield wire.rx.netns
    sent = lab.send(wire.tx.netns, to(wire, pace=PLAIN))
    lab.send(wire.tx.netns, to(other, pace=Pace(count=5_000, per_second=10_000)))
    return (yield from all_read(sent, healthy, wire.rx.netns))


def _encapsulation(lab: Lab) -> Play:
    """Keepalives of UDP-encapsulated IPsec: the kernel takes them and counts them as read."""
    wire = lab.wire()
    tunnel = replace(roomy(), encapsulation=UDP_ENCAP_ESPINUDP)
    reader = lab.read(wire.rx.netns, tunnel)
    path = flow(wire)
    keepalive = ethernet(wire, ipv4(path, udp(path, b"\xff")))
    # Four zero octets in front say that this is no ESP but a message for the program.
    message = ethernet(wire, ipv4(path, udp(path, bytes(4) + b"." * 100)))
    yield wire.rx.netns
    taken = lab.send_frames(wire.tx, [keepalive] * 500)
    sent = lab.send_frames(wire.tx, [message] * 500)
    truth = yield from all_read(sent, reader, wire.rx.netns)
    return replace(truth, sent=sent + taken, delivered=sent + taken)


def _capture(lab: Lab) -> Play:
    """A capture that nobody reads loses copies; the program beside it loses nothing."""
    wire = lab.wire()
    reader = lab.read(wire.rx.netns, roomy())
    tap = lab.start(wire.rx.netns, partial(_tap, device=wire.rx.device))
    tap.answer()
    yield wire.rx.netns
    sent = lab.send(wire.tx.netns, to(wire, pace=PLAIN))
    truth = yield from all_read(sent, reader, wire.rx.netns)
    return replace(truth, lost={"packet-tap-drop": sent - tap.count("count")})


def _tap(channel: Connection, *, device: str) -> int:
    everything = socket.htons(3)  # ETH_P_ALL
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, everything) as tap:
        tap.bind((device, 3))
        tap.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8_192)
        channel.send("capturing")
        channel.recv()
        tap.setblocking(False)
        captured = 0
        with contextlib.suppress(BlockingIOError):
            while tap.recv(2_048):
                captured += 1
        return captured


def _fault(name: str, description: str, play: Callable[[Lab], Play], *stages: str) -> Fault:
    expected = tuple(at(stage) for stage in stages)
    return Fault(name=name, description=description, play=play, expected=expected, seconds=1.5)


FAULTS = (
    replace(
        _fault("healthy-full-rate", "60,000 datagrams as fast as can be sent", _full_rate),
        host_wide=True,
    ),
    _fault("healthy-gso", "ten datagrams per packet, all of them read", _segments),
    _fault("lost-before-host", "each tenth datagram lost before this host", _lost_before),
    _fault("idle", "nothing is sent at all", _idle),
    _fault("old-loss", "loss before the window, none in it", _old_loss),
    _fault("other-namespace", "loss in another namespace than the one watched", _elsewhere),
    _fault("encapsulation", "keepalives of UDP encapsulation", _encapsulation),
    _fault("capture", "a capture that nobody reads loses copies", _capture, "packet-tap-drop"),
)
