"""Reading /proc/net/udp and its relatives."""

from __future__ import annotations

import pytest

from netrx_tune.collectors.proc_sockets import proc_sockets
from netrx_tune.collectors.udp import MOST_SHARING, Family, Protocol, scan, sockets
from netrx_tune.model.errors import ParseError
from netrx_tune.model.sample import Socket

HEADER = (
    "   sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid"
    "  timeout inode ref pointer drops            \n"
)
HEADER6 = (
    "  sl  local_address                         remote_address                        st"
    " tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops\n"
)
ANY6 = "0" * 32


def row(
    local: str,
    *,
    remote: str = "00000000:0000",
    queue: str = "00000000:00000000",
    uid: str = "0",
    inode: str = "1",
    drops: str = "0",
) -> str:
    """Return a row as udp4_format_sock() prints it."""
    return (
        f"  123: {local} {remote} 07 {queue} 00:00000000 00000000 {uid:>5}        0 {inode} 2"
        f" 0000000000000000 {drops}         \n"
    )


def table(text: str, family: Family = "inet", protocol: Protocol = "udp") -> list[Socket]:
    return list(sockets([scan(text, "/proc/net/udp", protocol, family)]))


def socket(**fields: object) -> Socket:
    """Return a socket of the table with everything that no row changed."""
    unchanged: dict[str, object] = {
        "family": "inet",
        "protocol": "udp",
        "local": "0.0.0.0:514",
        "remote": "",
        "inode": 1,
        "cookie": None,
        "uid": 0,
        "interface": 0,
        "unread_bytes": 0,
        "rmem_alloc_bytes": None,
        "rcvbuf_bytes": None,
        "backlog_bytes": None,
        "drops": 0,
    }
    return Socket(**{**unchanged, **fields})  # type: ignore[arg-type] # names checked by Socket


def test_sockets_with_drops_or_a_queue_are_listed_and_all_are_counted() -> None:
    found = scan(
        HEADER
        + row("0100007F:0035")
        + row("00000000:0202", uid="101", inode="21040", drops="744")
        + row(
            "0100007F:1F90",
            remote="0200007F:C001",
            queue="00000000:00034000",
            inode="4294967295",
        ),
        "/proc/net/udp",
        "udp",
        "inet",
    )
    assert found.total == 3
    assert list(sockets([found])) == [
        socket(local="0.0.0.0:514", uid=101, inode=21040, drops=744),
        socket(
            local="127.0.0.1:8080",
            remote="127.0.0.2:49153",
            inode=4294967295,
            unread_bytes=212992,
        ),
    ]


def test_who_shares_the_port_of_a_socket_with_drops_is_listed_too() -> None:
    four = HEADER + row("00000000:0202", drops="9") + row("0100007F:0202", inode="2")
    four += row("0100007F:0203", inode="3") + row("00000000:0204", queue="00000000:00000300")
    six = HEADER6 + row(f"{ANY6}:0202", remote=f"{ANY6}:0000", inode="4")
    six += row(f"{ANY6}:0204", remote=f"{ANY6}:0000", inode="5")
    tables = [scan(four, "/proc/net/udp", "udp", "inet"), scan(six, "udp6", "udp", "inet6")]
    assert list(sockets(tables)) == [
        socket(drops=9),
        socket(local="0.0.0.0:516", unread_bytes=768),
        socket(local="127.0.0.1:514", inode=2),
        socket(family="inet6", local="[::]:514", inode=4),
    ]


def test_a_crowd_on_one_port_is_cut_off() -> None:
    text = HEADER + row("00000000:0202", drops="9") + row("00000000:0202") * 2000
    assert len(table(text)) == 1 + MOST_SHARING


@pytest.mark.parametrize(
    ("address", "want"),
    [
        (ANY6, "[::]:53"),
        ("00000000000000000000000001000000", "[::1]:53"),
        ("B80D0120000000000000000001000000", "[2001:db8::1]:53"),
        ("000080FE00000000FFADE15609667CFE", "[fe80::56e1:adff:fe7c:6609]:53"),
        ("0000000000000000FFFF00000A0200C0", "[::ffff:192.0.2.10]:53"),
    ],
)
def test_ipv6_addresses_are_four_words_of_the_hosts_order(address: str, want: str) -> None:
    text = HEADER6 + row(f"{address}:0035", remote=f"{ANY6}:0000", drops="1")
    assert [found.local for found in table(text, "inet6")] == [want]


def test_a_big_endian_host_prints_the_first_byte_first() -> None:
    found = scan(HEADER + row("7F000001:0035", drops="1"), "udp", "udp", "inet")
    assert [each.local for each in sockets([found], "big")] == ["127.0.0.1:53"]


@pytest.mark.parametrize(
    ("loopback", "want"), [("7F000001", "192.168.1.1:53"), ("0100007F", "1.1.168.192:53")]
)
def test_a_table_tells_its_order_by_the_loopback_address(loopback: str, want: str) -> None:
    rows = row(f"{loopback}:0035") + row("C0A80101:0035", drops="1")
    found = proc_sockets({"/proc/net/udp": HEADER + rows}, "little", [])
    assert found is not None
    assert [sock.local for sock in found.sockets if sock.drops] == [want]


def test_drops_that_were_printed_negative_are_unsigned() -> None:
    assert table(HEADER + row("00000000:0202", drops="-2"))[0].drops == 4294967294


def test_a_kernel_without_the_column_leaves_drops_unknown() -> None:
    header = HEADER.replace(" ref pointer drops", "")
    text = header + row("00000000:0202") + row("00000000:0202", queue="00000000:00000001")
    found = scan(text, "/proc/net/udp", "udp", "inet")
    assert found.total == 2
    assert list(sockets([found])) == [socket(unread_bytes=1, drops=None)]


def test_a_raw_sockets_port_is_its_protocol() -> None:
    got = table(HEADER + row("00000000:0001", drops="3"), protocol="raw")
    assert got == [socket(protocol="raw", local="0.0.0.0:1", drops=3)]


def test_an_empty_table_has_no_sockets() -> None:
    found = scan(HEADER, "/proc/net/udp", "udp", "inet")
    assert (found.total, list(sockets([found]))) == (0, [])


def test_windows_line_ends_do_not_matter() -> None:
    text = (HEADER + row("00000000:0202", drops="9")).replace("\n", "\r\n")
    assert table(text) == [socket(drops=9)]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", ":1: expected a header with local_address, rx_queue, uid, inode, remote_address"),
        ("  sl  local_address rem_address   st\n", ":1: expected a header with rx_queue, uid"),
        (HEADER + "   1: 00000000:0016 00000000:0000 0A", ":2: expected 13 words, got '   1: 0"),
        (HEADER + row("00000000:0202", drops="-"), ":2: drops: expected a decimal, got '"),
        (HEADER + row("0:0202", drops="1"), ":2: local_address: expected 8 hexadecimals and a"),
        (HEADER + row("0000000g:0202", drops="1"), ":2: local_address: expected a hexadecimal"),
        (HEADER + row("00000000:", drops="1"), ":2: local_address: expected a hexadecimal"),
        (HEADER + row("00000000:10202", drops="1"), ":2: local_address: expected a hexadecimal"),
        (HEADER + row("00000000:1", queue="0:0:0"), ":2: rx_queue: expected a hexadecimal"),
        (HEADER + row("00000000:1", queue="7"), ":2: rx_queue: expected a hexadecimal, got ''"),
        (HEADER + "\n" + row("00000000:1", uid="x", drops="1"), ":3: uid: expected a decimal"),
    ],
)
def test_what_is_no_table_is_an_error_that_names_line_and_field(text: str, said: str) -> None:
    with pytest.raises(ParseError) as caught:
        table(text)
    assert str(caught.value).startswith(f"/proc/net/udp{said}")
