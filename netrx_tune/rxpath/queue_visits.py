"""How a reader comes to a queue that overflows: it reads all the time, or is away and takes all.

A queue that is full again soon after its reader came is hardly ever seen low, so its fillings
alone look like those of a reader that is behind. When the namespace's programs read tells.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from math import exp
from typing import Literal, NamedTuple

from netrx_tune.collectors.ticks import Counts, Tick
from netrx_tune.rxpath.queue_flow import UNKNOWN_TRUESIZE, Step

_AWAY = 0.3  # of the time in overflow, and much more than an even reader would be by chance
_PERHAPS_AWAY = 0.15  # that much: looks are too far apart to tell a pause
_CHANCES = 3.0
_SOME = 3  # visits
_MOSTLY = 0.5
_WHOLE = 0.6  # of a queue at once; the look after it finds some of it refilled
_NO_MORE = 2.5  # times a queue: what came while it was read
_OF_ITSELF = 0.5  # of the time that a reader is away: it may have waited for a CPU so long
_WORKS = 0.7  # of a CPU: a reader that works on what it took is behind, not away


Manner = Literal["steady", "in-batches", "uneven", "comes-and-goes"]


class Visits(NamedTuple):
    """How the namespace's programs came to read while a queue overflowed."""

    away_share: float  # of that time: from one look to the next nobody read a datagram
    even: float  # datagrams that an even reader would have read from look to look
    each: float  # and what was read where anything was
    left_bytes: float  # unread at the end of those
    in_vain: float  # share of those after which it overflowed again and was not low before


class Reader(NamedTuple):
    """What its CPU time tells of a reader; None where nobody knows."""

    run_share: float | None
    wait_share: float | None


def visits(
    own: Sequence[Step],
    row: Sequence[Tick | None],
    low: Sequence[bool],
    known: Sequence[Counts | None],
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
    vain = _in_vain(own, low, known)
    return Visits(
        away_share=away / sum(seconds for _, seconds, _ in seen),
        even=total / len(seen),
        each=total / len(came),
        left_bytes=sum(left for _, left in came) / len(came),
        in_vain=sum(vain) / len(vain) if len(vain) >= _SOME else 0.0,
    )


def _in_vain(
    own: Sequence[Step], low: Sequence[bool], known: Sequence[Counts | None]
) -> list[bool]:
    """Tell of each visit in an overflow whether the next comes before a low queue does."""
    found: list[bool] = []
    overflows_next = False
    for step, (a, b), is_low in reversed(list(zip(own, pairwise(known), low[1:], strict=True))):
        overflows_next = overflows_next and not is_low
        if step.drops and a and b and b.read > a.read:
            found.append(overflows_next)
        overflows_next = overflows_next or step.drops > 0
    return found


def manner(found: Visits | None, room_bytes: int, charge: int | None, reader: Reader) -> Manner:
    """Tell a reader that is away by itself, then takes at once what the queue holds.

    One that is behind reads all the time, if in batches that leave most of the queue. Where
    datagrams come in equal batches, a batch looks like one datagram: then what is left tells.
    "uneven" may be either; "in-batches" reads, is away, and so overflows on and on.
    """
    if found is None or found.away_share < max(_PERHAPS_AWAY, _CHANCES * exp(-found.even)):
        return "steady"
    waited = (reader.wait_share or 0.0) > _OF_ITSELF * found.away_share
    if waited or (reader.run_share or 0.0) >= _WORKS:
        return "steady"
    size, room = charge or UNKNOWN_TRUESIZE, max(1, room_bytes)
    taken, left = found.each * size / room, found.left_bytes / room
    is_sure = size <= UNKNOWN_TRUESIZE or left <= _WHOLE or taken <= _NO_MORE
    if taken < _WHOLE:
        return "in-batches" if found.in_vain >= _MOSTLY else "steady"
    return "comes-and-goes" if is_sure and found.away_share >= _AWAY else "uneven"


def visited(own: Sequence[Step], low: Sequence[bool], known: Sequence[Counts | None]) -> list[bool]:
    """Return the moments by which a queue was low: seen so, or read after it had overflowed."""
    read = [bool(a and b and b.read > a.read) for a, b in pairwise(known)]
    overflowed = [False, *(step.drops > 0 for step in own)]
    came = [False, *(had and now for had, now in zip(overflowed, read, strict=False))]
    return [was_low or now for was_low, now in zip(low, came, strict=True)]
