"""What `conntrack -S` prints: the statistics of connection tracking, a line per CPU.

Source: conntrack-tools 1.4, src/conntrack.c, nfct_stats_cb().
"""

from __future__ import annotations

import re

from netrx_tune.collectors.text import MOST_DIGITS, Reading
from netrx_tune.model.errors import ParseError

LINE = r"cpu=\d+\s+(?:\w+=\d+\s*)+"
_PAIR = re.compile(rf"(\w+)=(\d{{1,{MOST_DIGITS}}})(?!\d)")


def parse_conntrack_s(text: str, path: str) -> Reading:
    """Return columns as "nf_conntrack.drop", one number per CPU, as the kernel's file has them.

    Raises:
        ParseError: no line is one of a CPU.
    """
    per_cpu: dict[str, tuple[int, ...]] = {}
    for line in text.split("\n"):
        if re.fullmatch(LINE, line.strip()):
            for word, digits in _PAIR.findall(line):
                name = f"nf_conntrack.{word}"
                per_cpu[name] = (*per_cpu.get(name, ()), int(digits))
    per_cpu.pop("nf_conntrack.cpu", None)
    if not per_cpu:
        raise ParseError(path, "expected lines such as cpu=0 found=0", text)
    return Reading(per_cpu=per_cpu)
