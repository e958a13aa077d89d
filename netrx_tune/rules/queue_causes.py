"""Why a watched queue overflowed: the five diseases, told apart by its shape.

Measured on live faults with parameters at random (`python -m tests.benchmarks causes`).
"""

from __future__ import annotations

from typing import NamedTuple

from netrx_tune.model.finding import Cause, Confidence
from netrx_tune.rules.words import about, percent
from netrx_tune.rxpath.queue_shape import QueueShape, middle

WAITING = 0.30  # share of the watch in which the reader waited for a CPU
_BY_CHOICE = 0.2  # asleep beside a queue that is not low: what it lacks is no CPU
THROTTLED = 0.20  # share of the watch in which a quota kept it off
_SELDOM = 0.05  # share of moments with a low queue up to which it never was calm
_MOSTLY = 0.5
_STANDING = 0.75  # of the looks within overflows: the queue stood still, nothing was read
_SURGE = 1.6  # arrivals in overflow over the others: more is a burst
_SAG = 1.5  # reads outside of overflow over those in it: more is a pause
_STEADY = 1.2  # arrivals that did not change at all; then a slight sag, of a pause that is
# shorter than two looks, is enough where the queue is empty most of the time
_FEW = 16  # datagrams: what arrives within a millisecond
_EMPTIED = 0.12  # share of looks that found such a buffer empty, if its reader keeps up
_BUSY = 0.7  # of a CPU, of a reader that does not
_NEVER_RUNS = 0.0005  # of a CPU
_RUNS = 0.005  # of a CPU, by whoever reads at all
_READ_SECONDS = 1.0  # in which a reader would have read something
_LONG_SECONDS = 0.3  # on end, that no single burst lasts
_AT_ONCE_SECONDS = 0.1
_CHANCE = 0.05  # of the looks: so far the share of empty ones may be off
_ALWAYS = 0.8  # share of the watch in which drops grew: no episode, a state


class Verdict(NamedTuple):
    """A cause with what was seen of it."""

    cause: Cause
    confidence: Confidence
    seen: str


def cause_of_shape(shape: QueueShape, *, is_alone: bool = False) -> Verdict:
    """Return why a watched queue overflowed, `unknown` rather than wrong.

    Its socket `is_alone` if the namespace's counters count no other one's reads.
    """
    return (
        _starved(shape)
        or _stopped(shape, is_alone=is_alone)
        or _comes_and_goes(shape)
        or _too_small(shape)
        or _never_calm(shape)
        or _calm_between(shape)
    )


def _starved(shape: QueueShape) -> Verdict | None:
    wait, throttled = shape.wait_share or 0.0, shape.throttled_share or 0.0
    if throttled >= THROTTLED:
        seen = (
            f"a CPU quota kept its reader's control group off the CPU for {percent(throttled)}"
            f" of the time, and {_full(shape)}"
        )
        return Verdict("reader-starved", "high", seen)
    asleep = 1.0 - wait - (shape.run_share or 0.0)
    if wait < WAITING or asleep > shape.low_share + _BY_CHOICE:
        return None
    seen = f"{_full(shape)}, and its reader waited for a CPU {percent(min(1.0, wait))} of the time"
    return Verdict("reader-starved", "medium" if shape.flow.calm_runs else "high", seen)


def _stopped(shape: QueueShape, *, is_alone: bool) -> Verdict | None:
    if not _is_unread(shape) or (is_alone and shape.flow.read_full):
        return None
    seen = f"{_full(shape)} and nothing was read from it"
    if (shape.stopped_share or 0.0) >= _MOSTLY:
        return Verdict("reader-stopped", "high", f"{seen}; its reader is stopped (state T)")
    # Others may have read; and a queue that is full again at once may have been read, too.
    sure = shape.flow.read == 0 or (shape.run_share or 0.0) < _NEVER_RUNS
    return Verdict("reader-stopped", "high" if sure else "medium", seen)


def _is_unread(shape: QueueShape) -> bool:
    """Tell whether nothing was read, by the counter of reads or else by a queue that stood still.

    A queue of few datagrams is as full at each look while it is read; then its reader runs.
    """
    if shape.flow.read == 0 and shape.seconds >= _READ_SECONDS:
        return True
    if shape.drained_bytes or not shape.ends_full:
        return False
    return shape.holds >= _FEW or (shape.run_share or 0.0) < _RUNS


def _comes_and_goes(shape: QueueShape) -> Verdict | None:
    """Tell a reader whose queue is full again so soon that looks seldom or never find it low."""
    return _pause(shape, "medium") if shape.manner == "comes-and-goes" else None


def _too_small(shape: QueueShape) -> Verdict | None:
    """Tell a buffer of few datagrams that an idle reader empties: what comes at once fills it."""
    idle = (shape.run_share or 0.0) < _BUSY
    longest = max(episode.seconds for episode in shape.episodes)
    lasting = shape.episode_share >= _ALWAYS or longest >= _LONG_SECONDS
    always = lasting and (shape.flow.sag or 1.0) < _SAG
    few = shape.capacity is not None and shape.capacity < _FEW
    if not (few and idle and always and shape.empty_share >= _EMPTIED):
        return None
    seen = (
        f"its buffer holds {shape.capacity} datagrams; it was found empty in"
        f" {percent(shape.empty_share)} of the looks and overflowed between them"
    )
    return Verdict("burst", "low", seen)


def _never_calm(shape: QueueShape) -> Verdict | None:
    """Tell a reader that is behind all the time; a tiny queue may look empty now and then."""
    flow = shape.flow
    steady = (flow.sag or 1.0) < _SAG and (flow.surge or 1.0) < _SURGE
    flickers = shape.episode_share >= _ALWAYS and shape.low_share < _MOSTLY and steady
    if (flow.calm_runs or shape.low_share > _SELDOM) and not flickers:
        return None
    if shape.manner == "uneven":
        return _unevenly_read(shape)
    run = shape.run_share
    used = "" if run is None else f"; its reader used {percent(run)} of a CPU"
    confidence: Confidence = "medium" if run is None or flickers else "high"
    seen = f"{_full(shape)} and never empty for long{used}"
    return Verdict("sustained-overload", confidence, seen)


def _calm_between(shape: QueueShape) -> Verdict:
    """Tell a pause of the reader from a burst: did reading sag, or did arrivals surge?

    Traffic that ends within the watch looks like a surge, so what the reader did comes first.
    """
    flow = shape.flow
    sag, standing = flow.sag or 0.0, flow.standing_share or 0.0
    paused = standing >= _STANDING or sag >= 2 * _SAG
    if paused and shape.manner != "in-batches":
        return _pause(shape, "high")
    if too_much := _behind(shape) or _outrun(shape):
        return too_much
    if flow.surge is None:
        return _without_rates(shape)
    if flow.surge >= _SURGE:
        return _burst(shape, "high" if flow.surge >= 2 * _SURGE else "medium")
    slight = flow.surge <= _STEADY <= sag and shape.low_share >= _MOSTLY
    if sag >= _SAG or slight:
        return _pause(shape, "medium")
    seen = f"{_full(shape)}, and neither arrivals nor reads changed while it was"
    return Verdict("unknown", "low", seen)


def _behind(shape: QueueShape) -> Verdict | None:
    """Judge a queue of which one long overflow, read all the while, has most of the drops."""
    longest = max(shape.episodes, key=lambda episode: episode.seconds)
    whole = longest.seconds >= _LONG_SECONDS and longest.drops >= _ALWAYS * shape.drops
    if not whole and not shape.low_share < _MOSTLY <= shape.episode_share:
        return None
    if shape.manner == "uneven":
        return _unevenly_read(shape)
    seen = f"more came in than its reader took out, for {about(longest.seconds)} s on end"
    return Verdict("sustained-overload", "medium", seen)


def _unevenly_read(shape: QueueShape) -> Verdict:
    seen = f"{_full(shape)}, and it was read in turns too short for these looks to tell"
    return Verdict("unknown", "low", seen)


def _outrun(shape: QueueShape) -> Verdict | None:
    """Judge a queue to which more came than a reader that never rested could have taken out.

    While it had something to read it read at some rate; with all the time in which its queue was
    empty it would have read more by that share, and no more than that. It has to be known that it
    worked meanwhile, or waited for a CPU: one that is away by itself reads as fast as it likes
    when it comes.
    """
    busy = (shape.run_share or 0.0) + (shape.wait_share or 0.0)
    worked = busy >= _BUSY * (1.0 - shape.empty_share)
    if not worked or shape.manner != "steady" or not shape.flow.read:
        return None
    refused = shape.drops / (shape.drops + shape.flow.read)
    if refused <= shape.empty_share + _CHANCE:
        return None
    seen = (
        f"its queue stood empty in {percent(shape.empty_share)} of the looks, and"
        f" {percent(refused)} of what came was refused: more than its reader could have read in"
        " that time"
    )
    return Verdict("sustained-overload", "medium", seen)


def _without_rates(shape: QueueShape) -> Verdict:
    """Judge a queue that overflows nearly always or nearly never, or without counters.

    What is over by the next look came at once, if looks are close: a pause so short is seldom.
    """
    one_look = middle(episode.end - episode.start for episode in shape.episodes) == 0
    lasting = middle(episode.seconds for episode in shape.episodes)
    at_once = lasting <= _AT_ONCE_SECONDS and (one_look or shape.flow.read is not None)
    if at_once and shape.low_share >= _MOSTLY:
        return _burst(shape, "low")
    return Verdict("unknown", "low", f"{_full(shape)} and neither empty nor full throughout")


def _burst(shape: QueueShape, confidence: Confidence) -> Verdict:
    lasting = middle(episode.seconds for episode in shape.episodes)
    surge = shape.flow.surge
    faster = f", with arrivals {about(surge)} times as fast as else" if surge else ""
    seen = (
        f"its queue stood empty in {percent(shape.low_share)} of the looks and overflowed"
        f" {_times(shape)}, within {about(lasting)} s each{faster}"
    )
    return Verdict("burst", confidence, seen)


def _pause(shape: QueueShape, confidence: Confidence) -> Verdict:
    seen = (
        f"the reader paused {_times(shape)}, for up to {about(shape.pause_seconds)} s, while"
        " arrivals went on as before"
    )
    if shape.throttled_share:
        seen += f"; a CPU quota kept it off for {percent(shape.throttled_share)} of the time"
    return Verdict("reader-stall", confidence, seen)


def _full(shape: QueueShape) -> str:
    return f"its queue was full in {percent(shape.full_share)} of {shape.moments} looks"


def _times(shape: QueueShape) -> str:
    count = len(shape.episodes)
    period = shape.period_seconds
    every = f", about every {about(period)} s" if period and count > 2 else ""
    return f"{count} times{every}" if count > 1 else "once"
