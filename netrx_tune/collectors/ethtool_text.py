"""What `ethtool -S`, -g, -l, -c and -i print, as sosreports keep it.

A text that only says why there is nothing ("no stats available", "Cannot get ...") gives
None; one that is something else is an error.

Source: ethtool 6.1, ethtool.c, netlink/rings.c, netlink/channels.c and netlink/coalesce.c.
"""

from __future__ import annotations

from typing import NamedTuple

from netrx_tune.collectors.ethtool import NO_CHANNELS, Channels, Range, channels_of, summed
from netrx_tune.collectors.text import decimal, numbered
from netrx_tune.model.errors import ParseError
from netrx_tune.model.sample import Nic

# How the lines begin by which ethtool says that it has nothing.
_REFUSALS = (
    "no stats available",
    "no data available",
    "cannot get",
    "netlink error",
    "ethtool: bad command line",
    "for more information run",
)
_WORDS_FOR_NONE = frozenset({"n/a", ""})


class Texts(NamedTuple):
    """The saved output about one device; None where there is none."""

    driver: str | None = None  # -i
    statistics: str | None = None  # -S
    rings: str | None = None  # -g
    channels: str | None = None  # -l
    coalesce: str | None = None  # -c


def parse(device: str, texts: Texts, path: str) -> Nic | None:
    """Return a device from its saved texts, None if none of them says anything."""
    driver = None if texts.driver is None else parse_driver(texts.driver, path)
    statistics = None if texts.statistics is None else parse_statistics(texts.statistics, path)
    rings = None if texts.rings is None else parse_rings(texts.rings, path)
    channels = None if texts.channels is None else parse_channels(texts.channels, path)
    coalesce = None if texts.coalesce is None else parse_coalesce(texts.coalesce, path)
    if all(part is None for part in (driver, statistics, rings, channels, coalesce)):
        return None
    ring, most_ring = rings or (None, None)
    channel, most_channels, kind = channels or NO_CHANNELS
    usecs, adaptive = coalesce or (None, None)
    return Nic(
        device=device,
        driver=driver or "",
        statistics=statistics or {},
        ring_rx=ring,
        ring_rx_max=most_ring,
        channels_rx=channel,
        channels_rx_max=most_channels,
        coalesce_rx_usecs=usecs,
        coalesce_adaptive_rx=adaptive,
        channels_kind=kind,
    )


def parse_statistics(text: str, path: str) -> dict[str, int] | None:
    """Return the values of `ethtool -S` by name, those of equal names added."""
    lines = _lines(text, path, "NIC statistics:")
    if lines is None:
        return None
    pairs = []
    for place, line in lines:
        name, colon, value = line.rpartition(":")
        if not colon or not name.strip():
            raise ParseError(place, "expected 'name: value'", line)
        pairs.append((name.strip(), decimal(value.strip(), place, name.strip())))
    return summed(pairs)


def parse_rings(text: str, path: str) -> Range | None:
    """Return the receive ring of `ethtool -g`, in descriptors."""
    lines = _lines(text, path, "Ring parameters for ")
    return None if lines is None else _range(lines, "RX")


def parse_channels(text: str, path: str) -> Channels | None:
    """Return the receive queues of `ethtool -l`."""
    lines = _lines(text, path, "Channel parameters for ")
    return None if lines is None else channels_of(_range(lines, "RX"), _range(lines, "Combined"))


def parse_coalesce(text: str, path: str) -> tuple[int | None, bool | None] | None:
    """Return the microseconds that an interrupt waits, and whether the driver adapts them."""
    lines = _lines(text, path, "Coalesce parameters for ")
    if lines is None:
        return None
    usecs, adaptive = None, None
    for place, line in lines:
        name, _colon, value = line.partition(":")
        if name.strip() == "rx-usecs":
            usecs = _number(value, place, "rx-usecs")
        elif name.strip() == "Adaptive RX":
            adaptive = {"on": True, "off": False}.get(value.split()[0] if value.split() else "")
    return usecs, adaptive


def parse_driver(text: str, path: str) -> str | None:
    """Return the driver of `ethtool -i`."""
    lines = _lines(text, path, "driver:", keep=True)
    return None if lines is None else lines[0][1].partition(":")[2].strip()


def _lines(text: str, path: str, title: str, *, keep: bool = False) -> list[tuple[str, str]] | None:
    """Return the lines behind the title with their places, None if ethtool had nothing."""
    found: list[tuple[str, str]] = []
    is_open, is_refused = False, False
    for number, line in numbered(text):
        stripped = line.strip()
        if stripped.lower().startswith(_REFUSALS):
            is_refused = True
        elif not is_open and stripped.startswith(title):
            is_open = True
            found += [(f"{path}:{number}", stripped)] if keep else []
        elif is_open:
            found.append((f"{path}:{number}", stripped))
    if is_refused and not found:
        return None
    if not is_open:
        raise ParseError(path, f"expected {title!r}", text)
    return found


def _range(lines: list[tuple[str, str]], wanted: str) -> Range:
    """Return the number of that name, as it is and the most it may be."""
    most: list[int] = []
    present: list[int] = []
    section = present
    for place, line in lines:
        if line.startswith("Pre-set maximums"):
            section = most
        elif line.startswith("Current hardware settings"):
            section = present
        else:
            name, _colon, value = line.partition(":")
            number = _number(value, place, name) if name == wanted else None
            section += [] if number is None else [number]
    here = max(present, default=None)
    return Range(here, max([*most, here or 0]) if most else None)


def _number(value: str, place: str, name: str) -> int | None:
    word = value.strip()
    return None if word in _WORDS_FOR_NONE else decimal(word, place, name)
