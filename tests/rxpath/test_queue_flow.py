"""Bursts and pauses fill a queue alike; what came and what was read tells them apart."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netrx_tune.collectors.ticks import Tick, Watch
from netrx_tune.model.sample import Process, Socket, SocketTable
from netrx_tune.rules.causes import cause_of
from netrx_tune.rules.queue_causes import cause_of_shape
from netrx_tune.rules.rule import Facts
from netrx_tune.rxpath.delta import between
from netrx_tune.rxpath.ledger import settle
from netrx_tune.rxpath.queue_flow import measured_truesize
from netrx_tune.rxpath.queue_shape import QueueShape, queue_shapes
from tests.rxpath.queue_model import CHARGE, INODE, watched
from tests.rxpath.snapshots import snapshot, sock


def shape_of(watch: Watch) -> QueueShape:
    return queue_shapes(watch)[INODE]


def cause(watch: Watch) -> str:
    return cause_of_shape(shape_of(watch)).cause


def steady(rate: int) -> Callable[[int], int]:
    return lambda _: rate


def bursts(size: int, period: int, lasting: int = 20) -> Callable[[int], int]:
    return lambda ms: size // lasting if ms % period < lasting else 0


def pauses(length: int, period: int, speed: int = 100) -> Callable[[int], int]:
    return lambda ms: 0 if ms % period < length else speed


@settings(max_examples=60)
@given(st.integers(10, 50), st.integers(60, 400), st.floats(1.4, 5))
def test_steady_arrivals_and_reads_that_sag_are_a_pause(
    rate: int, length: int, spacing: float
) -> None:
    period = int(length * spacing) + 60
    assert cause(watched(steady(rate), pauses(length, period))) == "reader-stall"


@settings(max_examples=60)
@given(st.integers(600, 4_000), st.integers(100, 1_500), st.integers(5, 30))
def test_arrivals_that_surge_are_a_burst(size: int, period: int, speed: int) -> None:
    if size > 0.6 * speed * period or size < 20 * speed + 300:
        return
    assert cause(watched(bursts(size, period), steady(speed))) == "burst"


@settings(max_examples=60)
@given(st.integers(2, 50), st.floats(0.1, 0.8), st.integers(20, 300))
def test_a_reader_that_is_always_behind_is_overloaded(
    rate: int, share: float, capacity: int
) -> None:
    speed = max(1, int(rate * share))
    room = max(capacity, 4 * rate)  # a millisecond's arrivals are no burst
    assert cause(watched(steady(rate), steady(speed), capacity=room)) == "sustained-overload"


def test_a_pause_that_burns_cpu_is_still_a_pause() -> None:
    busy = watched(steady(20), pauses(100, 500), running=lambda _: True)
    asleep = watched(steady(20), pauses(100, 500), running=lambda ms: ms % 500 >= 100)
    assert (cause(busy), cause(asleep)) == ("reader-stall", "reader-stall")


def test_a_neighbour_that_reads_far_more_does_not_hide_a_pause() -> None:
    found = shape_of(watched(steady(10), pauses(200, 900), others_read=200))
    assert found.flow.sag is not None
    assert found.flow.sag < 1.5  # the counters alone do not show it
    assert cause_of_shape(found).cause == "reader-stall"


def test_a_neighbour_that_reads_far_more_never_turns_a_burst_into_a_pause() -> None:
    watch = watched(bursts(800, 500), steady(4), others_read=200)
    assert cause(watch) in {"burst", "unknown"}


def test_without_counters_a_queue_that_stands_still_was_not_read() -> None:
    assert cause(watched(steady(20), pauses(100, 500), counted=False)) == "reader-stall"


def test_a_pause_of_two_seconds_is_no_overload() -> None:
    watch = watched(steady(5), pauses(2_000, 2_080), capacity=100)
    assert cause(watch) == "reader-stall"


def test_a_queue_that_fills_late_and_is_never_read_is_stopped() -> None:
    watch = watched(steady(2), steady(0), capacity=5_000)
    assert shape_of(watch).full_share < 0.8
    assert cause(watch) == "reader-stopped"


def test_a_slow_reader_is_not_stopped() -> None:
    watch = watched(steady(2), lambda ms: int(ms % 100 == 0), capacity=100)
    assert cause(watch) == "sustained-overload"


def test_a_reader_that_wants_a_cpu_and_gets_none_is_starved_and_not_stopped() -> None:
    watch = watched(steady(5), steady(0), running=lambda _: False, state="R")
    assert cause(watch) == "reader-starved"


def test_a_stopped_process_is_named_as_such() -> None:
    watch = watched(steady(5), steady(0), running=lambda _: False, state="T")
    verdict = cause_of_shape(shape_of(watch))
    assert verdict.cause == "reader-stopped"
    assert "state T" in verdict.seen


def test_a_quota_that_keeps_the_reader_off_is_named_with_its_share() -> None:
    watch = watched(steady(5), pauses(60, 100))
    ticks = tuple(
        tick._replace(throttled_ns=int(0.6e9 * tick.seconds)) for tick in watch.sockets[INODE]
    )
    verdict = cause_of_shape(shape_of(watch._replace(sockets={INODE: ticks})))
    assert verdict.cause == "reader-starved"
    assert "quota" in verdict.seen
    assert "60" in verdict.seen


def test_a_socket_that_only_dumps_show_is_not_idle_between_them() -> None:
    watch = watched(steady(5), steady(0))
    seldom = watch._replace(sockets={INODE: watch.sockets[INODE][5::7]})
    found = shape_of(seldom)
    assert found.low_share < 0.1
    assert cause_of_shape(found).cause == "reader-stopped"


def test_drops_add_up_until_the_queue_is_low_again() -> None:
    found = shape_of(watched(steady(20), pauses(200, 1_000), capacity=100))
    assert len(found.episodes) == 5
    for episode in found.episodes:
        assert episode.drops + episode.unread_bytes // CHARGE == pytest.approx(200 * 20, rel=0.01)


def test_a_reader_that_sleeps_beside_a_full_queue_lacks_no_cpu() -> None:
    watch = watched(steady(10), steady(5), running=lambda ms: ms % 10 == 0)
    waits = tuple(
        tick._replace(wait_ns=int(0.35e9 * tick.seconds)) for tick in watch.sockets[INODE]
    )
    assert cause(watch._replace(sockets={INODE: waits})) == "sustained-overload"
    never_asleep = tuple(tick._replace(wait_ns=int(0.9e9 * tick.seconds)) for tick in waits)
    assert cause(watch._replace(sockets={INODE: never_asleep})) == "reader-starved"


def test_what_looks_left_out_is_not_taken_for_an_empty_queue() -> None:
    """Its first line holds a queue, so nobody looked at it before."""
    watch = watched(steady(5), steady(3), capacity=100)
    late = watch._replace(sockets={INODE: watch.sockets[INODE][120:]})
    found = shape_of(late)
    assert found.low_share == 0
    assert cause_of_shape(found).cause == "sustained-overload"


def test_a_queue_of_one_datagram_that_is_full_at_each_look_is_read_all_the_same() -> None:
    watch = watched(steady(10), steady(1), capacity=1)
    ticks = tuple(
        tick._replace(unread_bytes=CHARGE, rmem_alloc_bytes=CHARGE) for tick in watch.sockets[INODE]
    )
    assert cause(watch._replace(sockets={INODE: ticks})) != "reader-stopped"


def test_looks_far_apart_name_no_cause_by_the_length_of_an_overflow() -> None:
    """Without counters, what is over by the next look tells little if that is long after."""
    close = watched(bursts(800, 600), steady(20), counted=False)
    far = close._replace(moments=close.moments[::16], sockets={INODE: close.sockets[INODE][::16]})
    assert cause(far) == "unknown"


def test_what_one_datagram_costs_is_measured_where_all_cost_the_same() -> None:
    assert shape_of(watched(steady(7), steady(3))).truesize_bytes == CHARGE


def test_mixed_datagrams_have_no_one_charge() -> None:
    sizes = (832, 832 + 1280, 832 + 2304, 2304 + 1280)
    ticks = [Tick(n / 100, 7, held, held, 212_992, 0) for n, held in enumerate(sizes)]
    assert measured_truesize(ticks) is None


def test_few_fillings_do_not_tell_a_charge() -> None:
    ticks = [Tick(n / 100, 7, 2560, 2560, 212_992, n) for n in range(50)]
    assert measured_truesize(ticks) is None


def _facts(watch: Watch, pids: dict[int, int], others: tuple[Socket, ...] = ()) -> Facts:
    """Return what a rule sees: socket 7 was watched, the others were not."""
    found = shape_of(watch)
    processes = {inode: Process(inode, pid, "reader", "", "S") for inode, pid in pids.items()}
    delta = between(
        snapshot({"Udp.InDatagrams": 0, "Udp.RcvbufErrors": 0}, sockets=()),
        snapshot(
            {"Udp.InDatagrams": 500, "Udp.RcvbufErrors": found.drops},
            sockets=(sock(found.drops), *others),
            uptime=105.0,
        )._replace(processes=processes),
        live=True,
    )
    return Facts(delta, settle(delta), {INODE: found})


def test_a_socket_that_was_not_watched_takes_the_cause_of_its_programs_others() -> None:
    other = sock(30, inode=8)
    watch = watched(steady(20), pauses(100, 500))
    same = cause_of(_facts(watch, {7: 1, 8: 1}, (other,)), other)
    assert (same.cause, same.confidence) == ("reader-stall", "low")
    assert cause_of(_facts(watch, {7: 1, 8: 2}, (other,)), other).cause == "unknown"


def test_a_buffer_for_few_datagrams_that_an_idle_reader_empties_is_too_small() -> None:
    def arrives(ms: int) -> int:
        return (2, 3, 4, 5)[ms // 2 % 4]

    def every_other(ms: int) -> int:
        return 20 * (ms % 2 == 0)

    idle = watched(arrives, every_other, capacity=6, running=lambda ms: ms % 10 == 0)
    assert cause(idle) == "burst"
    assert "holds 6 datagrams" in cause_of_shape(shape_of(idle)).seen
    busy = watched(arrives, every_other, capacity=6)
    assert "holds 6 datagrams" not in cause_of_shape(shape_of(busy)).seen


def test_a_starved_program_is_starved_on_all_its_sockets() -> None:
    facts = _facts(watched(steady(5), steady(0)), {7: 1, 8: 1})
    silent = shape_of(watched(steady(5), steady(1)))._replace(inode=8, wait_share=0.0, drops=100)
    waits = facts.shapes[INODE]._replace(wait_share=0.9)
    both = facts._replace(shapes={INODE: waits, 8: silent})
    lone = facts._replace(shapes={INODE: waits._replace(drops=1), 8: silent})
    assert cause_of(lone, sock(1, inode=8)).cause != "reader-starved"
    assert cause_of(facts._replace(shapes={8: silent}), sock(1, inode=8)).cause != "reader-starved"
    assert cause_of(both, sock(1, inode=8)).cause == "reader-starved"


def test_traffic_that_ends_within_the_watch_does_not_make_a_slow_reader_a_burst() -> None:
    ends = watched(lambda ms: 10 if ms < 1_000 else 0, steady(2), seconds=1.5)
    assert shape_of(ends).flow.surge is None or (shape_of(ends).flow.surge or 0) > 1.6
    assert cause(ends) == "sustained-overload"


def test_traffic_that_ends_within_the_watch_does_not_make_a_pause_a_burst() -> None:
    at_once = pauses(199, 200, speed=500)
    ends = watched(lambda ms: 10 if ms < 1_000 else 0, at_once, seconds=2.0)
    assert cause(ends) == "reader-stall"


def test_a_queue_that_stands_full_after_the_traffic_was_not_read() -> None:
    assert cause(watched(lambda ms: 50 * (ms < 40), steady(0), seconds=1.5)) == "reader-stopped"


def test_a_queue_that_is_full_at_each_look_and_read_between_them_is_not_stopped() -> None:
    """It fills again within a millisecond or two, and no look falls into those."""
    reads = pauses(50, 51, speed=166)
    watch = watched(steady(80), reads, running=lambda ms: reads(ms) > 0)
    stuck = tuple(
        tick._replace(unread_bytes=166 * CHARGE, rmem_alloc_bytes=166 * CHARGE)
        for tick in watch.sockets[INODE]
    )
    facts = _facts(watch._replace(sockets={INODE: stuck}), {7: 1})
    assert cause_of(facts, sock(facts.shapes[INODE].drops)).cause == "reader-stall"
    table = SocketTable((), {"udp/inet": 2}, "sock_diag")
    beside = facts.delta._replace(after=facts.delta.after._replace(sockets=table))
    verdict = cause_of(facts._replace(delta=beside), sock(facts.shapes[INODE].drops))
    assert (verdict.cause, verdict.confidence) == ("reader-stopped", "medium")  # who read?


def test_a_reader_that_read_before_it_stopped_is_stopped() -> None:
    watch = watched(steady(10), lambda ms: 20 if ms < 2_000 else 0)
    facts = _facts(watch, {7: 1})
    assert facts.shapes[INODE].flow.read_full == 0
    assert cause_of(facts, sock(facts.shapes[INODE].drops)).cause == "reader-stopped"
