"""Which findings are new, gone, worse or better in the second of two diagnoses."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Literal, NamedTuple

from netrx_tune.model.finding import SEVERITIES, Diagnosis, Finding, Severity
from netrx_tune.model.snapshot import Snapshot
from netrx_tune.planning.fingerprints import subject

# "unjudged": A has it and B lacks what its rule needs, so nobody knows whether it is gone.
Turn = Literal["new", "worse", "changed", "same", "better", "gone", "unjudged"]
TURNS: tuple[Turn, ...] = ("new", "worse", "changed", "unjudged", "same", "better", "gone")

_MUCH = 1.5  # times the share before
_LEAST_SHARE = 0.001


class FindingChange(NamedTuple):
    """One finding in both diagnoses; None where it is not in one."""

    turn: Turn
    a: Finding | None
    b: Finding | None

    @property
    def finding(self) -> Finding:
        """Return the later of the two."""
        found = self.b or self.a
        assert found is not None  # noqa: S101 - one of them is there
        return found


class Judged(NamedTuple):
    """A diagnosis with the snapshot that it is about."""

    diagnosis: Diagnosis
    snapshot: Snapshot


def finding_changes(a: Judged, b: Judged) -> tuple[FindingChange, ...]:
    """Return what became of each finding, the worst turn first."""
    changes = [FindingChange(_turn(old, new, b.diagnosis), old, new) for old, new in _pairs(a, b)]
    changes.sort(key=lambda one: (TURNS.index(one.turn), -_rank(one.finding.severity)))
    return tuple(changes)


def got_worse(changes: tuple[FindingChange, ...], bar: Severity) -> bool:
    """Tell whether a finding of that severity or above is new, or worse than it was."""
    return any(
        one.turn in ("new", "worse") and _rank(one.finding.severity) >= _rank(bar)
        for one in changes
    )


def _pairs(a: Judged, b: Judged) -> Iterator[tuple[Finding | None, Finding | None]]:
    """Yield findings of one rule and stage together: those that agree in most things first."""
    old, new = list(a.diagnosis.findings), list(b.diagnosis.findings)
    alike: tuple[Callable[[Finding, Snapshot], object], ...] = (
        lambda f, snap: (f.cause, subject(f, snap)),
        subject,
        lambda f, _snap: f.cause,
        lambda _f, _snap: None,
    )
    for key in alike:
        for was in tuple(old):
            same = (was.rule, was.stage, key(was, a.snapshot))
            now = next((f for f in new if (f.rule, f.stage, key(f, b.snapshot)) == same), None)
            if now is not None:
                old.remove(was)
                new.remove(now)
                yield was, now
    yield from ((was, None) for was in old)
    yield from ((None, now) for now in new)


def _turn(a: Finding | None, b: Finding | None, later: Diagnosis) -> Turn:
    if a is None:
        return "new"
    if b is None:
        blind = any(skipped.rule == a.rule for skipped in later.skipped)
        return "unjudged" if blind else "gone"
    if a.severity != b.severity:
        return "worse" if _rank(b.severity) > _rank(a.severity) else "better"
    if a.share is not None and b.share is not None:
        if b.share > a.share * _MUCH + _LEAST_SHARE:
            return "worse"
        if a.share > b.share * _MUCH + _LEAST_SHARE:
            return "better"
    return "same" if a.cause == b.cause else "changed"


def _rank(severity: Severity) -> int:
    return SEVERITIES.index(severity)
