"""What came and what was read between two looks at a queue: which of the two changed?

A burst and a pause of the reader fill a queue alike. In a burst arrivals surge while reading
goes on; in a pause arrivals stay as they were and reading sags. Datagrams read are counted for
the whole namespace, so a busy neighbour hides both; a queue that stands still while drops grow
shows a pause all the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby, pairwise
from math import gcd
from typing import NamedTuple

from netrx_tune.collectors.ticks import Counts, Tick

# Least and most that one datagram is charged: truesize.py; fragments add up to more.
_LEAST_TRUESIZE = 512
UNKNOWN_TRUESIZE = 2304
_LEAST_VALUES = 4  # different fillings from which the charge of one datagram is known
_STANDING_DATAGRAMS = 16  # a queue of fewer stands still by chance
_LEAST_STANDING = 5  # steps; fewer may stand still by chance
_LEAST_SHARE = 0.02  # of the watch, before a rate of that part says something


class Step(NamedTuple):
    """From one look at one socket's queue to the next."""

    seconds: float
    drops: int
    unread_bytes: int  # change
    stands: bool  # the same filling as before, and not empty


class Flow(NamedTuple):
    """Rates while the queue overflowed, against those of the rest of the watch."""

    surge: float | None  # arrivals: about 1 if they were steady
    sag: float | None  # reads of the rest over reads in overflow: about 1 if steady
    standing_share: float | None  # of the looks inside overflows: nothing was read
    read: int | None  # datagrams that the namespace's programs read in the watch
    calm_runs: int  # times that the queue was seen empty and nothing overflowed
    read_full: int | None  # the same as `read`, while the queue went on overflowing


def steps(moments: Sequence[float], row: Sequence[Tick | None]) -> tuple[Step, ...]:
    """Return what changed from look to look; a socket without a line is idle."""
    return tuple(
        Step(
            end - start,
            max(0, b.drops - a.drops) if a and b else 0,
            (b.unread_bytes if b else 0) - (a.unread_bytes if a else 0),
            bool(a and b and b.unread_bytes and a.unread_bytes == b.unread_bytes),
        )
        for (start, end), (a, b) in zip(pairwise(moments), pairwise(row), strict=True)
    )


def measured_truesize(ticks: Iterable[Tick]) -> int | None:
    """Return what each queued datagram is charged, if all of them are charged alike.

    Fillings are multiples of it then, so it is their greatest common divisor.
    """
    values = {tick.unread_bytes for tick in ticks if tick.unread_bytes}
    charge = gcd(*values)
    return charge if len(values) >= _LEAST_VALUES and charge >= _LEAST_TRUESIZE else None


def flow(
    own: Sequence[Step],
    held: Sequence[int],
    known: Sequence[Counts | None],
    low: Sequence[bool],
    size: int = UNKNOWN_TRUESIZE,
    capacity: int = _STANDING_DATAGRAMS,
) -> Flow:
    """Return how one socket's overflows differ from the rest of the watch.

    Args:
        own: the socket's steps.
        held: by moment, the memory of all watched queues together.
        known: by moment, the namespace's counters.
        low: by moment, whether the socket's queue was nearly empty.
        size: what one datagram is charged.
        capacity: how many of them the queue holds.
    """
    read, come, full = _Rates(), _Rates(), []
    for n, (a, b) in enumerate(pairwise(known)):
        overflow = own[n].drops > 0
        refused = b.full - a.full if a and b else own[n].drops
        full.append(refused > 0 or overflow)
        if a and b:
            # A step that ends with a low queue saw the reader come back.
            read.add(b.read - a.read, own[n].seconds, inside=overflow and not low[n + 1])
            arrived = b.read - a.read + refused + (held[n + 1] - held[n]) / size
            come.add(arrived, own[n].seconds, inside=overflow)
    first, last = known[0], known[-1]
    return Flow(
        surge=come.inside_over_outside(),
        sag=read.outside_over_inside(),
        standing_share=_standing(own) if capacity >= _STANDING_DATAGRAMS else None,
        read=last.read - first.read if first and last else None,
        calm_runs=_calm_runs(low, full),
        read_full=_read_full(own, known),
    )


def _read_full(own: Sequence[Step], known: Sequence[Counts | None]) -> int | None:
    """Return what was read from one overflow to the next; None where nobody counted.

    The first step of an overflow is left out: a reader that stops may have read before it.
    """
    read = [
        b.read - a.read
        for before, step, (a, b) in zip(own, own[1:], list(pairwise(known))[1:], strict=False)
        if before.drops and step.drops and a and b
    ]
    return sum(read) if read else None


class _Rates:
    """One quantity while a queue overflowed, and while it did not."""

    def __init__(self) -> None:
        self._amount = {True: 0.0, False: 0.0}
        self._seconds = {True: 0.0, False: 0.0}

    def add(self, amount: float, seconds: float, *, inside: bool) -> None:
        self._amount[inside] += amount
        self._seconds[inside] += seconds

    def _rates(self) -> tuple[float, float] | None:
        """Return the rates inside and outside; None where one part is too short to tell."""
        least = _LEAST_SHARE * sum(self._seconds.values())
        if min(self._seconds.values()) <= least or max(self._amount.values()) <= 0:
            return None
        inside, outside = (
            max(0.0, self._amount[part]) / self._seconds[part] for part in (True, False)
        )
        return inside, outside

    def inside_over_outside(self) -> float | None:
        rates = self._rates()
        return rates and rates[0] / max(rates[1], 1e-3 * rates[0])

    def outside_over_inside(self) -> float | None:
        rates = self._rates()
        return rates and rates[1] / max(rates[0], 1e-3 * rates[1])


def _standing(own: Sequence[Step]) -> float | None:
    """Return in how many of the steps within long overflows the queue stood still.

    The first and the last step of an overflow are left out: it rises and falls in them. One
    step alone may end by chance as it began.
    """
    stands: list[bool] = []
    for overflowed, run in groupby(own, lambda step: step.drops > 0):
        inside = list(run)[1:-1] if overflowed else []
        if len(inside) > 1:
            stands += [step.stands for step in inside]
    return sum(stands) / len(stands) if len(stands) >= _LEAST_STANDING else None


def _calm_runs(low: Sequence[bool], full: Sequence[bool]) -> int:
    """Return how often, after the first overflow, looks in a row found all calm."""
    runs = length = 0
    started = False
    for n, refused in enumerate(full):
        started = started or refused
        length = length + 1 if started and not refused and low[n] and low[n + 1] else 0
        runs += length == 2
    return runs
