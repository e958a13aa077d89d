"""Many judgements as one: findings by rule, role and kernel, outliers, settings that differ.

Judgements come one by one and only sums are kept: for each host there remain 8 bytes, its share,
without which there is no exact median.
"""

from __future__ import annotations

import heapq
from array import array
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from netrx_tune.model.finding import SEVERITIES, Severity
from netrx_tune.model.judgement import JudgedFinding, Judgement, Outcome
from netrx_tune.planning.fleet_statistics import (
    Fence,
    Split,
    by_chance,
    fence,
    tests_bound,
)

MOST_OUTLIERS = 20  # named
FEW_OUTLIERS = 3
MOST_SHARE_OUTLIERS = 0.02  # more than these, and than the few, are a group, not outliers
MOST_VALUES = 64  # of one setting; with more, each host has its own and none tells anything
MOST_ROLES = 1000  # further ones are counted together
MOST_CHANCE = 0.01  # that a difference is an accident, all comparisons taken together
LEAST_ODDS = 3.0
MOST_DIFFERENCES = 20
_MOST_UNREADABLE = 20  # named
_SOME_ROLE = "(other roles)"
NO_ROLE = "-"


class Loser(NamedTuple):
    """A host whose loss is far above the others'; `share` is that of its worst stage."""

    share: float
    host: str
    name: str  # of the input
    role: str
    rule: str
    summary: str


class RuleRow(NamedTuple):
    """On how many hosts a rule found something."""

    rule: str
    severity: Severity  # the worst
    hosts: int
    lost: int
    roles: tuple[tuple[str, int, int], ...]  # role, its hosts with the finding, all its hosts
    kernels: tuple[tuple[str, int, int], ...]  # likewise


class Difference(NamedTuple):
    """A value that hosts which lose have more often."""

    key: str  # a sysctl, or "kernel", "distribution", "role"
    value: str
    split: Split
    odds_ratio: float
    chance: float  # of as much by accident, all comparisons taken together


class FleetReport(NamedTuple):
    """What a fleet says; every tuple is empty where there is nothing to say."""

    inputs: int
    outcomes: tuple[tuple[Outcome, int], ...]
    judged: int  # hosts with a verdict: all but unreadable and not judged
    losing: int
    rules: tuple[RuleRow, ...]
    fence: Fence | None
    above_fence: int
    outliers: tuple[Loser, ...]  # none where those above are too many
    comparisons: int
    differences: tuple[Difference, ...]
    many_valued: tuple[str, ...]  # settings with too many values to compare
    unreadable: tuple[tuple[str, str], ...]  # name and reason, the first ones


class Fleet:
    """The sums, while judgements come."""

    def __init__(self) -> None:
        self._outcomes: Counter[Outcome] = Counter()
        self._roles: Counter[str] = Counter()
        self._kernels: Counter[str] = Counter()
        self._rules: dict[str, _RuleSums] = {}
        self._shares = array("d")
        self._losers: list[tuple[float, int, Loser]] = []
        self._losing = 0
        self._with: dict[str, dict[str, list[int]]] = {}
        self._known: dict[str, list[int]] = {}  # key -> losing hosts and others that tell it
        self._many: set[str] = set()
        self._unreadable: list[tuple[str, str]] = []

    def add(self, one: Judgement, role: str) -> None:
        """Count one judgement; only readable ones tell anything beyond that."""
        self._outcomes[one.outcome] += 1
        if one.outcome in {"unreadable", "not-judged"}:
            if len(self._unreadable) < _MOST_UNREADABLE:
                self._unreadable.append((one.name, one.reason))
            return
        role = self._bounded(role)
        kernel = one.about.kernel or "?"
        self._roles[role] += 1
        self._kernels[kernel] += 1
        for rule, findings in _by_rule(one.findings):
            self._rules.setdefault(rule, _RuleSums()).add(findings, role, kernel)
        worst = _worst_loss(one.findings)
        self._losing += worst is not None
        self._note_share(one, role, worst)
        self._note_settings(one, role, loses=worst is not None)

    def report(self) -> FleetReport:
        """Return what the sums say so far."""
        limits = fence(self._shares)
        above = sum(share > limits.share for share in self._shares) if limits else 0
        differences, comparisons = self._differences()
        judged = sum(self._roles.values())
        few = above <= max(FEW_OUTLIERS, MOST_SHARE_OUTLIERS * judged)
        far = sorted((one for _, _, one in self._losers), key=lambda one: -one.share)
        return FleetReport(
            inputs=sum(self._outcomes.values()),
            outcomes=tuple(sorted(self._outcomes.items())),
            judged=judged,
            losing=self._losing,
            rules=tuple(self._rows()),
            fence=limits,
            above_fence=above,
            outliers=tuple(one for one in far if limits and few and one.share > limits.share),
            comparisons=comparisons,
            differences=differences,
            many_valued=tuple(sorted(self._many)),
            unreadable=tuple(self._unreadable),
        )

    def _bounded(self, role: str) -> str:
        return role if role in self._roles or len(self._roles) < MOST_ROLES else _SOME_ROLE

    def _note_share(self, one: Judgement, role: str, worst: JudgedFinding | None) -> None:
        share = (worst.share or 0.0) if worst else 0.0
        self._shares.append(share)
        if worst is None or not share:
            return
        loser = Loser(share, one.host, one.name, role, worst.rule, worst.summary)
        entry = (share, len(self._shares), loser)
        if len(self._losers) < MOST_OUTLIERS:
            heapq.heappush(self._losers, entry)
        else:
            heapq.heappushpop(self._losers, entry)

    def _note_settings(self, one: Judgement, role: str, *, loses: bool) -> None:
        for key, value in _told(one, role):
            if key in self._many:
                continue
            known = self._known.setdefault(key, [0, 0])
            known[not loses] += 1
            values = self._with.setdefault(key, {})
            values.setdefault(value, [0, 0])[not loses] += 1
            if len(values) > MOST_VALUES:
                self._many.add(key)
                del self._with[key], self._known[key]

    def _rows(self) -> Iterator[RuleRow]:
        rows = [
            RuleRow(
                rule=rule,
                severity=sums.severity,
                hosts=sums.hosts,
                lost=sums.lost,
                roles=_shares_of(sums.roles, self._roles),
                kernels=_shares_of(sums.kernels, self._kernels),
            )
            for rule, sums in self._rules.items()
        ]
        rank = SEVERITIES.index
        yield from sorted(rows, key=lambda row: (-rank(row.severity), -row.hosts, row.rule))

    def _differences(self) -> tuple[tuple[Difference, ...], int]:
        """Return a setting's most telling value each, the least accidental first."""
        splits = list(self._splits())
        found: dict[str, Difference] = {}
        for key, value, split in splits:
            if split.odds_ratio < LEAST_ODDS:
                continue
            chance = tests_bound(by_chance(split), len(splits))
            if chance < found[key].chance if key in found else chance < MOST_CHANCE:
                found[key] = Difference(key, value, split, split.odds_ratio, chance)
        ordered = sorted(found.values(), key=lambda one: (one.chance, -one.odds_ratio, one.key))
        return tuple(ordered[:MOST_DIFFERENCES]), len(splits)

    def _splits(self) -> Iterator[tuple[str, str, Split]]:
        """Yield each value of each setting that is not the same everywhere."""
        for key, values in self._with.items():
            if len(values) < 2:
                continue
            losing, others = self._known[key]
            for value, (losing_with, others_with) in values.items():
                yield key, value, Split(losing_with, losing, others_with, others)


class _RuleSums:
    """One rule's counts."""

    def __init__(self) -> None:
        self.severity: Severity = "note"
        self.hosts = 0
        self.lost = 0
        self.roles: Counter[str] = Counter()
        self.kernels: Counter[str] = Counter()

    def add(self, findings: list[JudgedFinding], role: str, kernel: str) -> None:
        """Count one host's findings of this rule."""
        worst = max((one.severity for one in findings), key=SEVERITIES.index)
        self.severity = max(self.severity, worst, key=SEVERITIES.index)
        self.hosts += 1
        self.lost += sum(one.lost or 0 for one in findings)
        self.roles[role] += 1
        self.kernels[kernel] += 1


def fleet_report(judgements: Iterable[tuple[Judgement, str]]) -> FleetReport:
    """Return the report of judgements with their roles."""
    fleet = Fleet()
    for judgement, role in judgements:
        fleet.add(judgement, role)
    return fleet.report()


def _by_rule(findings: Iterable[JudgedFinding]) -> Iterator[tuple[str, list[JudgedFinding]]]:
    rules: dict[str, list[JudgedFinding]] = {}
    for one in findings:
        if one.accepted is None:
            rules.setdefault(one.rule, []).append(one)
    yield from rules.items()


def _worst_loss(findings: Iterable[JudgedFinding]) -> JudgedFinding | None:
    """Return the finding of the largest loss; notes, acceptances and the past are none."""
    losses = [
        one
        for one in findings
        if one.lost and one.severity != "note" and one.present is not False and not one.accepted
    ]
    return max(losses, key=lambda one: (one.share or 0.0, one.lost), default=None)


def _told(one: Judgement, role: str) -> Iterator[tuple[str, str]]:
    """Yield what may differ between hosts: their settings, and what they are."""
    for key, values in one.settings.items():
        yield key, " ".join(map(str, values))
    about = one.about
    traits = (("kernel", about.kernel), ("distribution", about.distribution))
    yield from ((key, value) for key, value in traits if value)
    if role != NO_ROLE:
        yield "role", role


def _shares_of(found: Counter[str], everyone: Counter[str]) -> tuple[tuple[str, int, int], ...]:
    """Return where a rule found something, the most hosts first."""
    ranked = sorted(found.items(), key=lambda item: (-item[1], item[0]))
    return tuple((name, count, everyone[name]) for name, count in ranked)
