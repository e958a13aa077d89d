"""The kernel's long lines of names and of numbers as a letter has them: broken into several.

Udp: InDatagrams NoPorts InErrors OutDatagrams RcvbufErrors
SndbufErrors InCsumErrors IgnoredMulti MemErrors
Udp: 138987 164 0 139190 0 0 0 0 0

A row of /proc/net/softnet_stat has up to 15 words and no name; all rows are as long. Those of
/proc/net/udp have 13 words of their own look in 128 columns, and a header nearly as long. Those of
/proc/net/stat have as many words as their header, and look like softnet_stat's where they are
broken.
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
_GAP = r"(?:[ \t]+|[ \t]*\n[ \t]*)"
_ADDRESS = r"[0-9A-F]{8}(?:[0-9A-F]{24})?:[0-9A-F]{4}"
_SOCKET = (
    r"\d+:", _ADDRESS, _ADDRESS, "[0-9A-F]{2}", "[0-9A-F]{8}:[0-9A-F]{8}",
    "[0-9A-F]{2}:[0-9A-F]{8}", "[0-9A-F]{8}", r"\d+", r"\d+", r"\d+", r"\d+", "[0-9a-f]+", r"-?\d+",
)  # fmt: skip
_OF_SOCKETS = re.compile(
    rf"^[ \t]*(?:{_GAP.join(_SOCKET)}"
    rf"|sl[ \t]+local_address{_GAP}rem(?:ote)?_address(?:{_GAP}[\w>-]+){{8,11}}{_GAP}drops)[ \t]*$",
    re.MULTILINE,
)
# /proc/net/stat: rt_cache has 17 words.
_TITLES = r"[ \t]*[a-z]\w*(?:[ \t]+[a-z]\w*){0,16}[ \t]*\n"
_ROW = r"[ \t]*[0-9a-f]{8}(?:[ \t]+[0-9a-f]{8}){0,16}[ \t]*(?:\n|\Z)"
_STATISTICS = re.compile(
    rf"^(?P<titles>[ \t]*(?=entries[ \t])(?:(?!{_ROW}){_TITLES}){{1,8}})(?P<rows>(?:{_ROW})+)",
    re.MULTILINE,
)


def unwrapped(text: str) -> str:
    """Return a text with such lines whole again."""
    if "entries" in text:
        text = _STATISTICS.sub(_table, text)
    text = _PER_CPU.sub(_rows, _BROKEN.sub(_whole, text))
    if "local_address" in text:
        text = _OF_SOCKETS.sub(lambda found: " ".join(found[0].split()), text)
    return text


def _whole(found: re.Match[str]) -> str:
    lines = (f"{found['of']}: {' '.join(found[part].split())}\n" for part in ("names", "numbers"))
    return "".join(lines)


def _table(found: re.Match[str]) -> str:
    """Return a header and its rows, as they are where the words fill no whole rows."""
    titles, words = found["titles"].split(), found["rows"].split()
    width = len(titles)
    if len(words) % width:
        return found[0]
    rows = (words[at : at + width] for at in range(0, len(words), width))
    return "".join(f"{' '.join(row)}\n" for row in (titles, *rows))


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
