"""A summary in Markdown, for $GITHUB_STEP_SUMMARY, merge requests and wikis."""

from __future__ import annotations

import re
from collections.abc import Iterator

from netrx_tune.model.finding import Recommendation
from netrx_tune.model.judgement import JudgedFinding, Judgement
from netrx_tune.planning.tally import Tally
from netrx_tune.reporters.checks import Setup
from netrx_tune.reporters.checks.words import (
    OUTCOME_WORDS,
    advice_steps,
    input_words,
    problem,
    standing,
    tally_words,
)
from netrx_tune.reporters.finding_text import change_words, why_words
from netrx_tune.reporters.plain import escape
from netrx_tune.rules.words import count, percent

_MOST_ROWS = 500  # a job's summary is cut at 1 MiB
_MOST_CELL = 800  # characters
_LEAST_WHY = 200
# What makes markup, links, mentions, HTML or another cell.
_MARKUP = re.compile(r"[\\`*_\[\]<>&|#!~@$]|(?<=\w):(?=//)|(?<=www)\.")
_HEAD = """\
| input | outcome | finding | lost | share | what to do |
| --- | --- | --- | ---: | ---: | --- |
"""


class Markdown:
    """A table of what is not in order, then the sum."""

    def __init__(self, setup: Setup) -> None:  # noqa: ARG002 - as in the other forms
        self._rows = 0
        self._left_out = 0

    def begin(self) -> str:
        """Return the heading."""
        return "## netrx-tune check\n\n"

    def each(self, judgement: Judgement) -> str:
        """Return the rows of one input; one that passed with nothing accepted has none."""
        text = ""
        for row in _rows(judgement):
            if self._rows >= _MOST_ROWS:
                self._left_out += 1
            else:
                text += row if self._rows else _HEAD + row
                self._rows += 1
        return text

    def end(self, tally: Tally) -> str:
        """Return the sum."""
        gap = "\n" if self._rows else ""
        more = f"{count(self._left_out)} more rows are left out.\n\n" if self._left_out else ""
        rules = sorted(tally.failing.items(), key=lambda item: (-item[1], item[0]))
        failing = ", ".join(f"`{rule}` ({count(number)})" for rule, number in rules)
        told = f"\n\nFailing rules: {failing}." if failing else ""
        return f"{gap}{more}**{tally_words(tally)}.**{told}\n"


def _rows(judgement: Judgement) -> Iterator[str]:
    if judgement.outcome in {"unreadable", "not-judged"}:
        yield _row(judgement, problem(judgement), None)
    for one in judgement.findings:
        if one.fails or one.accepted:
            told = standing(one)
            text = f"{one.rule}: {one.summary}" + (f" ({told})" if told else "")
            yield _row(judgement, text, one)


def _row(judgement: Judgement, text: str, finding: JudgedFinding | None) -> str:
    outcome = OUTCOME_WORDS[judgement.outcome]
    lost = share = advice = ""
    if finding:
        outcome = f"{finding.severity}" if finding.fails else "accepted"
        lost = "" if finding.lost is None else count(finding.lost)
        share = "" if finding.share is None else percent(finding.share)
        if finding.advice and finding.fails:
            advice = _advice(finding.advice)
    cells = (input_words(judgement), outcome, text, lost, share, advice)
    return f"| {' | '.join(map(cell, cells))} |\n"


def _advice(advice: Recommendation) -> str:
    """Return what to do and why, cut so that the command, its cost and the way back stay."""
    steps = " ".join(f"{step.rstrip('.')}." for step in advice_steps(advice))
    what = f"{change_words(advice)} {why_words(advice)}".rstrip(".")
    return f"{_cut(what, max(_LEAST_WHY, _MOST_CELL - len(steps) - 2))}. {steps}"


def _cut(text: str, most: int) -> str:
    """Return text of at most so many characters, cut between words."""
    return text if len(text) <= most else f"{text[: most - 3].rpartition(' ')[0]} .."


def cell(text: str) -> str:
    """Return text that is only text: what could be markup becomes a character reference."""
    shown = _cut(escape(text), _MOST_CELL)
    return _MARKUP.sub(lambda found: f"&#{ord(found[0])};", shown)


FORM = Markdown
