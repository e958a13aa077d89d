"""Ask this kernel, in the calling thread's network namespace, for what no file shows.

Every function returns what it could read and the gaps: a source that is missing, denied or
silent never fails the whole. Nothing is written, and no dump may take longer than 5 s.
"""

from __future__ import annotations

import errno
import socket
import struct
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress

from netrx_tune.collectors import (
    netlink,
    nftables,
    nftables_hooks,
    packet_diag,
    qdisc,
    rtnl_link,
    sock_diag,
)
from netrx_tune.collectors.netlink import Block
from netrx_tune.collectors.queue_probe import Probe, answer
from netrx_tune.host.ethtool_ioctl import read_nics
from netrx_tune.host.iptables_sockopt import read_tables
from netrx_tune.model.errors import ParseError
from netrx_tune.model.sample import Gap, Link, RuleCounter, Socket, SocketTable

__all__ = ["dump", "read_links", "read_nics", "read_rules", "read_sockets"]

_ROUTE, _SOCK_DIAG, _NETFILTER = 0, 4, 12  # NETLINK_...
_SO_RCVBUFFORCE = 33  # not in the socket module
_TIMEOUT_SECONDS = 5
_BLOCK_BYTES = 1 << 20
# A dump comes in datagrams of at most 32 KiB, whatever the buffer: net/netlink/af_netlink.c,
# netlink_recvmsg() (read at v6.18). One message alone may be longer.
_ROOM_BYTES = 1 << 16
_RCVBUF_BYTES = 4 << 20


def read_sockets() -> tuple[SocketTable | None, tuple[Gap, ...]]:
    """Return the sockets that matter, by sock_diag; None if no dump at all could be read."""
    founds, gaps = scan_all()
    table, more = sockets_of(founds)
    return table, (*gaps, *more)


def scan_all() -> tuple[list[sock_diag.Found], list[Gap]]:
    """Return where the dumps of all protocols have the sockets that matter."""
    founds: list[sock_diag.Found] = []
    gaps: list[Gap] = []
    for protocol in sock_diag.PROTOCOLS:
        for family in sock_diag.FAMILIES:
            try:
                founds.append(scan_sockets(protocol, family))
            except (OSError, ParseError) as error:
                gaps.append(_gap(sock_diag.path(protocol, family), error))
    return founds, gaps


def sockets_of(
    founds: list[sock_diag.Found],
) -> tuple[SocketTable | None, tuple[Gap, ...]]:
    """Return the sockets that matter of all dumps, and packet sockets."""
    gaps: list[Gap] = []
    packets = None
    try:
        packets = packet_diag.parse(dump(_SOCK_DIAG, packet_diag.PATH, packet_diag.request()))
    except (OSError, ParseError) as error:
        gaps.append(_gap(packet_diag.PATH, error))
    try:
        table = sock_diag.table(founds)
    except ParseError as error:
        return None, (*gaps, _gap(error.path, error))
    if packets is not None:
        table = table._replace(
            sockets=table.sockets + packets.sockets,
            counts={**table.counts, "packet/packet": packets.total},
        )
    return table if table.counts else None, tuple(gaps)


def scan_sockets(protocol: sock_diag.Protocol, family: sock_diag.Family) -> sock_diag.Found:
    """Return where one dump has the sockets that matter.

    Raises:
        OSError: the kernel's refusal, or TimeoutError when it goes silent.
        ParseError: an answer that is not such a dump.
    """
    path = sock_diag.path(protocol, family)
    request = sock_diag.request(family, protocol)
    found = sock_diag.scan(protocol, family, dump(_SOCK_DIAG, path, request))
    if found.interrupted:
        found = sock_diag.scan(protocol, family, dump(_SOCK_DIAG, path, request))
    return found


class Prober:
    """An open sock_diag channel that asks for one socket at a time."""

    def __init__(self) -> None:
        self._channel = _open(_SOCK_DIAG)
        self._room = memoryview(bytearray(_ROOM_BYTES))

    def ask(self, probe: Probe) -> Socket | None:
        """Return a socket that has a queue or drops, None for an idle one.

        Raises:
            LookupError: it is gone, or shares its address with others.
            OSError: the kernel does not answer.
            ParseError: its answer does not read.
        """
        self._channel.send(probe.request)
        got = _receive_datagram(self._channel, self._room)
        return answer(probe, self._room[:got])

    def close(self) -> None:
        """Give the channel back."""
        self._channel.close()


def read_links() -> tuple[tuple[Link, ...] | None, tuple[Gap, ...]]:
    """Return every device; a veth's other end is None where this process may not look."""
    try:
        founds = rtnl_link.parse(_consistent_dump(_ROUTE, rtnl_link.PATH, rtnl_link.request()))
        statistics = _peer_statistics(founds)
    except (OSError, ParseError) as error:
        return None, (_gap(rtnl_link.PATH, error),)
    return rtnl_link.with_peers(founds, statistics), ()


def _peer_statistics(
    founds: Iterable[rtnl_link.Found],
) -> dict[rtnl_link.Peer, Mapping[str, int]]:
    near = {found.link.ifindex: found.link.statistics for found in founds}
    statistics: dict[rtnl_link.Peer, Mapping[str, int]] = {}
    with _open(_ROUTE) as channel:
        for peer in {found.peer for found in founds if found.peer}:
            got = near.get(peer.ifindex) if peer.netns is None else _ask_peer(channel, peer)
            if got is not None:
                statistics[peer] = got
    return statistics


def _ask_peer(channel: socket.socket, peer: rtnl_link.Peer) -> Mapping[str, int] | None:
    room = memoryview(bytearray(_ROOM_BYTES))
    channel.send(rtnl_link.peer_request(peer))
    got = _receive_datagram(channel, room)
    return rtnl_link.parse_peer(peer, room[:got])


def read_rules() -> tuple[tuple[RuleCounter, ...] | None, tuple[Gap, ...]]:
    """Return what firewall rules and tc count of their discards; None if nothing answers."""
    found: list[RuleCounter] = []
    gaps: list[Gap] = []
    readers: tuple[tuple[str, Callable[[], tuple[RuleCounter, ...]]], ...] = (
        (nftables.PATH, _read_nftables),
        ("iptables-legacy:rules", lambda: read_tables("ip")),
        ("ip6tables-legacy:rules", lambda: read_tables("ip6")),
        (qdisc.PATH, _read_qdiscs),
    )
    for path, read in readers:
        try:
            found += read()
        except (OSError, ParseError) as error:
            gaps.append(_gap(path, error))
    return None if len(gaps) == len(readers) else tuple(found), tuple(gaps)


def _read_nftables() -> tuple[RuleCounter, ...]:
    path = nftables.PATH
    chains = nftables.parse_chains(_consistent_dump(_NETFILTER, path, nftables.chains_request()))
    if not chains:
        return ()
    rules = nftables.parse_rules(_consistent_dump(_NETFILTER, path, nftables.rules_request()))
    named: tuple[nftables.NamedCounter, ...] = ()
    if any(rule.discard and rule.discard.named for rule in rules):
        blocks = _consistent_dump(_NETFILTER, path, nftables.named_request())
        named = nftables.parse_named(blocks)
    return nftables_hooks.counters(chains, rules, named)


def _read_qdiscs() -> tuple[RuleCounter, ...]:
    qdiscs = qdisc.parse(_consistent_dump(_ROUTE, qdisc.PATH, qdisc.request()))
    if not qdiscs:
        return ()
    egress = {
        found.ifindex
        for found in qdiscs
        if found.kind == "clsact"
        and qdisc.has_filters(dump(_ROUTE, qdisc.PATH, qdisc.egress_request(found.ifindex)))
    }
    return qdisc.counters(qdiscs, dict(socket.if_nameindex()), egress)


def _consistent_dump(protocol: int, path: str, request: bytes) -> list[Block]:
    """Return a dump, taken again if the table changed during the first one."""
    blocks = dump(protocol, path, request)
    if any(netlink.is_interrupted(path, block) for block in blocks):
        blocks = dump(protocol, path, request)
    return blocks


def dump(protocol: int, path: str, request: bytes) -> list[Block]:
    """Return the datagrams that answer a dump request, joined into large blocks.

    Raises:
        OSError: the kernel's refusal, or TimeoutError when it goes silent.
        ParseError: an answer that is not netlink messages.
    """
    with _open(protocol) as channel:
        channel.send(request)
        return _receive(channel, path)


def _open(protocol: int) -> socket.socket:
    """Return a socket that hears only the kernel, keeps what arrives, and gives up in time."""
    channel = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, protocol)
    try:
        with suppress(OSError):  # needs CAP_NET_ADMIN; a dump waits for its reader without it
            channel.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, _RCVBUF_BYTES)
        timeout = struct.pack("@ll", _TIMEOUT_SECONDS, 0)
        channel.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, timeout)
        # A connected netlink socket refuses what other processes send to it:
        # net/netlink/af_netlink.c, netlink_getsockbyportid().
        channel.connect((0, 0))
    except OSError:
        channel.close()
        raise
    return channel


def _receive(channel: socket.socket, path: str) -> list[Block]:
    blocks: list[Block] = []
    deadline = time.monotonic() + _TIMEOUT_SECONDS
    code: int | None = None
    while code is None:
        # Most dumps are short, and clearing a large block takes longer than they do.
        block = memoryview(bytearray(_BLOCK_BYTES if blocks else 2 * _ROOM_BYTES))
        used = 0
        while code is None and used <= len(block) - _ROOM_BYTES:
            got = _receive_datagram(channel, block[used:])
            code = netlink.end_of_dump(path, block[used : used + got])
            used += (got + 3) & ~3
            if time.monotonic() > deadline:
                raise TimeoutError(errno.ETIMEDOUT, f"no end within {_TIMEOUT_SECONDS} s")
        blocks.append(block[:used])
    if code:
        raise OSError(code, f"the kernel answers {errno.errorcode.get(code, str(code))}")
    return blocks


def _receive_datagram(channel: socket.socket, room: memoryview) -> int:
    try:
        # MSG_TRUNC: the length that was sent, though it may be more than the room.
        got = channel.recv_into(room, 0, socket.MSG_TRUNC)
    except BlockingIOError as error:
        raise TimeoutError(errno.ETIMEDOUT, f"no answer within {_TIMEOUT_SECONDS} s") from error
    if got > len(room):
        raise OSError(errno.EMSGSIZE, f"a datagram of {got} bytes")
    return got


def _gap(path: str, error: OSError | ParseError) -> Gap:
    if isinstance(error, ParseError):
        return Gap(path, "unparsed", str(error))
    return netlink.gap(path, error.errno, error.strerror or str(error))
