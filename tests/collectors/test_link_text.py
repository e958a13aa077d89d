"""Devices as `ip -s link`, `ifconfig` and `netstat -i` print them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netrx_tune.collectors.link_text import parse_links
from netrx_tune.model.sample import Link

IP = """\
1: lo: <LOOPBACK,UP,LOWER_UP> mtu 65536 qdisc noqueue state UNKNOWN mode DEFAULT group default
    link/loopback 00:00:00:00:00:00 brd 00:00:00:00:00:00
    RX:  bytes packets errors dropped  missed   mcast
         15158    1592      0       0       0       0
    TX:  bytes packets errors dropped carrier collsns
         15158    1592      0       7       0       0
2: eth0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc mq master bond0 state UP
    link/ether 02:00:00:00:00:01 brd ff:ff:ff:ff:ff:ff promiscuity 0
    bond_slave state ACTIVE mii_status UP
    RX:  bytes packets errors dropped  missed   mcast
     123456789  990000      3     312   10000     120
    RX errors:  length    crc   frame    fifo overrun nohandler
                     1      2       0       0       4         5
"""
OLD_IP = """\
2: eth0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc pfifo_fast state UP qlen 1000
    link/ether 02:00:00:00:00:01 brd ff:ff:ff:ff:ff:ff
    RX: bytes  packets  errors  dropped overrun mcast
    123456789  990000   3       312     4       120
    RX errors: length  crc     frame   fifo    missed
               1       2       0       0       10000
"""
KINDS = """\
7: bond0: <BROADCAST,MULTICAST,MASTER,UP,LOWER_UP> mtu 1500
    RX: bytes packets errors dropped missed mcast
    5 6 0 0 0 0
8: vx0: <BROADCAST,MULTICAST,UP> mtu 1450
    link/ether 02:00:00:00:00:01 brd ff:ff:ff:ff:ff:ff promiscuity 0
    vxlan id 42 srcport 0 0 dstport 4789
    RX: bytes packets errors dropped missed mcast
    5 6 0 0 0 0
9: cali1@if4: <BROADCAST,MULTICAST,UP> mtu 1500
    RX: bytes packets errors dropped missed mcast
    5 6 0 0 0 0
10: eth0.5@eth0: <BROADCAST,MULTICAST,UP> mtu 1500
    RX: bytes packets errors dropped missed mcast
    5 6 0 0 0 0
"""
OLD_IFCONFIG = """\
eth0      Link encap:Ethernet  HWaddr 02:00:00:00:00:01
          UP BROADCAST RUNNING MULTICAST  MTU:1500  Metric:1
          RX packets:3811 errors:9 dropped:7183 overruns:2 frame:1
          TX packets:3587 errors:8 dropped:5 overruns:4 carrier:0
          RX bytes:3492834266631 (3.4 TB)  TX bytes:4635258443813 (4.6 TB)
"""
NEW_IFCONFIG = """\
eth0: flags=4163<UP,BROADCAST,RUNNING,MULTICAST>  mtu 1500
        ether 02:00:00:00:00:01  txqueuelen 1000  (Ethernet)
        RX packets 3811  bytes 29520 (29.5 KB)
        RX errors 9  dropped 7183  overruns 2  frame 1
        TX packets 3587  bytes 62795068235 (62.7 GB)
        TX errors 8  dropped 5 overruns 4  carrier 0  collisions 0
"""
NETSTAT_I = """\
Kernel Interface table
Iface      MTU    RX-OK RX-ERR RX-DRP RX-OVR    TX-OK TX-ERR TX-DRP TX-OVR Flg
bond0     1500     3811      9   7183 2          3587      8      5      4 BMmRU
eth0      1500     3811      9   7183 2          3587      8      5      4 BMsRU
eth1      1500     - no statistics available -                        BMU
"""
COLUMNS = {
    "rx_packets": 3811,
    "rx_errors": 9,
    "rx_dropped_or_missed": 7183,
    "rx_fifo_errors": 2,
    "rx_frame_sum": 1,
}


def test_ip_tells_every_field() -> None:
    lo, eth0 = parse_links(IP)
    assert lo == Link("lo", 1, "", lo.statistics, None, "none")
    assert lo.statistics["rx_dropped"] == 0
    assert (eth0.name, eth0.kind) == ("eth0", "")
    assert eth0.statistics == {
        "rx_packets": 990000,
        "rx_errors": 3,
        "rx_dropped": 312,
        "rx_missed_errors": 10000,
        "multicast": 120,
        "rx_length_errors": 1,
        "rx_crc_errors": 2,
        "rx_frame_errors": 0,
        "rx_fifo_errors": 0,
        "rx_over_errors": 4,
        "rx_nohandler": 5,
    }


def test_older_versions_of_ip_have_other_titles() -> None:
    new = next(link for link in parse_links(IP) if link.name == "eth0")
    nothing = {"rx_nohandler": 5}
    assert {**parse_links(OLD_IP)[0].statistics, **nothing} == new.statistics


def test_the_kind_is_told_by_flags_names_and_details() -> None:
    assert {link.name: link.kind for link in parse_links(KINDS)} == {
        "bond0": "bond",
        "vx0": "vxlan",
        "cali1": "veth",
        "eth0.5": "vlan",
    }


@pytest.mark.parametrize("text", [OLD_IFCONFIG, NEW_IFCONFIG])
def test_ifconfig_shows_sums(text: str) -> None:
    assert parse_links(text) == (Link("eth0", 0, "", COLUMNS, None, "none"),)


def test_lines_without_a_name_are_of_the_device_that_was_asked_for() -> None:
    line = "RX packets:3811 errors:9 dropped:7183 overruns:2 frame:1"
    assert parse_links(line, "eth2") == (Link("eth2", 0, "", COLUMNS, None, "none"),)


def test_netstat_lists_them_in_a_table() -> None:
    known = {name: n for name, n in COLUMNS.items() if name != "rx_frame_sum"}
    assert parse_links(NETSTAT_I) == (
        Link("bond0", 0, "bond", known, None, "none"),
        Link("eth0", 0, "", known, None, "none"),
    )


def test_a_switch_has_the_table_of_netstat_in_its_own_words() -> None:
    text = """\
Interface   MTU    RX_OK   RX_ERR  RX_DRP  RX_OVR  TX_OK   TX_ERR  TX_DRP  TX_OVR  Flg
----------  -----  ------  ------  ------  ------  ------  ------  ------  ------  -----
bond1       9000   324612  1       7       2       502040  0       0       0       BMmRU
"""
    known = {
        "rx_packets": 324612,
        "rx_errors": 1,
        "rx_dropped_or_missed": 7,
        "rx_fifo_errors": 2,
    }
    assert parse_links(text) == (Link("bond1", 0, "bond", known, None, "none"),)


@pytest.mark.parametrize(
    ("packets", "known"), [("342207919183", {"rx_packets": 342207919183}), ("342208 M  ", {})]
)
def test_xsos_has_shares_and_units_in_its_columns(packets: str, known: dict[str, int]) -> None:
    text = f"""\
  Interface  RxKiBytes     RxPackets     RxErrs  RxDrop     TxKiBytes  TxPackets  TxErrs  TxDrop
  =========  =========     =========     ======  ======     =========  =========  ======  ======
  eth1       144484269105  {packets}  3       4494 (0%)  144484269  357978804  0       9
"""
    (link,) = parse_links(text)
    assert link.name == "eth1"
    assert link.statistics == {**known, "rx_errors": 3, "rx_dropped_or_missed": 4494}


@pytest.mark.parametrize("flags", ["<BROADCAST,UP> ", ""])
def test_flags_taken_for_a_tag_leave_the_name(flags: str) -> None:
    text = f"2: eth0: {flags}mtu 1500 qdisc mq state UP\nRX: bytes packets errors\n1 2 3\n"
    (link,) = parse_links(text)
    assert link[:3] == ("eth0", 2, "")


def test_rounded_numbers_are_none() -> None:
    text = (
        "2: eth0: <UP> mtu 1500\n RX: bytes packets errors dropped missed mcast\n"
        " 1M 2k 0 0 7 1.5k\n"
    )
    (link,) = parse_links(text)
    assert link.statistics == {"rx_errors": 0, "rx_dropped": 0, "rx_missed_errors": 7}


def test_a_remark_behind_a_row_is_no_column() -> None:
    text = (
        "Iface MTU RX-OK RX-ERR RX-DRP RX-OVR TX-OK TX-ERR TX-DRP TX-OVR Flg\n"
        "bond0 1500 900 1 682 0 5 0 2 0 BMmRU <<<<<< RX-DRP=682\n"
        "bond0:1 1500 - no statistics available - BMmRU\n"
    )
    (link,) = parse_links(text)
    assert (link.kind, link.statistics["rx_dropped_or_missed"]) == ("bond", 682)


@given(st.text() | st.lists(st.sampled_from((IP + KINDS + NEW_IFCONFIG + NETSTAT_I).split("\n"))))
def test_any_lines_are_read_or_left(text: str | list[str]) -> None:
    for link in parse_links(text if isinstance(text, str) else "\n".join(text)):
        assert link.statistics
        assert all(value >= 0 for value in link.statistics.values())


def test_ip_stats_names_the_device_of_each_table() -> None:
    rows = "RX:  bytes packets errors dropped  missed   mcast\n 1 {} 0 7 0 0\n"
    text = "".join(f"{n}: eth{n}: group link\n{rows.format(n)}" for n in (4, 5))
    later = "5: eth5: group offload subgroup cpu_hit\n" + rows.format(3)
    got = {link.name: link.statistics["rx_packets"] for link in parse_links(text + later)}
    assert got == {"eth4": 4, "eth5": 5}


def test_what_was_sent_is_kept_of_devices_that_a_guest_reads() -> None:
    text = "{0}: flags=4163<UP>  mtu 1500\n RX packets 1  bytes 2\n TX errors 0  dropped 9\n"
    links = parse_links("".join(map(text.format, ("vnet0", "vif1.0", "eth0"))))
    got = {link.name: link.statistics.get("tx_dropped") for link in links}
    assert got == {"vnet0": 9, "vif1.0": 9, "eth0": None}


def test_a_tunnel_is_told_by_its_flags_where_its_name_says_nothing() -> None:
    rows = " RX: bytes packets errors dropped missed mcast\n 1 2 3 4 5 6\n"
    text = f"5: awg-gw0: <POINTOPOINT,NOARP,UP> mtu 1380 qdisc noqueue\n{rows}"
    text += f"6: gate@NONE: <POINTOPOINT,NOARP,UP> mtu 1480 qdisc noqueue\n{rows}"
    text += (
        f"7: far@NONE: <POINTOPOINT,NOARP,UP> mtu 1476\n    link/gre 10.0.0.1 peer 10.0.0.2\n{rows}"
    )
    assert [link.kind for link in parse_links(text)] == ["ppp", "ppp", "gre"]
