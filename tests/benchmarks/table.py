"""Figures beside their limits, as a Markdown table."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import NamedTuple


class Row(NamedTuple):
    """One figure; the limit is in the same unit, None where none was promised."""

    what: str
    figure: float
    unit: str
    limit: float | None = None


def show(rows: Sequence[Row]) -> int:
    """Print the rows and return 1 if one is over its limit, else 0."""
    sys.stdout.write("| measured | figure | at most |\n| --- | ---: | ---: |\n")
    for row in rows:
        limit = "" if row.limit is None else f"{row.limit:g}{row.unit}"
        sys.stdout.write(f"| {row.what} | {row.figure:.3g}{row.unit} | {limit} |\n")
    sys.stdout.flush()
    return int(any(row.limit is not None and row.figure > row.limit for row in rows))
