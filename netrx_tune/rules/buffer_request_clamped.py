"""A program asked for a larger receive buffer than net.core.rmem_max allows.

What it means: setsockopt(SO_RCVBUF) never fails: it is cut to rmem_max, then doubled. The program
runs with less than its author planned for. It may have asked for just this much: the two look the
same.

How it is counted: the socket's buffer is exactly twice rmem_max.
Kernel: net/core/sock.c, sk_setsockopt(), __sock_set_rcvbuf().

Remedy: raise net.core.rmem_max on the host and restart the program: a running socket keeps its
size.

When not to act: as long as nothing is lost, it is a warning in a log and no more.
"""

from __future__ import annotations

from collections.abc import Iterator

from netrx_tune.model.finding import Finding
from netrx_tune.model.sample import Socket
from netrx_tune.rules.buffers import RMEM_MAX, ceiling, limit_of, name_of, report
from netrx_tune.rules.rule import Facts, Rule
from netrx_tune.rules.words import count, size


def check(facts: Facts) -> Iterator[Finding]:
    """Yield a note for sockets that lost once, are clamped, and lose nothing now."""
    table = facts.delta.after.sockets
    top = ceiling(facts.delta)
    if table is None or top.rmem_max is None or facts.ledger.lost_at("udp-rcvbuf-full"):
        return
    clamped = [
        sock
        for sock in table.sockets
        if sock.protocol in ("udp", "udplite") and limit_of(sock, top) == "rmem-max" and sock.drops
    ]
    if clamped:
        yield _finding(facts, clamped, top.rmem_max)


def _finding(facts: Facts, clamped: list[Socket], rmem_max: int) -> Finding:
    names = ", ".join(name_of(facts.delta, sock) for sock in clamped[:3])
    more = f" and {count(len(clamped) - 3)} more" if len(clamped) > 3 else ""
    return Finding(
        rule="",
        stage="udp-rcvbuf-full",
        severity="note",
        confidence="medium",
        summary=f"{names}{more} asked for {count(rmem_max)} B of receive buffer or more and got"
        f" {size(2 * rmem_max)}, the most that {RMEM_MAX} allows; nothing was lost",
        lost=0,
        present=None if facts.delta.mode == "since-boot" else False,
        meaning="The kernel cuts the request to the limit and doubles it; it reports no error.",
        sockets=tuple(report(facts.delta, sock, 0) for sock in clamped[:20]),
    )


RULE = Rule((), check, requires=(RMEM_MAX,))
