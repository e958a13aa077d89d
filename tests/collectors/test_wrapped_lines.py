"""Lines that a letter broke are whole again, and only those."""

from __future__ import annotations

import pytest

from netrx_tune.collectors.wrapped_lines import unwrapped

NAMES = "Udp: InDatagrams NoPorts InErrors\nRcvbufErrors SndbufErrors\n"


@pytest.mark.parametrize("numbers", ["Udp: 900 1 30 30 0\n", "Udp: 900 1\n30 30\n0\n"])
def test_a_broken_pair_of_lines_is_whole_again(numbers: str) -> None:
    names = "Udp: InDatagrams NoPorts InErrors RcvbufErrors SndbufErrors\n"
    assert unwrapped(f"$ cat\n{NAMES}{numbers}end") == f"$ cat\n{names}Udp: 900 1 30 30 0\nend"


@pytest.mark.parametrize("breaks", [(8, 13), (5, 9), (1, 9), (8, 15), (4, 8, 13)])
def test_broken_rows_of_softnet_stat_are_whole_again(breaks: tuple[int, ...]) -> None:
    words = [f"{number:08x}" for number in range(breaks[-1])]
    starts = (0, *breaks)
    row = [" ".join(words[start:end]) for start, end in zip(starts, breaks, strict=False)]
    assert unwrapped("\n".join(row * 3)) == f"{' '.join(words)}\n" * 3


@pytest.mark.parametrize(
    "text",
    [
        "00000001 00000002 00000003\n" * 6,
        "00000001 00000002\n00000001 00000002 00000003\n",
        "Udp: InDatagrams NoPorts\nUdp: 900 1\n30\n",
        "Udp: InDatagrams NoPorts\nThanks\n",
        "Udp: InDatagrams NoPorts\nThanks\nTcp: 1 2\n",
        "Udp:\n    900 packets received\n",
    ],
)
def test_other_lines_are_left_as_they_are(text: str) -> None:
    assert unwrapped(text) == text
