"""Sizes, times and shares as people type them: 4MiB, 200ms, 1%. Each is a click callback."""

from __future__ import annotations

import re
from decimal import Decimal

import click

_NUMBER = re.compile(r"(\d{1,15}(?:\.\d{1,15})?)\s*([A-Za-z%]*)")
_BYTES = {"": 1, "b": 1, "kib": 1 << 10, "mib": 1 << 20, "gib": 1 << 30}
_USECS = {"": 10**6, "us": 1, "ms": 1000, "s": 10**6, "min": 60 * 10**6}
_PERCENT = {"": 100, "%": 1}
_MOST_BYTES = 1 << 40
_MOST_USECS = 10**12  # eleven days


def size_bytes(_ctx: click.Context, _param: click.Parameter, value: str | None) -> int | None:
    """Return the bytes of "4194304" or "4MiB".

    Raises:
        click.BadParameter: it is no size, or not above 0.
    """
    return None if value is None else _whole(value, _BYTES, _MOST_BYTES, "a size such as 4MiB")


def duration_usecs(_ctx: click.Context, _param: click.Parameter, value: str | None) -> int | None:
    """Return the microseconds of "0.2", "200ms" or "2s".

    Raises:
        click.BadParameter: it is no time, or not above 0.
    """
    return None if value is None else _whole(value, _USECS, _MOST_USECS, "a time such as 200ms")


def share(_ctx: click.Context, _param: click.Parameter, value: str | None) -> float | None:
    """Return the share of "1%" or "0.01".

    Raises:
        click.BadParameter: it is no share above 0 and up to 1.
    """
    if value is None:
        return None
    percents = _number(value, _PERCENT, "a share such as 1%")
    if not 0 < percents <= 100:
        raise click.BadParameter(f"{value!r} is not above 0 and up to 1")
    return float(percents / 100)


def _whole(value: str, units: dict[str, int], most: int, what: str) -> int:
    number = int(_number(value, units, what))
    if not 0 < number <= most:
        raise click.BadParameter(f"{value!r} is out of range")
    return number


def _number(value: str, units: dict[str, int], what: str) -> Decimal:
    found = _NUMBER.fullmatch(value.strip())
    scale = units.get(found[2].lower()) if found else None
    if found is None or scale is None:
        names = ", ".join(unit for unit in units if unit)
        raise click.BadParameter(f"{value!r} is not {what} (units: {names})")
    return Decimal(found[1]) * scale
