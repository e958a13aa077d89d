"""The plan of all findings as text: only where findings share a change does it say more."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from netrx_tune.model.finding import Diagnosis
from netrx_tune.reporters.finding_text import change_words
from netrx_tune.reporters.plain import BLANK, Block


def plan_blocks(diagnosis: Diagnosis) -> Iterator[Block]:
    """Yield the plan where several findings want the same thing changed."""
    wanted = Counter(
        target
        for finding in diagnosis.findings
        for target in {r.target for r in finding.recommendations if r.proposed is not None}
    )
    if len(diagnosis.plan) < 2 or max(wanted.values(), default=0) < 2:
        return
    yield Block(
        "all findings together, best first; each value serves all.", label="Plan:", style="title"
    )
    for number, item in enumerate(diagnosis.plan, 1):
        label = f"{number}."
        yield Block(change_words(item), 2, len(label) + 1, label, "title")
        if item.command:
            yield Block(item.command, 6, style="command", verbatim=True)
    yield BLANK
