"""The tool's report against the truth: every difference in words. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import product

from tests.live.report import Finding, Report
from tests.live.truth import Expected, Fault, Truth

# A capture's copies, other hosts' frames and foreign EtherTypes were never on the way to a
# program of this host: the tool may name them without adding them up.
_NOT_ADDED_UP = frozenset({"packet-tap-drop", "ip-otherhost", "l2-unhandled-proto"})
# Counted per CPU for the whole machine: others may have lost there before.
_HOST_WIDE = frozenset({"cpu-backlog-overflow", "rps-flow-limit"})


def complaints(fault: Fault, truth: Truth, report: Report) -> tuple[str, ...]:
    """Return what is wrong with a report; nothing when it is right."""
    return (
        *report.impossible,
        *_stages(truth, fault.expected, report),
        *_totals(truth, report),
        *_findings(fault.expected, report),
        *_past(truth, report),
        *_losers(truth, report),
    )


def wrong_causes(fault: Fault, report: Report) -> tuple[str, ...]:
    """Return how the cause of a full buffer differs from what the programs did."""
    return tuple(
        f"the cause is {fault.cause}, reported {finding.cause}"
        for finding in report.findings
        if fault.cause and _is_full_buffer(finding) and finding.cause != fault.cause
    )


def missing_words(truth: Truth, report: Report) -> tuple[str, ...]:
    """Return what is not said of a full buffer, such as which of many sockets it was."""
    said = " ".join(finding.text for finding in report.findings if _is_full_buffer(finding))
    return tuple(f"not said: {words!r}, but: {said}" for words in truth.words if words not in said)


def possible_accounts(truth: Truth, expected: Sequence[Expected]) -> tuple[dict[str, int], ...]:
    """Return every right way to charge the truth to stages, the most exact first."""
    losses = [(each, truth.lost[each.stage]) for each in expected if truth.lost.get(each.stage)]
    silent = [("",) if each.unseen else () for each, _ in losses]
    places = [
        (each.stage, *sorted(each.instead), *quiet)
        for (each, _), quiet in zip(losses, silent, strict=True)
    ]
    accounts = []
    for choice in product(*places):
        account: Counter[str] = Counter()
        for stage, (_, lost) in zip(choice, losses, strict=True):
            account[stage] += lost
        accounts.append({stage: lost for stage, lost in account.items() if stage})
    return tuple(accounts)


def differences(live: Report, replay: Report) -> tuple[str, ...]:
    """Return what the tool says otherwise when it judges the snapshot of the same window."""
    return tuple(
        f"from the snapshot, {name} is {again}, live it was {first}"
        for name, first, again in zip(Report._fields, live, replay, strict=True)
        if first != again
    )


def _stages(truth: Truth, expected: Sequence[Expected], report: Report) -> tuple[str, ...]:
    accounts = possible_accounts(truth, expected)
    if report.stages in accounts:
        return ()
    return (f"lost {_words(accounts[0])}, reported {_words(report.stages)}",)


def _totals(truth: Truth, report: Report) -> tuple[str, ...]:
    found = []
    total = sum(report.stages.values())
    apart = sum(lost for stage, lost in report.stages.items() if stage in _NOT_ADDED_UP)
    if report.lost not in (total, total - apart):
        found.append(f"stages add up to {total}, the ledger says {report.lost} lost")
    for name, said, true in (
        ("delivered", report.delivered, truth.delivered),
        ("queued", report.queued, truth.queued),
    ):
        if None not in (said, true) and said != true:
            found.append(f"{name} {true}, reported {said}")
    return tuple(found)


def _findings(expected: Sequence[Expected], report: Report) -> tuple[str, ...]:
    found = []
    allowed = {each.stage: each.severities for each in expected}
    # A rule has a finding for each cause that it sees, and together they are the account.
    together: Counter[tuple[str, str]] = Counter()
    for finding in report.findings:
        together[finding.rule, finding.stage] += finding.lost or 0
    for finding in report.findings:
        if finding.rule == "other-namespace-loss":
            continue  # another run of the lab, or another program, loses in its own namespace
        name = f"{finding.rule} ({finding.severity}, {finding.stage}, lost {finding.lost})"
        if finding.severity == "note" and not finding.lost:
            continue
        if not finding.lost:
            found.append(f"{name} is more than a note without loss")
        elif together[finding.rule, finding.stage] != report.stages.get(finding.stage):
            found.append(f"{name} differs from its stage's account")
        elif finding.stage in allowed and finding.severity not in allowed[finding.stage]:
            found.append(f"{name} should be {' or '.join(sorted(allowed[finding.stage]))}")
    named = {finding.stage for finding in report.findings if finding.lost}
    found += [f"no finding names {stage}" for stage in report.stages if stage not in named]
    return tuple(found)


def _past(truth: Truth, report: Report) -> tuple[str, ...]:
    """Judge what is said of the time before the window; the namespace is new."""
    return tuple(
        f"{finding.rule} tells of earlier loss at {finding.stage}, and there was none"
        for finding in report.findings
        if finding.present is False
        and finding.stage not in truth.earlier
        and finding.stage not in _HOST_WIDE
    )


def _is_full_buffer(finding: Finding) -> bool:
    return finding.rule == "socket-buffer-full" and bool(finding.lost)


def _losers(truth: Truth, report: Report) -> tuple[str, ...]:
    """Judge which sockets a full buffer is charged to."""
    found = []
    for finding in filter(_is_full_buffer, report.findings):
        if truth.losers is not None and len(finding.drops) != truth.losers:
            found.append(f"{truth.losers} sockets lost, {len(finding.drops)} are named")
        if truth.losers and sum(finding.drops) != finding.lost:
            found.append(f"sockets dropped {sum(finding.drops)} of {finding.lost}")
    return tuple(found)


def _words(account: Mapping[str, int]) -> str:
    return ", ".join(f"{stage} {lost}" for stage, lost in account.items()) or "nothing"
