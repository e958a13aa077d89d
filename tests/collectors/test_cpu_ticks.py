"""Reading the watch over CPUs."""

from __future__ import annotations

import pytest

from netrx_tune.collectors.cpu_ticks import CpuTick, parse_cpu_ticks, render_cpu_ticks
from netrx_tune.model.errors import ParseError

TICKS = (
    CpuTick(0.05, 1, 812_000, 40, 1520, 99_210, 187_400),
    CpuTick(0.1, 1, 812_900, 64, 1525, 99_210, 187_405),
    CpuTick(10.0, 300, 2, 4_294_967_295, 0, 0, 1),
)


def test_what_is_written_is_read() -> None:
    text = render_cpu_ticks(TICKS)
    assert text.startswith("0.0500 1 812000 40 1520 99210 187400\n")
    assert parse_cpu_ticks(text) == {1: TICKS[:2], 300: TICKS[2:]}


def test_nothing_is_nothing() -> None:
    assert render_cpu_ticks(()) == ""
    assert parse_cpu_ticks("") == {}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("0.0500 1 2 3\n", "/netrx/cpu-ticks:1: expected 7 columns, got '0.0500 1 2 3'"),
        ("0.0500 1 2 3 4 5 x\n", "/netrx/cpu-ticks:1: number: expected a decimal, got 'x'"),
        ("1 1 2 3 4 5 6\n", "expected seconds as 0.0500, got '1 1 2 3 4 5 6'"),
        ("nan.0000 1 2 3 4 5 6\n", "seconds: expected a decimal, got 'nan'"),
        ("0.0500 1 2 3 4 5 -6\n", "number: expected a decimal, got '-6'"),
    ],
)
def test_anything_else_is_an_error(text: str, said: str) -> None:
    with pytest.raises(ParseError) as error:
        parse_cpu_ticks(text)
    assert said in str(error.value)
