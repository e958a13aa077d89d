"""Sockets and their receive memory, from sock_diag dumps.

A busy host has 100,000 sockets and a handful that matter, so a dump is scanned as raw bytes
for those with drops or a queue, and only they become values. A run of messages of one layout
is read at fixed places; each message is still checked to have that layout.

Kernel: net/ipv4/inet_diag.c, inet_sk_diag_fill(); net/ipv4/udp_diag.c; net/ipv4/raw_diag.c;
net/core/sock.c, sk_get_meminfo() (read at v6.18).
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Sequence
from itertools import islice
from struct import Struct
from typing import Literal, NamedTuple

from netrx_tune.collectors import netlink
from netrx_tune.collectors.address import endpoint
from netrx_tune.collectors.netlink import Block
from netrx_tune.model.errors import ParseError
from netrx_tune.model.sample import Socket, SocketTable

Family = Literal["inet", "inet6"]
Protocol = Literal["udp", "udplite", "raw", "tcp"]

FAMILIES: dict[Family, int] = {"inet": 2, "inet6": 10}
# A raw dump has a number of its own and covers raw sockets of every protocol.
PROTOCOLS: dict[Protocol, int] = {"udp": 17, "udplite": 136, "raw": 255, "tcp": 6}
SOCK_DIAG_BY_FAMILY = 20
INET_DIAG_SKMEMINFO = 7
_ALL_STATES = 0xFFFFFFFF
_LISTEN = 1 << 10  # TCP_LISTEN
MOST_PORTS = 1024  # with more sockets than that their ports are not listed
# Sockets listed only because they share a port with one that has drops; more explain nothing.
MOST_SHARING = 1024

_REQUEST = Struct("=BBBBI48x")  # family, protocol, extensions, pad, states; any socket
_START = netlink.HEADER.size
_HEAD = Struct("=IHH")  # message length, type, flags
_PORT_AT = Struct("=IH14x2s")  # message length, type, local port
# struct inet_diag_msg: family, local and remote port, local and remote address, interface,
# cookie, rqueue, wqueue, uid, inode
_MESSAGE = Struct("=B3x2s2s16s16sIQ4xIIII")
_ATTRIBUTES = _START + _MESSAGE.size
_RQUEUE = _START + 56
_PORT = Struct(">H")
_PORTS = Struct(">HH")  # local, remote; in a message 4 bytes behind its start
# SK_MEMINFO: RMEM_ALLOC, RCVBUF, WMEM_ALLOC, SNDBUF, FWD_ALLOC, WMEM_QUEUED, OPTMEM,
# BACKLOG, DROPS; up to 4.4 without DROPS
_MEMORY = Struct("=II20xI")  # RMEM_ALLOC, RCVBUF, BACKLOG
_DROPS = Struct("=32xI")


class _Layout(NamedTuple):
    """Where a message keeps what the scan looks at, and by what the layout is known.

    `fields` reads message length, type, flags, rqueue, length and type of the memory
    attribute, RMEM_ALLOC, and DROPS or, where the kernel has none, BACKLOG: a socket with a
    backlog is worth listing as well.
    """

    length: int
    flags: int
    memory_length: int
    memory_at: int  # where its words begin, from the message's start
    fields: Struct


_Hit = tuple[int, _Layout]  # an offset in a block


class Found(NamedTuple):
    """What a scan of one dump found; `places` are its blocks with the sockets that matter."""

    protocol: Protocol
    family: Family
    total: int
    places: Sequence[tuple[Block, Sequence[_Hit]]]
    interrupted: bool


def path(protocol: Protocol, family: Family) -> str:
    """Return how errors and gaps name a dump."""
    return f"sock_diag:{protocol}/{family}"


def request(family: Family, protocol: Protocol) -> bytes:
    """Return the request for all sockets of a protocol, or for TCP its listeners."""
    states = _LISTEN if protocol == "tcp" else _ALL_STATES
    extensions = 1 << (INET_DIAG_SKMEMINFO - 1)
    payload = _REQUEST.pack(FAMILIES[family], PROTOCOLS[protocol], extensions, 0, states)
    return netlink.request(SOCK_DIAG_BY_FAMILY, payload)


def scan(protocol: Protocol, family: Family, blocks: Iterable[Block]) -> Found:
    """Return how many sockets a dump has and where those are that matter."""
    where = path(protocol, family)
    count, interrupted = 0, False
    places: list[tuple[Block, Sequence[_Hit]]] = []
    for block in blocks:
        hits: list[_Hit] = []
        for layout, sockets in _runs(where, block, hits):
            count += sockets
            interrupted = interrupted or bool(layout.flags & netlink.NLM_F_DUMP_INTR)
        places.append((block, hits))
    return Found(protocol, family, count, places, interrupted)


def _runs(where: str, block: Block, hits: list[_Hit]) -> Iterator[tuple[_Layout, int]]:
    """Yield each run of messages of one layout with its length; add to hits what matters."""
    known: dict[int, _Layout] = {}  # by message length
    at = 0
    while at < len(block):
        length, kind, _flags = _head(where, block, at)
        stride = (length + 3) & ~3
        if kind != SOCK_DIAG_BY_FAMILY:  # the end of the dump
            at += stride
            continue
        end = _scan_run(block, at, known[length], hits) if length in known else at
        if end == at:
            known[length] = _layout(where, block, at)
            end = _scan_run(block, at, known[length], hits)
        yield known[length], (end - at) // stride
        at = end


def _scan_run(block: Block, at: int, layout: _Layout, hits: list[_Hit]) -> int:
    """Return the offset behind a run of messages of one layout; the tool's one hot loop."""
    unpack = layout.fields.unpack_from
    want, want_flags, want_memory, *_rest = layout
    stride = (want + 3) & ~3
    last = len(block) - want
    while at <= last:
        length, kind, flags, queued, memory, attribute, rmem, drops = unpack(block, at)
        if (
            length != want
            or memory != want_memory
            or attribute != INET_DIAG_SKMEMINFO
            or kind != SOCK_DIAG_BY_FAMILY
            or flags != want_flags
        ):
            break
        if drops or rmem or queued:
            hits.append((at, layout))
        at += stride
    return at


def _head(where: str, block: Block, at: int) -> tuple[int, int, int]:
    """Return length, type and flags of a message, the length checked against the block."""
    left = len(block) - at
    length, kind, flags = _HEAD.unpack_from(block, at) if left >= _START else (0, 0, 0)
    least = _ATTRIBUTES if kind == SOCK_DIAG_BY_FAMILY else _START
    if not least <= length <= left:
        raise ParseError(where, f"byte {at}: message length {length}", f"{left} bytes left")
    return length, kind, flags


def _layout(where: str, block: Block, at: int) -> _Layout:
    """Return the layout of one message by walking it."""
    length, _kind, flags = _head(where, block, at)
    for found in netlink.walk_attributes(where, block, at + _ATTRIBUTES, at + length):
        memory_bytes = found.end - found.start
        if found.kind == INET_DIAG_SKMEMINFO and memory_bytes >= _MEMORY.size:
            between = found.start - at - 4 - (_RQUEUE + 4)
            unread = 28 if memory_bytes >= _DROPS.size else 24
            fields = Struct(f"=IHH{_RQUEUE - 8}xI{between}xHHI{unread}xI")
            return _Layout(length, flags, memory_bytes + 4, found.start - at, fields)
    raise ParseError(where, f"byte {at}: expected SKMEMINFO of 8 words", f"{length} bytes")


def table(founds: Iterable[Found]) -> SocketTable:
    """Return the sockets that matter: with drops, a queue, or the port of one with drops.

    Raises:
        ParseError: a socket of another family than its dump.
    """
    groups: dict[Protocol, list[Found]] = {}
    counts: dict[str, int] = {}
    for found in founds:
        groups.setdefault(found.protocol, []).append(found)
        counts[f"{found.protocol}/{found.family}"] = found.total
    sockets = [socket for group in groups.values() for socket in _sockets(group)]
    return SocketTable(tuple(sockets), counts, "sock_diag")


def hits(found: Found) -> Iterator[Socket]:
    """Yield the sockets of one dump that have drops or a queue, and no others."""
    for block, places in found.places:
        for at, layout in places:
            yield _socket(found, block, at, layout)


def unconnected_ports(founds: Iterable[Found]) -> frozenset[int] | None:
    """Return the local ports of UDP sockets without a peer; None if unread, or very many."""
    founds = [one for one in founds if one.protocol == "udp"]
    if not founds or sum(one.total for one in founds) > MOST_PORTS:
        return None
    return frozenset(port for one in founds for port in _unconnected(one))


def _unconnected(found: Found) -> Iterator[int]:
    for block, _hits in found.places:
        at, last = 0, len(block) - _ATTRIBUTES
        while at <= last:
            length, kind, _port = _PORT_AT.unpack_from(block, at)
            local, remote = _PORTS.unpack_from(block, at + _START + 4)
            if kind == SOCK_DIAG_BY_FAMILY and local and not remote:
                yield local
            at += (length + 3) & ~3


def _sockets(founds: Sequence[Found]) -> Iterator[Socket]:
    """Yield the sockets of one protocol that matter, then those that share their ports."""
    ports: set[bytes] = set()
    for found in founds:
        for block, hits in found.places:
            for at, layout in hits:
                socket = _socket(found, block, at, layout)
                if socket.drops:
                    ports.add(_PORT_AT.unpack_from(block, at)[2])
                yield socket
    if ports:
        yield from islice(_sharing(founds, ports), MOST_SHARING)


def _sharing(founds: Iterable[Found], ports: Container[bytes]) -> Iterator[Socket]:
    """Yield the sockets on these ports that were not hits: they get the same datagrams."""
    for found in founds:
        where = path(found.protocol, found.family)
        for block, hits in found.places:
            listed = {at for at, _layout in hits}
            at, last = 0, len(block) - _ATTRIBUTES
            while at <= last:
                length, kind, port = _PORT_AT.unpack_from(block, at)
                if port in ports and kind == SOCK_DIAG_BY_FAMILY and at not in listed:
                    yield _socket(found, block, at, _layout(where, block, at))
                at += (length + 3) & ~3


def _socket(found: Found, block: Block, at: int, layout: _Layout) -> Socket:
    """Return the socket of one message."""
    number, *head = _MESSAGE.unpack_from(block, at + _START)
    port, peer_port, address, peer, interface, cookie, rqueue, wqueue, uid, inode = head
    if number != FAMILIES[found.family]:
        raise ParseError(path(found.protocol, found.family), f"byte {at}: family", str(number))
    width = 4 if found.family == "inet" else 16
    memory_at = at + layout.memory_at
    rmem_alloc, rcvbuf, backlog = _MEMORY.unpack_from(block, memory_at)
    has_drops = layout.memory_length > _DROPS.size
    is_listener = found.protocol == "tcp"
    return Socket(
        family=found.family,
        protocol=found.protocol,
        local=endpoint(address[:width], _PORT.unpack(port)[0]),
        remote=endpoint(peer[:width], _PORT.unpack(peer_port)[0]) if any(peer_port) else "",
        inode=inode,
        cookie=cookie,
        uid=uid,
        interface=interface,
        unread_bytes=rqueue,
        rmem_alloc_bytes=rmem_alloc,
        rcvbuf_bytes=rcvbuf,
        backlog_bytes=backlog,
        drops=_DROPS.unpack_from(block, memory_at)[0] if has_drops else None,
        accept_queue=rqueue if is_listener else None,
        accept_limit=wqueue if is_listener else None,
    )
