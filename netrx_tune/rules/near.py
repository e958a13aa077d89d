"""Names that somebody may have meant."""

from __future__ import annotations

from collections.abc import Iterable


def near(name: str, known: Iterable[str]) -> str:
    """Return "; near it: a, b" with the known names that are spelt much alike, "" without any."""
    from difflib import get_close_matches  # noqa: PLC0415 - only for names that nobody has

    found = get_close_matches(name, tuple(known))
    return f"; near it: {', '.join(found)}" if found else ""
