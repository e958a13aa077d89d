"""Differences of two outputs: what counts is the later one."""

from __future__ import annotations

from netrx_tune.collectors.later_lines import later_lines
from netrx_tune.collectors.moments import TWO_MOMENTS
from netrx_tune.collectors.pasted import parse_pasted

DIFFERENCE = (
    "--- /dev/fd/63\t2024-05-01 10:00:00.0 +0000\n"
    "+++ /dev/fd/62\t2024-05-01 10:00:10.0 +0000\n"
    "@@ -1,4 +1,4 @@\n"
    " NIC statistics:\n"
    "-     rx_packets: 1000000\n"
    "+     rx_packets: 1500000\n"
    "      rx_errors: 0\n"
    "-     rx_missed_errors: 4000\n"
    "+     rx_missed_errors: 4100\n"
)


def test_lines_are_those_of_the_later_file_and_others_stay() -> None:
    assert later_lines(f"$ diff -u a b\n{DIFFERENCE}\n$ uname -r\n") == (
        "$ diff -u a b\n\nNIC statistics:\n     rx_packets: 1500000\n     rx_errors: 0\n"
        "     rx_missed_errors: 4100\n\n$ uname -r\n"
    )


def test_a_text_without_differences_stays() -> None:
    text = "--- a rule\n+++ more\n- rx_missed_errors: 5\n"
    assert later_lines(text) == text


def test_both_moments_are_said() -> None:
    sample = parse_pasted(DIFFERENCE)
    assert sample is not None
    assert [nic.statistics["rx_missed_errors"] for nic in sample.nics or ()] == [4100]
    assert ("diff", TWO_MOMENTS) in {(gap.path, gap.detail) for gap in sample.gaps}
