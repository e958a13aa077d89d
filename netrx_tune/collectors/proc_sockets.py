"""The table of sockets from /proc, for where sock_diag gave none."""

from __future__ import annotations

from collections.abc import Mapping

from netrx_tune.collectors import udp
from netrx_tune.collectors.packet import parse_packet
from netrx_tune.collectors.text import attempt, unparsed
from netrx_tune.model.errors import ParseError
from netrx_tune.model.sample import Gap, Socket, SocketTable

_TABLES: tuple[tuple[udp.Protocol, udp.Family, str], ...] = (
    ("udp", "inet", "/proc/net/udp"),
    ("udp", "inet6", "/proc/net/udp6"),
    ("udplite", "inet", "/proc/net/udplite"),
    ("udplite", "inet6", "/proc/net/udplite6"),
    ("raw", "inet", "/proc/net/raw"),
    ("raw", "inet6", "/proc/net/raw6"),
)
_PACKET = "/proc/net/packet"


def proc_sockets(
    files: Mapping[str, str],
    byte_order: udp.ByteOrder,
    gaps: list[Gap],
) -> SocketTable | None:
    """Return the sockets that matter, or None if no table reads.

    A table that does not read is missing from `counts`, so that no socket of it counts as
    one that lost nothing.
    """
    tables = _scan(files, gaps)
    if any(table.hits for table in tables) and any(map(_is_big_endian, tables)):
        byte_order = "big"
    sockets: list[Socket] = []
    counts: dict[str, int] = {}
    for protocol in dict.fromkeys(table.protocol for table in tables):
        group = [table for table in tables if table.protocol == protocol]
        group, found = _sockets(group, byte_order, gaps)
        sockets += found
        counts |= {f"{protocol}/{table.family}": table.total for table in group}
    packet = attempt(files, _PACKET, parse_packet, gaps)
    if packet is not None:
        sockets += packet.sockets
        counts["packet/packet"] = packet.total
    return SocketTable(tuple(sockets), counts, "proc") if counts else None


def _is_big_endian(table: udp.Table) -> bool:
    """Tell whether 127.0.0.1 stands there with its first byte first, as on a router's MIPS."""
    rows = "\n".join(table.rows)
    return " 7F000001:" in rows and " 0100007F:" not in rows


def _sockets(
    tables: list[udp.Table],
    byte_order: udp.ByteOrder,
    gaps: list[Gap],
) -> tuple[list[udp.Table], list[Socket]]:
    """Return the tables of a protocol that read, and their sockets."""
    while True:
        try:
            return tables, list(udp.sockets(tables, byte_order))
        except ParseError as error:
            path = error.path.rpartition(":")[0]  # without the line
            gaps.append(unparsed(path, error))
            tables = [table for table in tables if table.path != path]


def _scan(files: Mapping[str, str], gaps: list[Gap]) -> list[udp.Table]:
    """Return the tables that are there and have their shape."""
    tables = []
    for protocol, family, path in _TABLES:
        if path in files:
            try:
                tables.append(udp.scan(files[path], path, protocol, family))
            except ParseError as error:
                gaps.append(unparsed(path, error))
    return tables
