"""A program asked for a larger receive buffer than net.core.rmem_max allows.

What it means: setsockopt(SO_RCVBUF) never fails: it is cut to rmem_max, then doubled. The program
runs with less than its author planned for, and may say so in its log ("wanted: 2048 kiB, got: 416
kiB"). It may have asked for just this much: the two look the same.

How it is counted: the socket's buffer is exactly twice rmem_max; or a line of its log, in a text,
says how much it wanted.
Kernel: net/core/sock.c, sk_setsockopt(), __sock_set_rcvbuf().

Remedy: raise net.core.rmem_max on the host and restart the program: a running socket keeps its
size.

When not to act: as long as nothing is lost, it is a warning in a log and no more.
"""

from __future__ import annotations

from collections.abc import Iterator

from netrx_tune.collectors.log_text import REQUESTS, Request, requests_of
from netrx_tune.model.finding import Finding, Recommendation
from netrx_tune.model.sample import Socket
from netrx_tune.rules.advice import look
from netrx_tune.rules.buffers import RMEM_MAX, ceiling, limit_of, name_of, report
from netrx_tune.rules.rule import Facts, Rule, note
from netrx_tune.rules.words import count, size

# What programs that complain of it ask for, mostly: QUIC libraries 7.5 MB, video and DDS 8 MiB.
_USUAL_REQUEST_BYTES = 8 << 20


# Where one of these lost something, its rule speaks; more room would make a shortage worse.
_LOSSES = ("udp-rcvbuf-full", "udp-backlog-full", "udp-proto-mem", "udp-unattributed")


def check(facts: Facts) -> Iterator[Finding]:
    """Yield a note for sockets that are clamped and lose nothing now, and for what logs tell."""
    table = facts.delta.after.sockets
    top = ceiling(facts.delta)
    if facts.delta.after.host.sandbox or any(map(facts.ledger.lost_at, _LOSSES)):
        return
    told = facts.delta.after.files.get(REQUESTS)
    if told:
        yield from (_told(facts, one) for one in requests_of(told))
    if table is None:
        return
    clamped = [
        sock
        for sock in table.sockets
        if sock.protocol in ("udp", "udplite") and limit_of(sock, top) == "rmem-max"
    ]
    if clamped:
        yield _finding(facts, clamped)


def _finding(facts: Facts, clamped: list[Socket]) -> Finding:
    granted = clamped[0].rcvbuf_bytes or 0
    names = ", ".join(name_of(facts.delta, sock) for sock in clamped[:3])
    more = f" and {count(len(clamped) - 3)} more" if len(clamped) > 3 else ""
    once = any(sock.drops for sock in clamped)
    return note(
        "udp-rcvbuf-full",
        f"{names}{more} asked for {count(granted // 2)} B of receive buffer or more and got"
        f" {size(granted)}, twice the most that {RMEM_MAX} allows; nothing was lost by it"
        + (" in this window" if once else ""),
        present=None if facts.delta.mode == "since-boot" or not once else False,
        confidence="medium",
        meaning="The kernel cuts the request to the limit and doubles it; it reports no error. A"
        " smaller buffer than planned is no loss: it holds shorter bursts.",
        sockets=tuple(report(facts.delta, sock, 0) for sock in clamped[:20]),
        recommendations=tuple(_advice(facts, granted)),
    )


def _told(facts: Facts, request: Request) -> Finding:
    """Return the note on a line of a log: it proves no loss."""
    wanted, got = request.wanted_bytes, request.got_bytes
    title = request.title
    account = facts.ledger.account("udp-rcvbuf-full")
    seen = account is not None and account.lost == 0
    return note(
        "udp-rcvbuf-full",
        f"{title}: {count(wanted)} B of receive buffer were asked for"
        + (f", and {size(got)} are what it was told" if got else "")
        + ("; nothing was lost by it" if seen else ""),
        confidence="medium",
        meaning=f"The kernel cuts a request to {RMEM_MAX} and doubles it; it reports no error. The"
        " line is about room and not about packets"
        + ("." if seen else ": RcvbufErrors and the socket's drops, which are not shown, tell."),
        recommendations=tuple(_for_a_request(facts, wanted, seen=seen)),
    )


def _for_a_request(facts: Facts, wanted: int, *, seen: bool) -> Iterator[Recommendation]:
    from netrx_tune.rules.buffer_advice import raise_rmem_max  # noqa: PLC0415 - as in _advice
    from netrx_tune.rules.sizing import Size  # noqa: PLC0415 - likewise

    yield (
        _nothing()
        if seen
        else look(
            facts,
            "ss -uanmp",
            target=RMEM_MAX,
            why="Shows each socket's drops (d) and buffer (rb): where d grows something is lost.",
        )
    )
    if wanted > (ceiling(facts.delta).rmem_max or 0):
        why = f"To grant the {count(wanted)} B that the line tells of"
        want = Size(2 * wanted, wanted, bounded=False, arithmetic="")
        yield raise_rmem_max(facts, want, why, "rmem-max")


def _nothing() -> Recommendation:
    return Recommendation(
        kind="none",
        target=RMEM_MAX,
        scope="host",
        why="Nothing is lost, so nothing has to be done. The warning in the program's log is about"
        " what it could not have, not about packets.",
        cost="none",
    )


def _advice(facts: Facts, granted: int) -> Iterator[Recommendation]:
    # This rule is asked on every host, and finds something on few.
    from netrx_tune.rules.buffer_advice import raise_rmem_max  # noqa: PLC0415
    from netrx_tune.rules.sizing import Size, bound_bytes  # noqa: PLC0415

    yield _nothing()
    usual = min(_USUAL_REQUEST_BYTES, bound_bytes(facts.delta) // 2)
    if usual > granted // 2:
        why = (
            "To give the program what it asked for, set its number, which its log or manual tells;"
            f" {count(usual)} B is enough for most"
        )
        want = Size(2 * usual, usual, bounded=False, arithmetic="")
        yield raise_rmem_max(facts, want, why, "rmem-max")


RULE = Rule((), check)
