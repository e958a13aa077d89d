"""Lines of netstat -s that stand alone: what grep leaves, and what blank lines take apart."""

from __future__ import annotations

import pytest

from netrx_tune.collectors.assemble import assemble
from netrx_tune.collectors.pasted import parse_pasted


def counters(text: str) -> dict[str, int]:
    sample = parse_pasted(text)
    assert sample is not None
    return dict(assemble(sample).counters)


@pytest.mark.parametrize(
    ("line", "counter"),
    [
        ("    429469 receive buffer errors", "Udp.RcvbufErrors"),
        ("429469 packet receive errors", "Udp.InErrors"),
        ("429469 packets to unknown port received.   <<<<", "Udp.NoPorts"),
        ("  429469 times the listen queue of a socket overflowed", "TcpExt.ListenOverflows"),
        ("429469 SYNs to LISTEN sockets dropped", "TcpExt.ListenDrops"),
        ("429469 SYNs to LISTEN sockets ignored", "TcpExt.ListenDrops"),
        ("    TCP ran low on memory 429469 times", "TcpExt.TCPMemoryPressures"),
        ("    TCPBacklogDrop: 429469", "TcpExt.TCPBacklogDrop"),
        ("    RcvbufErrors: 429469", "Udp.RcvbufErrors"),
        ("RcvPruned = 429469", "TcpExt.RcvPruned"),
        ("IPReversePathFilter\t429469", "TcpExt.IPReversePathFilter"),
        ("InNoRoutes: 429469", "IpExt.InNoRoutes"),
        ("Udp: RcvbufErrors      429469", "Udp.RcvbufErrors"),
    ],
)
def test_a_line_without_its_heading_is_the_counter_that_has_such_words(
    line: str, counter: str
) -> None:
    assert counters(f"$ netstat -s | grep -i it\n{line}\n") == {counter: 429_469}


@pytest.mark.parametrize(
    "line", ["InCsumErrors: 4", "429469 connections", "12 errors", "TCP: 7", "UDP: 7 lost"]
)
def test_a_line_that_several_counters_have_says_nothing_alone(line: str) -> None:
    assert parse_pasted(f"{line}\n") is None


def test_a_blank_line_within_a_section_hides_nothing_behind_it() -> None:
    row = "    5 times the listen queue of a socket overflowed"
    text = f"TcpExt:\n    2397 delayed acks sent\n\n{row}\n"
    assert counters(text)["TcpExt.ListenOverflows"] == 5


def test_a_line_of_ipv6_or_udp_lite_is_not_taken_for_one_of_udp() -> None:
    text = "UdpLite:\n    7 packets received\nUdp6:\n    9 packets received\n"
    assert counters(text) == {"Udp6.InDatagrams": 9}
