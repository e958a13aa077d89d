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


def test_what_two_searches_found_is_one_output() -> None:
    found = nic(
        "$ ethtool -S eth0 | grep miss\n     rx_missed_errors: 5000\n"
        "$ ethtool -S eth0 | grep pause\n     tx_pause: 3\n"
        "$ ethtool -g eth0\nRing parameters for eth0:\nPre-set maximums:\nRX: 4096\n"
        "Current hardware settings:\nRX: 512\n"
    )
    assert found.statistics == {"rx_missed_errors": 5000, "tx_pause": 3}
    assert (found.ring_rx, found.ring_rx_max) == (512, 4096)


def test_of_two_moments_the_later_counts() -> None:
    sample = parse_pasted(
        "$ ethtool -S eth0\nNIC statistics:\n rx_missed_errors: 5\n rx_bytes: 1\n"
        "$ ethtool -S eth0\nNIC statistics:\n rx_missed_errors: 7\n"
    )
    assert sample is not None
    assert sample.nics is not None
    assert sample.nics[0].statistics == {"rx_missed_errors": 7, "rx_bytes": 1}
    assert [gap.path for gap in sample.gaps if gap.why == "unparsed"] == ["ethtool eth0"]


def test_the_kernels_field_and_the_sum_of_columns_are_one_figure() -> None:
    sample = parse_pasted(
        "2: eth0: <UP> mtu 1500\n    RX: bytes packets errors dropped missed mcast\n"
        "    5 900 0 12 30 0\n\n"
        "$ ifconfig eth0\neth0: flags=67<UP>  mtu 1500\n"
        "        RX packets 900  bytes 5 (5 B)\n"
        "        RX errors 0  dropped 42  overruns 0  frame 0\n"
    )
    assert sample is not None
    assert sample.links is not None
    (link,) = sample.links
    assert (link.statistics["rx_dropped"], link.statistics["rx_missed_errors"]) == (12, 30)
    assert "rx_dropped_or_missed" not in link.statistics


def test_lines_of_a_log_are_no_moments() -> None:
    sample = parse_pasted(
        "[1.5] nf_conntrack: table full, dropping packet.\n[2.0] other\n"
        "[7.5] nf_conntrack: table full, dropping packet.\n"
    )
    assert sample is not None
    assert [gap for gap in sample.gaps if gap.why == "unparsed"] == []


@pytest.mark.parametrize(
    "line",
    [
        "- `rx_missed_errors`: 5,000",
        "* **rx_missed_errors**: 5000",
        "| rx_missed_errors | 5000 |",
        "rx_missed_errors = 5000",
        "rx_missed_errors=5000",
    ],
)
def test_a_statistic_may_stand_in_a_list_or_a_table(line: str) -> None:
    assert nic(f"What was seen:\n{line}\n").statistics == {"rx_missed_errors": 5000}
