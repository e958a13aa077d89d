"""Two and three faults at once: each loss at its own stage, none of them twice."""

from __future__ import annotations

from dataclasses import replace

from tests.live.children import require
from tests.live.faults.buffers import SLOW
from tests.live.faults.checksums import LARGE, SMALL, damaged
from tests.live.faults.common import (
    PLAIN,
    PORT,
    ROOMY_BYTES,
    STEADY,
    UDP4,
    all_read,
    flow,
    nothing_left,
    roomy,
    to,
)
from tests.live.faults.fragments import first_pieces
from tests.live.faults.policies import OTHER_PORT, firewall
from tests.live.lab import Lab
from tests.live.netns import Wire
from tests.live.packets import Flow, ethernet, frame, ipv4, udp
from tests.live.readers import STOPPED
from tests.live.sockets import REFUSE_ALL, Socket
from tests.live.traffic import Pace
from tests.live.truth import Fault, Play, Truth, at

NOBODY_PORT = PORT + 2
FEW = Pace(count=300)


def _four(lab: Lab) -> Play:
    """A slow reader, a port without listener, bad checksums and a firewall rule."""
    wire = lab.wire()
    firewall(lab, wire.rx.netns, "", hook="input", verdict="counter drop")
    reader = lab.read(wire.rx.netns, Socket(), habit=SLOW)
    yield wire.rx.netns
    sent = lab.send(wire.tx.netns, to(wire, pace=STEADY))
    nobody = lab.send(wire.tx.netns, to(wire, pace=FEW, port=NOBODY_PORT))
    filtered = lab.send(wire.tx.netns, to(wire, pace=FEW, port=OTHER_PORT))
    damaged_sent = lab.send_frames(wire.tx, damaged(wire, UDP4, SMALL, 200))
    delivered = reader.settle()
    yield wire.rx.netns
    queued = sum(reader.drain())
    return Truth(
        sent=sent + nobody + filtered + damaged_sent,
        delivered=delivered,
        queued=queued,
        lost={
            "nf-input-drop": filtered,
            "udp-csum-early": damaged_sent,
            "udp-no-port": nobody,
            "udp-rcvbuf-full": sent - delivered - queued,
        },
        losers=1,
    )


def _slow_and_filter(lab: Lab) -> Play:
    """One socket is slow, the other has a filter: InErrors holds both."""
    wire = lab.wire()
    slow = lab.read(wire.rx.netns, Socket(), habit=SLOW)
    refusing = Socket(port=OTHER_PORT, rcvbuf_bytes=ROOMY_BYTES, force=True, refuse=REFUSE_ALL)
    other = lab.read(wire.rx.netns, refusing)
    yield wire.rx.netns
    sent = lab.send(wire.tx.netns, to(wire, pace=STEADY))
    filtered = lab.send(wire.tx.netns, to(wire, pace=FEW, port=OTHER_PORT))
    delivered = slow.settle()
    yield wire.rx.netns
    queued = sum(slow.drain())
    nothing_left(other)
    lost = {"udp-sk-filter": filtered, "udp-rcvbuf-full": sent - delivered - queued}
    return Truth(sent=sent + filtered, delivered=delivered, queued=queued, lost=lost, losers=1)


def _damaged_and_stopped(lab: Lab) -> Play:
    """Bad datagrams take room like good ones; those that find none are buffer loss.

    The reader comes back inside the window, so the others show their checksums.
    """
    wire = lab.wire()
    reader = lab.read(wire.rx.netns, Socket(rcvbuf_bytes=65_536), habit=STOPPED)
    path = flow(wire)
    good = frame(wire, path, udp(path, b"." * LARGE))
    pair = [good, damaged(wire, UDP4, LARGE, 1)[0]]
    yield wire.rx.netns
    sent = lab.send_frames(wire.tx, pair * 500)
    delivered = sum(reader.drain())
    yield wire.rx.netns
    # Good and bad take turns, so as many bad ones were queued as good ones, or one fewer.
    kept = 131_072 // TRUESIZE
    bad = kept // 2
    require(delivered == kept - bad, f"{delivered} good datagrams fitted, not {kept - bad}")
    lost = {"udp-csum-late": bad, "udp-rcvbuf-full": sent - kept}
    return Truth(sent=sent, delivered=delivered, lost=lost)


# What a datagram of up to 197 bytes costs the buffer on veth, see the table of truesizes.
TRUESIZE = 832


def _two_silent(lab: Lab) -> Play:
    """A firewall rule that does not count beside a reverse-path filter that does."""
    wire = lab.wire()
    lab.set(wire.rx.netns, {"net.ipv4.conf.all.rp_filter": 1})
    firewall(lab, wire.rx.netns, "", hook="prerouting", verdict="drop")
    reader = lab.read(wire.rx.netns, roomy())
    foreign = Flow("192.0.2.9", wire.rx.ipv4, 40_000, PORT)
    frames = [frame(wire, foreign, udp(foreign, b"." * 100))] * 300
    yield wire.rx.netns
    filtered = lab.send(wire.tx.netns, to(wire, pace=FEW, port=OTHER_PORT))
    unrouted = lab.send_frames(wire.tx, frames)
    sent = lab.send(wire.tx.netns, to(wire, pace=PLAIN))
    truth = yield from all_read(sent, reader, wire.rx.netns)
    lost = {"nf-prerouting-drop": filtered, "route-rpfilter": unrouted}
    return replace(truth, sent=sent + filtered + unrouted, lost=lost)


def _ip_layer(lab: Lab) -> Play:
    """Bad header checksums, lost fragments that still wait, and a stopped reader."""
    wire = lab.wire()
    reader = lab.read(wire.rx.netns, Socket(), habit=STOPPED)
    yield wire.rx.netns
    bad = lab.send_frames(wire.tx, _bad_headers(wire, 300))
    waiting = lab.send_frames(wire.tx, first_pieces(wire, 50))
    sent = lab.send(wire.tx.netns, to(wire, pace=PLAIN))
    yield wire.rx.netns
    queued = sum(reader.drain())
    lost = {"ip-header-invalid": bad, "udp-rcvbuf-full": sent - queued}
    return Truth(sent=bad + waiting + sent, delivered=0, queued=None, lost=lost)


def _bad_headers(wire: Wire, count: int) -> list[bytes]:
    path = flow(wire)
    return [ethernet(wire, ipv4(path, udp(path, b"." * 100), checksum_error=1))] * count


FAULTS = (
    Fault(
        name="four-at-once",
        description="slow reader, no listener, bad checksums, nft drop",
        play=_four,
        seconds=1.5,
        expected=(
            at("nf-input-drop", named=True),
            at("udp-csum-early"),
            at("udp-no-port"),
            at("udp-rcvbuf-full"),
        ),
    ),
    Fault(
        name="slow-and-filter",
        description="a slow socket beside one with a filter",
        play=_slow_and_filter,
        seconds=1.5,
        expected=(at("udp-sk-filter"), at("udp-rcvbuf-full")),
    ),
    Fault(
        name="damaged-and-stopped",
        description="bad checksums above 76 bytes on a socket that fills",
        play=_damaged_and_stopped,
        seconds=1.5,
        expected=(at("udp-csum-late"), at("udp-rcvbuf-full")),
    ),
    Fault(
        name="firewall-and-reverse-path",
        description="nft drop without counter beside rp_filter",
        play=_two_silent,
        seconds=1.5,
        expected=(at("nf-prerouting-drop"), at("route-rpfilter")),
    ),
    Fault(
        name="headers-fragments-stopped",
        description="bad IP headers, fragments that wait, a stopped reader",
        play=_ip_layer,
        seconds=1.5,
        expected=(at("ip-header-invalid"), at("udp-rcvbuf-full")),
    ),
)
