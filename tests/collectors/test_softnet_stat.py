"""Reading /proc/net/softnet_stat in all its widths."""

from __future__ import annotations

import pytest

from netrx_tune.collectors.softnet_stat import parse_softnet_stat
from netrx_tune.model.errors import ParseError
from netrx_tune.model.snapshot import SoftnetCpu

COMMON = "0000ffff 00000003 00000012 00000000 00000000 00000000 00000000 00000000 00000001"


@pytest.mark.parametrize(
    ("kernel", "row", "want"),
    [
        ("2.6.32", COMMON, (None, 65535, 3, 18, 0, None, None)),
        ("3.10", f"{COMMON} 0000000a", (None, 65535, 3, 18, 10, None, None)),
        ("3.13", f"{COMMON} 0000000a 00000007", (None, 65535, 3, 18, 10, 7, None)),
        (
            "5.10",
            f"{COMMON} 0000000a 00000007 00000020 00000005",
            (5, 65535, 3, 18, 10, 7, 32),
        ),
        (
            "6.18",
            f"{COMMON} 0000000a 00000007 00000020 00000005 0000001f 00000001",
            (5, 65535, 3, 18, 10, 7, 32),
        ),
        (
            "next year",
            f"{COMMON} 0000000a 00000007 00000020 00000005 0000001f 00000001 000000aa",
            (5, 65535, 3, 18, 10, 7, 32),
        ),
    ],
)
def test_the_number_of_words_tells_what_a_row_holds(
    kernel: str,
    row: str,
    want: tuple[int | None, ...],
) -> None:
    del kernel
    (got,) = parse_softnet_stat(f"{row}\n")
    assert got == want


def test_each_online_cpu_has_a_row_and_its_own_number() -> None:
    rest = "00000000 " * 8
    got = parse_softnet_stat(
        f"00000010 00000000 00000000 {rest}00000000 00000000\n"
        f"ffffffff 00000001 00000000 {rest}00000002 00000003\n",
    )
    assert got == (
        SoftnetCpu(0, 16, 0, 0, 0, 0, 0),
        SoftnetCpu(3, 4294967295, 1, 0, 0, 0, 2),
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "expected a row per CPU, got ''"),
        ("00000001 00000002 00000003 00000004\n", ":1: expected 9 words, got '00000001 0"),
        (f"{COMMON} 00000000\n{COMMON}\n", ":2: expected 10 words"),
        (COMMON.replace("0000ffff", "0000fffg"), ":1: processed: expected a hexadecimal"),
        (COMMON.replace("00000003", "100000000"), ":1: dropped: expected a hexadecimal"),
        (COMMON.replace("00000012", "0x000012"), ":1: time_squeeze: expected a hexadecimal"),
    ],
)
def test_what_no_kernel_writes_is_an_error(text: str, said: str) -> None:
    with pytest.raises(ParseError) as caught:
        parse_softnet_stat(text)
    assert said in str(caught.value)
