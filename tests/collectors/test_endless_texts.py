"""Texts of many megabytes that no host printed: they take neither gigabytes nor minutes."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from netrx_tune.collectors.iptables_text import parse_iptables
from netrx_tune.collectors.nft_text import parse_nft
from netrx_tune.collectors.pasted import parse_pasted
from netrx_tune.collectors.pasted_statistics import uncommented
from netrx_tune.collectors.paths import SYSCTL_A
from netrx_tune.collectors.ss_protocol import protocol_of_list
from netrx_tune.model.sample import Gap


def test_what_is_too_long_for_a_line_is_passed_over() -> None:
    """A pattern that is held against a line of millions of words takes gigabytes."""
    endless = "Udp: " + "1 " * 200_000
    sample = parse_pasted(f"{endless}\nnet.core.rmem_max = 212992\n{endless}\n")
    assert sample is not None
    assert "/proc/net/snmp" not in sample.files
    assert "net.core.rmem_max = 212992" in sample.files[SYSCTL_A]


def test_a_hundred_thousand_parts_are_put_together_in_good_time() -> None:
    one = "Udp:\n    5 packets received\nnet.core.rmem_max = 5\nsome prose\n"
    begun = time.process_time()
    assert parse_pasted(one * 50_000) is not None
    assert time.process_time() - begun < 20


def test_endless_statistics_of_a_card_are_a_gap() -> None:
    rows = "".join(f"     rx_queue_{number}_drops: 1\n" for number in range(450_000))
    sample = parse_pasted(f"$ ethtool -S eth0\nNIC statistics:\n{rows}")
    assert sample is not None
    assert Gap("ethtool eth0", "unparsed", "longer than 8 MiB") in sample.gaps


def test_settings_of_two_cpus_are_not_two_moments() -> None:
    """`sysctl -a` prints settings without a value, which end a part of the text."""
    text = (
        "kernel.sched_domain.cpu0.flags = 1\nnet.ipv4.conf.eth0.mc_forwarding = 0\n"
        "kernel.modprobe =\n"
        "kernel.sched_domain.cpu1.flags = 2\nnet.ipv4.conf.eth1.mc_forwarding = 1\n"
    )
    sample = parse_pasted(text)
    assert sample is not None
    assert not [gap for gap in sample.gaps if gap.why == "unparsed"]
    again = parse_pasted(text.replace("cpu1.flags", "cpu0.flags"))
    assert again is not None
    assert [gap.path for gap in again.gaps if gap.why == "unparsed"] == [SYSCTL_A]


@pytest.mark.parametrize(
    ("read", "begin", "part"),
    [
        (protocol_of_list, "Recv-Q Send-Q\n", "skmem:("),
        (uncommented, "", "\n"),
        (parse_nft, "table ip x {\nchain input {\nudp dport 1 log prefix ", '"\\'),
        (parse_iptables, "*filter\n-A INPUT -m comment --comment ", '"\\'),
        (parse_iptables, "*filter\n-A INPUT ", "/* "),
    ],
)
def test_what_opens_and_never_closes_is_looked_at_once(
    read: Callable[[str], object], begin: str, part: str
) -> None:
    begun = time.process_time()
    read(begin + part * (200_000 // len(part)))
    assert time.process_time() - begun < 2
