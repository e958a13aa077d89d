"""Hosts that lose nothing, or not here, or not now: the tool has to be silent."""

from __future__ import annotations

import contextlib
import socket
import struct
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from multiprocessing.connection import Connection

from tests.live import bpf
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
from tests.live.faults.ip import NO_SUCH_PROTOCOL
from tests.live.lab import Lab
from tests.live.netns import wire as connect
from tests.live.packets import ETH_P_IP, ethernet, ipv4, udp
from tests.live.readers import STOPPED
from tests.live.sockets import Socket
from tests.live.traffic import Datagrams, Pace
from tests.live.truth import Fault, Play, Truth, at

FLAT_OUT = Pace(count=60_000)
UDP_ENCAP_ESPINUDP = 2
ETH_P_ARP = 0x0806


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


def _asked_for_others(lab: Lab) -> Play:
    """ARP requests for addresses of other hosts reach every host of a network."""
    wire = lab.wire()
    reader = lab.read(wire.rx.netns, roomy())
    request = struct.pack("!HHBBH", 1, ETH_P_IP, 6, 4, 1) + bytes.fromhex(
        wire.tx.mac.replace(":", "")
    )
    request += socket.inet_aton(wire.tx.ipv4) + bytes(6) + socket.inet_aton("10.77.0.200")
    arp = ethernet(wire, request, ethertype=ETH_P_ARP, to="ff:ff:ff:ff:ff:ff")
    yield wire.rx.netns
    lab.send_frames(wire.tx, [arp] * 200)
    sent = lab.send(wire.tx.netns, to(wire, pace=PLAIN))
    return (yield from all_read(sent, reader, wire.rx.netns))


def _dropped_on_the_way_out(lab: Lab) -> Play:
    """A clsact qdisc has one counter for both ways; what it drops here leaves."""
    wire = lab.wire()
    reader = lab.read(wire.rx.netns, roomy())
    device = wire.rx.device
    lab.run(wire.rx.netns, "tc", "qdisc", "add", "dev", device, "clsact")
    program = ("bpf", "da", "bytecode", bpf.TC_SHOT)
    lab.run(wire.rx.netns, "tc", "filter", "add", "dev", device, "egress", *program)
    yield wire.rx.netns
    lab.send(wire.rx.netns, Datagrams(to=wire.tx.ipv4, port=PORT, pace=Pace(count=300)))
    sent = lab.send(wire.tx.netns, to(wire, pace=PLAIN))
    return (yield from all_read(sent, reader, wire.rx.netns))


def _raw_alone(lab: Lab) -> Play:
    """A protocol that the kernel leaves to programs, and a program that does not read it."""
    wire = lab.wire()
    reader = lab.read(wire.rx.netns, roomy())
    raw = lab.start(wire.rx.netns, _raw)
    raw.answer()
    packet = ethernet(wire, ipv4(flow(wire), b"." * 100, protocol=NO_SUCH_PROTOCOL))
    yield wire.rx.netns
    given = lab.send_frames(wire.tx, [packet] * 500)
    sent = lab.send(wire.tx.netns, to(wire, pace=PLAIN))
    truth = yield from all_read(sent, reader, wire.rx.netns)
    return replace(truth, sent=sent + given, lost={"packet-tap-drop": given - raw.count("count")})


def _raw(channel: Connection) -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_RAW, NO_SUCH_PROTOCOL) as raw:
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8_192)
        return _counted(raw, channel)


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
        return _counted(tap, channel)


def _counted(opened: socket.socket, channel: Connection) -> int:
    """Return what a socket holds when it is asked for; nobody reads it before."""
    channel.send("open")
    channel.recv()
    opened.setblocking(False)
    count = 0
    with contextlib.suppress(BlockingIOError):
        while opened.recv(2_048):
            count += 1
    return count


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
    _fault("raw-alone", "a raw socket of protocol 253 that fills", _raw_alone, "packet-tap-drop"),
    _fault("arp-for-others", "200 ARP requests for other hosts", _asked_for_others),
    _fault("clsact-egress", "a tc filter drops what leaves", _dropped_on_the_way_out),
)
