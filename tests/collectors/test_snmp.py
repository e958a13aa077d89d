"""Reading /proc/net/snmp and /proc/net/netstat: pairs of lines, by name."""

from __future__ import annotations

import pytest

from netrx_tune.collectors.netstat import parse_netstat
from netrx_tune.collectors.snmp import parse_snmp
from netrx_tune.model.errors import ParseError
from netrx_tune.model.sample import Gap

SNMP = "/proc/net/snmp"


def test_counters_and_levels_stand_under_the_kernels_names() -> None:
    reading = parse_snmp(
        "Ip: Forwarding DefaultTTL InReceives InDelivers\n"
        "Ip: 2 64 9001 8999\n"
        "Tcp: RtoAlgorithm RtoMin RtoMax MaxConn CurrEstab InSegs\n"
        "Tcp: 1 200 120000 -1 17 5123\n"
        "Udp: InDatagrams NoPorts InErrors RcvbufErrors InCsumErrors IgnoredMulti MemErrors\n"
        "Udp: 700 3 40 38 1 12 0\n",
    )
    assert reading.counters == {
        "Ip.InReceives": 9001,
        "Ip.InDelivers": 8999,
        "Tcp.InSegs": 5123,
        "Udp.InDatagrams": 700,
        "Udp.NoPorts": 3,
        "Udp.InErrors": 40,
        "Udp.RcvbufErrors": 38,
        "Udp.InCsumErrors": 1,
        "Udp.IgnoredMulti": 12,
        "Udp.MemErrors": 0,
    }
    assert reading.levels == {
        "Ip.Forwarding": 2,
        "Ip.DefaultTTL": 64,
        "Tcp.RtoAlgorithm": 1,
        "Tcp.RtoMin": 200,
        "Tcp.RtoMax": 120000,
        "Tcp.MaxConn": -1,
        "Tcp.CurrEstab": 17,
    }
    assert reading.gaps == ()


def test_names_decide_and_not_places() -> None:
    reading = parse_snmp("Udp: RcvbufErrors FromNextYear InErrors\nUdp: 5 6 7\n")
    assert reading.counters == {
        "Udp.RcvbufErrors": 5,
        "Udp.FromNextYear": 6,
        "Udp.InErrors": 7,
    }


def test_a_protocol_of_next_year_reads_as_the_others() -> None:
    assert parse_snmp("Quic: InErrors\nQuic: 4\n").counters == {"Quic.InErrors": 4}


def test_a_leading_empty_line_and_windows_line_ends_do_not_matter() -> None:
    reading = parse_snmp("\r\n\nUdpLite: InErrors NoPorts\r\nUdpLite: 1 2\r\n")
    assert reading.counters == {"UdpLite.InErrors": 1, "UdpLite.NoPorts": 2}


def test_a_line_without_fields_is_no_gap() -> None:
    reading = parse_snmp("IcmpMsg:\nIcmpMsg:\nUdp: InErrors\nUdp: 1\n")
    assert (reading.counters, reading.gaps) == ({"Udp.InErrors": 1}, ())


def test_a_pair_of_unequal_length_is_a_gap_and_the_others_stand() -> None:
    reading = parse_snmp("Ip: InReceives InDelivers\nIp: 5\nUdp: InErrors\nUdp: 1\n")
    assert reading.counters == {"Udp.InErrors": 1}
    assert reading.gaps == (Gap(SNMP, "unparsed", f"{SNMP}:2: Ip: expected 2 values, got '5'"),)


def test_a_header_without_values_is_a_gap_and_the_others_stand() -> None:
    reading = parse_snmp("Icmp: InMsgs\nUdp: InErrors\nUdp: 1\nUdpLite: InErrors")
    assert reading.counters == {"Udp.InErrors": 1}
    assert [gap.detail for gap in reading.gaps] == [
        f"{SNMP}:1: Icmp: expected a second line with values, got 'InMsgs'",
        f"{SNMP}:4: UdpLite: expected a second line with values, got 'InErrors'",
    ]


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("-", "expected a decimal, got '-'"),
        ("-1", "expected a decimal, got '-1'"),
        ("1_0", "expected a decimal, got '1_0'"),
        ("0x1f", "expected a decimal, got '0x1f'"),
        ("\u0663", "expected a decimal, got '\u0663'"),
        ("9" * 21, f"expected a decimal, got '{'9' * 21}'"),
        ("4\x00", r"expected a decimal, got '4\x00'"),
    ],
)
def test_what_is_no_counter_is_a_gap_that_names_line_field_and_text(value: str, said: str) -> None:
    reading = parse_snmp(f"Udp: NoPorts InErrors\nUdp: 1 {value}\nIcmp: InMsgs\nIcmp: 2\n")
    assert reading.counters == {"Icmp.InMsgs": 2}
    assert [gap.detail for gap in reading.gaps] == [f"{SNMP}:2: Udp.InErrors: {said}"]


def test_a_line_of_values_is_not_taken_for_names() -> None:
    with pytest.raises(ParseError, match=r"snmp:1: Udp: expected a name, got '1'"):
        parse_snmp("Udp: 1 2\nUdp: 3 4\n")


def test_the_largest_counter_reads() -> None:
    assert parse_snmp("Ip: InOctets\nIp: 18446744073709551615\n").counters == {
        "Ip.InOctets": 18446744073709551615,
    }


@pytest.mark.parametrize("text", ["", "\n\n", "\x00\x00", "no such file", "Udp: InErrors\n"])
def test_a_file_without_any_protocol_is_an_error(text: str) -> None:
    with pytest.raises(ParseError, match=r"^/proc/net/snmp"):
        parse_snmp(text)


def test_a_file_of_another_kind_leaves_few_gaps() -> None:
    reading = parse_snmp("Udp: InErrors\nUdp: 1\n" + "".join(f"line {n}\n" for n in range(99)))
    assert reading.counters == {"Udp.InErrors": 1}
    assert len(reading.gaps) == 8


def test_netstat_reads_tcp_ip_and_multipath_tcp() -> None:
    reading = parse_netstat(
        "TcpExt: SyncookiesSent ListenOverflows ListenDrops IPReversePathFilter\n"
        "TcpExt: 0 5 6 7\n"
        "IpExt: InNoRoutes InTruncatedPkts InOctets\n"
        "IpExt: 1 2 3000000000000\n"
        "MPTcpExt: MPCapableSYNRX MPCurrEstab\n"
        "MPTcpExt: 8 9\n",
    )
    assert reading.counters == {
        "TcpExt.SyncookiesSent": 0,
        "TcpExt.ListenOverflows": 5,
        "TcpExt.ListenDrops": 6,
        "TcpExt.IPReversePathFilter": 7,
        "IpExt.InNoRoutes": 1,
        "IpExt.InTruncatedPkts": 2,
        "IpExt.InOctets": 3000000000000,
        "MPTcpExt.MPCapableSYNRX": 8,
    }
    assert reading.levels == {"MPTcpExt.MPCurrEstab": 9}


def test_a_netstat_that_is_only_a_header_is_unknown_and_not_zero() -> None:
    with pytest.raises(ParseError, match="TcpExt: expected a second line with values"):
        parse_netstat("TcpExt: SyncookiesSent ListenDrops\n")
