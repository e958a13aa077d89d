"""The kernel's long lines of names and of numbers as a letter has them: broken into several.

Udp: InDatagrams NoPorts InErrors OutDatagrams RcvbufErrors
SndbufErrors InCsumErrors IgnoredMulti MemErrors
Udp: 138987 164 0 139190 0 0 0 0 0

A row of /proc/net/softnet_stat has up to 15 words and no name; all rows are as long.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

# TcpExt has some 130; a pattern without an end takes gigabytes for a text of millions of words.
_NAMES = r"[ \t]*[A-Z]\w*(?:[ \t]+[A-Z]\w*){0,199}[ \t]*\n"
_NUMBERS = r"[ \t]*-?\d+(?:[ \t]+-?\d+){0,199}[ \t]*(?:\n|\Z)"
_BROKEN = re.compile(
    rf"^[ \t]*(?P<of>Ip|Icmp|Tcp|Udp|UdpLite|TcpExt|IpExt):(?P<names>{_NAMES}(?:{_NAMES}){{1,64}})"
    rf"[ \t]*(?P=of):(?P<numbers>{_NUMBERS}(?:{_NUMBERS}){{0,64}})",
    re.MULTILINE,
)
_PER_CPU = re.compile(
    r"(?:^[ \t]*[0-9a-f]{8}(?: [0-9a-f]{8}){0,14}[ \t]*(?:\n|\Z)){2,}", re.MULTILINE
)
_WIDTHS = range(15, 8, -1)  # of softnet_stat, in words


def unwrapped(text: str) -> str:
    """Return a text with such lines whole again."""
    return _PER_CPU.sub(_rows, _BROKEN.sub(_whole, text))


def _whole(found: re.Match[str]) -> str:
    lines = (f"{found['of']}: {' '.join(found[part].split())}\n" for part in ("names", "numbers"))
    return "".join(lines)


def _rows(found: re.Match[str]) -> str:
    """Return lines of words as rows of one width, or as they are where none fits."""
    lines = [line.split() for line in found[0].split("\n") if line.strip()]
    if len({*map(len, lines)}) == 1:
        return found[0]
    for width in _WIDTHS:
        rows = [*_filled(lines, width)]
        if all(len(row) == width for row in rows):
            return "".join(f"{' '.join(row)}\n" for row in rows)
    return found[0]


def _filled(lines: list[list[str]], width: int) -> Iterator[list[str]]:
    """Yield the words of lines until each has filled a row, or would overfill it."""
    row: list[str] = []
    for line in lines:
        if len(row) + len(line) > width or len(row) == width:
            yield row
            row = []
        row = [*row, *line]
    yield row
