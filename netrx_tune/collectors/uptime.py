"""/proc/uptime: the clock of a sample.

Kernel: fs/proc/uptime.c, uptime_proc_show(): seconds since boot, suspended time included,
then the idle seconds of all CPUs.
"""

from __future__ import annotations

from netrx_tune.collectors.text import decimal
from netrx_tune.model.errors import ParseError


def parse_uptime(text: str, path: str = "/proc/uptime") -> float:
    """Return seconds since boot."""
    words = text.split()
    if not words:
        raise ParseError(path, "expected seconds", text)
    for part in words[0].split(".", 1):
        decimal(part, path, "seconds")
    return float(words[0])
