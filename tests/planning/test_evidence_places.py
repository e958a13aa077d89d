"""Where counters and settings stand in a snapshot."""

from __future__ import annotations

import pytest

from netrx_tune.collectors.paths import SYSCTL_A
from netrx_tune.model.judgement import Spot
from netrx_tune.model.sample import Sample
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
    "/proc/sys/net/core/rmem_max": "1\n",
    "/sys/class/net/eth0/statistics/rx_dropped": "3\n",
}
SNAPSHOT = measure(None, Sample(FILES), live=False, netns=None).after


@pytest.mark.parametrize(
    ("counter", "file", "line"),
    [
        ("Ip.InReceives", "1/proc/net/snmp", 2),
        ("Udp.InErrors", "1/proc/net/snmp", 4),
        ("UdpLite.A", "1/proc/net/snmp", 6),
        ("Udp6.InErrors", "1/proc/net/snmp6", 2),
        ("Udp6.NoSuch", "1/proc/net/snmp6", None),
        ("IpExt.B", "1/proc/net/netstat", 4),
        ("softnet.dropped", "1/proc/net/softnet_stat", None),
        ("udp_socket.drops", "1/netrx/sockets.jsonl", None),
        ("eth0.rx_dropped", "1/sys/class/net/eth0/statistics/rx_dropped", 1),
        ("eth0.ethtool.rx_missed", "1/netrx/nics.jsonl", None),
        ("eth0.rx_errors", "1/proc/net/dev", 3),
        ("what.ever", "", None),
    ],
)
def test_a_counter_has_a_file_and_where_it_can_a_line(
    counter: str, file: str, line: int | None
) -> None:
    assert counter_spot(counter, SNAPSHOT, "1/") == Spot(file, line)


def test_a_device_may_be_in_the_listing_alone() -> None:
    listing = {"/proc/net/dev": FILES["/proc/net/dev"]}
    alone = measure(None, Sample(listing), live=False, netns=None).after
    assert counter_spot("eth1.rx_dropped_or_missed", alone, "") == Spot("proc/net/dev", 4)


def test_a_setting_has_its_file_or_its_line_of_the_listing() -> None:
    assert setting_spot("net.core.rmem_max", SNAPSHOT, "") == Spot("proc/sys/net/core/rmem_max", 1)
    assert setting_spot("net.core.somaxconn", SNAPSHOT, "") == Spot("")
    listing = {SYSCTL_A: "net.core.rmem_default = 1\nnet.core.rmem_max = 2\n"}
    listed = measure(None, Sample(listing), live=False, netns=None).after
    place = Spot("sos_commands/kernel/sysctl_-a", 2)
    assert setting_spot("net.core.rmem_max", listed, "") == place


def test_the_text_of_a_command_has_no_places() -> None:
    assert counter_spot("Udp.InErrors", SNAPSHOT, None) == Spot("")
    assert setting_spot("net.core.rmem_max", SNAPSHOT, None) == Spot("")
