"""The shape of a queue over the watch: what tells a burst from an overload from a stall.

Drops begin at 73 to 100 % of the buffer, since a reader gives memory back in quarters, so
"full" is 70 % of it (measured on 6.18; net/ipv4/udp.c, udp_rmem_release()).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from netrx_tune.collectors.ticks import Counts, Tick, Watch
from netrx_tune.rxpath.queue_flow import (
    UNKNOWN_TRUESIZE,
    Flow,
    Step,
    flow,
    measured_truesize,
    steps,
)
from netrx_tune.rxpath.queue_visits import Manner, Reader, manner, visited, visits

FULL = 0.7
_LOW = 0.25  # an overloaded reader leaves more: memory comes back in quarters
_LEAST_MOMENTS = 10
_LONG_SECONDS = 0.3  # in which a reader would have read something


class Episode(NamedTuple):
    """From the first drop to the last before the queue was low again, or all of it was taken.

    Until then, its reader owes what a larger queue would hold: drops add up.
    """

    start: int  # moments, by number
    end: int
    drops: int
    seconds: float
    rise_seconds: float  # from the last low queue until drops began
    unread_bytes: int  # most that the queue held meanwhile
    read: int | None  # datagrams that the namespace's programs read, from the last low queue on


class QueueShape(NamedTuple):
    """How one socket's queue behaved; shares are of the moments of the watch."""

    inode: int
    seconds: float
    moments: int
    drops: int
    full_share: float
    low_share: float
    empty_share: float  # nothing waited at all
    holds: int  # datagrams that the queue has room for, of a usual charge if theirs is unknown
    capacity: int | None  # the same where their charge is known
    drained_bytes: int  # seen to leave the queue: less than was read
    peak_unread_bytes: int
    episodes: tuple[Episode, ...]
    run_share: float | None  # reader's CPU time over the watch
    wait_share: float | None  # reader runnable, and waiting for a CPU
    throttled_share: float | None  # reader's control group kept from the CPU by its quota
    stopped_share: float | None  # of the looks that found every thread of it stopped
    truesize_bytes: int | None  # charged for each datagram, where all are charged alike
    ends_full: bool  # nothing was read in the last looks, and the queue was full
    flow: Flow
    manner: Manner  # in which it was read while it overflowed

    @property
    def episode_share(self) -> float:
        """Return the share of the watch in which drops grew."""
        return sum(e.seconds for e in self.episodes) / self.seconds if self.seconds else 0.0

    @property
    def pause_seconds(self) -> float:
        """Return the longest time from a low queue to the end of the drops."""
        return max((e.rise_seconds + e.seconds for e in self.episodes), default=0.0)

    @property
    def period_seconds(self) -> float | None:
        """Return the usual time from one episode to the next."""
        starts = [e.start for e in self.episodes]
        gaps = [b - a for a, b in pairwise(starts)]
        return middle(gaps) * self.seconds / self.moments if gaps else None


def middle(values: Iterable[float]) -> float:
    """Return the upper median; the statistics module takes 11 ms to import."""
    ordered = sorted(values)
    return ordered[len(ordered) // 2]


def queue_shapes(watch: Watch) -> dict[int, QueueShape]:
    """Return the shape of each watched socket's queue, by inode; none from too short a watch."""
    moments = watch.moments
    if len(moments) < _LEAST_MOMENTS:
        return {}
    rows = {inode: _row(watch, ticks) for inode, ticks in watch.sockets.items()}
    held = _held(watch)
    shapes = {}
    for inode, row in rows.items():
        if len(row) >= _LEAST_MOMENTS:
            known = [watch.counts.get(moment) for moment in row]
            around = _Around([held[moment] for moment in row], known)
            shapes[inode] = _shape(tuple(row), tuple(row.values()), around)
    return shapes


def _row(watch: Watch, ticks: Sequence[Tick]) -> dict[float, Tick | None]:
    """Return the moments that looked at a socket; None where it was idle."""
    at = {tick.seconds: tick for tick in ticks}
    if not watch.counts:  # an earlier file: without a line, a socket was idle
        return {moment: at.get(moment) for moment in watch.moments}
    # A line without a queue comes first where the socket was known to be idle until then.
    first = 0.0 if ticks[0].unread_bytes else ticks[0].seconds
    return {moment: at.get(moment) for moment in watch.moments if moment < first or moment in at}


def _held(watch: Watch) -> dict[float, int]:
    """Return by moment what all watched queues together held, each as it was last seen."""
    changes: dict[float, int] = {}
    for ticks in watch.sockets.values():
        before = 0
        for tick in ticks:
            changes[tick.seconds] = changes.get(tick.seconds, 0) + tick.unread_bytes - before
            before = tick.unread_bytes
    total, held = 0, {}
    for moment in watch.moments:
        total += changes.get(moment, 0)
        held[moment] = total
    return held


class _Around(NamedTuple):
    """What the namespace did meanwhile, by moment."""

    held: Sequence[int]
    known: Sequence[Counts | None]


def _shape(moments: Sequence[float], row: Sequence[Tick | None], around: _Around) -> QueueShape:
    own = steps(moments, row)
    listed = [tick for tick in row if tick]
    charge = measured_truesize(listed)
    low = [_is_low(tick) for tick in row]
    room = max(tick.rcvbuf_bytes for tick in listed)
    holds = room // (charge or UNKNOWN_TRUESIZE)
    moved = flow(own, around.held, around.known, low, charge or UNKNOWN_TRUESIZE, holds)
    reader = Reader(_share(listed, "run_ns"), _waiting(listed))
    how = manner(visits(own, row, low, around.known), room, charge, reader)
    ends = visited(own, low, around.known) if how == "comes-and-goes" else low
    return QueueShape(
        inode=listed[0].inode,
        seconds=moments[-1] - moments[0],
        moments=len(moments),
        drops=sum(step.drops for step in own),
        full_share=sum(1 for tick in listed if _occupied(tick) > FULL) / len(moments),
        low_share=sum(low) / len(moments),
        empty_share=sum(1 for tick in row if tick is None or not tick.unread_bytes) / len(moments),
        holds=holds,
        capacity=holds if charge else None,
        drained_bytes=-sum(min(0, step.unread_bytes) for step in own),
        peak_unread_bytes=max(tick.unread_bytes for tick in listed),
        episodes=tuple(_episodes(moments, row, around.known, ends)),
        run_share=reader.run_share,
        wait_share=reader.wait_share,
        throttled_share=_share(listed, "throttled_ns"),
        stopped_share=_stopped(listed),
        truesize_bytes=charge,
        ends_full=_ends_full(moments, row, own),
        flow=moved,
        manner=how,
    )


def _waiting(listed: Sequence[Tick]) -> float | None:
    """Return for which share of the looks the reader wanted a CPU and had none.

    The kernel adds a wait up when it ends, so one that does not end shows in the state alone.
    """
    told = _share(listed, "wait_ns")
    pairs = list(pairwise(tick for tick in listed if tick.states))
    if told is None or len(pairs) < _LEAST_MOMENTS:
        return told
    stuck = sum(
        1
        for a, b in pairs
        if "R" in (b.states or "") and a.slices == b.slices and a.run_ns == b.run_ns
    )
    return max(told, stuck / len(pairs))


def _stopped(listed: Sequence[Tick]) -> float | None:
    """Return how often all threads of the reader were stopped by a signal or a debugger."""
    states = [tick.states for tick in listed if tick.states]
    stopped = sum(1 for letters in states if set(letters) <= {"T", "t"})
    return stopped / len(states) if states else None


def _ends_full(moments: Sequence[float], row: Sequence[Tick | None], own: Sequence[Step]) -> bool:
    """Tell whether nothing left the queue in the last part of the watch, and it overflowed."""
    since = max((n for n, step in enumerate(own) if step.unread_bytes < 0), default=-1) + 1
    last = row[-1]
    refused = any(step.drops for step in own[since:])
    long = moments[-1] - moments[since] >= _LONG_SECONDS
    return last is not None and _occupied(last) > FULL and refused and long


def _grown(row: Sequence[Tick | None]) -> int:
    """Return the drops gained from moment to moment; a socket that was idle gained none."""
    return sum(max(0, b.drops - a.drops) for a, b in pairwise(row) if a and b)


def _occupied(tick: Tick) -> float:
    return tick.rmem_alloc_bytes / tick.rcvbuf_bytes if tick.rcvbuf_bytes else 0.0


def _is_low(tick: Tick | None) -> bool:
    return tick is None or tick.unread_bytes < _LOW * tick.rcvbuf_bytes


def _share(ticks: Sequence[Tick], field: str) -> float | None:
    """Return CPU or waiting time over the listed moments, per second of them."""
    known = [(t.seconds, getattr(t, field)) for t in ticks if getattr(t, field) is not None]
    if len(known) < 2 or known[-1][0] <= known[0][0]:
        return None
    spent = (known[-1][1] - known[0][1]) / 1e9
    return max(0.0, float(spent / (known[-1][0] - known[0][0])))


def _episodes(
    moments: Sequence[float],
    row: Sequence[Tick | None],
    known: Sequence[Counts | None],
    ends: Sequence[bool],
) -> Iterator[Episode]:
    """Yield each run of moments in which drops grew and the queue was never low."""
    runs: list[list[int]] = []
    for n, (a, b) in enumerate(pairwise(row), 1):
        if a and b and b.drops > a.drops:
            if runs and not any(ends[runs[-1][-1] : n]):
                runs[-1].append(n)
            else:
                runs.append([n])
    for run in runs:
        start, end = run[0], run[-1]
        low = next((n for n in range(start - 1, 0, -1) if ends[n]), 0)
        first, last = known[low], known[end]
        yield Episode(
            start=start,
            end=end,
            drops=_grown(row[start - 1 : end + 1]),
            seconds=moments[end] - moments[start - 1],
            rise_seconds=max(0.0, moments[start - 1] - moments[low]),
            unread_bytes=max(tick.unread_bytes for tick in row[low : end + 1] if tick),
            read=last.read - first.read if first and last else None,
        )
