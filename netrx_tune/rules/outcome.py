"""From a stage's account to a finding: the steps that nearly every rule shares."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from netrx_tune.model.finding import Evidence, Finding, Recommendation, Severity, SocketReport
from netrx_tune.model.ledger import Account
from netrx_tune.rules.advice import device_of
from netrx_tune.rules.judge import account_evidence, confidence, is_noise, present
from netrx_tune.rules.judge import severity as judged
from netrx_tune.rules.rule import Facts, Rule

_TOTALS = " These are totals since boot: watch the host to see whether it goes on."
_STRAYS = 10  # so few packets are no rate, whatever their share of a quiet window
_STRAY_SHARE = 0.001


def loss_rule(
    stages: tuple[str, ...],
    check: Callable[[Facts, Account], Finding | None],
    requires: tuple[str, ...] = (),
) -> Rule:
    """Return a rule that says what it finds at each of its stages that lost enough."""

    def check_each(facts: Facts) -> Iterator[Finding]:
        for stage in stages:
            account = lost_at(facts, stage)
            finding = check(facts, account) if account else None
            if finding:
                yield finding

    return Rule(stages, check_each, requires)


def lost_at(facts: Facts, stage: str) -> Account | None:
    """Return a stage's account if it lost enough to speak of."""
    account = facts.ledger.account(stage)
    if account is None or not account.lost or is_noise(facts, account):
        return None
    return account


def found(
    facts: Facts,
    account: Account,
    summary: str,
    *,
    meaning: str,
    severity: Severity | None = None,
    recommendations: Iterable[Recommendation | None] = (),
    sockets: tuple[SocketReport, ...] = (),
    evidence: tuple[Evidence, ...] = (),
) -> Finding:
    """Return the finding for a stage's loss; advice that does not apply (None) is left out."""
    return Finding(
        rule="",
        stage=account.stage,
        severity=judged(facts, account) if severity is None else severity,
        confidence=confidence(facts, account),
        summary=summary,
        lost=account.lost,
        share=account.share,
        present=present(facts),
        meaning=meaning + (_TOTALS if facts.delta.before is None else ""),
        evidence=tuple(dict.fromkeys(account_evidence(facts, account) + evidence)),
        sockets=sockets,
        recommendations=tuple(one for one in recommendations if one),
    )


def stray_severity(facts: Facts, account: Account) -> Severity:
    """Return the severity of packets that any network has a few of: a trickle is a note."""
    few = (account.lost or 0) < _STRAYS
    share = account.share
    if few or (share is not None and share < _STRAY_SHARE):
        return "note"
    return judged(facts, account)


def by_device(account: Account) -> dict[str, int]:
    """Return what each device lost of an account whose counters are devices'."""
    losses: dict[str, int] = {}
    for entry in account.by:
        name = device_of(entry.counter)
        losses[name] = losses.get(name, 0) + entry.increase
    return losses


def worst_of(losses: Mapping[str, int]) -> str:
    """Return the device that lost most, the first of several alike."""
    return max(losses, key=lambda name: losses[name])
