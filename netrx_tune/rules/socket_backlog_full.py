"""Datagrams that met a full socket backlog, on kernels up to 4.9.

What it means: while a program is inside a system call on the socket, arriving datagrams wait in the
socket's backlog, which may hold as much as the receive buffer. It was full, or UDP memory was
short; this kernel does not tell the two apart.

How it is counted: InErrors and the socket's drops, not RcvbufErrors. Since 4.10 UDP has no socket
backlog. Kernel: net/ipv4/udp.c, udp_queue_rcv_skb(); include/net/sock.h, sk_add_backlog() (4.4).

Remedy: as for a full receive buffer: the limit is the same SO_RCVBUF; shorter system calls on the
socket help too.

When not to act: if UDP memory (net.ipv4.udp_mem) is what ran out, larger buffers make it worse.
"""

from __future__ import annotations

from collections.abc import Iterator

from netrx_tune.model.finding import Finding, Recommendation
from netrx_tune.model.ledger import Account
from netrx_tune.model.sample import Socket
from netrx_tune.rules.advice import do
from netrx_tune.rules.buffer_advice import recommend
from netrx_tune.rules.buffers import losers, report
from netrx_tune.rules.causes import cause_of
from netrx_tune.rules.outcome import found, loss_rule
from netrx_tune.rules.rule import Facts
from netrx_tune.rules.words import lost_of


def check(facts: Facts, account: Account) -> Finding:
    """Return the finding for drops that only the socket and InErrors counted."""
    sockets = losers(facts.delta)
    return found(
        facts,
        account,
        f"{lost_of(facts, account)} met a full socket backlog while programs held the socket",
        meaning="This kernel queues datagrams beside the receive buffer while a program is inside"
        " a system call on the socket; that queue has the buffer's limit.",
        sockets=tuple(report(facts.delta, s, n) for s, n in sockets[:20]),
        recommendations=_advice(facts, sockets),
    )


def _advice(facts: Facts, sockets: list[tuple[Socket, int]]) -> Iterator[Recommendation]:
    if sockets and not facts.ledger.lost_at("udp-rcvbuf-full"):
        sock, drops = sockets[0]
        yield from recommend(facts, sock, drops, cause_of(facts, sock))
    yield do(
        "application",
        "system calls on the socket",
        why="Shorter ones leave the socket free sooner: no large sends by the thread that reads,"
        " and one thread for each socket. The limit is that of the receive buffer: what is done"
        " about a full one helps here, too.",
        cost="a change to the program",
    )


RULE = loss_rule(("udp-backlog-full",), check)
