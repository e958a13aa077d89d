"""Which sockets lost to a full buffer, and which to a filter or for want of memory.

One counter of drops holds all of them.
"""

from __future__ import annotations

from netrx_tune.model.ledger import Account
from netrx_tune.model.sample import Socket
from netrx_tune.rules.buffers import losers
from netrx_tune.rules.rule import Facts

_RCVBUF = "udp-rcvbuf-full"


def full_sockets(facts: Facts, account: Account) -> list[tuple[Socket, int]]:
    """Return the sockets that lost to their buffer: not those whose drops have another stage.

    Drops of a filter or of bad checksums are on the same counter. A socket that was watched with
    a low queue throughout lost nothing to its buffer.
    """
    named = losers(facts.delta)
    total = sum(n for _, n in named)
    if total <= (account.lost or 0) + facts.delta.socket_skew:
        return named
    kept = [(s, n) for s, n in named if _was_full(facts, s)]
    return kept or named


def other_losers(facts: Facts) -> list[tuple[Socket, int]]:
    """Return the sockets that lost otherwise than to their buffer, all where nothing tells.

    A socket that was full is left out if full buffers explain all drops of such sockets; if
    they explain less, it has a part in what was filtered, or refused for want of memory.
    """
    named = losers(facts.delta)
    by_buffer = facts.ledger.lost_at(_RCVBUF)
    others = [(s, n) for s, n in named if not _was_full(facts, s)]
    if not by_buffer or not others:
        return named
    full = sum(n for _, n in named) - sum(n for _, n in others)
    return others if full <= by_buffer + facts.delta.socket_skew else named


def _was_full(facts: Facts, sock: Socket) -> bool:
    shape = facts.shapes.get(sock.inode)
    if shape is not None:
        return shape.full_share > 0
    return bool(sock.rmem_alloc_bytes)
