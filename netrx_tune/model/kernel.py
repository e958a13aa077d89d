"""Kernel versions, for the few facts that no file of the kernel shows."""

import re
from typing import NamedTuple

_RELEASE = re.compile(r"(\d+)\.(\d+)(?:\.(\d+))?")


class KernelVersion(NamedTuple):
    """A release such as 6.1.0-18-amd64, comparable by its numbers."""

    major: int
    minor: int
    patch: int = 0

    def __str__(self) -> str:
        return f"{self.major}.{self.minor}.{self.patch}"


def parse_release(text: str) -> KernelVersion | None:
    """Return the version in `uname -r` text, or None if it has none."""
    found = _RELEASE.match(text.strip())
    if not found:
        return None
    return KernelVersion(int(found[1]), int(found[2]), int(found[3] or 0))
