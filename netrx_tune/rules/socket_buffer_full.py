"""Socket receive buffer full (draft)."""

from __future__ import annotations

from collections.abc import Iterator

from netrx_tune.model.finding import Finding, Limit, SocketReport
from netrx_tune.model.sample import Socket
from netrx_tune.rules.judge import account_evidence, confidence, present, severity
from netrx_tune.rules.rule import Facts, Rule
from netrx_tune.rules.words import lost_of


def check(facts: Facts) -> Iterator[Finding]:
    """Yield a finding when datagrams met a full buffer."""
    account = facts.ledger.account("udp-rcvbuf-full")
    if account is None or not account.lost:
        return
    yield Finding(
        rule="",
        stage=account.stage,
        severity=severity(facts, account),
        confidence=confidence(facts, account),
        summary=f"{lost_of(facts, account)} met a full receive buffer",
        lost=account.lost,
        share=account.share,
        present=present(facts),
        cause="unknown",
        evidence=account_evidence(facts, account),
        sockets=tuple(_report(facts, s, n) for s, n in facts.delta.socket_drops or ()),
    )


def _report(facts: Facts, sock: Socket, drops: int) -> SocketReport:
    process = facts.delta.after.processes.get(sock.inode)
    limit: Limit = "unknown"
    return SocketReport(
        sock.inode,
        sock.family,
        sock.protocol,
        sock.local,
        facts.delta.after.host.netns,
        process.pid if process else None,
        process.name if process else None,
        drops,
        sock.rcvbuf_bytes,
        limit,
    )


RULE = Rule(("udp-rcvbuf-full",), check, requires=("Udp.RcvbufErrors|Udp6.RcvbufErrors",))
