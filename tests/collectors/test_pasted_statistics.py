"""Statistics of drivers as people keep them."""

from __future__ import annotations

import pytest

from netrx_tune.collectors.pasted import parse_pasted
from netrx_tune.model.sample import Nic


def nic(text: str) -> Nic:
    sample = parse_pasted(text)
    assert sample is not None
    assert sample.nics is not None
    (found,) = sample.nics
    return found


@pytest.mark.parametrize(
    "line",
    [
        "rx_crc_errors: 602    ---> counted where the check (CRC) failed: see below",
        "rx_crc_errors: 602 // few",
        "rx_crc_errors: 602  ## the cable",
        "# rx_crc_errors: 602      # the cable",
        "rx_crc_errors: 602\t",
        "rx_bytes: 5            rx_crc_errors: 602",
    ],
)
def test_a_remark_is_no_part_of_a_statistic(line: str) -> None:
    text = f"$ ethtool -S eth0\nNIC statistics:\n     {line}\n     rx_missed_errors: 7\n"
    found = nic(text)
    assert found.statistics["rx_crc_errors"] == 602
    assert found.statistics["rx_missed_errors"] == 7


def test_digits_may_stand_in_groups() -> None:
    assert nic("NIC statistics:\n rx_missed_errors: 1,151,959\n").statistics == {
        "rx_missed_errors": 1_151_959
    }


@pytest.mark.parametrize(
    ("text", "name", "value"),
    [
        ("port_rx_nodesc_drops: 946553\n", "port_rx_nodesc_drops", 946553),
        ("    rx_missed_errors: 5\n    rx_crc_errors: 6\n", "rx_crc_errors", 6),
        ("bw_in_allowance_exceeded: 500\nlinklocal_allowance_exceeded: 3\n",
         "linklocal_allowance_exceeded", 3),
        ("Rx Queue#: 2\n  ucast pkts rx: 79\n  pkts rx OOB: 632\n", "pkts rx OOB", 632),
        ("[0]: rx_discards: 4\n[1]: rx_discards: 5\n", "[1]: rx_discards", 5),
        ("queue_3_rx_skb_alloc_fail: 8\n", "queue_3_rx_skb_alloc_fail", 8),
        ("port.rx_dropped: 9\n", "port.rx_dropped", 9),
    ],
)  # fmt: skip
def test_a_statistic_is_told_by_its_name_alone(text: str, name: str, value: int) -> None:
    assert nic(text).statistics[name] == value


def test_bare_lines_do_not_add_to_a_whole_output() -> None:
    found = nic(
        "$ ethtool -S eth0\nNIC statistics:\n  rx_dropped: 5\n\nand in sysfs\nrx_dropped: 7\n"
    )
    assert found.statistics == {"rx_dropped": 5}


@pytest.mark.parametrize("text", ["to do: 7 eggs\n", "receive: 5\n", "rx: 5\n", "rx_ring = 512\n"])
def test_other_lines_are_no_statistics(text: str) -> None:
    assert parse_pasted(text) is None
