"""Where counters and settings stand in an input."""

from __future__ import annotations

from typing import Any

import pytest

from netrx_tune.collectors.paths import (
    CONNTRACK_S,
    NETSTAT_S,
    NICS,
    NSTAT,
    OF_HOST,
    SOCKETS,
    SYSCTL_A,
)
from netrx_tune.model.judgement import Spot
from netrx_tune.model.places import Places, of_record
from netrx_tune.model.sample import Link, Nic, Sample
from netrx_tune.model.snapshot import Snapshot
from netrx_tune.planning.diagnosis import measure
from netrx_tune.planning.evidence_places import counter_spot, setting_spot

FILES = {
    "/proc/net/snmp": "Ip: InReceives\nIp: 5\nUdp: InErrors\nUdp: 1\nUdpLite: A\nUdpLite: 2\n",
    "/proc/net/snmp6": "Ip6InReceives 1\nUdp6InErrors 2\nUdp6InErrorsMore 3\n",
    "/proc/net/netstat": "TcpExt: A\nTcpExt: 1\nIpExt: B\nIpExt: 1\n",
    "/proc/net/dev": "Inter-|   Receive                      |  Transmit\n"
    " face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop"
    " fifo colls carrier compressed\n"
    "  eth0: 1 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0\n"
    "  eth1: 1 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0\n",
    "/proc/net/softnet_stat": f"{' '.join(['00000000'] * 11)}\n",
    "/proc/stat": "cpu  1 2\ncpu0 1 2\ncpu10 1 2\ncpu1 1 2\n",
    "/proc/sys/net/core/rmem_max": "1\n",
    "/sys/class/net/eth0/statistics/rx_dropped": "3\n",
    "/sys/class/net/eth0/statistics/rx_errors": "8\n",
}
NIC = Nic("eth0", "e1000", {"rx_missed_errors": 4}, None, None, None, None, None, None)
OURS = Places("1/")


def link(name: str, **statistics: int) -> Link:
    return Link(name, 2, "", statistics, None, "none")


def after(files: dict[str, str], **tables: Any) -> Snapshot:  # noqa: ANN401 - any table
    return measure(None, Sample(files, **tables), live=False, netns=None).after


LINKS = (link("eth0", rx_dropped=3, rx_errors=9), link("eth0.100", rx_missed_errors=4))
SNAPSHOT = after(FILES, links=LINKS)


@pytest.mark.parametrize(
    ("counter", "file", "line"),
    [
        ("Ip.InReceives", "1/proc/net/snmp", 2),
        ("Udp.InErrors", "1/proc/net/snmp", 4),
        ("UdpLite.A", "1/proc/net/snmp", 6),
        ("Udp6.InErrors", "1/proc/net/snmp6", 2),
        ("Udp6.NoSuch", "1/proc/net/snmp6", None),
        ("IpExt.B", "1/proc/net/netstat", 4),
        ("MPTcpExt.A", "", None),
        ("softnet.dropped", "1/proc/net/softnet_stat", None),
        ("softnet.dropped cpu3", "1/proc/net/softnet_stat", None),
        ("stat.cpu1.softirq", "1/proc/stat", 4),
        ("xfrm.XfrmInNoStates", "", None),  # of which nothing here tells
        ("udp_socket.drops", "1/netrx/sockets.jsonl", None),
        ("nft inet filter input handle 7, dev eth0.100", "1/netrx/rules.jsonl", None),
        ("tc:qdisc clsact ffff: dev eth0", "1/netrx/rules.jsonl", None),
        ("eth0.rx_dropped", "1/sys/class/net/eth0/statistics/rx_dropped", 1),
        ("eth0.rx_errors", "1/netrx/links.jsonl", None),  # another moment's figure in sysfs
        ("eth0.peer.tx_dropped", "1/netrx/links.jsonl", None),
        ("eth0.ethtool.rx_missed", "1/netrx/nics.jsonl", None),
        ("eth0.100.rx_missed_errors", "1/netrx/links.jsonl", None),
        ("eth0.100.ethtool.rx_missed", "1/netrx/nics.jsonl", None),
        ("what.ever", "", None),
    ],
)
def test_a_counter_has_a_member_and_where_it_can_a_line(
    counter: str, file: str, line: int | None
) -> None:
    assert counter_spot(counter, SNAPSHOT, OURS) == Spot(file, line)


def test_a_device_may_be_in_the_listing_alone() -> None:
    listed = FILES["/proc/net/dev"].replace("eth1: 1", "eth1:1")
    alone = after({"/proc/net/dev": listed})
    assert counter_spot("eth1.rx_dropped_or_missed", alone, Places()) == Spot("proc/net/dev", 4)


def test_a_device_may_be_in_what_its_driver_said_alone() -> None:
    alone = after({}, nics=(NIC,))
    assert counter_spot("eth0.rx_missed_errors", alone, OURS) == Spot("1/netrx/nics.jsonl")


def test_the_first_text_that_tells_of_a_protocol_is_the_one_that_was_believed() -> None:
    files = {
        "/proc/net/snmp": "Ip: InReceives\nIp: 5\n",
        NSTAT: "#kernel\nUdpInErrorsMore 1 0.0\nUdpInErrors 7 0.0\n",
        NETSTAT_S: "Ip:\n    5 total packets received\nTcpExt:\n"
        "    2 SYNs to LISTEN sockets dropped\nUdp:\n    7 packet receive errors\n",
    }
    both = after(files)
    places = Places("sos/", {NSTAT: "sos_commands/n/nstat_-zas", NETSTAT_S: "x/netstat_-s"})
    assert counter_spot("Ip.InReceives", both, places) == Spot("sos/proc/net/snmp", 2)
    assert counter_spot("Udp.InErrors", both, places) == Spot("sos/sos_commands/n/nstat_-zas", 3)
    assert counter_spot("TcpExt.ListenDrops", both, places) == Spot("sos/x/netstat_-s", 4)
    assert counter_spot("IpExt.InNoRoutes", both, places) == Spot("")


def test_conntracks_rows_are_in_the_file_or_in_what_a_command_printed() -> None:
    printed = after({CONNTRACK_S: "cpu=0 found=1 invalid=2 insert=0 insert_failed=4 drop=5\n"})
    places = Places("", {CONNTRACK_S: "sos_commands/firewall_tables/conntrack_-S"})
    spot = Spot("sos_commands/firewall_tables/conntrack_-S")
    assert counter_spot("nf_conntrack.drop", printed, places) == spot
    filed = after({"/proc/net/stat/nf_conntrack": "entries drop\n00000001 00000002\n"})
    assert counter_spot("nf_conntrack.drop", filed, OURS) == Spot("1/proc/net/stat/nf_conntrack")


def udp(zeros: int, drops: int) -> str:
    """Return a table of one socket, whose addresses have so many digits."""
    none = f"{'0' * zeros}:0000"
    return (
        "   sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid"
        "  timeout inode ref pointer drops\n"
        f"  167: {'0' * zeros}:0035 {none} 07 00000000:00000000 00:00000000 00000000"
        f"     0        0 7 2 00000000ff4f5017 {drops}\n"
    )


def test_sockets_that_dropped_are_in_the_kernels_file_or_in_a_table() -> None:
    tables = after({"/proc/net/udp": udp(8, 0), "/proc/net/udp6": udp(32, 2)})
    assert counter_spot("udp_socket.drops", tables, OURS) == Spot("1/proc/net/udp6")
    listed = Places("1/", {SOCKETS: "sos_commands/networking/ss_-peaonmi"})
    spot = Spot("1/sos_commands/networking/ss_-peaonmi")
    assert counter_spot("udp_socket.drops", tables, listed) == spot


def test_what_no_member_holds_is_in_the_input() -> None:
    counter = "eth0.ethtool.rx_missed"
    assert counter_spot(counter, SNAPSHOT, Places("x/", {NICS: ""})) == Spot("")
    member = "sos_commands/n/ethtool_-S_eth0"
    one = Places("x/", {NICS: "", of_record(NICS, "eth0"): member})
    assert counter_spot(counter, SNAPSHOT, one) == Spot(f"x/{member}")


def test_a_setting_has_its_file_or_its_line_of_the_listing() -> None:
    file = "1/proc/sys/net/core/rmem_max"
    assert setting_spot("net.core.rmem_max", SNAPSHOT, OURS) == Spot(file, 1)
    assert setting_spot("net.core.somaxconn", SNAPSHOT, OURS) == Spot("")
    listing = {SYSCTL_A: "net.core.rmem_max_more = 1\nnet.core.rmem_max = 2\n"}
    places = Places("", {SYSCTL_A: "sos_commands/kernel/sysctl_-a"})
    spot = Spot("sos_commands/kernel/sysctl_-a", 2)
    assert setting_spot("net.core.rmem_max", after(listing), places) == spot


def test_a_setting_of_the_whole_host_stands_outside_the_namespace() -> None:
    path = f"{OF_HOST}/proc/sys/net/core/rmem_max"
    places = Places("x/", {path: "sos_commands/kernel/sysctl_-a"})
    spot = Spot("x/sos_commands/kernel/sysctl_-a")
    assert setting_spot("net.core.rmem_max", after({path: "2\n"}), places) == spot


def test_the_text_of_a_command_has_no_members() -> None:
    assert counter_spot("Udp.InErrors", SNAPSHOT, None) == Spot("")
    assert setting_spot("net.core.rmem_max", SNAPSHOT, None) == Spot("")
