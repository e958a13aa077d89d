"""Ask this kernel, in the calling thread's network namespace, for what no file shows.

Every function returns what it could read and the gaps: a source that is missing, denied or
silent never fails the whole. Nothing is written, and no dump may take longer than 5 s.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterable, Mapping

from netrx_tune.collectors import packet_diag, qdisc, rtnl_link, sock_diag
from netrx_tune.collectors.nftables_fields import PATH as NFTABLES
from netrx_tune.collectors.queue_probe import Probe, answer
from netrx_tune.host.iptables_sockopt import read_tables
from netrx_tune.host.netlink_channel import (
    ROOM_BYTES,
    ROUTE,
    SOCK_DIAG,
    consistent_dump,
    dump,
    gap_of,
    open_channel,
    receive_datagram,
)
from netrx_tune.host.nftables_dump import read_nftables
from netrx_tune.model.errors import ParseError
from netrx_tune.model.sample import Gap, Link, RuleCounter, Socket, SocketTable


def scan_all() -> tuple[list[sock_diag.Found], list[Gap]]:
    """Return where the dumps of all protocols have the sockets that matter."""
    founds: list[sock_diag.Found] = []
    gaps: list[Gap] = []
    for protocol in sock_diag.PROTOCOLS:
        for family in sock_diag.FAMILIES:
            try:
                founds.append(scan_sockets(protocol, family))
            except (OSError, ParseError) as error:
                gaps.append(gap_of(sock_diag.path(protocol, family), error))
    return founds, gaps


def sockets_of(
    founds: list[sock_diag.Found],
) -> tuple[SocketTable | None, tuple[Gap, ...]]:
    """Return the sockets that matter of all dumps, and packet sockets."""
    gaps: list[Gap] = []
    packets = None
    try:
        packets = packet_diag.parse(dump(SOCK_DIAG, packet_diag.PATH, packet_diag.request()))
    except (OSError, ParseError) as error:
        gaps.append(gap_of(packet_diag.PATH, error))
    try:
        table = sock_diag.table(founds)
    except ParseError as error:
        return None, (*gaps, gap_of(error.path, error))
    if packets is not None:
        table = table._replace(
            sockets=table.sockets + packets.sockets,
            counts={**table.counts, "packet/packet": packets.total, "packet/ring": packets.rings},
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
    found = sock_diag.scan(protocol, family, dump(SOCK_DIAG, path, request))
    if found.interrupted:
        found = sock_diag.scan(protocol, family, dump(SOCK_DIAG, path, request))
    return found


class Prober:
    """An open sock_diag channel that asks for one socket at a time."""

    def __init__(self) -> None:
        self._channel = open_channel(SOCK_DIAG)
        self._room = memoryview(bytearray(ROOM_BYTES))

    def ask(self, probe: Probe) -> Socket | None:
        """Return a socket that has a queue or drops, None for an idle one.

        Raises:
            LookupError: it is gone, or shares its address with others.
            OSError: the kernel does not answer.
            ParseError: its answer does not read.
        """
        self._channel.send(probe.request)
        got = receive_datagram(self._channel, self._room)
        return answer(probe, self._room[:got])

    def close(self) -> None:
        """Give the channel back."""
        self._channel.close()


def read_links() -> tuple[tuple[Link, ...] | None, tuple[Gap, ...]]:
    """Return every device; a veth's other end is None where this process may not look."""
    try:
        founds = rtnl_link.parse(consistent_dump(ROUTE, rtnl_link.PATH, rtnl_link.request()))
        statistics = _peer_statistics(founds)
    except (OSError, ParseError) as error:
        return None, (gap_of(rtnl_link.PATH, error),)
    return rtnl_link.with_peers(founds, statistics), ()


def _peer_statistics(
    founds: Iterable[rtnl_link.Found],
) -> dict[rtnl_link.Peer, Mapping[str, int]]:
    near = {found.link.ifindex: found.link.statistics for found in founds}
    statistics: dict[rtnl_link.Peer, Mapping[str, int]] = {}
    with open_channel(ROUTE) as channel:
        for peer in {found.peer for found in founds if found.peer}:
            got = near.get(peer.ifindex) if peer.netns is None else _ask_peer(channel, peer)
            if got is not None:
                statistics[peer] = got
    return statistics


def _ask_peer(channel: socket.socket, peer: rtnl_link.Peer) -> Mapping[str, int] | None:
    room = memoryview(bytearray(ROOM_BYTES))
    channel.send(rtnl_link.peer_request(peer))
    got = receive_datagram(channel, room)
    return rtnl_link.parse_peer(peer, room[:got])


def read_rules() -> tuple[tuple[RuleCounter, ...] | None, tuple[Gap, ...]]:
    """Return what firewall rules and tc count of their discards; None if nothing answers."""
    found: list[RuleCounter] = []
    gaps: list[Gap] = []
    failed = 0
    readers: tuple[tuple[str, Callable[[], tuple[RuleCounter, ...]]], ...] = (
        (NFTABLES, lambda: read_nftables(gaps)),
        ("iptables-legacy:rules", lambda: read_tables("ip")),
        ("ip6tables-legacy:rules", lambda: read_tables("ip6")),
        (qdisc.PATH, _read_qdiscs),
    )
    for path, read in readers:
        try:
            found += read()
        except (OSError, ParseError) as error:
            gaps.append(gap_of(path, error))
            failed += 1
    return None if failed == len(readers) else tuple(found), tuple(gaps)


def _read_qdiscs() -> tuple[RuleCounter, ...]:
    qdiscs = qdisc.parse(consistent_dump(ROUTE, qdisc.PATH, qdisc.request()))
    if not qdiscs:
        return ()
    egress = {
        found.ifindex
        for found in qdiscs
        if found.kind == "clsact"
        and qdisc.has_filters(dump(ROUTE, qdisc.PATH, qdisc.egress_request(found.ifindex)))
    }
    return qdisc.counters(qdiscs, dict(socket.if_nameindex()), egress)
