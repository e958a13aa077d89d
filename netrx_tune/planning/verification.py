"""Whether a change cured the loss that it was meant to cure, by the books before and after.

Shares are lost / offered, so that windows with different traffic compare. Less than ten packets,
or less than a thousandth of what was offered, proves nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, NamedTuple

from netrx_tune.model.ledger import Ledger
from netrx_tune.planning.changes import Change
from netrx_tune.rules.judge import CRITICAL_SHARE
from netrx_tune.rxpath.stages import STAGES

Outcome = Literal[
    "cured", "better", "moved", "worse", "no-effect", "later", "silent", "nothing-lost", "blind"
]
# Outcomes that are no reason to undo.
_KEPT = frozenset({"cured", "better", "later", "nothing-lost", "blind"})
_LEAST_LOST = 10
_LEAST_SHARE = 0.001
_WORSE = 1.5  # times the share before
_CURED = 0.1
_BETTER = 0.5
_LEAST_OFFERED = 100
_SILENT = 0.1  # of the traffic before


class StageLoss(NamedTuple):
    """One stage's loss in both windows; `aimed` if the changes are about it."""

    stage: str
    aimed: bool
    before: int
    after: int
    share_before: float
    share_after: float


class Verdict(NamedTuple):
    """What the counters say; `keep` is False where the change is to be undone."""

    outcome: Outcome
    keep: bool
    summary: str
    stages: tuple[StageLoss, ...]  # that lost something in either window


def aimed_stages(changes: Iterable[Change]) -> frozenset[str]:
    """Return the stages whose loss the changed settings are about."""
    keys = {change.key for change in changes}
    return frozenset(stage.name for stage in STAGES if keys & set(stage.knobs))


def judge_change(before: Ledger, after: Ledger, changes: tuple[Change, ...]) -> Verdict:
    """Return whether the loss went, stayed, grew or merely moved to another stage."""
    stages = _losses(before, after, aimed_stages(changes))
    outcome, summary = _outcome(before, after, stages, changes)
    return Verdict(outcome, outcome in _KEPT, summary, stages)


def _losses(before: Ledger, after: Ledger, aimed: frozenset[str]) -> tuple[StageLoss, ...]:
    found = []
    for account in after.accounts:
        was, now = before.lost_at(account.stage), after.lost_at(account.stage)
        if was or now:
            shares = _share(was, before), _share(now, after)
            found.append(StageLoss(account.stage, account.stage in aimed, was, now, *shares))
    return tuple(found)


def _share(lost: int, ledger: Ledger) -> float:
    offered = max(ledger.offered or 0, lost)
    return lost / offered if offered else 0.0


def _outcome(
    before: Ledger, after: Ledger, stages: tuple[StageLoss, ...], changes: tuple[Change, ...]
) -> tuple[Outcome, str]:
    if before.offered is None or after.offered is None:
        return "blind", "the counters do not show what was offered: nothing is proven"
    if before.offered >= _LEAST_OFFERED and after.offered < before.offered * _SILENT:
        return "silent", (
            f"{after.offered:,} packets came after the change and {before.offered:,} before:"
            " too few to tell, and the change may be why"
        )
    grown = _grown(before, after, stages)
    if grown:
        return grown
    return _effect(tuple(one for one in stages if one.aimed), changes)


def _grown(
    before: Ledger, after: Ledger, stages: tuple[StageLoss, ...]
) -> tuple[Outcome, str] | None:
    """Tell whether more is lost than before, or as much in another place."""
    risen = max(stages, key=lambda one: one.share_after - one.share_before, default=None)
    if risen is None or not _is_more(risen.after, risen.share_before, risen.share_after):
        return None
    fallen = min(stages, key=lambda one: one.share_after - one.share_before)
    moved = risen.share_after - risen.share_before
    gone = fallen.share_before - fallen.share_after
    if gone >= _LEAST_SHARE and moved >= gone * _BETTER:
        return "moved", f"the loss moved from {_told(fallen)} to {_told(risen)}"
    was, now = _share(before.lost, before), _share(after.lost, after)
    if _is_more(after.lost, was, now):
        return "worse", f"more is lost than before: {_told(risen)}"
    return None


def _is_more(lost: int, was: float, now: float) -> bool:
    return lost >= _LEAST_LOST and now > was * _WORSE + _LEAST_SHARE


def _effect(aimed: tuple[StageLoss, ...], changes: tuple[Change, ...]) -> tuple[Outcome, str]:
    """Return what became of the loss that the changes are about."""
    was = sum(one.share_before for one in aimed)
    now = sum(one.share_after for one in aimed)
    told = ", ".join(_told(one) for one in aimed)
    if sum(one.before for one in aimed) == 0:
        more = f" ({told})" if told else ""
        return "nothing-lost", (
            "nothing that these settings are about was lost before the change: it is unproven, "
            f"and kept{more}"
        )
    if now <= was * _CURED and now < CRITICAL_SHARE:
        return "cured", f"the loss went: {told}"
    if now <= was * _BETTER:
        return "better", f"less is lost: {told}"
    late = [change.key for change in changes if change.takes_effect in ("restart", "new-sockets")]
    if late:
        return "later", (
            f"still lost: {told}. {', '.join(late)} works for sockets that are opened, or ask,"
            " after the change: restart the program, then run diagnose"
        )
    return "no-effect", f"the change did not help: {told}"


def _told(one: StageLoss) -> str:
    return (
        f"{one.stage} {one.before:,} before ({one.share_before:.2%}),"
        f" {one.after:,} after ({one.share_after:.2%})"
    )
