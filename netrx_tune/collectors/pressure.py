"""/proc/pressure/cpu: how long tasks waited for a CPU.

Kernel: kernel/sched/psi.c, psi_show() (4.20); absent where psi is off.
"""

from __future__ import annotations

from netrx_tune.collectors.text import Reading, decimal, numbered
from netrx_tune.model.errors import ParseError


def parse_pressure_cpu(text: str, path: str = "/proc/pressure/cpu") -> Reading:
    """Return the counters "pressure.cpu.some_total_usecs" and, from 5.13, "full_total_usecs"."""
    counters: dict[str, int] = {}
    for number, line in numbered(text):
        place = f"{path}:{number}"
        kind, total = line.split()[0], line.partition(" total=")[2].strip()
        counters[f"pressure.cpu.{kind}_total_usecs"] = decimal(total, place, f"{kind} total")
    if not counters:
        raise ParseError(path, "expected a line some", text)
    return Reading(counters=counters)
