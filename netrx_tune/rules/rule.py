"""What a rule is: a stage, what it needs, and a function from facts to findings."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple

from netrx_tune.model.finding import Finding
from netrx_tune.model.ledger import Ledger
from netrx_tune.model.snapshot import Delta


class Facts(NamedTuple):
    """All that a rule may look at."""

    delta: Delta
    ledger: Ledger


class Rule(NamedTuple):
    """A rule is its module's value RULE; the module's docstring is its page.

    `requires` names counters that must be readable; the engine reports the rule as skipped
    where they are not. `stages` are the accounts that the rule speaks for.
    """

    stages: tuple[str, ...]
    check: Callable[[Facts], Iterable[Finding]]
    requires: tuple[str, ...] = ()
