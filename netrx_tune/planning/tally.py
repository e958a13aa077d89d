"""The sum of many judgements, and the exit code that it gives."""

from __future__ import annotations

from netrx_tune.model.judgement import OUTCOMES, Judgement, Outcome


class Tally:
    """Counts; its size does not depend on how many inputs there are."""

    def __init__(self) -> None:
        self.outcomes: dict[Outcome, int] = dict.fromkeys(OUTCOMES, 0)
        self.failing: dict[str, int] = {}  # judgements by the rule that fails in them
        self.accepted = 0
        self.expired = 0
        self.resumed = 0
        self.namespaces = 0  # judged beside the host's own of their input

    @property
    def inputs(self) -> int:
        """Return how many were judged, or could not be."""
        return sum(self.outcomes.values()) - self.namespaces

    def add(self, judgement: Judgement) -> None:
        """Count one judgement."""
        self.namespaces += judgement.namespace is not None
        self.outcomes[judgement.outcome] += 1
        self.resumed += judgement.is_resumed
        for rule in {one.rule for one in judgement.findings if one.fails}:
            self.failing[rule] = self.failing.get(rule, 0) + 1
        self.accepted += sum(1 for one in judgement.findings if one.accepted)
        self.expired += sum(1 for one in judgement.findings if one.expired)

    def exit_code(self) -> int:
        """Return 1 if one fails, else what `without_verdict` says."""
        return 1 if self.outcomes["failed"] else self.without_verdict()

    def without_verdict(self) -> int:
        """Return 2 if one is unreadable, else 3 if one is not judged or there is none."""
        if self.outcomes["unreadable"]:
            return 2
        return 3 if self.outcomes["not-judged"] or not self.inputs else 0
