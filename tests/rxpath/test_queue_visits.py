"""A reader that is away, then takes the whole queue at once, pauses; it is not behind."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netrx_tune.collectors.ticks import Watch
from netrx_tune.rules.queue_causes import cause_of_shape
from tests.rxpath.queue_model import CHARGE, INODE, watched
from tests.rxpath.test_queue_flow import cause, pauses, shape_of


def visited_each(away: int, rate: int, batch: int, capacity: int) -> Watch:
    """Return the watch of a reader that sleeps so long, then takes a batch within 1 ms."""
    reads = pauses(away, away + 1, batch)
    return watched(
        lambda ms: rate - 1 + ms % 3,  # unlike batches, so that one datagram's charge shows
        reads,
        capacity=capacity,
        seconds=9.0,
        running=lambda ms: reads(ms) > 0,
    )


@settings(max_examples=40)
@given(st.integers(10, 40), st.integers(80, 600), st.integers(12, 50))
def test_a_reader_that_takes_all_at_once_and_goes_again_pauses(
    rate: int, length: int, refill: int
) -> None:
    """The queue is full again by the next look or the one after, so it is seldom seen low."""
    capacity = rate * refill
    watch = visited_each(length, rate, 10 * capacity, capacity)
    found = shape_of(watch)
    assert cause_of_shape(found).cause == "reader-stall"
    assert found.pause_seconds == pytest.approx(length / 1000, abs=0.035)


@settings(max_examples=40)
@given(st.integers(10, 40), st.integers(20, 60), st.floats(0.05, 0.3))
def test_a_reader_that_takes_batches_and_leaves_most_is_overloaded(
    rate: int, length: int, share: float
) -> None:
    capacity = 6 * rate * length
    batch = int(share * rate * length)
    watch = visited_each(length, rate, batch, capacity)
    assert cause(watch) in {"sustained-overload", "unknown"}


def test_pauses_between_visits_are_counted_one_by_one() -> None:
    found = shape_of(visited_each(200, 10, 1_000, 300))
    assert found.low_share < 0.06
    assert 43 <= len(found.episodes) <= 46
    for episode in found.episodes[1:-1]:
        owed = episode.drops + episode.unread_bytes // CHARGE
        assert owed == pytest.approx(2_000, rel=0.12)  # the room that would have done


@pytest.mark.parametrize("every", [2, 3, 4])
def test_looks_too_far_apart_for_the_pauses_never_make_them_an_overload(every: int) -> None:
    close = visited_each(70, 10, 1_000, 200)
    far = Watch(close.moments[::every], {INODE: close.sockets[INODE][::every]}, close.counts)
    assert cause(far) in {"reader-stall", "unknown"}


def test_batches_that_never_empty_the_queue_are_no_pause_though_it_stands_still_between() -> None:
    found = shape_of(visited_each(200, 10, 512, 1_638))
    assert (found.flow.standing_share or 0) > 0.75
    assert found.manner == "in-batches"
    assert cause_of_shape(found).cause == "sustained-overload"
