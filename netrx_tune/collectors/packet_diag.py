"""Sockets that take copies of packets (AF_PACKET), with their drops, from packet_diag.

No file shows the drops of a capture: /proc/net/packet has none, and PACKET_STATISTICS belongs
to the process that captures and is reset by reading it. A capture with a memory-mapped ring counts
what found the ring full there alone.

Kernel: net/packet/diag.c, sk_diag_fill(); net/packet/af_packet.c, packet_rcv() and
tpacket_rcv() (read at v6.18).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from struct import Struct
from typing import NamedTuple

from netrx_tune.collectors import netlink
from netrx_tune.collectors.netlink import Block
from netrx_tune.model.errors import ParseError
from netrx_tune.model.sample import Socket

PATH = "sock_diag:packet"
_SOCK_DIAG_BY_FAMILY = 20
_AF_PACKET = 17
_SHOW_INFO, _SHOW_RING, _SHOW_MEMINFO = 0x01, 0x04, 0x10
_INFO, _RX_RING, _UID, _MEMINFO = 0, 2, 5, 6

_SHOWN = _SHOW_INFO | _SHOW_RING | _SHOW_MEMINFO
_REQUEST = Struct("=BBHIIII")  # family, protocol, pad, inode, what to show, cookie
_MESSAGE = Struct("=BBHIQ")  # family, type, protocol, inode, cookie
_MEMORY = Struct("=II20xI")  # SK_MEMINFO: RMEM_ALLOC, RCVBUF, 5 others, BACKLOG
_DROPS = Struct("=32xI")


class Found(NamedTuple):
    """The packet sockets that hold or lost something, how many there are in all, with a ring."""

    sockets: tuple[Socket, ...]
    total: int
    rings: int = 0


def request() -> bytes:
    """Return the request for all packet sockets."""
    payload = _REQUEST.pack(_AF_PACKET, 0, 0, 0, _SHOWN, 0, 0)
    return netlink.request(_SOCK_DIAG_BY_FAMILY, payload)


def parse(blocks: Iterable[Block]) -> Found:
    """Return the sockets of a dump that have drops or a queue."""
    sockets: list[Socket] = []
    total = rings = 0
    for fixed, fields in netlink.walk_rows(PATH, blocks, _SOCK_DIAG_BY_FAMILY, _MESSAGE):
        total += 1
        rings += _RX_RING in fields
        socket = _socket(fixed, fields)
        if socket.drops or socket.rmem_alloc_bytes:
            sockets.append(socket)
    return Found(tuple(sockets), total, rings)


def _socket(fixed: tuple[int, ...], fields: Mapping[int, Block]) -> Socket:
    family, _type, protocol, inode, cookie = fixed
    if family != _AF_PACKET:
        raise ParseError(PATH, f"socket {inode}: family", str(family))
    memory = fields.get(_MEMINFO, b"")
    if len(memory) < _MEMORY.size:
        raise ParseError(PATH, f"socket {inode}: memory of 8 words", f"{len(memory)} bytes")
    rmem_alloc, rcvbuf, backlog = _MEMORY.unpack_from(memory)
    return Socket(
        family="packet",
        protocol="packet",
        local=f"{protocol:04x}",  # the EtherType, as in /proc/net/packet
        remote="",
        inode=inode,
        cookie=cookie,
        uid=_word(fields.get(_UID, b"")),
        interface=_word(fields.get(_INFO, b"")) or 0,
        unread_bytes=rmem_alloc,
        rmem_alloc_bytes=rmem_alloc,
        rcvbuf_bytes=rcvbuf,
        backlog_bytes=backlog,
        drops=_DROPS.unpack_from(memory)[0] if len(memory) >= _DROPS.size else None,
    )


def _word(block: Block) -> int | None:
    """Return the first word of an attribute, None if it is not there."""
    if len(block) < netlink.U32.size:
        return None
    value: int = netlink.U32.unpack_from(block)[0]
    return value
