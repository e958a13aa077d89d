"""Annotations of a GitHub Actions job: one workflow command on a line for each problem.

Source: actions/toolkit, packages/core/src/command.ts (escapeData, escapeProperty). A text that
held a line break could issue a command of its own, so every control character is made visible
first.
"""

from __future__ import annotations

from collections.abc import Iterator

from netrx_tune.model.judgement import JudgedFinding, Judgement
from netrx_tune.planning.tally import Tally
from netrx_tune.reporters.checks import Setup
from netrx_tune.reporters.checks.words import (
    advice_words,
    problem,
    spot_words,
    standing,
    tally_words,
)
from netrx_tune.reporters.plain import escape


class Github:
    """Lines for the log of a job; what passes says nothing."""

    def __init__(self, setup: Setup) -> None: ...

    def begin(self) -> str:
        """Return nothing."""
        return ""

    def each(self, judgement: Judgement) -> str:
        """Return the annotations of one input."""
        if judgement.outcome == "unreadable":
            return _command("error", judgement, None, "unreadable input", [problem(judgement)])
        lines = [text for one in judgement.findings for text in _finding(judgement, one)]
        if judgement.outcome == "not-judged":
            lines.append(_command("warning", judgement, None, "not judged", [problem(judgement)]))
        return "".join(lines)

    def end(self, tally: Tally) -> str:
        """Return the sum as a notice where something failed."""
        return f"::notice title=netrx-tune::{_data(tally_words(tally))}\n"


def _finding(judgement: Judgement, finding: JudgedFinding) -> Iterator[str]:
    if finding.fails:
        level = "error"
    elif finding.accepted:
        level = "notice"
    else:
        return
    body = [escape(finding.summary), escape(standing(finding)), advice_words(finding)]
    yield _command(level, judgement, finding, finding.rule, body)


def _command(
    level: str, judgement: Judgement, finding: JudgedFinding | None, title: str, body: list[str]
) -> str:
    place = [f"file={_property(judgement.name)}"]
    if finding and finding.spot.line and not finding.spot.file:
        place.append(f"line={finding.spot.line}")
    elif finding and finding.spot.file:
        if judgement.is_folder:
            path = f"{judgement.name.rstrip('/')}/{finding.spot.file}"
            line = f"line={finding.spot.line}" if finding.spot.line else "line=1"
            place = [f"file={_property(path)}", line]
        else:
            body = [*body, f"Seen in {spot_words(finding.spot)}"]
    what = _property(f"{title} on {judgement.host}")
    lines = [line for text in body for line in text.split("\n") if line]
    return f"::{level} {','.join(place)},title={what}::{'%0A'.join(map(_data, lines))}\n"


def _data(text: str) -> str:
    return escape(text).replace("%", "%25")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


FORM = Github
