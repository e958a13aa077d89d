"""From a diagnosis and a policy to a judgement; no IO, and no clock but the day it is given."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from netrx_tune.model.finding import SEVERITIES, Diagnosis, Finding, Skipped
from netrx_tune.model.judgement import (
    JudgedFinding,
    JudgedHost,
    Judgement,
    Outcome,
    Spot,
    StageLoss,
    Totals,
)
from netrx_tune.model.places import Places
from netrx_tune.model.snapshot import Snapshot
from netrx_tune.planning.demands import Seen, Unknown, demands
from netrx_tune.planning.diagnosis import why_empty, why_unproven
from netrx_tune.planning.evidence_places import counter_spot, setting_spot
from netrx_tune.planning.fingerprints import fingerprint, label_of, numbered, subject
from netrx_tune.planning.policy import Policy
from netrx_tune.planning.policy_fields import Acceptance
from netrx_tune.planning.tunables import TUNABLES
from netrx_tune.rules import rule_names
from netrx_tune.rules.words import percent

_MOST_EVIDENCE = 6
_PLAIN = Places()  # of a tree whose files stand under their own paths
_KEPT = frozenset(one.name for one in TUNABLES if one.where == "sysctl")
_GENERAL = ("net.ipv4.conf.all.", "net.ipv4.conf.default.")


def judge(
    name: str,
    diagnosis: Diagnosis,
    snapshot: Snapshot,
    policy: Policy,
    today: date,
    *,
    places: Places | None = _PLAIN,
    namespace: str | None = None,
) -> Judgement:
    """Return what a policy makes of one input.

    Args:
        name: the input as it was given.
        diagnosis: what it shows.
        snapshot: its last sample, for settings and for the places of counters.
        policy: what to judge it by.
        today: the day on which acceptances hold or have expired.
        places: where the members of that sample stand in the input, None where nobody knows.
        namespace: the one that this is of, where the input holds several and judges the host's
            own, too. What it does not tell of a demand is then not missed.
    """
    host = label_of(name, snapshot)
    seen = Seen(diagnosis, snapshot, places)
    asked = list(demands(policy, seen))
    unknown = tuple(one for one in asked if isinstance(one, Unknown) and policy.judges(one.rule))
    unmet = ((one.subject, one.finding) for one in asked if not isinstance(one, Unknown))
    found = [
        _accepted(finding, host, policy, today)
        for finding in _marked((*unmet, *_of_rules(seen, policy)), host)
        if policy.judges(finding.rule)
    ]
    skipped = tuple(one for one in diagnosis.skipped if policy.judges(one.rule))
    missed = unknown if namespace is None else ()
    outcome, reason = _outcome(found, missed, _blind(diagnosis, skipped, policy))
    return Judgement(
        name=name,
        host=host,
        outcome=outcome,
        reason=reason,
        findings=tuple(sorted(found, key=_rank)),
        skipped=skipped + tuple(Skipped(one.rule, (one.needs,), one.why) for one in unknown),
        about=_about(diagnosis),
        window=diagnosis.window,
        totals=Totals(
            diagnosis.ledger.offered,
            diagnosis.ledger.delivered,
            diagnosis.ledger.queued,
            diagnosis.ledger.lost,
        ),
        ledger=tuple(
            StageLoss(one.stage, one.lost, one.bound, one.offered)
            for one in diagnosis.ledger.accounts
            if one.lost != 0
        ),
        settings={key: v for key, v in snapshot.settings.items() if _is_kept(key)},
        gaps=tuple(gap for gap in diagnosis.gaps if gap.why == "unparsed"),
        policy=policy.digest,
        namespace=namespace,
    )


def _of_rules(seen: Seen, policy: Policy) -> Iterator[tuple[str, JudgedFinding]]:
    """Yield what the rules found, each with whom it meets."""
    for finding in seen.diagnosis.findings:
        if policy.judges(finding.rule):
            yield subject(finding, seen.snapshot), _judged(finding, seen, policy)


def _judged(finding: Finding, seen: Seen, policy: Policy) -> JudgedFinding:
    allowed = _allowed(finding, seen.diagnosis, policy)
    return JudgedFinding(
        rule=finding.rule,
        stage=finding.stage,
        severity=finding.severity,
        confidence=finding.confidence,
        summary=finding.summary,
        fingerprint="",
        fails=_reaches(finding, policy) and allowed is None,
        cause=finding.cause,
        lost=finding.lost,
        share=finding.share,
        present=finding.present,
        accepted=allowed,
        spot=_spot(finding, seen),
        evidence=finding.evidence[:_MOST_EVIDENCE],
        advice=next(iter(finding.recommendations), None),
    )


def _spot(finding: Finding, seen: Seen) -> Spot:
    """Return where its first counter that moved stands, or else the setting it speaks of."""
    moved = (item for item in finding.evidence if item.increase)
    first = next(moved, next(iter(finding.evidence), None))
    if first:
        return counter_spot(first.counter, seen.snapshot, seen.places)
    for advice in finding.recommendations:
        if advice.target in seen.snapshot.settings:
            return setting_spot(advice.target, seen.snapshot, seen.places)
    return Spot("")


def _reaches(finding: Finding, policy: Policy) -> bool:
    bar = policy.bar(finding.rule)
    return bar != "never" and SEVERITIES.index(finding.severity) >= SEVERITIES.index(bar)


def _allowed(finding: Finding, diagnosis: Diagnosis, policy: Policy) -> str | None:
    """Return why a stage's loss is within what the policy allows, None if it says nothing.

    Of loss before the window it says nothing.
    """
    limit = policy.loss.get(finding.stage) if finding.present is not False else None
    account = diagnosis.ledger.account(finding.stage)
    if limit is None or account is None or account.share is None or account.share > limit.share:
        return None
    return f"{limit.place} allows a loss of {percent(limit.share)} at this stage"


def _marked(found: tuple[tuple[str, JudgedFinding], ...], host: str) -> Iterator[JudgedFinding]:
    """Yield findings with their fingerprints."""
    words = numbered((host, one.rule, one.stage, whom) for whom, one in found)
    for (_, finding), its_own in zip(found, words, strict=True):
        yield finding._replace(fingerprint=fingerprint(*its_own))


def _accepted(finding: JudgedFinding, host: str, policy: Policy, today: date) -> JudgedFinding:
    """Return a finding with the acceptance that speaks of it, in force or expired."""
    if policy.bar(finding.rule) == "never":
        finding = finding._replace(fails=False)
    if finding.accepted:
        return finding
    known = list(_acceptances(finding, host, policy))
    for one in known:
        if one.holds(today):
            return finding._replace(fails=False, accepted=f"{one.reason} (until {one.until})")
    if known:
        one = max(known, key=lambda acceptance: acceptance.until)
        text = f"until {one.until} ({one.place}), which is over: {one.reason}"
        return finding._replace(expired=text)
    return finding


def _acceptances(finding: JudgedFinding, host: str, policy: Policy) -> Iterator[Acceptance]:
    listed = policy.baseline.get(finding.fingerprint)
    if listed:
        yield listed
    for one in policy.accepted:
        if one.fingerprint in {None, finding.fingerprint} and one.covers(
            finding.rule, finding.stage, finding.cause, host
        ):
            yield one


def _blind(diagnosis: Diagnosis, skipped: tuple[Skipped, ...], policy: Policy) -> str:
    """Return why an input proves nothing, nothing if it does."""
    unproven = why_unproven(diagnosis)
    if policy.enabled is None or diagnosis.host.sandbox or why_empty(diagnosis):
        return unproven
    in_use = {rule for rule in rule_names() if policy.judges(rule)}
    if in_use and in_use <= {one.rule for one in skipped}:
        return "none of the policy's rules can judge this input"
    return ""


def _outcome(
    found: list[JudgedFinding], unknown: tuple[Unknown, ...], blind: str
) -> tuple[Outcome, str]:
    failing = [one for one in found if one.fails]
    if failing:
        worst = min(failing, key=_rank)
        more = f", and {len(failing) - 1} more" if len(failing) > 1 else ""
        return "failed", f"{worst.summary}{more}"
    if blind:
        return "not-judged", blind
    if unknown:
        first = unknown[0]
        more = f", and {len(unknown) - 1} more" if len(unknown) > 1 else ""
        return "not-judged", f"{first.rule} {first.needs}: {first.why}{more}"
    accepted = sum(1 for one in found if one.accepted)
    return (
        "passed",
        f"nothing that fails, {accepted} accepted" if accepted else "nothing that fails",
    )


def _rank(finding: JudgedFinding) -> tuple[bool, int, int]:
    return not finding.fails, -SEVERITIES.index(finding.severity), -(finding.lost or 0)


def _about(diagnosis: Diagnosis) -> JudgedHost:
    host = diagnosis.host
    return JudgedHost(host.release, host.distribution, host.cpus, host.memory_bytes, host.netns)


def _is_kept(key: str) -> bool:
    return key in _KEPT or key.startswith(_GENERAL)
