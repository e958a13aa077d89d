"""/proc/softirqs: how often each CPU ran each softirq.

Kernel: fs/proc/softirqs.c, show_softirqs(): a column per possible CPU.
"""

from __future__ import annotations

from netrx_tune.collectors.interrupts import parse_counts, parse_cpu_header
from netrx_tune.collectors.text import numbered
from netrx_tune.model.errors import ParseError


def parse_softirqs(text: str, path: str = "/proc/softirqs") -> dict[str, tuple[int, ...]]:
    """Return one number per possible CPU by softirq, as "NET_RX".

    Raises:
        ParseError: the header names no CPUs, or a line has not one number for each.
    """
    cpus: tuple[int, ...] = ()
    softirqs: dict[str, tuple[int, ...]] = {}
    for number, line in numbered(text):
        place = f"{path}:{number}"
        if not cpus:
            cpus = parse_cpu_header(line, place)
            continue
        name, _, rest = line.partition(":")
        words = rest.split()
        if len(words) != len(cpus):
            raise ParseError(place, f"expected a name and {len(cpus)} numbers", line)
        softirqs[name.strip()] = parse_counts(words, place, name.strip())
    if not softirqs:
        raise ParseError(path, "expected a header and a line per softirq", text)
    return softirqs
