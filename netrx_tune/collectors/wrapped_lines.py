"""The kernel's long lines of names and of numbers as a letter has them: broken into several.

Udp: InDatagrams NoPorts InErrors OutDatagrams RcvbufErrors
SndbufErrors InCsumErrors IgnoredMulti MemErrors
Udp: 138987 164 0 139190 0 0 0 0 0
"""

from __future__ import annotations

import re

# TcpExt has some 130; a pattern without an end takes gigabytes for a text of millions of words.
_NAMES = r"[ \t]*[A-Z]\w*(?:[ \t]+[A-Z]\w*){0,199}[ \t]*\n"
_NUMBERS = r"[ \t]*-?\d+(?:[ \t]+-?\d+){0,199}[ \t]*(?:\n|\Z)"
_BROKEN = re.compile(
    rf"^[ \t]*(?P<of>Ip|Icmp|Tcp|Udp|UdpLite|TcpExt|IpExt):(?P<names>{_NAMES}(?:{_NAMES}){{1,64}})"
    rf"[ \t]*(?P=of):(?P<numbers>{_NUMBERS}(?:{_NUMBERS}){{0,64}})",
    re.MULTILINE,
)


def unwrapped(text: str) -> str:
    """Return a text with such lines whole again."""
    return _BROKEN.sub(_whole, text)


def _whole(found: re.Match[str]) -> str:
    lines = (f"{found['of']}: {' '.join(found[part].split())}\n" for part in ("names", "numbers"))
    return "".join(lines)
