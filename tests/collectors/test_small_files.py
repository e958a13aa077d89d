"""Reading the files that hold a few lines: xfrm_stat, pressure, protocols, packet, cgroups."""

from __future__ import annotations

import pytest

from netrx_tune.collectors.cgroup import (
    CgroupCpu,
    CgroupMemory,
    cpu_of,
    memory_of,
    parse_cpu_max,
    parse_flat,
)
from netrx_tune.collectors.packet import PacketTable, parse_packet
from netrx_tune.collectors.pressure import parse_pressure_cpu
from netrx_tune.collectors.protocols import Protocol, parse_protocols
from netrx_tune.collectors.text import Reading
from netrx_tune.collectors.xfrm_stat import parse_xfrm_stat
from netrx_tune.model.errors import ParseError
from netrx_tune.model.sample import Gap, Socket


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


def test_protocols_say_who_accounts_memory_and_who_is_under_pressure() -> None:
    text = (
        "protocol  size sockets  memory press maxhdr  slab module     cl co di ac\n"
        "PACKET    1600      2      -1   NI       0   no   kernel      n  n  n  n\n"
        "UDP       1344     73      57   NI       0   yes  kernel      y  y  y  n\n"
        "TCP       2304     -1 1225378  yes     192   yes  kernel      y  y  y  y\n"
        "MPTCP     1936      0     126   no       0   yes  kernel      y  y  y  n\n"
    )
    assert parse_protocols(text) == {
        "PACKET": Protocol("PACKET", 1600, 2, None, None),
        "UDP": Protocol("UDP", 1344, 73, 57, None),
        "TCP": Protocol("TCP", 2304, -1, 1225378, pressure=True),
        "MPTCP": Protocol("MPTCP", 1936, 0, 126, pressure=False),
    }


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", ": expected a header, got ''"),
        ("protocol size\n", ":1: expected a header protocol size sockets memory press, got"),
        ("protocol size sockets memory press\nUDP 1\n", ":2: expected 5 words, got 'UDP 1'"),
        ("protocol size sockets memory press\nUDP 1 2 x NI\n", ":2: memory: expected a decimal"),
    ],
)
def test_what_is_no_table_of_protocols_is_an_error(text: str, said: str) -> None:
    with pytest.raises(ParseError) as caught:
        parse_protocols(text)
    assert str(caught.value).startswith(f"/proc/net/protocols{said}")


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


GROUP = "/sys/fs/cgroup/system.slice/rsyslog.service"


def test_a_version_2_group_says_what_its_sockets_use_and_were_refused() -> None:
    files = {
        f"{GROUP}/memory.max": "134217728\n",
        f"{GROUP}/memory.current": "134213632\n",
        f"{GROUP}/memory.stat": "anon 4096\nfile 0\nsock 98304\n",
        f"{GROUP}/memory.events": "low 0\nhigh 0\nmax 512\noom 0\noom_kill 0\n",
        f"{GROUP}/cpu.max": "50000 100000\n",
        f"{GROUP}/cpu.stat": "usage_usec 9\nnr_periods 40\nnr_throttled 12\nthrottled_usec 900\n",
    }
    gaps: list[Gap] = []
    assert memory_of(files, GROUP, gaps) == CgroupMemory(
        limit_bytes=134217728,
        used_bytes=134213632,
        socket_bytes=98304,
        refusals=512,
    )
    assert cpu_of(files, GROUP, gaps) == CgroupCpu(
        quota_cpus=0.5,
        period_usecs=100000,
        periods=40,
        throttled_periods=12,
        throttled_usecs=900,
    )
    assert gaps == []


def test_a_version_1_group_limits_tcp_by_itself() -> None:
    files = {
        f"{GROUP}/memory.limit_in_bytes": "9223372036854771712\n",
        f"{GROUP}/memory.usage_in_bytes": "4096\n",
        f"{GROUP}/memory.failcnt": "3\n",
        f"{GROUP}/memory.kmem.tcp.limit_in_bytes": "65536\n",
        f"{GROUP}/memory.kmem.tcp.failcnt": "8\n",
        f"{GROUP}/cpu.cfs_quota_us": "150000\n",
        f"{GROUP}/cpu.cfs_period_us": "100000\n",
        f"{GROUP}/cpu.stat": "nr_periods 4\nnr_throttled 2\nthrottled_time 5000999\n",
    }
    gaps: list[Gap] = []
    assert memory_of(files, GROUP, gaps) == CgroupMemory(
        used_bytes=4096,
        refusals=3,
        tcp_limit_bytes=65536,
        tcp_refusals=8,
    )
    assert cpu_of(files, GROUP, gaps) == CgroupCpu(1.5, 100000, 4, 2, 5000)
    assert gaps == []


@pytest.mark.parametrize(
    "files",
    [
        {},
        {f"{GROUP}/cpu.max": "max 100000\n", f"{GROUP}/memory.max": "max\n"},
        {f"{GROUP}/cpu.cfs_quota_us": "-1\n", f"{GROUP}/cpu.cfs_period_us": "100000\n"},
    ],
)
def test_a_group_without_limits_has_none(files: dict[str, str]) -> None:
    gaps: list[Gap] = []
    assert memory_of(files, GROUP, gaps) == CgroupMemory()
    assert cpu_of(files, GROUP, gaps).quota_cpus is None
    assert gaps == []


def test_a_group_file_that_does_not_read_is_a_gap() -> None:
    gaps: list[Gap] = []
    files = {f"{GROUP}/memory.max": "lots\n", f"{GROUP}/memory.current": "4096\n"}
    assert memory_of(files, GROUP, gaps) == CgroupMemory(used_bytes=4096)
    path = f"{GROUP}/memory.max"
    assert gaps == [Gap(path, "unparsed", f"{path}: limit: expected a decimal, got 'lots'")]


def test_group_files_of_another_shape_are_errors() -> None:
    with pytest.raises(ParseError, match=r"cpu.stat:1: expected a key and a number"):
        parse_flat("nr_periods\n", "cpu.stat")
    with pytest.raises(ParseError, match=r"cpu.max: expected a quota and a period"):
        parse_cpu_max("max\n", "cpu.max")
