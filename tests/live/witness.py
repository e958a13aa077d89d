"""The kernel's drop reasons against the programs' truth: the lab checks itself. Pure."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence

from tests.live.tracing import Drop
from tests.live.truth import Expected, Truth


def disagreements(
    truth: Truth,
    expected: Sequence[Expected],
    drops: Mapping[Drop, int],
    known: frozenset[str],
) -> tuple[str, ...]:
    """Return where the trace knows less loss than the programs; such a lab proves nothing.

    Stages that share a reason are compared as a sum. A stage has no witness here if it has
    no reason of its own, or none that is `known` to this kernel. The trace is of the whole
    machine, so more than ours is no news.
    """
    seen: Counter[str] = Counter()
    for drop, count in drops.items():
        seen[drop.reason] += count
    promised: defaultdict[frozenset[str], int] = defaultdict(int)
    for each in expected:
        if each.reasons & known:
            promised[each.reasons] += truth.lost.get(each.stage, 0)
    return tuple(
        f"programs lost {lost}, the kernel says {found} for {'/'.join(sorted(reasons))}"
        for reasons, lost in promised.items()
        if (found := sum(seen[reason] for reason in reasons)) < lost
    )
