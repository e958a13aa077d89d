"""Reading /proc/net/snmp6."""

from __future__ import annotations

import pytest

from netrx_tune.collectors.snmp6 import parse_snmp6
from netrx_tune.collectors.text import Reading
from netrx_tune.model.errors import ParseError


def test_the_protocol_ends_at_its_six() -> None:
    reading = parse_snmp6(
        "Ip6InReceives                   \t757\n"
        "Ip6InNoECTPkts                  \t750\n"
        "Icmp6InMsgs                     \t90\n"
        "Icmp6InType135                  \t62\n"
        "Icmp6OutMLDv2Reports            \t4\n"
        "Udp6RcvbufErrors                \t31\n"
        "UdpLite6InErrors                \t1\n",
    )
    assert reading == Reading(
        counters={
            "Ip6.InReceives": 757,
            "Ip6.InNoECTPkts": 750,
            "Icmp6.InMsgs": 90,
            "Icmp6.InType135": 62,
            "Icmp6.OutMLDv2Reports": 4,
            "Udp6.RcvbufErrors": 31,
            "UdpLite6.InErrors": 1,
        },
    )


def test_a_line_that_does_not_read_is_a_gap_and_the_others_stand() -> None:
    reading = parse_snmp6("Ip6InReceives 7\nIp6InDiscards\nudp 3\nUdp6InErrors -\nUdp6NoPorts 2\n")
    assert reading.counters == {"Ip6.InReceives": 7, "Udp6.NoPorts": 2}
    assert [gap.detail for gap in reading.gaps] == [
        "/proc/net/snmp6:2: expected a name and a value, got 'Ip6InDiscards'",
        "/proc/net/snmp6:3: expected a name such as Ip6InReceives, got 'udp'",
        "/proc/net/snmp6:4: Udp6InErrors: expected a decimal, got '-'",
    ]


@pytest.mark.parametrize("text", ["", "Ip6InReceives", "6 7\n", "Ip6 7\n"])
def test_a_file_without_counters_is_an_error(text: str) -> None:
    with pytest.raises(ParseError, match=r"^/proc/net/snmp6"):
        parse_snmp6(text)
