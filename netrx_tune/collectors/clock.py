"""When a sample was taken, by two clocks; no file of the kernel tells both.

"monotonic 12.345", which stands still while the host is suspended, and "realtime 1763837100.123",
on lines of their own.
"""

from __future__ import annotations

from collections.abc import Mapping

CLOCK = "/netrx/clock"


def clock_seconds(files: Mapping[str, str], clock: str) -> float | None:
    """Return what a clock of a sample said, "monotonic" or "realtime"; None if nothing tells."""
    for line in files.get(CLOCK, "").splitlines():
        name, _, value = line.partition(" ")
        if name == clock:
            try:
                return float(value)
            except ValueError:
                return None
    return None
