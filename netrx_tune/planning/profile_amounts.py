"""Numbers of a profile: plain decimals, sizes with a unit, shares of a host's memory."""

from __future__ import annotations

import re
from typing import NamedTuple

from netrx_tune.planning.tunables import TUNABLES, tunable
from netrx_tune.planning.tunables.tunable import Tunable
from netrx_tune.rules.near import near

_PLAIN = re.compile(r"0|[1-9][0-9]{0,18}")
_SIZE = re.compile(r"(0|[1-9][0-9]{0,12}) ?(KiB|MiB|GiB)")
_SHARE = re.compile(r"(0|[1-9][0-9]?)(?:\.([0-9]{1,3}))?% of memory|(100)% of memory")
_SCALE = {"KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30}
_PERCENT_PARTS = 100_000  # a share is kept as so many parts, three decimals of a percent
_KEY = re.compile(r"[a-z][a-z0-9_]*(?:\.[A-Za-z0-9_-][A-Za-z0-9_:@/-]*)+")
_DEVICE_KEY = re.compile(r"net\.ipv[46]\.conf\.(.+)\.[a-z0-9_]+")
# Kernel: dev_valid_name() in net/core/dev.c allows more; dots stand as slashes in a key.
_DEVICE = re.compile(r"[A-Za-z0-9_-]+(?:[/:@][A-Za-z0-9_-]+)*")
_MOST_DEVICE = 15  # IFNAMSIZ - 1
# Files of /proc/sys that hold another notation than decimals.
_NO_NUMBERS = frozenset({"mask"})


class Amount(NamedTuple):
    """One number: itself, or parts of 100,000 of the host's memory."""

    number: int
    of_memory: bool = False


def key_complaint(key: str) -> str | None:
    """Return why a key cannot be in a profile, None if it can."""
    device = _DEVICE_KEY.fullmatch(key)
    known = tunable(key) if _KEY.fullmatch(key) else None
    if known is None or known.where != "sysctl":
        hint = near(key, (one.name for one in TUNABLES if one.where == "sysctl"))
        return f"no sysctl of the receive path{hint or ' (see netrx-tune explain)'}"
    if device and (
        device[1] == "IF" or len(device[1]) > _MOST_DEVICE or not _DEVICE.fullmatch(device[1])
    ):
        return "expected a device's name, all or default"
    if not known.writable:
        return "this can only be read"
    if known.unit in _NO_NUMBERS:
        return f"a {known.unit} is one host's own and not a profile's"
    return None


def parse_amount(text: str, one: Tunable) -> Amount | str:
    """Return the number that a text is in a sysctl's unit, or what was expected."""
    if _PLAIN.fullmatch(text):
        return Amount(int(text))
    size = _SIZE.fullmatch(text)
    if size and one.unit == "bytes":
        return Amount(int(size[1]) * _SCALE[size[2]])
    share = _SHARE.fullmatch(text)
    if share and one.unit in {"bytes", "pages", "kilobytes"}:
        whole, decimals = share[3] or share[1], (share[2] or "").ljust(3, "0")
        return Amount(int(whole) * 1000 + int(decimals), of_memory=True)
    return f"expected {_expected(one)}"


def _expected(one: Tunable) -> str:
    match one.unit:
        case "bytes":
            return "bytes as a plain decimal, a size such as 16MiB, or such as 5% of memory"
        case "pages":
            return "pages as a plain decimal, or a share such as 5% of memory"
        case _:
            return f"{one.unit} as a plain decimal"


def memory_units(one: Tunable, memory_bytes: int | None, page_bytes: int) -> int | None:
    """Return a host's memory in a sysctl's unit, None if unknown or not of memory."""
    each = {"pages": page_bytes, "kilobytes": 1024}.get(one.unit)
    if memory_bytes is None or each is None:
        return None
    return memory_bytes // each


def in_units(amount: Amount, one: Tunable, memory_bytes: int, page_bytes: int) -> int:
    """Return the plain number of an amount on a host with so much memory."""
    if not amount.of_memory:
        return amount.number
    each = {"pages": page_bytes, "kilobytes": 1024}.get(one.unit, 1)
    return memory_bytes * amount.number // (_PERCENT_PARTS * each)
