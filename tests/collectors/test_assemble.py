"""From a sample to a snapshot: nothing is lost, and what is bad is named."""

from __future__ import annotations

import pytest

from netrx_tune.collectors.assemble import assemble
from netrx_tune.collectors.paths import (
    CORE_FILES,
    FULL_FILES,
    NET_CLASS_FILES,
    SOCKET_FILES,
    SYSCTL_A,
    SYSCTL_FILES,
)
from netrx_tune.model.sample import Gap, Process, RuleCounter, Sample, SocketTable
from netrx_tune.model.snapshot import HostFacts, Snapshot

ABSENT = Gap("/proc/net/snmp6", "absent", "No such file or directory")
RULE = RuleCounter("nft", "inet filter input handle 7", "input", "drop", 4)
READER = Process(21040, 812, "rsyslogd", "/system.slice/rsyslog.service", "S")


def test_an_empty_sample_knows_nothing() -> None:
    assert assemble(Sample({})) == Snapshot(
        host=HostFacts(None, None, None, None, None, 4096, None, None, None, None),
        counters={},
        levels={},
        per_cpu={},
        softnet=None,
        devices={},
        sockets=None,
        rules=None,
        processes={},
        settings={},
        files={},
        gaps=(),
    )


def test_what_netlink_gave_is_passed_on_and_proc_is_not_asked() -> None:
    sockets = SocketTable((), {"udp/inet": 97500}, "sock_diag")
    files = {"/proc/net/udp": "not even a table"}
    got = assemble(
        Sample(files, gaps=(ABSENT,), sockets=sockets, rules=(RULE,), processes=(READER,)),
    )
    assert got.sockets == sockets
    assert got.rules == (RULE,)
    assert got.processes == {21040: READER}
    assert got.files == files
    assert got.gaps == (ABSENT,)


def test_sockets_that_sock_diag_does_not_list_are_read_from_proc() -> None:
    header = "sl local_address rem_address st tx_queue rx_queue uid inode drops\n"
    row = "1: 00000000:0001 00000000:0000 07 00000000:00000000 0 7 5\n"
    files = {
        "/proc/net/udp": "not even a table",
        "/proc/net/raw": header + row,
        "/proc/net/packet": "neither",
    }
    sockets = SocketTable((), {"udp/inet": 97500, "packet/packet": 0}, "sock_diag")
    got = assemble(Sample(files, sockets=sockets))
    assert got.sockets is not None
    assert got.sockets.source == "sock_diag"
    assert got.sockets.counts == {"udp/inet": 97500, "packet/packet": 0, "raw/inet": 1}
    assert [(socket.local, socket.drops) for socket in got.sockets.sockets] == [("0.0.0.0:1", 5)]
    assert got.gaps == ()


def test_a_bad_file_is_a_gap_after_those_of_the_sample_and_the_rest_stands() -> None:
    got = assemble(
        Sample(
            {
                "/proc/net/snmp": "Udp: InErrors\nUdp: 7\n",
                "/proc/net/sockstat": "",
                "/proc/net/softnet_stat": "0000 0001\n",
            },
            gaps=(ABSENT,),
        ),
    )
    assert got.counters == {"Udp.InErrors": 7}
    assert got.softnet is None
    assert got.gaps == (
        ABSENT,
        Gap("/proc/net/sockstat", "unparsed", "/proc/net/sockstat: expected values, got ''"),
        Gap(
            "/proc/net/softnet_stat",
            "unparsed",
            "/proc/net/softnet_stat:1: expected 9 words, got '0000 0001'",
        ),
    )


def test_a_socket_table_that_does_not_read_is_not_counted_as_without_loss() -> None:
    header = "sl local_address rem_address st tx_queue rx_queue uid inode drops\n"
    row = "1: 00000000:0035 00000000:0000 07 00000000:00000000 0 7 {}\n"
    got = assemble(
        Sample(
            {
                "/proc/net/udp": header + row.format("5") + row.format("-"),
                "/proc/net/udp6": header + row.format("4").replace("0000:", "0" * 28 + ":"),
                "/proc/net/udplite": header + row.format("3"),
                "/proc/net/raw": header + "1: 0000",
            },
        ),
    )
    assert got.sockets is not None
    assert got.sockets.counts == {"udp/inet6": 1, "udplite/inet": 1}
    assert [socket.drops for socket in got.sockets.sockets] == [4, 3]
    assert [gap.path for gap in got.gaps] == ["/proc/net/raw", "/proc/net/udp"]
    assert got.gaps[1].detail == "/proc/net/udp:3: drops: expected a decimal, got '-'"


def test_sockets_are_unknown_when_no_table_reads() -> None:
    got = assemble(Sample({"/proc/net/udp": ""}))
    assert got.sockets is None
    assert [gap.path for gap in got.gaps] == ["/proc/net/udp"]


def test_the_host_tells_in_which_order_addresses_are_printed() -> None:
    table = "sl local_address rem_address st tx_queue rx_queue uid inode drops\n"
    table += "1: 7F000001:0035 00000000:0000 07 00000000:00000000 0 7 1\n"
    files = {"/proc/net/udp": table, "/proc/sys/kernel/osrelease": "5.14.0-427.el9.s390x\n"}
    got = assemble(Sample(files)).sockets
    assert got is not None
    assert [socket.local for socket in got.sockets] == ["127.0.0.1:53"]


def test_a_listing_of_settings_fills_in_what_no_file_says() -> None:
    got = assemble(
        Sample(
            {
                SYSCTL_A: "net.core.rmem_max = 1\nnet.core.rmem_default = 2\n"
                "net.netfilter.nf_conntrack_count = 860\n",
                "/proc/sys/net/core/rmem_max": "212992\n",
                "/proc/sys/net/netfilter/nf_conntrack_count": "804\n",
            },
        ),
    )
    assert got.settings == {"net.core.rmem_max": (212992,), "net.core.rmem_default": (2,)}
    assert got.levels == {"nf_conntrack.count": 804}


@pytest.mark.parametrize("name", ["eth0\x1b[2J", "a\x85b", "-o", "..", "x" * 300, "\udc80"])
def test_a_hostile_name_of_a_device_is_data(name: str) -> None:
    files = {
        f"/sys/class/net/{name}/statistics/rx_dropped": "1\n",
        f"/proc/sys/net/ipv4/conf/{name}/rp_filter": "1\n",
    }
    got = assemble(Sample(files))
    assert got.devices[name].statistics == {"rx_dropped": 1}
    assert got.gaps == ()


def test_the_lists_of_files_name_each_once_and_patterns_apart() -> None:
    plain = [*CORE_FILES, *SOCKET_FILES, *FULL_FILES]
    assert len(plain) == len(set(plain))
    assert set(SYSCTL_FILES) <= set(CORE_FILES)
    assert not [path for path in (*CORE_FILES, *SOCKET_FILES) if "*" in path]
    assert all("/*/" in path for path in NET_CLASS_FILES)
    assert all(path.startswith("/") for path in plain)
