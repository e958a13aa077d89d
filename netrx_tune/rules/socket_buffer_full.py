"""Datagrams that met a full socket receive buffer.

What it means: the program did not read fast enough for what arrived, for a moment or for good.
Every queued datagram is charged its truesize (832 B for a tiny one, 2,304 B for 1,400 B of
payload), so a buffer of 212,992 B holds 256 or 92 of them, not what its bytes suggest. Five
diseases look alike in the counter: a burst, a pause of the reader, a reader that is too slow, one
that gets no CPU, and one that stopped. Room cures the first two only.

How it is counted: Udp.RcvbufErrors (and InErrors, and the socket's drops), once per datagram;
multicast counts each member's copy. Up to 3.15 most of it is in InErrors and drops alone.
Kernel: net/ipv4/udp.c, __udp_enqueue_schedule_skb().

Remedy: for a burst or a pause, room for the worst of it: the program's own buffer setting or
SO_RCVBUF, with net.core.rmem_max at least as large; a running socket keeps its size until the
program restarts. For the others a faster, restarted or rescheduled reader.

When not to act: a total since boot tells nothing of today. Never enlarge for a reader that is
stopped or slower than its traffic: loss comes as surely, only later, and what is delivered is
older.
"""

from __future__ import annotations

from collections.abc import Iterator

from netrx_tune.model.finding import Finding, Recommendation
from netrx_tune.model.ledger import Account
from netrx_tune.model.sample import Socket
from netrx_tune.rules.advised import advise
from netrx_tune.rules.buffer_advice import HELPED_BY_ROOM
from netrx_tune.rules.buffers import (
    ceiling,
    limit_of,
    limit_words,
    name_of,
    report,
)
from netrx_tune.rules.causes import cause_of, cause_without_drops
from netrx_tune.rules.company import one_reader_words, shared_port_words
from netrx_tune.rules.judge import (
    BOOT_SHARE,
    account_evidence,
    confidence,
    present,
    severity,
)
from netrx_tune.rules.lossy_sockets import full_sockets
from netrx_tune.rules.queue_causes import Verdict
from netrx_tune.rules.reader_advice import without_room
from netrx_tune.rules.rule import Facts, Rule
from netrx_tune.rules.sizing import is_full
from netrx_tune.rules.unknown_socket import (
    is_long_and_large,
    keep_up,
    suspect_of,
    suspects_words,
    unread_words,
    watch_it,
    without_size,
)
from netrx_tune.rules.words import count, counted, lost_of, percent
from netrx_tune.rxpath.books.half_read import drops_of_unread_version
from netrx_tune.rxpath.books.udp_errors import has
from netrx_tune.rxpath.books.udp_split import counts_full_buffers, names_most_full_buffers

_MOST_SOCKETS = 20
_NEARLY_ALL = 0.95  # of a loss: text and sockets were not read at one instant


def check(facts: Facts) -> Iterator[Finding]:
    """Yield one finding for each cause, its sockets together; what no socket shows comes last."""
    account = facts.ledger.account("udp-rcvbuf-full")
    if account is None or not account.lost:
        return
    groups: dict[str, list[tuple[Socket, int, Verdict]]] = {}
    for sock, drops in full_sockets(facts, account):
        verdict = cause_of(facts, sock)
        groups.setdefault(verdict.cause, []).append((sock, drops, verdict))
    if len(groups) <= 1:
        members = next(iter(groups.values()), [])
        yield _finding(facts, account, account.lost, members)
        return
    for members in groups.values():
        yield _finding(facts, account, sum(n for _, n, _ in members), members)
    rest = account.lost - sum(n for members in groups.values() for _, n, _ in members)
    if rest > facts.delta.socket_skew:
        yield _finding(facts, account, rest, [])


def _finding(
    facts: Facts, account: Account, lost: int, members: list[tuple[Socket, int, Verdict]]
) -> Finding:
    part = account._replace(lost=lost)
    verdict = members[0][2] if members else cause_without_drops(facts)
    return Finding(
        rule="",
        stage=account.stage,
        severity=severity(facts, part),
        confidence=min(
            confidence(facts, part), verdict.confidence, key=["low", "medium", "high"].index
        )
        if verdict.cause != "unknown"
        else confidence(facts, part),
        summary=_summary(facts, part, members, verdict),
        lost=lost,
        share=part.share,
        present=present(facts),
        cause=verdict.cause,
        meaning=_meaning(facts, members, verdict),
        evidence=account_evidence(facts, account),
        sockets=tuple(report(facts.delta, s, n) for s, n, _ in members[:_MOST_SOCKETS]),
        recommendations=tuple(_recommendations(facts, part, members, verdict)),
    )


def _summary(
    facts: Facts,
    part: Account,
    members: list[tuple[Socket, int, Verdict]],
    verdict: Verdict,
) -> str:
    text = f"{lost_of(facts, part)} met a full receive buffer"
    if members:
        lost = max(1, part.lost or 0)
        is_part = sum(drops for _, drops, _ in members) < _NEARLY_ALL * lost
        text += f" on {name_of(facts.delta, members[0][0])}"
        if len(members) > 1 or is_part:
            text += f" ({percent(members[0][1] / lost)} of them)"
        if len(members) > 1:
            text += f" and {counted(len(members) - 1, 'more socket')}"
        if is_part:
            text += ", the rest on sockets that are closed or not listed here"
    past = facts.delta.mode == "since-boot"
    words = {
        "sustained-overload": "more came in than the reader took out"
        if past
        else "more comes in than the reader takes out",
        "burst": "bursts exceed the buffer",
        "reader-stall": "the reader pauses",
        "reader-stopped": "the reader does not read",
        "reader-starved": "the reader gets no CPU",
    }
    return text + (f": {words[verdict.cause]}" if verdict.cause in words else "")


def _meaning(facts: Facts, members: list[tuple[Socket, int, Verdict]], verdict: Verdict) -> str:
    parts = [f"{verdict.seen[0].upper()}{verdict.seen[1:]}."]
    if not members:
        closed = "Its socket may have been closed, or this input holds no sockets."
        parts.append(suspects_words(facts) or closed)
    elif members[0][0].rcvbuf_bytes is not None:
        sock, top = members[0][0], ceiling(facts.delta)
        words = limit_words(limit_of(sock, top), sock.rcvbuf_bytes or 0, top)
        parts.append(f"{name_of(facts.delta, sock)}: {words}.")
        parts.append(shared_port_words(facts, sock, verdict.cause))
        parts.append(one_reader_words(facts, [member for member, _, _ in members]))
    else:
        parts.append(unread_words(members[0][0]))
    unread = drops_of_unread_version(facts.delta)
    if unread:
        parts.append(
            f"{count(unread)} of these are drops of sockets alone: the counters of their IP version"
            " are not in this input (netstat -su has none of IPv6; nstat -az has both)."
        )
    omits = not counts_full_buffers(facts.delta) and has(facts.delta, "InErrors") and not unread
    if omits and not names_most_full_buffers(facts.delta):
        known = facts.delta.after.host.kernel is not None
        parts.append(
            f"{'On this kernel' if known else 'On kernels up to 3.15'} a full buffer moves InErrors"
            " and the socket's drops, and RcvbufErrors seldom or never, so RcvbufErrors proves"
            f" nothing {'here' if known else 'there'}."
        )
    if facts.delta.mode == "since-boot":
        parts.append("These are totals since boot: nothing tells whether any of it is lost now.")
        if members and is_full(members[0][0]):
            parts.append("Its queue is full at this moment, so it may well go on.")
    return " ".join(part for part in parts if part)


def _recommendations(
    facts: Facts,
    part: Account,
    members: list[tuple[Socket, int, Verdict]],
    verdict: Verdict,
) -> Iterator[Recommendation]:
    """Yield what to do, best first: of totals since boot nobody knows whether they go on."""
    past = facts.delta.mode == "since-boot"
    if past:
        yield watch_it(facts)
        if not members and (part.share or 0) < BOOT_SHARE:
            return
    sized = bool(members) and members[0][0].rcvbuf_bytes is not None
    if members and (sized or verdict.cause not in HELPED_BY_ROOM):
        yield from advise(facts, members)
        if verdict.cause == "unknown" and is_long_and_large(facts, part):
            yield keep_up(facts, part)
    elif verdict.cause in HELPED_BY_ROOM:
        who = name_of(facts.delta, members[0][0]) if members else ""
        held = (members[0][0].unread_bytes or 0) if members else 0
        yield from without_size(facts, part, who, held)
    elif suspect := suspect_of(facts):
        yield from without_room(facts, suspect, part.lost or 0, verdict)
    if verdict.cause == "unknown" and not past:
        yield watch_it(facts)


RULE = Rule(("udp-rcvbuf-full",), check)
