"""Drivers' counters that sound like a loss and stand in no book: named, and in no figure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache, lru_cache

from netrx_tune.collectors.dev import SUMMED_DROPS
from netrx_tune.model.snapshot import Delta, Device
from netrx_tune.rxpath.books.drivers import meanings

_MOST_NAMED = 3
# Of a switch's port (p05_RxDrop, mt7530) it is what the host itself sent.
_SOUNDS = (
    r"(?i)(?!p\d\d_|.*(?:tx|xdp|fdir|posted))(?=.*rx).*(?:drop|discard|no_?buf|overflow|overrun).*"
)
# Where the link may have a driver's drops as well: they are in a figure then.
_LINK = ("rx_dropped", SUMMED_DROPS, "rx_missed_errors", "rx_fifo_errors", "rx_errors")
# The link's own field, and shortages that cost no frame while the card's memory lasts.
_OTHERWISE = frozenset({"rx_dropped", "rx_no_buffer_count"})


def unnamed_drops(delta: Delta) -> Iterator[str]:
    """Yield for each device what its driver counted under names that nobody here knows."""
    for device in delta.after.devices.values():
        found = _gained(delta, device) if device.nic else {}
        if found:
            most = sorted(found.items(), key=lambda item: -item[1])
            listed = ", ".join(f"{name} {gained:,}" for name, gained in most[:_MOST_NAMED])
            more = f" and {len(most) - _MOST_NAMED} more" if len(most) > _MOST_NAMED else ""
            yield (
                f"{device.name}: the driver counts {listed}{more}. What that means is not known"
                " here, so it is in no figure; the driver's documentation tells"
            )


def _gained(delta: Delta, device: Device) -> dict[str, int]:
    """Return what moved by name, the queues' parts added up."""
    if device.nic is None:
        return {}
    found: dict[str, int] = {}
    for name in _sounding(device.nic.driver, tuple(device.nic.statistics)):
        gained = delta.increases.get(f"{device.name}.ethtool.{name}")
        if gained:
            family = re.sub(r"\d+", "N", name.strip())
            found[family] = found.get(family, 0) + gained
    if not found:
        return found
    link = max(delta.increase(f"{device.name}.{field}") or 0 for field in _LINK)
    return {family: gained for family, gained in found.items() if gained > link}


@lru_cache(maxsize=64)  # all cards of a model have the same names
def _sounding(driver: str, names: tuple[str, ...]) -> tuple[str, ...]:
    known = {name for name, _ in meanings(driver, names)}
    known |= {re.sub(r"queue_\d+_|\d+", "", name) for name in known} | _OTHERWISE  # and their sums
    return tuple(name for name in names if name not in known and _pattern().fullmatch(name))


@cache
def _pattern() -> re.Pattern[str]:
    return re.compile(_SOUNDS)
