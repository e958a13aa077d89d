"""/proc/meminfo: the host's memory.

Kernel: fs/proc/meminfo.c, meminfo_proc_show(): "kB" are 1024 bytes.
"""

from __future__ import annotations

import re

from netrx_tune.model.errors import ParseError

_KIB = 1024
_TOTAL = re.compile(r"^MemTotal:[ \t]+([0-9]{1,20}) kB\s*$", re.ASCII | re.MULTILINE)


def parse_memory_bytes(text: str, path: str = "/proc/meminfo") -> int:
    """Return the memory of the host."""
    found = _TOTAL.search(text)
    if not found:
        raise ParseError(path, "expected a line MemTotal: N kB", text)
    return int(found[1]) * _KIB
