"""Reading /proc/net/dev."""

from __future__ import annotations

import pytest

from netrx_tune.collectors.dev import parse_dev
from netrx_tune.model.errors import ParseError

HEADER = (
    "Inter-|   Receive                                                |  Transmit\n"
    " face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs"
    " drop fifo colls carrier compressed\n"
)


def test_columns_that_are_sums_have_names_of_their_own() -> None:
    devices, gaps = parse_dev(f"{HEADER}  eth0: 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16\n")
    assert devices == {
        "eth0": {
            "rx_bytes": 1,
            "rx_packets": 2,
            "rx_errors": 3,
            "rx_dropped_or_missed": 4,
            "rx_fifo_errors": 5,
            "rx_frame_sum": 6,
            "rx_compressed": 7,
            "multicast": 8,
            "tx_bytes": 9,
            "tx_packets": 10,
            "tx_errors": 11,
            "tx_dropped": 12,
            "tx_fifo_errors": 13,
            "collisions": 14,
            "tx_carrier_sum": 15,
            "tx_compressed": 16,
        },
    }
    assert gaps == ()


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("  eth0:12345678901 0", "eth0"),
        ("vethf345468: 7 0", "vethf345468"),
        ("eth0.100: 7 0", "eth0.100"),
        (" eth0:1: 7 0", "eth0:1"),
        ("a\x1b[2J\x85b: 7 0", "a\x1b[2J\x85b"),
    ],
)
def test_a_name_may_be_hostile_and_stand_against_its_numbers(line: str, name: str) -> None:
    devices, gaps = parse_dev(f"x\n face |bytes|bytes\n{line}\n")
    assert (list(devices), gaps) == ([name], ())


def test_a_device_that_does_not_read_is_a_gap_and_the_others_stand() -> None:
    devices, gaps = parse_dev(" |\n face |bytes|bytes\n lo: 1 1\n eth0: 1\n eth1: 1 x\n")
    assert devices == {"lo": {"rx_bytes": 1, "tx_bytes": 1}}
    assert [gap.detail for gap in gaps] == [
        "/proc/net/dev:4: expected a device and 2 numbers, got ' eth0: 1'",
        "/proc/net/dev:5: tx_bytes: expected a decimal, got 'x'",
    ]


@pytest.mark.parametrize("text", ["", "eth0: 1\n", "a\nb |bytes\n", "a\nb\nc |bytes|bytes\n"])
def test_a_file_without_its_header_is_an_error(text: str) -> None:
    with pytest.raises(ParseError, match=r"^/proc/net/dev"):
        parse_dev(text)
