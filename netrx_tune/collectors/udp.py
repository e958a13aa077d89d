"""/proc/net/udp, udp6, udplite and udplite6 (and raw, raw6): a line per socket.

Most lines of a busy host are sockets that hold and lose nothing, so a table is scanned first
and only the lines that matter become values.

Kernel: net/ipv4/udp.c, udp4_format_sock(); net/ipv6/datagram.c, __ip6_dgram_sock_seq_show().
`drops` came with 2.6.27 and is printed signed up to 5.0. `rx_queue` is the memory of what is
unread, in bytes of truesize.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Sequence
from itertools import islice
from typing import Literal, NamedTuple

from netrx_tune.collectors.address import endpoint
from netrx_tune.collectors.text import decimal, hexadecimal, signed
from netrx_tune.model.errors import ParseError
from netrx_tune.model.sample import Socket

Family = Literal["inet", "inet6"]
Protocol = Literal["udp", "udplite", "raw"]
ByteOrder = Literal["little", "big"]

# Sockets listed only because they share a port with one that has drops; more explain nothing.
MOST_SHARING = 1024
# "tx_queue rx_queue" and "tr tm->when" are two names above one word each.
_SECOND_NAMES = frozenset({"rx_queue", "tm->when"})
_COLUMNS = ("local_address", "rx_queue", "uid", "inode")
_ADDRESS_DIGITS: dict[Family, int] = {"inet": 8, "inet6": 32}


class Table(NamedTuple):
    """One file that was scanned; `hits` are the rows with drops or a queue."""

    path: str
    protocol: Protocol
    family: Family
    columns: dict[str, int]  # a column's place by its name in the header
    rows: Sequence[str]
    hits: Sequence[int]
    total: int  # of sockets, listed or not


def scan(text: str, path: str, protocol: Protocol, family: Family) -> Table:
    """Return how many sockets a table has and which of its rows matter."""
    header, *rows = text.split("\n")
    columns = _columns(header, path)
    queue, least = columns["rx_queue"], max(columns.values())
    drops = columns.get("drops")
    hits: list[int] = []
    blank = 0
    for at, row in enumerate(rows):
        words = row.split()
        if len(words) <= least:
            if words:
                raise ParseError(_place(path, at), f"expected {least + 1} words", row)
            blank += 1
        elif words[queue][9:] != "00000000" or (drops is not None and words[drops] != "0"):
            hits.append(at)
    return Table(path, protocol, family, columns, rows, hits, len(rows) - blank)


def sockets(tables: Sequence[Table], byte_order: ByteOrder = "little") -> Iterator[Socket]:
    """Yield the sockets of one protocol that matter, then those that share their ports.

    Args:
        tables: both families' tables of one protocol.
        byte_order: the host's, in which it prints addresses.

    Raises:
        ParseError: a row that is no socket.
    """
    ports: set[str] = set()
    for table in tables:
        for at in table.hits:
            socket = _socket(table, at, byte_order)
            if socket.drops:
                ports.add(_local_port(table, at))
            yield socket
    if ports:
        for table, at in islice(_sharing(tables, ports), MOST_SHARING):
            yield _socket(table, at, byte_order)


def _sharing(tables: Iterable[Table], ports: Container[str]) -> Iterator[tuple[Table, int]]:
    """Yield the rows on these ports that are no hits: they get the same datagrams."""
    for table in tables:
        listed = frozenset(table.hits)
        for at, row in enumerate(table.rows):
            if at not in listed and row and _local_port(table, at) in ports:
                yield table, at


def _local_port(table: Table, at: int) -> str:
    """Return the port of a row as it stands there, in hexadecimal; "" of a blank row."""
    place = table.columns["local_address"]
    words = table.rows[at].split(None, place + 1)
    return words[place].rpartition(":")[2] if len(words) > place else ""


def _columns(header: str, path: str) -> dict[str, int]:
    """Return the place of each column by its name."""
    columns: dict[str, int] = {}
    place = -1
    for word in header.split():
        place += word not in _SECOND_NAMES
        columns["remote_address" if word == "rem_address" else word] = place
    missing = [name for name in (*_COLUMNS, "remote_address") if name not in columns]
    if missing or place < 0:
        raise ParseError(f"{path}:1", f"expected a header with {', '.join(missing)}", header)
    return columns


def _place(path: str, at: int) -> str:
    """Return how an error names a row; the header is line 1."""
    return f"{path}:{at + 2}"


def _socket(table: Table, at: int, byte_order: ByteOrder) -> Socket:
    """Return the socket of a row."""
    place, words = _place(table.path, at), table.rows[at].split()

    def word(column: str) -> str:
        return words[table.columns[column]]

    def address(column: str) -> tuple[bytes, int]:
        return _address(word(column), place, column, table.family, byte_order)

    remote, remote_port = address("remote_address")
    queues = word("rx_queue")
    return Socket(
        family=table.family,
        protocol=table.protocol,
        local=endpoint(*address("local_address")),
        remote=endpoint(remote, remote_port) if remote_port else "",
        inode=decimal(word("inode"), place, "inode"),
        cookie=None,
        uid=decimal(word("uid"), place, "uid"),
        interface=0,  # the table does not show it
        unread_bytes=hexadecimal(queues.partition(":")[2], place, "rx_queue"),
        rmem_alloc_bytes=None,
        rcvbuf_bytes=None,
        backlog_bytes=None,
        drops=_drops(word("drops"), place) if "drops" in table.columns else None,
    )


def _drops(found: str, place: str) -> int:
    """Return the drops of a socket, which %d made negative from 2**31 on (up to 5.0)."""
    drops = signed(found, place, "drops")
    return drops + 2**32 if drops < 0 else drops


def _address(
    found: str,
    place: str,
    column: str,
    family: Family,
    byte_order: ByteOrder,
) -> tuple[bytes, int]:
    """Return address and port of "0100007F:0035": words of the host's order, then the port."""
    address, _, port = found.partition(":")
    number = hexadecimal(port, place, column, digits=4)
    digits = _ADDRESS_DIGITS[family]
    if len(address) != digits:
        raise ParseError(place, f"{column}: expected {digits} hexadecimals and a port", found)
    packed = b"".join(
        hexadecimal(address[start : start + 8], place, column).to_bytes(4, byte_order)
        for start in range(0, digits, 8)
    )
    return packed, number
