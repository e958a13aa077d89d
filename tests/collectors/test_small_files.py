"""Reading the files that hold a few lines: xfrm_stat, pressure, packet."""

from __future__ import annotations

import pytest

from netrx_tune.collectors.packet import PacketTable, parse_packet
from netrx_tune.collectors.pressure import parse_pressure_cpu
from netrx_tune.collectors.text import Reading
from netrx_tune.collectors.xfrm_stat import parse_xfrm_stat
from netrx_tune.model.errors import ParseError
from netrx_tune.model.sample import Socket


def test_xfrm_counters_keep_their_names() -> None:
    reading = parse_xfrm_stat("XfrmInError  1\nXfrmInPolBlock   \t100\nXfrmInNoPols x\n")
    assert reading.counters == {"xfrm.XfrmInError": 1, "xfrm.XfrmInPolBlock": 100}
    assert [gap.detail for gap in reading.gaps] == [
        "/proc/net/xfrm_stat:3: XfrmInNoPols: expected a decimal, got 'x'",
    ]


def test_pressure_is_a_counter_of_microseconds() -> None:
    some = "some avg10=0.05 avg60=0.45 avg300=0.31 total=5757011\n"
    full = "full avg10=0.00 avg60=0.00 avg300=0.00 total=7\n"
    assert parse_pressure_cpu(some) == Reading({"pressure.cpu.some_total_usecs": 5757011})
    assert parse_pressure_cpu(some + full).counters == {
        "pressure.cpu.some_total_usecs": 5757011,
        "pressure.cpu.full_total_usecs": 7,
    }


@pytest.mark.parametrize("text", ["", "some avg10=0.05\n", "some total=\n", "some total=1.5\n"])
def test_pressure_without_its_total_is_an_error(text: str) -> None:
    with pytest.raises(ParseError, match=r"^/proc/pressure/cpu"):
        parse_pressure_cpu(text)


def test_packet_sockets_with_a_queue_are_listed_and_all_are_counted() -> None:
    text = (
        "sk       RefCnt Type Proto  Iface R Rmem   User   Inode\n"
        "ffff9b61b56c1800 3      3    88cc   2     1 0      101    34754 \n"
        "0000000000000000 3      3    0003   4     1 4352   0      34755 \n"
    )
    assert parse_packet(text) == PacketTable(
        sockets=(
            Socket(
                family="packet",
                protocol="packet",
                local="0003",
                remote="",
                inode=34755,
                cookie=None,
                uid=0,
                interface=4,
                unread_bytes=4352,
                rmem_alloc_bytes=4352,
                rcvbuf_bytes=None,
                backlog_bytes=None,
                drops=None,
            ),
        ),
        total=2,
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", ": expected a header, got ''"),
        ("sk RefCnt\n", ":1: expected a header sk RefCnt Type Proto Iface R Rmem User Inode"),
        ("sk RefCnt Type Proto Iface R Rmem User Inode\n0 1\n", ":2: expected 9 words"),
        (
            "sk RefCnt Type Proto Iface R Rmem User Inode\n0 1 3 0003 0 1 -1 0 1\n",
            ":2: Rmem: expected a decimal, got '-1'",
        ),
    ],
)
def test_what_is_no_table_of_packet_sockets_is_an_error(text: str, said: str) -> None:
    with pytest.raises(ParseError) as caught:
        parse_packet(text)
    assert str(caught.value).startswith(f"/proc/net/packet{said}")
