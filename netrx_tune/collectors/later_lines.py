"""What `diff -u` says of two outputs: the lines as the later one has them."""

from __future__ import annotations

import re

# Two names of files, then the first place at which they differ.
_UNIFIED = re.compile(
    r"^--- \S.*\n\+\+\+ \S.*\n(?=@@ -\d+(?:,\d+)? \+\d+(?:,\d+)? @@)", re.MULTILINE
)


def later_lines(text: str) -> str:
    """Return a text with the lines of each difference as they stand in the later of its files."""
    first, *others = _UNIFIED.split(text)
    return "\n".join([first, *map(_after, others)]) if others else text


def _after(difference: str) -> str:
    """Return the lines of one difference, and what stands behind it as it is."""
    lines = difference.split("\n")
    ends = (at for at, line in enumerate(lines) if line and line[0] not in " +-@")
    end = next(ends, len(lines))
    return "\n".join([line[1:] for line in lines[:end] if line[:1] in {"", " ", "+"}] + lines[end:])
