"""/proc/net/packet: sockets that take copies of packets. It shows no drops.

Kernel: net/packet/af_packet.c, packet_seq_show().
"""

from __future__ import annotations

from typing import NamedTuple

from netrx_tune.collectors.text import decimal, hexadecimal, numbered
from netrx_tune.model.errors import ParseError
from netrx_tune.model.sample import Socket

_COLUMNS = ("sk", "RefCnt", "Type", "Proto", "Iface", "R", "Rmem", "User", "Inode")


class PacketTable(NamedTuple):
    """The sockets with a queue, and how many there are in all."""

    sockets: tuple[Socket, ...]
    total: int


def parse_packet(text: str, path: str = "/proc/net/packet") -> PacketTable:
    """Return the packet sockets that hold something."""
    columns: dict[str, int] = {}
    sockets: list[Socket] = []
    count = 0
    for number, line in numbered(text):
        words = line.split()
        place = f"{path}:{number}"
        if not columns:
            columns = {word: at for at, word in enumerate(words)}
            if not columns.keys() >= set(_COLUMNS):
                raise ParseError(place, f"expected a header {' '.join(_COLUMNS)}", line)
            continue
        if len(words) != len(columns):
            raise ParseError(place, f"expected {len(columns)} words", line)
        count += 1
        socket = _socket({name: words[at] for name, at in columns.items()}, place)
        if socket.rmem_alloc_bytes:
            sockets.append(socket)
    if not columns:
        raise ParseError(path, "expected a header", text)
    return PacketTable(tuple(sockets), count)


def _socket(words: dict[str, str], place: str) -> Socket:
    """Return the socket of a row."""
    rmem = decimal(words["Rmem"], place, "Rmem")
    protocol = hexadecimal(words["Proto"], place, "Proto", digits=4)
    return Socket(
        family="packet",
        protocol="packet",
        local=f"{protocol:04x}",
        remote="",
        inode=decimal(words["Inode"], place, "Inode"),
        cookie=None,
        uid=decimal(words["User"], place, "User"),
        interface=decimal(words["Iface"], place, "Iface"),
        unread_bytes=rmem,
        rmem_alloc_bytes=rmem,
        rcvbuf_bytes=None,
        backlog_bytes=None,
        drops=None,
    )
