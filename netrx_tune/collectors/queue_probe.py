"""Asking for one socket's queue instead of dumping all: what watching at 100 Hz can afford.

A dump walks the whole UDP hash table, sockets of other namespaces included; one socket is
found by its addresses and checked by its cookie.

Kernel: net/ipv4/udp_diag.c, udp_dump_one(); source and destination are swapped there.
"""

from __future__ import annotations

from collections.abc import Iterator
from struct import Struct
from typing import NamedTuple

from netrx_tune.collectors import netlink, sock_diag
from netrx_tune.collectors.netlink import Block
from netrx_tune.model.errors import ParseError
from netrx_tune.model.sample import Socket

_HEAD = Struct("=IH")  # message length, type
_START = netlink.HEADER.size
# struct inet_diag_sockid, after family, state, timer and retransmits
_ID = Struct("=4x2s2s16s16sI8s")
_ID_OUT = Struct("=2s2s16s16sI8s")
_REQUEST = Struct("=BBBBI")  # family, protocol, extensions, pad, states
_PEER_PORT_AT = _START + _REQUEST.size
_INODE = Struct("=I")
_INODE_AT = _START + 68
_UNREAD_AT = _START + 56
_ATTRIBUTES_AT = _START + 72
_ATTRIBUTE = Struct("=HH")  # length, type
_MEMORY = Struct("=II20xII")  # SK_MEMINFO: RMEM_ALLOC, RCVBUF, BACKLOG, DROPS


class Probe(NamedTuple):
    """One socket that can be asked for, and the request that does it."""

    inode: int
    protocol: sock_diag.Protocol
    family: sock_diag.Family
    request: bytes


def probes(found: sock_diag.Found, inodes: set[int] | None = None) -> Iterator[Probe]:
    """Yield probes for the sockets of a dump: for all, or for some inodes."""
    for block, _ in found.places:
        at, last = 0, len(block) - _INODE_AT - _INODE.size
        while at <= last:
            length, kind = _HEAD.unpack_from(block, at)
            if length < _START:
                return
            if kind == sock_diag.SOCK_DIAG_BY_FAMILY:
                inode = _INODE.unpack_from(block, at + _INODE_AT)[0]
                if inode and (inodes is None or inode in inodes):
                    request = _request(found, block, at)
                    yield Probe(inode, found.protocol, found.family, request)
            at += (length + 3) & ~3


def _request(found: sock_diag.Found, block: Block, at: int) -> bytes:
    local_port, peer_port, local, peer, interface, cookie = _ID.unpack_from(block, at + _START)
    head = _REQUEST.pack(
        sock_diag.FAMILIES[found.family],
        sock_diag.PROTOCOLS[found.protocol],
        1 << (sock_diag.INET_DIAG_SKMEMINFO - 1),
        0,
        0xFFFFFFFF,
    )
    swapped = _ID_OUT.pack(peer_port, local_port, peer, local, interface, cookie)
    return netlink.request(sock_diag.SOCK_DIAG_BY_FAMILY, head + swapped, flags=0)


def of_a_group(probe: Probe, peer_port: int) -> Probe | None:
    """Return the same question as if a flow from that port asked: a group's hash picks by flow.

    None for a connected socket, which belongs to no group.

    Kernel: net/core/sock_reuseport.c, reuseport_select_sock(); without a packet no BPF program
    runs, and an unconnected socket takes any peer (read at v6.18).
    """
    request = bytearray(probe.request)
    if any(request[_PEER_PORT_AT : _PEER_PORT_AT + 2]):
        return None
    request[_PEER_PORT_AT : _PEER_PORT_AT + 2] = peer_port.to_bytes(2, "big")
    return probe._replace(request=bytes(request))


def answer(probe: Probe, reply: Block) -> Socket | None:
    """Return the socket's queue if it has one or drops, None if it is idle; not its addresses.

    Raises:
        LookupError: the kernel found another socket or none (a SO_REUSEPORT group picks by
            hash, and sockets close).
        ParseError: an answer that is no such message.
    """
    if len(reply) < _START:
        raise ParseError("sock_diag", "expected a message", bytes(reply).hex())
    if _HEAD.unpack_from(reply)[1] != sock_diag.SOCK_DIAG_BY_FAMILY:
        raise LookupError(probe.inode)
    memory = _memory(reply)
    if memory is None:  # an older kernel's message
        return next(sock_diag.hits(sock_diag.scan(probe.protocol, probe.family, [reply])), None)
    rmem_alloc, rcvbuf, backlog, drops = memory
    unread = _INODE.unpack_from(reply, _UNREAD_AT)[0]
    if not unread and not drops:
        return None
    return Socket(
        family=probe.family,
        protocol=probe.protocol,
        local="",
        remote="",
        inode=probe.inode,
        cookie=None,
        uid=None,
        interface=0,
        unread_bytes=unread,
        rmem_alloc_bytes=rmem_alloc,
        rcvbuf_bytes=rcvbuf,
        backlog_bytes=backlog,
        drops=drops,
    )


def _memory(reply: Block) -> tuple[int, int, int, int] | None:
    """Return charge, buffer, backlog and drops; parsing all of a dump's form takes thrice as long.

    Kernel: inet_sk_diag_fill() in net/ipv4/inet_diag.c, sock_diag_put_meminfo() beside it.
    """
    at = _ATTRIBUTES_AT
    while at + _ATTRIBUTE.size <= len(reply):
        length, kind = _ATTRIBUTE.unpack_from(reply, at)
        if kind == sock_diag.INET_DIAG_SKMEMINFO and length >= _ATTRIBUTE.size + _MEMORY.size:
            found: tuple[int, int, int, int] = _MEMORY.unpack_from(reply, at + _ATTRIBUTE.size)
            return found
        at += max(_ATTRIBUTE.size, (length + 3) & ~3)
    return None
