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


TABLE = """\
  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt
   uid  timeout inode ref pointer drops
   72: 00000000:0202 00000000:0000 07 00000000:00000000 00:00000000
00000000     0        0 25089 2 0000000000000000 1234
   99: 00000000:0044 00000000:0000 07 00000000:00000000 00:00000000 00000000
  101        0 19832 2 0000000000000000 0
"""


def test_broken_rows_of_sockets_are_whole_again() -> None:
    header, first, second = unwrapped(TABLE).splitlines()
    assert header.split()[-3:] == ["ref", "pointer", "drops"]
    assert [row.split()[-1] for row in (first, second)] == ["1234", "0"]


def test_broken_tables_of_statistics_are_whole_again() -> None:
    titles = "entries  in_hit in_slow_tot in_martian_dst \nin_martian_src  out_hit \n"
    rows = "0000001a  00000000 00000021 00000000 \n00000007  00000002 \n" * 2
    header, *whole = unwrapped(f"$ cat\n{titles}{rows}").splitlines()[1:]
    assert header == "entries in_hit in_slow_tot in_martian_dst in_martian_src out_hit"
    assert whole == ["0000001a 00000000 00000021 00000000 00000007 00000002"] * 2


@pytest.mark.parametrize(
    "text",
    [
        "entries searched found\n00000001 00000002\n",
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
