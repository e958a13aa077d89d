"""Reading /proc/net/sockstat and sockstat6."""

from __future__ import annotations

import pytest

from netrx_tune.collectors.sockstat import parse_sockstat, parse_sockstat6
from netrx_tune.collectors.text import Reading
from netrx_tune.model.errors import ParseError


def test_every_pair_is_a_level() -> None:
    text = (
        "sockets: used 229\n"
        "TCP: inuse 4 orphan 0 tw 5 alloc 17 mem 1\n"
        "UDP: inuse 6 mem 3\n"
        "UDPLITE: inuse 0\n"
        "RAW: inuse 1\n"
        "FRAG: inuse 2 memory 8192\n"
    )
    assert parse_sockstat(text) == Reading(
        levels={
            "sockstat.sockets.used": 229,
            "sockstat.TCP.inuse": 4,
            "sockstat.TCP.orphan": 0,
            "sockstat.TCP.tw": 5,
            "sockstat.TCP.alloc": 17,
            "sockstat.TCP.mem": 1,
            "sockstat.UDP.inuse": 6,
            "sockstat.UDP.mem": 3,
            "sockstat.UDPLITE.inuse": 0,
            "sockstat.RAW.inuse": 1,
            "sockstat.FRAG.inuse": 2,
            "sockstat.FRAG.memory": 8192,
        },
    )


def test_the_file_of_ipv6_stands_under_its_own_name() -> None:
    assert parse_sockstat6("UDP6: inuse 9\nFRAG6: inuse 1 memory 4096\n") == Reading(
        levels={
            "sockstat6.UDP6.inuse": 9,
            "sockstat6.FRAG6.inuse": 1,
            "sockstat6.FRAG6.memory": 4096,
        },
    )


def test_a_line_that_does_not_read_is_a_gap_and_the_others_stand() -> None:
    reading = parse_sockstat("TCP: inuse\nUDP: inuse 6 mem x\nFRAG: inuse 0 memory 0\n")
    assert reading.levels == {
        "sockstat.FRAG.inuse": 0,
        "sockstat.FRAG.memory": 0,
    }
    assert [gap.detail for gap in reading.gaps] == [
        "/proc/net/sockstat:1: expected a protocol, names and values, got 'TCP: inuse'",
        "/proc/net/sockstat:2: UDP.mem: expected a decimal, got 'x'",
    ]


@pytest.mark.parametrize("text", ["", "no data here", "TCP: inuse", "TCP:"])
def test_a_file_without_levels_is_an_error(text: str) -> None:
    with pytest.raises(ParseError, match=r"^/proc/net/sockstat"):
        parse_sockstat(text)
