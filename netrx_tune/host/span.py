"""How long a watch lasts: a number of seconds, or whatever somebody else decides."""

from __future__ import annotations

import time
from typing import Protocol


class Span(Protocol):
    """The time between two samples."""

    def begin(self) -> None:
        """Begin: the first sample is taken."""

    def wait(self, seconds: float) -> bool:
        """Let so much time pass; return False once the span has ended, maybe earlier."""


class Interval:
    """A fixed time."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._end = 0.0

    def begin(self) -> None:
        """Begin: the time runs from here."""
        self._end = time.monotonic() + self._seconds

    def wait(self, seconds: float) -> bool:
        """Let time pass; where no full pause is left, what is left of the span, and end."""
        left = self._end - time.monotonic()
        time.sleep(max(0.0, min(seconds, left)))
        return seconds < left


def pass_by(span: Span, step_seconds: float = 60.0) -> None:
    """Let a span pass to its end."""
    while span.wait(step_seconds):
        pass
