"""Lists of sockets as people paste them: with and without memory, owners and inodes."""

from __future__ import annotations

from netrx_tune.model.sample import Socket
from netrx_tune.model.snapshot import Snapshot
from tests.collectors.texts import snapshot_of as read

SHARED = """State  Recv-Q Send-Q Local Address:Port  Peer Address:Port Process
UNCONN 213248 0            0.0.0.0:53       0.0.0.0:*     users:(("unbound",pid=812,fd=3))
\t skmem:(r213248,rb212992,t0,tb212992,f0,w0,o0,bl0,d90210)
UNCONN 0      0            0.0.0.0:53       0.0.0.0:*     users:(("unbound",pid=812,fd=4))
\t skmem:(r0,rb212992,t0,tb212992,f0,w0,o0,bl0,d0)
"""
NETSTAT = """Active Internet connections (only servers)
Proto Recv-Q Send-Q Local Address           Foreign Address         State       PID/Program name
tcp        0      0 0.0.0.0:22              0.0.0.0:*               LISTEN      700/sshd
udp   8390400      0 0.0.0.0:1900            0.0.0.0:*                           17804/perl
udp6       0      0 :::5353                 :::*                                -
"""


def sockets(snapshot: Snapshot) -> tuple[Socket, ...]:
    assert snapshot.sockets is not None
    return snapshot.sockets.sockets


def test_sockets_without_inodes_are_told_apart_and_keep_their_program() -> None:
    snapshot = read(SHARED)
    first, second = sockets(snapshot)
    assert first.inode != second.inode
    assert max(first.inode, second.inode) < 0
    assert [snapshot.processes[one.inode].name for one in (first, second)] == ["unbound"] * 2


def test_a_socket_has_the_same_number_in_a_later_text() -> None:
    later = SHARED.replace("d90210", "d90999").replace("UNCONN 213248", "UNCONN 0     ")
    assert [one.inode for one in sockets(read(SHARED))] == [
        one.inode for one in sockets(read(later))
    ]


def test_netstat_lists_queues_and_programs_and_no_drops() -> None:
    snapshot = read(NETSTAT)
    ssdp, mdns = sockets(snapshot)
    assert (ssdp.local, ssdp.unread_bytes, ssdp.drops) == ("0.0.0.0:1900", 8_390_400, None)
    assert (mdns.local, mdns.family) == ("[::]:5353", "inet6")
    assert {(one.name, one.pid) for one in snapshot.processes.values()} == {
        ("sshd", 700),
        ("perl", 17804),
    }


def test_a_port_by_its_name_keeps_it() -> None:
    listed = NETSTAT.replace("0.0.0.0:1900", "*:syslog")
    assert [one.local for one in sockets(read(listed))] == ["0.0.0.0:syslog", "[::]:5353"]


def test_a_port_by_its_name_is_left_out_beside_the_table_that_numbers_it() -> None:
    header = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid"
    row = "  72: 00000000:0202 00000000:0000 07 00000000:00000000 00:00000000 00000000     0"
    table = f"{header}  timeout inode ref pointer drops\n{row}        0 4711 2 00 9\n"
    listed = SHARED.replace("0.0.0.0:53", "0.0.0.0:syslog").replace("d90210", "d9")
    snapshot = read(listed + table)
    assert [(one.local, one.drops) for one in sockets(snapshot)] == [("0.0.0.0:514", 9)]
    assert "2 ports by name: use ss -n" in [gap.detail for gap in snapshot.gaps]


def test_rows_are_read_where_their_header_was_left_out() -> None:
    rows = [*SHARED.splitlines()[1:], NETSTAT.splitlines()[3]]
    assert [one.local for one in sockets(read("\n".join(rows)))] == [
        "0.0.0.0:53",
        "0.0.0.0:53",
        "0.0.0.0:1900",
    ]


def test_of_a_listener_netstat_shows_who_waits_and_not_how_many_may() -> None:
    rows = (
        "tcp      129      0 192.0.2.1:5060      0.0.0.0:*           LISTEN      56907/kamailio\n"
        "tcp      153      0 192.0.2.1:5060      192.0.2.7:21929     CLOSE_WAIT  -\n"
    )
    (listener,) = sockets(read(rows))
    assert (listener.accept_queue, listener.accept_limit, listener.unread_bytes) == (
        129,
        None,
        None,
    )


def test_a_list_of_a_later_moment_replaces_the_earlier_one() -> None:
    later = SHARED.replace("d90210", "d90999")
    snapshot = read(f"{SHARED}\n$ sleep 1; ss -uanmp\n{later}")
    assert [one.drops for one in sockets(snapshot)] == [90_999, 0]
    assert [gap.path for gap in snapshot.gaps if "last counts" in gap.detail] == ["ss"]


def test_lists_of_different_sockets_are_both_read() -> None:
    listening = (
        "State Recv-Q Send-Q Local Address:Port Peer Address:Port\nLISTEN 2 1 [::1]:9100 [::]:*\n"
    )
    snapshot = read(f"{SHARED}\n{listening}")
    assert [one.protocol for one in sockets(snapshot)] == ["udp", "udp", "tcp"]
    assert not [gap for gap in snapshot.gaps if "last counts" in gap.detail]


SNMP = "Udp: InDatagrams InErrors\nUdp: {} {}\n"


def test_counters_of_two_moments_are_said_to_be_a_window() -> None:
    two = SNMP.format(900, 1) + "\n5 seconds later\n" + SNMP.format(1900, 4)
    snapshot = read(two)
    assert snapshot.counters["Udp.InErrors"] == 4
    details = [gap.detail for gap in snapshot.gaps if gap.path == "/proc/net/snmp"]
    assert len(details) == 1
    assert "--from FIRST --from SECOND" in details[0]


def test_parts_of_one_moment_are_no_window() -> None:
    text = "Tcp: PassiveOpens\nTcp: 12\n\n$ grep Udp /proc/net/snmp\n" + SNMP.format(900, 1)
    snapshot = read(text)
    assert snapshot.counters["Tcp.PassiveOpens"] == 12
    assert not [gap for gap in snapshot.gaps if "last counts" in gap.detail]


def test_a_row_of_spaces_costs_no_time() -> None:
    row = "udp 1 0 0.0.0.0:1900 0.0.0.0:* 17804/perl" + " " * 200_000 + "x\n"
    snapshot = read(NETSTAT + row)
    assert [one.local for one in sockets(snapshot)][-1] == "0.0.0.0:1900"


def test_where_one_state_was_asked_for_a_length_tells_a_listener() -> None:
    text = (
        "Recv-Q Send-Q Local Address:Port  Peer Address:Port\n"
        "51       50               *:3306             *:*\n"
        "212480   0                *:514              *:*\n"
        "7        0       192.0.2.1:514       192.0.2.2:9\n"
    )
    database, syslog = sockets(read(text))
    assert (database.protocol, database.accept_queue, database.accept_limit) == ("tcp", 51, 50)
    assert (syslog.protocol, syslog.unread_bytes, syslog.accept_queue) == ("udp", 212_480, None)


def test_a_queue_of_more_than_2_gib_is_printed_as_a_negative_number() -> None:
    row = (
        "UNCONN -2147482816 0 0.0.0.0:9 0.0.0.0:*\n\t skmem:(r2147484480,rb2147483646,d14468947)\n"
    )
    (sock,) = sockets(read(row))
    assert (sock.unread_bytes, sock.rmem_alloc_bytes) == (2_147_484_480, 2_147_484_480)


def test_listeners_and_unconnected_sockets_are_read_without_the_column_of_peers() -> None:
    text = (
        "State  Recv-Q  Send-Q  Local Address:Port\n"
        "LISTEN 129     128     *:443\n"
        'LISTEN 600 511 10.0.0.1:6379 users:(("redis",pid=7,fd=3))\n'
        "UNCONN 8 0 0.0.0.0:53\n\t skmem:(r8,rb212992,t0,tb1,f0,w0,o0,bl0,d5)\n"
    )
    found = read(text)
    assert [(one.local, one.accept_queue, one.drops) for one in sockets(found)] == [
        ("[::]:443", 129, None),
        ("10.0.0.1:6379", 600, None),
        ("0.0.0.0:53", None, 5),
    ]
    assert [one.name for one in found.processes.values()] == ["redis"]
