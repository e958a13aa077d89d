"""What one counter says that no stage's data says."""

from __future__ import annotations

from typing import NamedTuple


class CounterNote(NamedTuple):
    """One counter, or one field in all protocols that have it.

    `aliases` are the words of netstat, ip, ss, ifconfig and the files, beyond the spellings
    that differ in dots, dashes and case only.
    """

    name: str
    what: str
    is_not: str = ""
    aliases: tuple[str, ...] = ()
    kernels: str = ""
