"""Datagrams in pieces: a piece that never comes, and no memory to wait for it."""

from __future__ import annotations

import re
from functools import partial

from tests.live.children import require
from tests.live.faults.common import (
    PLAIN,
    PORT,
    UDP4,
    UDP6,
    Kind,
    all_read,
    closed_books,
    flow,
    roomy,
    to,
)
from tests.live.lab import Lab
from tests.live.netns import Wire
from tests.live.packets import ETH_P_IP, ETH_P_IPV6, ethernet, fragments
from tests.live.traffic import Datagrams, Pace
from tests.live.truth import Fault, Play, Truth, at

COUNT = 200
PIECE = 1_400


def first_pieces(wire: Wire, count: int = COUNT, kind: Kind = UDP4) -> list[bytes]:
    """Return the first fragment of each of many datagrams; the others are never sent."""
    path = flow(wire, kind)
    ethertype = ETH_P_IP if kind == UDP4 else ETH_P_IPV6
    return [
        ethernet(
            wire,
            fragments(path, b"." * 2_000, ident=ident, piece=PIECE)[0],
            ethertype=ethertype,
        )
        for ident in range(1, count + 1)
    ]


def _timeout(lab: Lab, *, kind: Kind) -> Play:
    wire = lab.wire(ipv6=kind == UDP6)
    name = "net.ipv4.ipfrag_time" if kind == UDP4 else "net.ipv6.ip6frag_time"
    lab.set(wire.rx.netns, {name: 1})
    reader = lab.read(wire.rx.netns, roomy())
    yield wire.rx.netns
    sent = lab.send_frames(wire.tx, first_pieces(wire, kind=kind))
    # Longer than ipfrag_time, so the pieces expire while good datagrams still come.
    slow = Pace(count=1_300, per_second=1_000)
    sent += lab.send(wire.tx.netns, to(wire, pace=slow))
    return (yield from closed_books(sent, reader, wire.rx.netns, "defrag-timeout"))


def _memory(lab: Lab) -> Play:
    """Pieces fill what memory there is; the ones beyond it are refused one by one."""
    wire = lab.wire()
    small = 65_536
    settings: dict[str, int | str] = {
        "net.ipv4.ipfrag_low_thresh": small // 2,
        "net.ipv4.ipfrag_high_thresh": small,
    }
    lab.set(wire.rx.netns, settings)
    reader = lab.read(wire.rx.netns, roomy())
    yield wire.rx.netns
    sent = lab.send_frames(wire.tx, first_pieces(wire))
    sent += lab.send(wire.tx.netns, to(wire, pace=PLAIN))
    delivered = reader.settle()
    yield wire.rx.netns
    waiting = lab.run(wire.rx.netns, "cat", "/proc/net/sockstat")
    found = re.search(r"^FRAG: inuse (\d+)", waiting, re.MULTILINE)
    kept = int(found[1]) if found else 0
    require(0 < kept < COUNT, f"{kept} of {COUNT} fragments were kept")
    lost = {"defrag-memory": sent - delivered - kept}
    return Truth(sent=sent, delivered=delivered, lost=lost, queued=None)


def _whole(lab: Lab) -> Play:
    """Large datagrams that arrive in six pieces each, all of them."""
    wire = lab.wire()
    reader = lab.read(wire.rx.netns, roomy())
    yield wire.rx.netns
    large = Datagrams(
        to=wire.rx.ipv4, port=PORT, payload_bytes=8_000, pace=Pace(count=500, per_second=1_000)
    )
    sent = lab.send(wire.tx.netns, large)
    return (yield from all_read(sent, reader, wire.rx.netns))


FAULTS = (
    Fault(
        name="fragment-lost-ipv4",
        description="a second fragment that never comes, ipfrag_time 1 s",
        play=partial(_timeout, kind=UDP4),
        expected=(at("defrag-timeout"),),
        seconds=1.8,
    ),
    Fault(
        name="fragment-lost-ipv6",
        description="a second fragment that never comes, ip6frag_time 1 s",
        play=partial(_timeout, kind=UDP6),
        expected=(at("defrag-timeout"),),
        seconds=1.8,
    ),
    Fault(
        name="fragment-memory",
        description="more fragments than ipfrag_high_thresh has room for",
        play=_memory,
        expected=(at("defrag-memory"),),
    ),
    Fault(
        name="fragments-whole",
        description="fragmented datagrams that arrive complete",
        play=_whole,
    ),
)
