"""One line of JSON for each input: the form for other programs, and for --resume."""

from __future__ import annotations

from netrx_tune.model.judgement import Judgement
from netrx_tune.planning.tally import Tally
from netrx_tune.reporters.checks import Setup
from netrx_tune.reporters.checks.judgement_json import line


class Jsonl:
    """Lines, and nothing before or after them."""

    def __init__(self, setup: Setup) -> None: ...

    def begin(self) -> str:
        """Return nothing."""
        return ""

    def each(self, judgement: Judgement) -> str:
        """Return one input's line."""
        return line(judgement)

    def end(self, tally: Tally) -> str:  # noqa: ARG002 - as in the other forms
        """Return nothing."""
        return ""


FORM = Jsonl
