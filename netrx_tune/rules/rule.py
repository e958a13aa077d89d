"""What a rule is: a stage, what it needs, and a function from facts to findings or to notes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from netrx_tune.model.finding import (
    Confidence,
    Evidence,
    Finding,
    Recommendation,
    SocketReport,
)
from netrx_tune.model.ledger import Ledger
from netrx_tune.model.snapshot import Delta

if TYPE_CHECKING:
    from netrx_tune.rxpath.queue_shape import QueueShape

_NOT_WATCHED: Mapping[int, QueueShape] = MappingProxyType({})


class Facts(NamedTuple):
    """All that a rule may look at."""

    delta: Delta
    ledger: Ledger
    shapes: Mapping[int, QueueShape] = _NOT_WATCHED  # by socket inode


class Rule(NamedTuple):
    """A rule is its module's value RULE; the module's docstring is its page.

    Most rules speak of what a stage lost: outcome.loss_rule() makes one of a function that is
    handed the stage's account.

    `requires` names counters or settings that must be readable; the engine reports the rule as
    skipped where they are not. `stages` are the accounts that the rule speaks for, none where it
    speaks of a setting; where all of them are unseen the engine skips the rule, too.
    """

    stages: tuple[str, ...]
    check: Callable[[Facts], Iterable[Finding]]
    requires: tuple[str, ...] = ()


def note(
    stage: str,
    summary: str,
    *,
    meaning: str,
    confidence: Confidence = "high",
    lost: int | None = 0,
    present: bool | None = None,
    evidence: tuple[Evidence, ...] = (),
    sockets: tuple[SocketReport, ...] = (),
    recommendations: Iterable[Recommendation | None] = (),
) -> Finding:
    """Return a note on what the books charge to no stage: a setting, pressure, history."""
    return Finding(
        rule="",
        stage=stage,
        severity="note",
        confidence=confidence,
        summary=summary,
        lost=lost,
        present=present,
        meaning=meaning,
        evidence=evidence,
        sockets=sockets,
        recommendations=tuple(one for one in recommendations if one),
    )
