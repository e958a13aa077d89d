"""What the fields of a record may hold, asked for many records at once.

A check takes the values that one field has in some records, and tells whether all are such as
the field takes: one call of C for thousands, where a call for each takes longer than reading them.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Any

__all__ = ["Check", "is_count", "is_counts", "is_flag_or_none", "is_text", "one_of", "or_none"]

Check = Callable[[Sequence[object]], bool]
_TWO_64 = 1 << 64  # 64 bits are what the kernel counts with
_NONE = frozenset({type(None)})


def is_text(found: Sequence[object]) -> bool:
    """Tell whether all are texts."""
    return {*map(type, found)} <= {str}


def is_count(found: Sequence[object]) -> bool:
    """Tell whether all are numbers that a kernel's counter may have."""
    return _are_numbers(found) and _fit({*found})  # many sockets have the same


def is_counts(found: Sequence[object]) -> bool:
    """Tell whether all are counters by name."""
    return all(
        type(counts) is dict and _are_numbers(counts.values()) and _fit(counts.values())
        for counts in found
    )


def _are_numbers(found: Iterable[object]) -> bool:
    return {*map(type, found)} <= {int}  # type(), since a bool is an int to isinstance()


def _fit(numbers: Collection[Any]) -> bool:
    return not numbers or (min(numbers) >= 0 and max(numbers) < _TWO_64)


def is_flag_or_none(found: Sequence[object]) -> bool:
    """Tell whether all are true, false or null."""
    return {*map(type, found)} <= {bool, *_NONE}


def or_none(check: Check) -> Check:
    """Return the check that lets null pass, too."""
    return lambda found: check(
        [one for one in found if one is not None] if None in found else found
    )


def one_of(*words: str) -> Check:
    """Return the check for some words."""
    return lambda found: is_text(found) and {*found} <= {*words}
