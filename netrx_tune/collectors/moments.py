"""A text that shows one thing at two moments, as `netstat -s; sleep 10; netstat -s` does."""

from __future__ import annotations

import re
from collections.abc import Container, Iterable

from netrx_tune.model.sample import Gap

_DIGITS = re.compile(r"\d+(?:\.\d+)?")
_LABELLED = re.compile(r"[A-Za-z]")

TWO_MOMENTS = (
    "an earlier one in the text: the last counts. As two texts, --from FIRST --from SECOND, they"
    " are a window"
)


def joined(
    parts: Iterable[tuple[str, str]], tables: Container[str], gaps: list[Gap]
) -> dict[str, str]:
    """Return the parts of a text (kind and lines) by their kind, the later after the earlier.

    A kind in `tables` has lines without names: of two only the later one counts.
    """
    files: dict[str, str] = {}
    for kind, text in parts:
        earlier = files.get(kind, "")
        if earlier and (kind in tables or _is_another_moment(earlier, text)):
            gaps.append(Gap(kind, "unparsed", TWO_MOMENTS))
        files[kind] = text if kind in tables else earlier + text
    return files


def _is_another_moment(earlier: str, later: str) -> bool:
    """Tell whether two parts of a text have a line in common whose numbers are other ones."""
    before = {_label(line): line for line in earlier.splitlines()}
    return any(
        before.get(label, line).split() != line.split()
        for line in later.splitlines()
        if _LABELLED.search(label := _label(line))
    )


def _label(line: str) -> str:
    """Return a line without its numbers and the room that they take."""
    return " ".join(_DIGITS.sub(" ", line).split())
