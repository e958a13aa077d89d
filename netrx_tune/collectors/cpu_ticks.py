"""The watch over CPUs: when each backlog dropped, and what its CPU did meanwhile.

Not a kernel file but written like one, so that a saved snapshot keeps what was seen:

    seconds cpu processed dropped softirq idle total
    0.0500 1 812000 40 1520 99210 187400

Lines of a look that found new drops on a CPU, and of the look before it. `processed` and
`dropped` are of /proc/net/softnet_stat, the other three are times of /proc/stat since boot: in
softirq, idle, and all together.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from netrx_tune.collectors.paths import CPU_TICKS
from netrx_tune.collectors.text import decimal
from netrx_tune.model.errors import ParseError

_COLUMNS = 7


class CpuTick(NamedTuple):
    """One CPU at one moment of the watch."""

    seconds: float
    cpu: int
    processed: int
    dropped: int
    softirq: int
    idle: int
    total: int


def parse_cpu_ticks(text: str, path: str = CPU_TICKS) -> dict[int, tuple[CpuTick, ...]]:
    """Return each CPU's moments in order."""
    found: dict[int, list[CpuTick]] = {}
    for number, line in enumerate(text.splitlines(), 1):
        place = f"{path}:{number}"
        words = line.split()
        if len(words) != _COLUMNS:
            raise ParseError(place, f"expected {_COLUMNS} columns", line)
        whole, dot, part = words[0].partition(".")
        if not (dot and len(part) == 4):
            raise ParseError(place, "expected seconds as 0.0500", line)
        seconds = decimal(whole, place, "seconds") + decimal(part, place, "seconds") / 10_000
        numbers = [decimal(word, place, "number") for word in words[1:]]
        tick = CpuTick(seconds, *numbers)
        found.setdefault(tick.cpu, []).append(tick)
    return {cpu: tuple(ticks) for cpu, ticks in found.items()}


def render_cpu_ticks(ticks: Iterable[CpuTick]) -> str:
    """Return the text of a watch, the inverse of parse_cpu_ticks()."""
    return "".join(f"{one.seconds:.4f} {' '.join(map(str, one[1:]))}\n" for one in ticks)
