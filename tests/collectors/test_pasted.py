"""Texts of bug reports: each part is told by how it looks, and what none says is unknown."""

from __future__ import annotations

from textwrap import indent

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netrx_tune.collectors.assemble import assemble
from netrx_tune.collectors.moments import SINCE_LAST, TWO_MOMENTS
from netrx_tune.collectors.pasted import foreign_system, parse_pasted
from netrx_tune.model.sample import Gap, Process, Sample
from netrx_tune.model.snapshot import Snapshot
from tests.collectors.texts import snapshot_of as read

SNMP = "Udp: InDatagrams NoPorts InErrors RcvbufErrors\nUdp: 900 1 100 100\n"
NETSTAT_S = """Ip:
    Forwarding: 2
    4042 total packets received
    3 with invalid headers
    0 incoming packets discarded
Icmp:
    14 ICMP messages received
    ICMP input histogram:
        destination unreachable: 14
IcmpMsg:
        InType3: 14
Tcp:
    6 active connection openings
    4 segments retransmitted
Udp:
    30 packets received
    14 packets to unknown port received
    3908 packet receive errors
    4014 packets sent
    3908 receive buffer errors
    0 send buffer errors
    InCsumErrors: 7
UdpLite:
TcpExt:
    8 times the listen queue of a socket overflowed
    TCP ran low on memory 2 times
    Quick ack mode was activated 5 times
    TCPBacklogDrop: 9
"""
OLD_NETSTAT_S = """Udp:
    200 packets received
    44 packets to unknown port received.
    246 packets send
Tcp:
    858 segments send out
    3 segments retransmited
"""
NETSTAT_S6 = """Ip6:
    4000 total packets received
    0 forwarded
    Ip6InOctets: 4192000
Udp6:
    20 packets received
    3908 packet receive errors
    Udp6RcvbufErrors: 3908
"""
NSTAT = """#kernel
IpInReceives                    4042               0.0
UdpRcvbufErrors                 3908               0.0
Udp6RcvbufErrors                12                 0.0
UdpLite6InErrors                1                  0.0
TcpExtListenDrops               8                  0.0
TcpExtTCPBacklogDrop            9                  0.0
IcmpMsgInType3                  14                 0.0
TcpCurrEstab                    4                  0.0
"""
NSTAT_J = """{"kernel":{"IpInReceives":4042,"UdpRcvbufErrors":3908,"Udp6RcvbufErrors":12,\
"UdpLite6InErrors":1,"TcpExtListenDrops":8,"TcpExtTCPBacklogDrop":9,"IcmpMsgInType3":14,\
"TcpCurrEstab":4}}
"""
SS = """State  Recv-Q Send-Q Local Address:Port  Peer Address:PortProcess
UNCONN 142848 0    127.0.0.1:9000       0.0.0.0:*    users:(("py\\"x",pid=7,fd=3)) ino:47 sk:1a
\t skmem:(r156672,rb212992,t0,tb212992,f3072,w0,o0,bl64,d3908)
UNCONN 0      0       0.0.0.0%eth0:9000       0.0.0.0:*
\t skmem:(r0,rb212992,t0,tb212992,f0,w0,o0,bl0,d0)
UNCONN 0      0                  *:51894            *:*
\t skmem:(r0,rb212992,t0,tb212992,f0,w0,o0,bl0,d1)
LISTEN 2      1              [::1]:9100          [::]:*
\t skmem:(r0,rb131072,t0,tb16384,f0,w0,o0,bl0,d8)
"""
ETHTOOL = """Ring parameters for eth0:
Pre-set maximums:
RX:\t\t4096
Current hardware settings:
RX:\t\t256
NIC statistics:
     rx_drops: 5
"""


def test_netstat_s_gives_the_kernels_counters() -> None:
    snapshot = read(NETSTAT_S)
    assert snapshot.counters == {
        "Ip.InReceives": 4042,
        "Ip.InHdrErrors": 3,
        "Ip.InDiscards": 0,
        "Icmp.InMsgs": 14,
        "IcmpMsg.InType3": 14,
        "Tcp.ActiveOpens": 6,
        "Tcp.RetransSegs": 4,
        "Udp.InDatagrams": 30,
        "Udp.NoPorts": 14,
        "Udp.InErrors": 3908,
        "Udp.OutDatagrams": 4014,
        "Udp.RcvbufErrors": 3908,
        "Udp.SndbufErrors": 0,
        "Udp.InCsumErrors": 7,
        "TcpExt.ListenOverflows": 8,
        "TcpExt.TCPMemoryPressures": 2,
        "TcpExt.TCPBacklogDrop": 9,
    }
    assert snapshot.levels == {"Ip.Forwarding": 2}


def test_older_words_of_netstat_are_known_as_well() -> None:
    assert read(OLD_NETSTAT_S).counters == {
        "Udp.InDatagrams": 200,
        "Udp.NoPorts": 44,
        "Udp.OutDatagrams": 246,
        "Tcp.OutSegs": 858,
        "Tcp.RetransSegs": 3,
    }


@pytest.mark.parametrize(
    "remark",
    ["    <---- HERE", "  <<<<", " <-- look", "\t<====", " Datagrams in error so far.", "  (bad)",
     "    1960954465 requests sent out"],
)  # fmt: skip
def test_a_remark_beside_a_line_does_not_hide_it(remark: str) -> None:
    text = f"Udp:\n    559933412 packets received\n    338612 packet receive errors{remark}\n"
    assert read(text).counters == {"Udp.InDatagrams": 559_933_412, "Udp.InErrors": 338_612}


def test_both_families_may_stand_in_one_text() -> None:
    snapshot = read(NETSTAT_S + NETSTAT_S6)
    assert snapshot.counters["Udp.RcvbufErrors"] == 3908
    assert {n: v for n, v in snapshot.counters.items() if "6." in n} == {
        "Ip6.InReceives": 4000,
        "Ip6.OutForwDatagrams": 0,
        "Ip6.InOctets": 4192000,
        "Udp6.InDatagrams": 20,
        "Udp6.InErrors": 3908,
        "Udp6.RcvbufErrors": 3908,
    }
    assert "/proc/net/snmp6" not in {gap.path for gap in snapshot.gaps}


@pytest.mark.parametrize(
    "text",
    [
        NSTAT,
        NSTAT.replace("#kernel", "#1234.5678 sampling_interval=20"),
        NSTAT_J,
    ],
)
def test_nstat_is_read_as_text_and_as_json(text: str) -> None:
    snapshot = read(text)
    assert snapshot.counters == {
        "Ip.InReceives": 4042,
        "Udp.RcvbufErrors": 3908,
        "Udp6.RcvbufErrors": 12,
        "UdpLite6.InErrors": 1,
        "TcpExt.ListenDrops": 8,
        "TcpExt.TCPBacklogDrop": 9,
        "IcmpMsg.InType3": 14,
    }
    assert snapshot.levels == {"Tcp.CurrEstab": 4}


def test_ss_shows_sockets_with_their_memory() -> None:
    snapshot = read(SS)
    assert snapshot.sockets is not None
    first, sharing, dual, listener = snapshot.sockets.sockets
    assert (first.local, first.family, first.drops, first.inode) == (
        "127.0.0.1:9000",
        "inet",
        3908,
        47,
    )
    assert (first.unread_bytes, first.rmem_alloc_bytes) == (142848, 156672)
    assert (first.rcvbuf_bytes, first.backlog_bytes, first.cookie) == (212992, 64, 0x1A)
    assert (sharing.local, sharing.drops) == ("0.0.0.0:9000", 0)
    assert (dual.local, dual.family) == ("[::]:51894", "inet6")
    assert (listener.protocol, listener.accept_queue, listener.accept_limit) == ("tcp", 2, 1)
    assert snapshot.processes == {47: Process(47, 7, 'py\\"x', "", "")}


def test_the_reader_is_read_as_old_versions_print_it() -> None:
    assert read(SS.replace("pid=7,fd=3", "7,3")).processes[47].pid == 7


def test_ss_without_memory_knows_no_drops() -> None:
    head = SS.split("\n", maxsplit=1)[0]
    snapshot = read(f"{head}\nUNCONN 5 0 127.0.0.1:53 0.0.0.0:*\n")
    assert snapshot.sockets is not None
    (sock,) = snapshot.sockets.sockets
    assert (sock.unread_bytes, sock.drops, sock.rcvbuf_bytes) == (5, None, None)


def test_the_any_address_of_an_old_ss_is_ipv4() -> None:
    head = SS.split("\n", maxsplit=1)[0]
    snapshot = read(f"{head}\nUNCONN 5 0 *:53 *:*\nUNCONN 5 0 :::53 :::*\n")
    assert snapshot.sockets is not None
    assert [s.local for s in snapshot.sockets.sockets] == ["0.0.0.0:53", "[::]:53"]


CONNTRACK_S = """cpu=0   \tfound=96 invalid=0 insert=0 insert_failed=12 drop=12 early_drop=0 error=0
cpu=1   \tfound=93 invalid=2 insert=0 insert_failed=30 drop=31 early_drop=0 error=0
"""


def test_conntrack_s_is_what_the_kernels_file_is() -> None:
    assert read(CONNTRACK_S).per_cpu == {
        "nf_conntrack.found": (96, 93),
        "nf_conntrack.invalid": (0, 2),
        "nf_conntrack.insert": (0, 0),
        "nf_conntrack.insert_failed": (12, 30),
        "nf_conntrack.drop": (12, 31),
        "nf_conntrack.early_drop": (0, 0),
        "nf_conntrack.error": (0, 0),
    }


def test_tables_of_one_shape_are_told_by_their_header() -> None:
    rows = "00000001  00000002 00000003\n00000001  00000004 00000005\n"
    tracked = f"entries  searched insert_failed\n{rows}"
    routed = f"entries  in_hit in_martian_src\n{rows}"
    snapshot = read(f"{tracked}$ cat /proc/net/stat/rt_cache\n{routed}")
    assert snapshot.per_cpu["nf_conntrack.insert_failed"] == (3, 5)
    assert snapshot.per_cpu["rt_cache.in_martian_src"] == (3, 5)


def test_one_file_is_told_by_the_command_before_it() -> None:
    snapshot = read(
        "$ uname -r\n5.4.0-100-generic\n"
        "root@a:~# cat /proc/sys/net/netfilter/nf_conntrack_max\n262144\n"
        "$ cat /sys/class/net/eth2/statistics/rx_missed_errors\n7142467\n"
        "/proc/sys/net/core/rmem_max:212992\n"
    )
    assert snapshot.host.release == "5.4.0-100-generic"
    assert snapshot.settings["net.netfilter.nf_conntrack_max"] == (262144,)
    assert snapshot.settings["net.core.rmem_max"] == (212992,)
    assert snapshot.devices["eth2"].statistics == {"rx_missed_errors": 7142467}


def test_parts_that_name_no_device_are_of_the_only_one() -> None:
    lines = "RX packets 492  bytes 29520\nRX errors 0  dropped 48  overruns 0  frame 0\n\n"
    snapshot = read(f"{lines}$ ethtool -S eth0 | grep 48\n     rx_out_of_buffer: 48\n     ..\n")
    assert list(snapshot.devices) == ["eth0"]
    assert snapshot.devices["eth0"].statistics["rx_dropped_or_missed"] == 48
    assert snapshot.devices["eth0"].nic.statistics == {"rx_out_of_buffer": 48}  # type: ignore[union-attr]


def test_what_sysfs_tells_apart_is_not_added_up_again() -> None:
    line = "RX packets:20 errors:0 dropped:7 overruns:0 frame:0\n"
    cat = "$ cat /sys/class/net/eth2/statistics/rx_dropped\n0\n"
    statistics = read(f"$ ifconfig eth2 | grep RX\n{line}{cat}").devices["eth2"].statistics
    assert statistics["rx_dropped"] == 0
    assert "rx_dropped_or_missed" not in statistics


def test_settings_and_rings_are_read() -> None:
    snapshot = read(
        "kernel.osrelease = 6.1.0-18-amd64\nnet.core.rmem_max = 212992\n"
        f"net.ipv4.udp_mem = 1\t2\t3\n\n{ETHTOOL}"
    )
    assert snapshot.settings["net.ipv4.udp_mem"] == (1, 2, 3)
    assert snapshot.host.release == "6.1.0-18-amd64"
    nic = snapshot.devices["eth0"].nic
    assert nic is not None
    assert (nic.ring_rx, nic.ring_rx_max, nic.statistics) == (256, 4096, {"rx_drops": 5})


@pytest.mark.parametrize(
    ("before", "device"),
    [("", "DEV"), ("root@web7:~# ethtool -S ens3.100\n", "ens3.100"), ("$ ethtool -S a;b\n", "a")],
)
def test_statistics_have_the_name_that_the_command_had(before: str, device: str) -> None:
    assert list(read(f"{before}NIC statistics:\n     rx_drops: 5\n").devices) == [device]


def test_what_is_pasted_together_is_taken_apart() -> None:
    text = "\n".join(
        [
            "Hello, we lose packets:",
            "```",
            "root@web7:~# uname -a",
            "Linux web7 5.15.0-91-generic #101-Ubuntu SMP x86_64 GNU/Linux",
            "root@web7:~# cat /proc/net/snmp",
            SNMP,
            "root@web7:~# ss -uanmp",
            SS,
            "root@web7:~# netstat -s",
            NETSTAT_S,
            "root@web7:~# cat /proc/net/softnet_stat",
            " ".join(["0000000a"] * 13),
            " ".join(["0000000b"] * 13),
            "```",
            "What may that be?",
        ]
    )
    for one in (text, indent(text, "    "), text.replace("\n", "\r\n")):
        snapshot = read(one)
        assert snapshot.host.release == "5.15.0-91-generic"
        assert snapshot.host.cpus == 2
        # The kernel's own file beats what a command printed at another moment.
        assert snapshot.counters["Udp.InDatagrams"] == 900
        assert "Udp.InCsumErrors" not in snapshot.counters
        assert snapshot.counters["TcpExt.ListenOverflows"] == 8
        assert snapshot.sockets is not None
        assert len(snapshot.sockets.sockets) == 4


@pytest.mark.parametrize(
    "text",
    [
        f"\ufeff{NETSTAT_S}",
        "".join(f"> {line}\n" for line in NETSTAT_S.split("\n")),
        "".join(f">> {line}\n" for line in NETSTAT_S.split("\n")),
        NETSTAT_S.replace("    ", ""),
    ],
    ids=["byte order mark", "quoted", "quoted twice", "not indented"],
)
def test_letters_and_editors_leave_the_text_readable(text: str) -> None:
    assert read(text).counters == read(NETSTAT_S).counters


def test_columns_of_any_width_are_a_file() -> None:
    assert read(SNMP.replace(" ", "   ")).counters == read(SNMP).counters


def test_a_table_of_tcp_is_none_of_udp() -> None:
    head = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid"
    row = "  1: 0100007F:2328 00000000:0000 07 00000000:00022E00 00:00000000 00000000     0 "
    udp = f"{head}  timeout inode ref pointer drops\n{row} 0 47 2 00000000ff4f5017 3908\n"
    tcp = f"{head}  timeout inode\n{row} 0 48 1 00000000cbdae82f 100 0 0 10 0\n"
    for text in (udp + tcp, tcp + udp):
        snapshot = read(text)
        assert snapshot.sockets is not None
        assert [(sock.inode, sock.drops) for sock in snapshot.sockets.sockets] == [(47, 3908)]
        assert {gap.why for gap in snapshot.gaps} == {"absent"}
    assert parse_pasted(tcp) is None


def test_of_two_tables_the_last_counts() -> None:
    rows = (" ".join([f"{number:08x}"] * 13) for number in (5, 9))
    snapshot = read("\nlater:\n".join(rows))
    assert snapshot.softnet is not None
    assert [row.processed for row in snapshot.softnet] == [9]
    assert "the last counts" in snapshot.gaps[0].detail


def test_what_is_not_in_the_text_is_a_gap() -> None:
    sample = parse_pasted(NETSTAT_S)
    assert sample is not None
    assert {(gap.path, gap.why) for gap in sample.gaps} == {
        (path, "absent")
        for path in (
            "/proc/net/snmp6",
            "/proc/net/softnet_stat",
            "/proc/net/udp",
            "/proc/net/dev",
            "/proc/sys/net",
        )
    }
    assert sample.sockets is None


def test_another_language_is_a_gap_and_not_a_zero() -> None:
    snapshot = read("Udp:\n    30 Pakete empfangen\n    5 Fehler beim Empfang\n")
    assert snapshot.counters == {}
    assert any("LC_ALL=C" in gap.detail for gap in snapshot.gaps)


@pytest.mark.parametrize(
    ("text", "system"),
    [
        ("udp:\n\t81 datagrams received\n", "macOS or a BSD"),
        ("\t7 datagrams received\n\t4 dropped due to full socket buffers\n", "macOS or a BSD"),
        ("net.inet.udp.recvspace: 42080\n", "macOS or a BSD"),
        ("Darwin mac 23.1.0 Darwin Kernel\n", "macOS or a BSD"),
        ("\r\nUDP Statistics for IPv4\r\n", "Windows"),
        ("UDP     udpInDatagrams      =  1235  udpInErrors = 0\n", "Solaris"),
        ("[admin@MikroTik] > /interface print stats\n  rx-drop:   971\n", "MikroTik's RouterOS"),
        ("   driver-rx-packet:    1 802 975\n   rx-overflow: 12\n", "MikroTik's RouterOS"),
        (
            "GigabitEthernet0/1 is up, line protocol is up\n  12 input errors, 12 CRC\n",
            "Cisco's IOS",
        ),
        ("to do: buy milk\n", None),
    ],
)
def test_other_systems_are_known_as_such(text: str, system: str | None) -> None:
    assert parse_pasted(text) is None
    assert foreign_system(text) == system


@given(st.text() | st.lists(st.sampled_from((NETSTAT_S + SS + NSTAT + ETHTOOL + SNMP).split("\n"))))
def test_any_lines_are_read_or_left(text: str | list[str]) -> None:
    sample = parse_pasted(text if isinstance(text, str) else "\n".join(text))
    assert sample is None or isinstance(assemble(sample), Snapshot)
    assert sample is None or isinstance(sample, Sample)


def test_decimal_rows_of_softnet_stat_are_those_of_the_kernel() -> None:
    rows = (
        "221951548  0      7  0  0  0  0  0  0  0  0  0  0",
        "4294967295 18862" + 10 * " 0" + " 1",
    )
    softnet = read("\n".join(rows)).softnet
    assert softnet is not None
    assert [(row.cpu, row.processed, row.dropped, row.time_squeeze) for row in softnet] == [
        (0, 221951548, 0, 7),
        (1, 4294967295, 18862, 0),
    ]


def test_statistics_of_two_moments_are_said_to_be_such() -> None:
    block = "$ ethtool -S eth0\nNIC statistics:\n     rx_drops: {}\n"
    snapshot = read(block.format(5) + block.format(9))
    assert snapshot.devices["eth0"].nic.statistics == {"rx_drops": 9}  # type: ignore[union-attr]
    assert [gap.path for gap in snapshot.gaps if "earlier one" in gap.detail] == ["ethtool eth0"]


@pytest.mark.parametrize(
    "mark", ["# ", "// ", "; ", "12:00:01 ", "[2024-05-06 12:00:01.5] ", "Nov  2 12:00:01 "]
)
def test_a_mark_before_each_line_is_none_of_its_words(mark: str) -> None:
    assert read(indent(SNMP, mark)).counters["Udp.RcvbufErrors"] == 100


def test_a_setting_behind_a_mark_is_not_set() -> None:
    assert parse_pasted("#net.core.rmem_max = 26214400\n# net.core.rmem_default=5\n") is None


def test_remarks_behind_figures_are_left_out() -> None:
    snapshot = read(
        "TcpExtListenOverflows    18234    0.0    # so many!\n"
        "$ sysctl -n x\nnet.core.somaxconn = 128    <- too small\n"
        "  515: 00000000:0035 00000000:0000 07 00000000:00000000 00:00000000 00000000"
        "     0        0 4711 2 0000000000000000 9 <--- drops\n"
    )
    assert snapshot.counters == {"TcpExt.ListenOverflows": 18234}
    assert snapshot.settings == {"net.core.somaxconn": (128,)}
    assert snapshot.sockets is not None
    assert [sock.drops for sock in snapshot.sockets.sockets] == [9]


@pytest.mark.parametrize(
    "command",
    [
        "$ awk '{print $1,$2}' /proc/net/softnet_stat",
        "# cat /proc/net/softnet_stat | awk '{print $1, $2}'",
    ],
)
def test_two_columns_of_softnet_stat_are_told_by_the_command(command: str) -> None:
    softnet = read(f"{command}\n00000009 00000002  <-- drops\n00000008 00000000\n").softnet
    assert softnet is not None
    assert [(row.processed, row.dropped) for row in softnet] == [(9, 2), (8, 0)]


def test_two_hexadecimal_words_alone_are_nothing() -> None:
    assert parse_pasted("deadbeef 00000002\n") is None


def test_sums_of_conntrack_s_are_those_of_one_row() -> None:
    sums = "entries   \t\t90\nfound     \t\t3774748\ninsert_failed\t\t7\ndrop      \t\t6\n"
    assert read(sums).per_cpu == {
        "nf_conntrack.found": (3774748,),
        "nf_conntrack.insert_failed": (7,),
        "nf_conntrack.drop": (6,),
    }


@pytest.mark.parametrize(
    ("command", "is_said"),
    [
        ("$ nstat", True),
        ("$ nstat -n; sleep 10; nstat | grep -i udp", True),
        ("$ nstat -z", True),
        ("$ nstat -az", False),
        ("$ nstat -s -a UdpRcvbufErrors", False),
        ("$ cat out.txt", False),
    ],
)
def test_what_nstat_counts_since_its_last_call_is_said_to_be_that(
    command: str, is_said: bool
) -> None:
    gaps = read(f"{command}\nUdpRcvbufErrors    7    0.0\n").gaps
    assert (Gap("/netrx/nstat", "unparsed", SINCE_LAST) in gaps) is is_said


def test_two_calls_of_nstat_that_each_count_from_the_last_are_no_window() -> None:
    text = "$ nstat; sleep 9; nstat\nUdpRcvbufErrors 7 0.0\nUdpRcvbufErrors 9 0.0\n"
    said = [gap.detail for gap in read(text).gaps if gap.path == "/netrx/nstat"]
    assert said == [SINCE_LAST]


def test_a_name_that_a_later_call_of_nstat_leaves_out_grew_by_nothing() -> None:
    first = "UdpInDatagrams 8120000 0.0\nUdpNoPorts 12 0.0\nUdpRcvbufErrors 700 0.0\n"
    counters = read(f"{first}UdpInDatagrams 81200 0.0\nUdpRcvbufErrors 6991 0.0\n").counters
    assert counters == {"Udp.InDatagrams": 81_200, "Udp.RcvbufErrors": 6_991}


@pytest.mark.parametrize(
    "text",
    [
        "Udp: InDatagrams InErrors\nUdp: 9 {}\n",
        "    {} packet receive errors\n    {} receive buffer errors\n",
        "UdpInErrors 7\nUdpRcvbufErrors {}\n",
    ],
)
def test_a_loop_that_prints_one_thing_again_shows_two_moments(text: str) -> None:
    gaps = read(f"{text.format(1, 1)}{text.format(2, 2)}").gaps
    assert any(gap.detail == TWO_MOMENTS for gap in gaps)


def test_the_same_words_under_two_headings_are_of_one_moment() -> None:
    text = "Icmp:\n    {}\n        echo replies: 7\n    {}\n        echo replies: 8\n"
    both = text.format("ICMP input histogram:", "ICMP output histogram:")
    gaps = read(
        f"Ip:\n    9 total packets received\n{both}Ip6:\n    8 total packets received\n"
    ).gaps
    assert not any(gap.detail == TWO_MOMENTS for gap in gaps)


def test_a_prompt_in_brackets_ends_what_was_printed() -> None:
    counted = "Udp:\n    {0}000 packets received\n    {0} packet receive errors\n"
    one, two = (f"[root@web7 ~]# netstat -su\n{counted.format(n)}" for n in "12")
    assert Gap("/netrx/netstat-s", "unparsed", TWO_MOMENTS) in read(one + two).gaps


@pytest.mark.parametrize(
    "text",
    [
        "Udp:InDatagrams = 900\nUdp:RcvbufErrors = 30\n",
        "- UdpInDatagrams: 900\n- **UdpRcvbufErrors**: 30\n",
        "| counter | n |\n| --- | --- |\n| `UdpInDatagrams` | 900 |\n| `UdpRcvbufErrors` | 30 |\n",
        "node-1: Udp:\nnode-1:     900 packets received\nnode-1:     30 receive buffer errors\n",
    ],
)
def test_counters_are_read_as_lists_tables_and_parallel_shells_show_them(text: str) -> None:
    assert read(text).counters == {"Udp.InDatagrams": 900, "Udp.RcvbufErrors": 30}


def test_what_a_parallel_shell_prints_of_two_hosts_is_of_none() -> None:
    assert (
        parse_pasted("a: Udp:\na:  9 packets received\nb: Udp:\nb:  5 packets received\n") is None
    )


def test_a_heading_that_comes_again_is_of_another_moment() -> None:
    one, two = (f"{host} | rc=0 >>\nUdp:\n  {host}7 packet receive errors\n" for host in "12")
    text = one + two
    assert Gap("/netrx/netstat-s", "unparsed", TWO_MOMENTS) in read(text).gaps


def test_metrics_of_two_hosts_are_of_none() -> None:
    counters = 'node_netstat_Udp_RcvbufErrors{{instance="{0}"}} {0}\n'
    devices = 'node_network_receive_drop_total{{device="eth0",instance="{0}"}} {0}\n'
    got = read("".join(line.format(n) for line in (counters, devices) for n in "12"))
    assert got.counters == {}
    assert got.devices == {}
    one = read(counters.format(1) + devices.format(1))
    assert (one.counters, list(one.devices)) == ({"Udp.RcvbufErrors": 1}, ["eth0"])


def test_commas_in_figures_are_left_out() -> None:
    assert read("UdpInDatagrams: 1,234,567\n").counters == {"Udp.InDatagrams": 1234567}
    text = "- `RcvbufErrors=1,000`\n  3,000 packet receive errors\n"
    assert read(text).counters == {"Udp.RcvbufErrors": 1000, "Udp.InErrors": 3000}


def test_of_two_commands_the_one_that_shows_more_of_a_protocol_is_taken() -> None:
    few = "$ nstat -az\nUdpRcvbufErrors 29 0.0\nTcpExtTCPRcvQDrop 4 0.0\n"
    more = "$ netstat -su\nUdp:\n  900 packets received\n  30 receive buffer errors\n"
    want = {"Udp.InDatagrams": 900, "Udp.RcvbufErrors": 30, "TcpExt.TCPRcvQDrop": 4}
    assert read(few + more).counters == want
    assert read(f"{few}{more}UdpNoPorts 5 0.0\n").counters["Udp.RcvbufErrors"] == 29
