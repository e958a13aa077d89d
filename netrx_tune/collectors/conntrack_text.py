"""What `conntrack -S` prints: the statistics of connection tracking, a line per CPU.

Where the kernel does not give them by netlink, it prints sums of the kernel's file, a line each.

Source: conntrack-tools 1.4, src/conntrack.c, nfct_stats_cb(), display_proc_conntrack_stats().
"""

from __future__ import annotations

import re

from netrx_tune.collectors.text import MOST_DIGITS, Reading
from netrx_tune.model.errors import ParseError

LINE = r"cpu=\d+\s+(?:\w+=\d+\s*)+|entries\s+\d+"
MORE = r"\s*[a-z_]+\s+\d+\s*$"  # of the sums, after the entries
_PAIR = re.compile(rf"(\w+)=(\d{{1,{MOST_DIGITS}}})(?!\d)")
_SUM = re.compile(rf"([a-z_]+)\s+(\d{{1,{MOST_DIGITS}}})")


def parse_conntrack_s(text: str, path: str) -> Reading:
    """Return columns as "nf_conntrack.drop", one number per CPU, as the kernel's file has them."""
    per_cpu: dict[str, tuple[int, ...]] = {}
    for line in text.split("\n"):
        if re.fullmatch(LINE, line.strip()):
            for word, digits in _PAIR.findall(line):
                name = f"nf_conntrack.{word}"
                per_cpu[name] = (*per_cpu.get(name, ()), int(digits))
        elif summed := _SUM.fullmatch(line.strip()):
            per_cpu[f"nf_conntrack.{summed[1]}"] = (int(summed[2]),)
    per_cpu.pop("nf_conntrack.cpu", None)
    if not per_cpu:
        raise ParseError(path, "expected lines such as cpu=0 found=0", text)
    return Reading(per_cpu=per_cpu)
