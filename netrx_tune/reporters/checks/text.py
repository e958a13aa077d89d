"""Judgements for people: what fails first in full, what passes in one line."""

from __future__ import annotations

from collections.abc import Iterator
from shlex import quote

from netrx_tune.model.judgement import OUTCOMES, JudgedFinding, Judgement, Outcome
from netrx_tune.planning.tally import Tally
from netrx_tune.reporters.checks import Setup
from netrx_tune.reporters.checks.words import (
    OUTCOME_WORDS,
    evidence_lines,
    host_words,
    input_words,
    problem,
    spot_words,
    tally_words,
)
from netrx_tune.reporters.finding_text import change_words, why_words
from netrx_tune.reporters.plain import BLANK, Block, Style, layout
from netrx_tune.rules.words import count

_STYLES: dict[Outcome, Style] = {
    "passed": "good",
    "failed": "critical",
    "unreadable": "warning",
    "not-judged": "warning",
}
_WORST: tuple[Outcome, ...] = ("passed", "not-judged", "unreadable", "failed")


class Text:
    """Text for a terminal of some width."""

    def __init__(self, setup: Setup) -> None:
        self._setup = setup
        self._first_failed = ""

    def begin(self) -> str:
        """Return nothing: the first input is soon there."""
        return ""

    def each(self, judgement: Judgement) -> str:
        """Return one input; with -q none that passed."""
        if judgement.outcome == "failed" and not self._first_failed:
            self._first_failed = quote(judgement.name)
            if judgement.namespace is not None:
                self._first_failed += f" --netns {quote(judgement.namespace)}"
        if judgement.outcome == "passed" and self._setup.quiet:
            return ""
        return self._laid(self._blocks(judgement))

    def end(self, tally: Tally) -> str:
        """Return the sum, and what to type next."""
        return self._laid(self._sum(tally))

    def _laid(self, blocks: Iterator[Block]) -> str:
        return layout(blocks, width=self._setup.width, color=self._setup.color)

    def _blocks(self, judgement: Judgement) -> Iterator[Block]:
        outcome = judgement.outcome
        label = f"{OUTCOME_WORDS[outcome].upper()}:"
        if outcome in {"unreadable", "not-judged"}:
            text = f"{input_words(judgement)}: {problem(judgement)}"
        else:
            about = host_words(judgement.about)
            name = input_words(judgement)
            text = f"{name} ({about})" if about else name
        yield Block(text, 0, 2, label, _STYLES[outcome])
        shown = [one for one in judgement.findings if self._is_shown(one)]
        for one in shown:
            yield from _finding(one)
        if self._setup.verbose:
            for skipped in judgement.skipped:
                needs = f", needs {' '.join(skipped.needs)}" if skipped.needs else ""
                yield Block(f"{skipped.rule}: {skipped.why}{needs}", 2, 2, "Not judged:")
            for gap in judgement.gaps:
                yield Block(f"{gap.path}: {gap.detail}", 2, 2, "Not read:")
        if outcome == "failed":
            yield BLANK

    def _is_shown(self, finding: JudgedFinding) -> bool:
        return self._setup.verbose or finding.fails or bool(finding.accepted or finding.expired)

    def _sum(self, tally: Tally) -> Iterator[Block]:
        worst = max(OUTCOMES, key=lambda one: (tally.outcomes[one] > 0, _WORST.index(one)))
        yield Block(f"{tally_words(tally)}.", 0, 2, style=_STYLES[worst])
        if tally.failing:
            rows = sorted(tally.failing.items(), key=lambda item: (-item[1], item[0]))
            text = ", ".join(f"{rule} ({count(number)})" for rule, number in rows)
            yield Block(f"{text}.", 0, 2, "Failing rules:", "title")
        if tally.accepted or tally.expired:
            words = [count(tally.accepted)] if tally.accepted else []
            if tally.expired:
                words.append(f"{count(tally.expired)} whose acceptance is over")
            yield Block(f"{', '.join(words)}.", 0, 2, "Accepted findings:", "title")
        if tally.resumed:
            yield Block(f"{count(tally.resumed)} taken from the earlier run, unchanged.", 0, 2)
        if self._first_failed:
            text = f"netrx-tune diagnose --from {self._first_failed}"
            yield Block(text, label="Next:", style="title", verbatim=True)


def _finding(finding: JudgedFinding) -> Iterator[Block]:
    if finding.accepted and not finding.fails:
        yield Block(f"{finding.summary} ({finding.rule})", 2, 2, "ACCEPTED:", "note")
        yield Block(finding.accepted, 4, 2, "Because:")
        return
    yield Block(
        f"{finding.summary} ({finding.rule})", 2, 2, f"{finding.severity.upper()}:",
        finding.severity,
    )  # fmt: skip
    if finding.expired:
        yield Block(finding.expired, 4, 2, "Was accepted:", "title")
    for item in evidence_lines(finding) or [spot_words(finding.spot)]:
        if item:
            yield Block(item, 4, 2, "Seen:")
    yield from _advice(finding)
    yield Block(finding.fingerprint, 4, 2, "Fingerprint:")


def _advice(finding: JudgedFinding) -> Iterator[Block]:
    advice = finding.advice
    if advice is None or not finding.fails:
        return
    yield Block(f"{change_words(advice)} {why_words(advice)}", 4, 2, "Do:", "title")
    if advice.command:
        yield Block(advice.command, 6, style="command", verbatim=True)
    if advice.cost:
        yield Block(advice.cost, 4, 2, "Costs:")
    if advice.undo:
        yield Block(advice.undo, 4, label="Undo:", verbatim=True)


FORM = Text
