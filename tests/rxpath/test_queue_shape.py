"""The shape of a queue, and the cause that it tells."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from netrx_tune.collectors.ticks import Tick, parse_ticks, render_ticks
from netrx_tune.rules.causes import cause_of
from netrx_tune.rules.rule import Facts
from netrx_tune.rxpath.delta import between
from netrx_tune.rxpath.ledger import settle
from netrx_tune.rxpath.queue_shape import QueueShape, queue_shapes
from tests.rxpath.snapshots import snapshot, sock

RCVBUF = 200_000


def shape(rows: list[tuple[float, int, int, int]]) -> QueueShape:
    """Return the shape of (occupancy, drops, run ms, wait ms) rows, 10 ms apart."""
    moments = [
        (n / 100, [_tick(n / 100, *row)] if row[0] or row[1] else []) for n, row in enumerate(rows)
    ]
    return queue_shapes(parse_ticks(render_ticks(moments)))[7]


def _tick(seconds: float, occupied: float, drops: int, run_ms: int, wait_ms: int) -> Tick:
    held = int(occupied * RCVBUF)
    return Tick(seconds, 7, held, held, RCVBUF, drops, run_ms * 1_000_000, wait_ms * 1_000_000)


def cause(rows: list[tuple[float, int, int, int]], read: int) -> str:
    found = shape(rows)
    delta = between(
        snapshot({"Udp.InDatagrams": 0}, sockets=()),
        snapshot({"Udp.InDatagrams": read}, sockets=(sock(found.drops),), uptime=105.0),
        live=True,
    )
    return cause_of(Facts(delta, settle(delta), {7: found}), sock(found.drops)).cause


def test_full_and_read_and_never_empty_is_overload() -> None:
    rows = [(0.95 if n % 2 else 0.80, 10 * n, n, 0) for n in range(300)]
    assert cause(rows, read=1000) == "sustained-overload"


def test_full_and_never_read_is_stopped() -> None:
    assert cause([(1.0, 10 * n, 0, 0) for n in range(300)], read=0) == "reader-stopped"


def test_full_with_a_reader_that_waits_for_a_cpu_is_starved() -> None:
    rows = [(0.95 if n % 2 else 0.80, 10 * n, 0, 9 * n) for n in range(300)]
    assert cause(rows, read=400) == "reader-starved"


def test_empty_queues_that_overflow_at_once_are_bursts() -> None:
    rows, drops, run = [], 0, 0
    for n in range(300):
        bursting = n % 50 == 1
        drops += 500 if bursting else 0
        run += 5 if n % 50 < 4 else 0
        rows.append((0.9 if n % 50 < 3 else 0.0, drops, run, 0))
    assert cause(rows, read=10_000) == "burst"


def test_a_queue_that_fills_while_the_reader_sleeps_is_a_stall() -> None:
    rows, drops, run = [], 0, 0
    for n in range(300):
        away = n % 60 < 30
        drops += 40 if 5 < n % 60 < 30 else 0
        run += 0 if away else 4
        rows.append((min(0.95, n % 60 / 6) if away else 0.02, drops, run, 0))
    assert cause(rows, read=12_000) == "reader-stall"


def test_a_short_look_tells_nothing() -> None:
    text = render_ticks([(n / 100, [_tick(n / 100, 0.9, n, 0, 0)]) for n in range(5)])
    assert queue_shapes(parse_ticks(text)) == {}


def test_episodes_bridge_single_quiet_moments() -> None:
    found = shape([(0.9, n - n % 2, 0, 0) for n in range(40)])
    assert len(found.episodes) == 1


ROW = st.tuples(
    st.floats(0, 1), st.integers(0, 1 << 31), st.integers(0, 10_000), st.integers(0, 10_000)
)


@given(st.lists(ROW, min_size=12, max_size=40))
def test_any_watch_has_shares_between_nothing_and_all(
    rows: list[tuple[float, int, int, int]],
) -> None:
    if not any(row[0] or row[1] for row in rows):
        return
    found = shape(rows)
    assert 0.0 <= found.full_share <= 1.0
    assert 0.0 <= found.low_share <= 1.0
    assert found.pause_seconds <= found.seconds + 1e-9
    assert all(episode.drops >= 0 for episode in found.episodes)
