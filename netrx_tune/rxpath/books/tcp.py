"""The TCP books: connections refused and segments thrown away. TCP resends, so it costs time.

Segments that TCP could not take as they came (Tcp.InErrs) have no stage: they were damaged before
this host, or forged. InSegs holds them, so they are taken off what was delivered, and are a remark.

Kernel: net/ipv4/tcp_input.c, tcp_conn_request(), tcp_data_queue(), tcp_prune_ofo_queue();
net/ipv4/tcp_ipv4.c, tcp_add_backlog(), tcp_v4_rcv().
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from netrx_tune.model.ledger import Account, Entry
from netrx_tune.model.snapshot import Delta
from netrx_tune.rxpath.books.entries import counted, gained

_BAD, _BAD_CHECKSUM = "Tcp.InErrs", "Tcp.InCsumErrors"
_SPEAKING_SHARE = 0.001  # of all segments since boot; scans and old links leave fewer
# Of ListenDrops alone: any host has a few, and a few beside an overflow tell of no other queue.
_FEWEST, _LEAST_SHARE = 100, 0.01


def tcp_accounts(delta: Delta) -> tuple[Account, ...]:
    """Return the accounts of TCP's receive side."""
    segments = delta.increase("Tcp.InSegs")
    refused = gained(delta, "TcpExt.ListenDrops")
    opened = gained(delta, "Tcp.PassiveOpens")
    asked = None if refused is None or opened is None else refused + opened
    queue = "TcpExt.TCPRcvQDrop" if "TcpExt.TCPRcvQDrop" in delta.increases else "TcpExt.RcvPruned"
    return (
        _overflows(delta, asked),
        _half_open(delta, asked),
        counted(delta, "tcp-backlog-full", "TcpExt.TCPBacklogDrop", offered=segments),
        counted(delta, "tcp-rcvbuf-full", queue, offered=segments),
        _out_of_order(delta, segments),
        counted(delta, "tcp-memory", "TcpExt.TCPAbortOnMemory"),
        counted(delta, "tcp-zero-window", "TcpExt.TCPZeroWindowDrop", offered=segments),
        counted(delta, "pfmemalloc-drop", "TcpExt.PFMemallocDrop", offered=_at_sockets(delta)),
    )


def tcp_delivered(delta: Delta, accounts: Iterable[Account]) -> int:
    """Return the segments that TCP took: what came, less what is lost at its stages or was bad."""
    segments = delta.increase("Tcp.InSegs") or 0
    lost = sum(a.lost or 0 for a in accounts if a.stage.startswith("tcp-"))
    return max(0, segments - lost - (delta.increase(_BAD) or 0))


def bad_segments(delta: Delta) -> Iterator[str]:
    """Yield what TCP could not take for what it is: bad checksums, bad headers, stray SYNs.

    Kernel: net/ipv4/tcp_ipv4.c, tcp_v4_rcv(), tcp_v4_do_rcv(); net/ipv4/tcp_input.c,
    tcp_validate_incoming() (read at 6.1 and 6.18).
    """
    bad, segments = delta.increase(_BAD), delta.increase("Tcp.InSegs")
    totals = delta.before is None
    if not bad or (totals and bad < _SPEAKING_SHARE * (segments or 0)):
        return
    of = f" of {segments:,}" if segments else ""
    checksums = delta.increase(_BAD_CHECKSUM)
    part = (
        "" if checksums is None else f", {checksums:,} of them a wrong checksum ({_BAD_CHECKSUM})"
    )
    yield (
        f"{bad:,}{of} TCP segments {'since boot ' if totals else ''}had a wrong checksum or header,"
        f" or were a SYN within a connection ({_BAD}){part}. They were damaged or made before they"
        " came here, and what is real is sent again: they are in no stage, and no buffer helps"
    )


def _overflows(delta: Delta, asked: int | None) -> Account:
    """Return what accept queues refused: where nobody shows that, as much as was refused at all."""
    stage, refused = "tcp-listen-overflow", delta.increase("TcpExt.ListenDrops")
    named = counted(delta, stage, "TcpExt.ListenOverflows", offered=asked)
    if named.lost is not None or (refused or 0) < _FEWEST:
        return named
    found = counted(delta, stage, "TcpExt.ListenDrops", offered=asked, bound="at-most")
    return found._replace(why="ListenOverflows is not shown, which is part of ListenDrops")


def _half_open(delta: Delta, asked: int | None) -> Account:
    """Return what the queue of half-open connections refused, as far as ListenDrops tells.

    Without SYN cookies the last quarter of the queue is for known peers: who is refused for that
    is in ListenDrops alone, beside the few for whom there was no memory or no route. Where an input
    shows ListenDrops and neither the full queue's own counter nor the setting, all may be that.
    """
    stage, counter = "tcp-syn-queue-full", "TcpExt.TCPReqQFullDrop"
    named = counted(delta, stage, counter, offered=asked)
    refused, full = delta.increase("TcpExt.ListenDrops"), delta.increase("TcpExt.ListenOverflows")
    cookies = delta.after.settings.get("net.ipv4.tcp_syncookies")
    if refused is None or full is None:
        return named
    rest = refused - full - (named.lost or 0)
    allowed = cookies is not None and cookies != (0,)
    hidden = cookies is None and (
        named.lost is not None or rest < max(_FEWEST, _LEAST_SHARE * refused)
    )
    if rest <= 0 or allowed or hidden:
        return named
    by = (*named.by, Entry("TcpExt.ListenDrops", rest))
    why = "ListenDrops that no full queue counted, with SYN cookies switched off"
    if cookies is None:
        why = "ListenDrops that no full accept queue counted; TCPReqQFullDrop is not shown"
    return Account(stage, (named.lost or 0) + rest, "at-most", by, asked, why=why)


def _at_sockets(delta: Delta) -> int | None:
    """Return what came to sockets of any protocol: each has that filter."""
    delivered = gained(delta, "Ip.InDelivers", "Ip6.InDelivers")
    return delta.increase("Tcp.InSegs") if delivered is None else delivered


def _out_of_order(delta: Delta, segments: int | None) -> Account:
    """Return what was pruned out of order: segments, or on some kernels whole queues.

    One flood of such segments moved TCPOFODrop on 6.12 and OfoPruned on 6.1, where it counts
    queues and not what was in them. Kernel: net/ipv4/tcp_input.c, tcp_prune_ofo_queue().
    """
    dropped = counted(delta, "tcp-ofo-pruned", "TcpExt.TCPOFODrop", offered=segments)
    queues = counted(delta, "tcp-ofo-pruned", "TcpExt.OfoPruned", offered=segments)
    if dropped.lost or not queues.lost:
        return dropped
    return queues._replace(bound="at-least", why="this kernel counts pruned queues, not segments")
