"""How a reader comes to a queue that overflows: it reads all the time, or is away and takes all.

A queue that is full again soon after its reader came is hardly ever seen low, so its fillings
alone look like those of a reader that is behind. When the namespace's programs read tells.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from netrx_tune.collectors.ticks import Counts, Tick
from netrx_tune.rxpath.queue_flow import UNKNOWN_TRUESIZE, Step

_AWAY = 0.3  # of the time in overflow
_SOME = 16  # datagrams in a queue: fewer are taken at once by a reader that is behind, too
_WHOLE = 0.6  # of a queue at once; the look after it finds some of it refilled
_OF_ITSELF = 0.5  # of the time that a reader is away: it may have waited for a CPU so long
_WORKS = 0.7  # of a CPU: a reader that works on what it took is behind, not away


class Visits(NamedTuple):
    """How the namespace's programs came to read while a queue overflowed."""

    away_share: float  # of that time: from one look to the next nobody read a datagram
    each: float  # datagrams read where anything was
    left_bytes: float  # unread at the end of those


class Reader(NamedTuple):
    """What its CPU time tells of a reader; None where nobody knows."""

    run_share: float | None
    wait_share: float | None


def visits(
    own: Sequence[Step], row: Sequence[Tick | None], known: Sequence[Counts | None]
) -> Visits | None:
    """Return how reading was spread over the overflows; None without counters or any reading."""
    seen = [
        (b.read - a.read, step.seconds, tick.unread_bytes if tick else 0)
        for step, (a, b), tick in zip(own, pairwise(known), row[1:], strict=True)
        if step.drops and a and b
    ]
    came = [(read, left) for read, _, left in seen if read]
    if not came:
        return None
    total = sum(read for read, _ in came)
    away = sum(seconds for read, seconds, _ in seen if not read)
    return Visits(
        away_share=away / sum(seconds for _, seconds, _ in seen),
        each=total / len(came),
        left_bytes=sum(left for _, left in came) / len(came),
    )


def takes_all(found: Visits | None, room_bytes: int, charge: int | None, reader: Reader) -> bool:
    """Tell whether a reader is away by itself, then takes at once what the queue holds.

    One that is behind reads all the time, if in batches that leave most of the queue. Where
    datagrams come in equal batches, a batch looks like one datagram: then what is left tells.
    """
    size = charge or UNKNOWN_TRUESIZE
    if found is None or found.away_share < _AWAY or room_bytes < _SOME * size:
        return False
    if (reader.run_share or 0.0) >= _WORKS:
        return False
    if (reader.wait_share or 0.0) > _OF_ITSELF * found.away_share:
        return False
    is_sure = size <= UNKNOWN_TRUESIZE or found.left_bytes <= _WHOLE * room_bytes
    return is_sure and found.each * size >= _WHOLE * room_bytes


def visited(own: Sequence[Step], low: Sequence[bool], known: Sequence[Counts | None]) -> list[bool]:
    """Return the moments by which a queue was low: seen so, or read after it had overflowed."""
    read = [bool(a and b and b.read > a.read) for a, b in pairwise(known)]
    overflowed = [False, *(step.drops > 0 for step in own)]
    came = [False, *(had and now for had, now in zip(overflowed, read, strict=False))]
    return [was_low or now for was_low, now in zip(low, came, strict=True)]
