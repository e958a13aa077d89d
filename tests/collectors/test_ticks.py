"""What a watch wrote reads back the same, and earlier files still read."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netrx_tune.collectors.ticks import Counts, Tick, parse_ticks, render_ticks
from netrx_tune.model.errors import ParseError

NUMBER = st.integers(0, 1 << 40)
KNOWN = st.none() | NUMBER
LINES = st.lists(
    st.tuples(
        st.integers(1, 3), NUMBER, NUMBER, NUMBER, NUMBER,
        KNOWN, KNOWN, KNOWN, st.none() | st.sampled_from(["S", "RS", "D"]), KNOWN,
    ),
    unique_by=lambda line: line[0],
    max_size=3,
)  # fmt: skip


@given(st.lists(st.tuples(LINES, st.none() | st.tuples(NUMBER, NUMBER)), min_size=1, max_size=20))
def test_a_watch_reads_back_as_it_was(
    looks: list[tuple[list[tuple[int, ...]], tuple[int, int] | None]],
) -> None:
    moments = [
        (n / 100, [Tick(n / 100, *line) for line in lines])  # type: ignore[arg-type]
        for n, (lines, _) in enumerate(looks)
    ]
    counts = {n / 100: Counts(*known) for n, (_, known) in enumerate(looks) if known}
    watch = parse_ticks(render_ticks(moments, counts))
    assert watch.moments == tuple(moment for moment, _ in moments)
    assert watch.counts == counts
    written = [tick for _, ticks in moments for tick in ticks]
    read = {(tick.seconds, tick.inode): tick for ticks in watch.sockets.values() for tick in ticks}
    assert read == {(tick.seconds, tick.inode): tick for tick in written}


def test_a_socket_that_is_idle_again_has_a_short_line() -> None:
    busy = Tick(0.01, 7, 1280, 1280, 212_992, 3, 5, 6, 7, "S", None)
    idle = Tick(0.02, 7, 0, 0, 212_992, 3)
    text = render_ticks([(0.01, [busy]), (0.02, [idle])])
    assert text.splitlines()[-1] == "0.0200 7"
    assert parse_ticks(text).sockets[7] == (busy, idle)


def test_a_file_of_an_earlier_version_reads() -> None:
    watch = parse_ticks("0.0100\n0.0100 7 1280 1280 212992 3 - -\n0.0200\n")
    assert watch.sockets[7] == (Tick(0.01, 7, 1280, 1280, 212_992, 3),)
    assert watch.moments == (0.01, 0.02)
    assert not watch.counts


@pytest.mark.parametrize(
    "text",
    ["0.01 7\n", "0.01 x y\n", "0.01 1 2 3\n", "x\n", "\n", "0.01 7 1 1 1 - - - - S -\n"],
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(ParseError):
        parse_ticks(text)
