"""A time by which a benchmark is over, so that it can be run at the end of a day's work."""

from __future__ import annotations

import time

# Of the plays that were asked for: fewer do not show what the benchmark is to show.
_LEAST_PLAYED = 0.9


class Deadline:
    """So many minutes from now; what is left is not played."""

    def __init__(self, minutes: float) -> None:
        self._began = time.monotonic()
        self._until = self._began + 60 * minutes

    def allows(self, seconds: float = 0.0) -> bool:
        """Tell whether so much time is left."""
        return time.monotonic() + seconds < self._until

    def said(self, played: int, asked: int) -> str:
        """Return how many were played, in which time."""
        minutes = (time.monotonic() - self._began) / 60
        return f"{played} of {asked} played in {minutes:.1f} min\n"


def are_enough(played: int, asked: int) -> bool:
    """Tell whether what was played shows anything."""
    return played > 0 and played >= _LEAST_PLAYED * asked
