"""/proc/meminfo: the host's memory.

Kernel: fs/proc/meminfo.c, meminfo_proc_show(): "kB" are 1024 bytes.
"""

from __future__ import annotations

import re

from netrx_tune.collectors.text import decimal, numbered
from netrx_tune.model.errors import ParseError

_KIB = 1024
_SIZE = re.compile(r"^([^\s:]+):[ \t]+([0-9]{1,20}) kB$", re.MULTILINE)


def parse_meminfo(text: str, path: str = "/proc/meminfo") -> dict[str, int]:
    """Return bytes by name, as "MemTotal"; lines that are no sizes are left out.

    Raises:
        ParseError: there is no MemTotal, or a size is no decimal.
    """
    found = _SIZE.findall(text)
    if len(found) == text.count("kB"):  # all of them are as the kernel writes them
        sizes = {name: int(digits) * _KIB for name, digits in found}
    else:
        sizes = _line_by_line(text, path)
    if "MemTotal" not in sizes:
        raise ParseError(path, "expected a line MemTotal: N kB", text)
    return sizes


def _line_by_line(text: str, path: str) -> dict[str, int]:
    sizes: dict[str, int] = {}
    for number, line in numbered(text):
        words = line.split()
        if len(words) == 3 and words[2] == "kB" and words[0].endswith(":"):
            name = words[0][:-1]
            sizes[name] = decimal(words[1], f"{path}:{number}", name) * _KIB
    return sizes
