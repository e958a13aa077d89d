"""The outcome of `check` in the forms that people, CI services and other programs read.

Each form is one module with a class of its name in capitals: what stands before the inputs, each
input as it comes, and what stands after them. None keeps what it has written, so memory does not
grow with the inputs. Names and texts of inputs are whoever's: each form escapes them its own way.
"""

from __future__ import annotations

import importlib
from typing import NamedTuple, Protocol, cast

from netrx_tune.model.judgement import Judgement
from netrx_tune.planning.policy import Policy
from netrx_tune.planning.tally import Tally

FORMATS = ("text", "json", "jsonl", "junit", "sarif", "markdown", "github")


class Setup(NamedTuple):
    """What a form may want to know beforehand."""

    policy: Policy
    width: int = 80
    color: bool = False
    verbose: bool = False
    quiet: bool = False


class Form(Protocol):
    """One form of output."""

    def begin(self) -> str:
        """Return what stands before the inputs."""

    def each(self, judgement: Judgement) -> str:
        """Return one input."""

    def end(self, tally: Tally) -> str:
        """Return what stands after them."""


def form_of(name: str, setup: Setup) -> Form:
    """Return the form of a name in FORMATS."""
    module = importlib.import_module(f"{__name__}.{name}")
    return cast("Form", module.FORM(setup))
