"""/sys/class/net/IF: what sysfs says of one device.

Kernel: net/core/net-sysfs.c; Documentation/ABI/testing/sysfs-class-net. Reading `speed` of a
device without carrier fails, and -1 stands for unknown.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import NamedTuple, TypeVar

from netrx_tune.collectors.text import (
    attempt,
    below,
    decimal,
    decimals,
    hexadecimal,
    remembered,
    signed,
)
from netrx_tune.model.errors import ParseError
from netrx_tune.model.sample import Gap

T = TypeVar("T")

ROOT = "/sys/class/net/"
_STATISTICS = "statistics/"
_FACTS = ("operstate", "flags", "speed", "threaded", "ifindex", "device/uevent")
_LONG = 2000  # characters; longer texts are not worth remembering
_MOST_KNOWN = 256  # devices
_QUEUES = "queues/rx-"
_RPS_CPUS = "/rps_cpus"
_IFF_UP = 0x1
# Kernel: net/core/net-sysfs.c, operstates[]. "unknown" is all that many drivers say.
_DOWN = frozenset({"notpresent", "down", "lowerlayerdown", "testing", "dormant"})


class NetClass(NamedTuple):
    """One device's files; None where there is none."""

    statistics: Mapping[str, int]
    rps_cpus: tuple[str, ...]  # one hexadecimal mask per receive queue, by its number
    threaded: bool | None
    speed_mbits: int | None
    up: bool | None
    ifindex: int | None
    driver: str | None


def net_class_files(files: Mapping[str, str]) -> dict[str, dict[str, str]]:
    """Return each device's files by their paths below its folder."""
    names = _by_device(below(files, ROOT))
    return {device: {name: files[path] for name, path in found} for device, found in names.items()}


@remembered(64)
def _by_device(paths: tuple[str, ...]) -> Mapping[str, tuple[tuple[str, str], ...]]:
    """Return each device's paths, each behind what it is below the device's folder."""
    devices: dict[str, list[tuple[str, str]]] = {}
    for path in paths:
        device, slash, name = path.removeprefix(ROOT).partition("/")
        if slash:
            devices.setdefault(device, []).append((name, path))
    return {device: tuple(found) for device, found in devices.items()}


def parse_net_class(
    files: Mapping[str, str], device: str, known: Mapping[str, int] | None = None
) -> tuple[NetClass, list[Gap]]:
    """Return what a device's files say, and gaps for those that do not read.

    Args:
        files: texts by their paths below the device's folder.
        device: its name.
        known: statistics that need not be read, since rtnetlink has them.
    """
    folder = f"{ROOT}{device}/"
    texts = tuple(map(files.get, _FACTS))
    is_long = sum([len(text) for text in texts if text]) > _LONG
    found, problems = (_facts.__wrapped__ if is_long else _facts)(device, texts)
    gaps = [*problems]
    found = found._replace(
        statistics=_statistics(files, folder, gaps, known or {}),
        rps_cpus=_rps_cpus(files, folder, gaps),
    )
    return found, gaps


@lru_cache(_MOST_KNOWN)
def _facts(device: str, texts: tuple[str | None, ...]) -> tuple[NetClass, tuple[Gap, ...]]:
    """Return what does not count, from the texts of `_FACTS`: the same in nearly all samples."""
    folder = f"{ROOT}{device}/"
    gaps: list[Gap] = []
    files = {name: text for name, text in zip(_FACTS, texts, strict=True) if text is not None}

    def number(below: str) -> int | None:
        return _attempt(files, below, parse_number, gaps, folder)

    found = NetClass(
        statistics={},
        rps_cpus=(),
        threaded=_as_bool(number("threaded")),
        speed_mbits=_speed(number("speed")),
        up=_up(files, folder, gaps),
        ifindex=number("ifindex"),
        driver=_attempt(files, "device/uevent", parse_driver, gaps, folder),
    )
    return found, tuple(gaps)


def _attempt(
    files: Mapping[str, str],
    below: str,
    parse: Callable[[str, str], T],
    gaps: list[Gap],
    folder: str,
) -> T | None:
    """Return what a parser makes of a device's file; one that does not read becomes a gap."""
    text = files.get(below)
    return None if text is None else attempt({folder + below: text}, folder + below, parse, gaps)


def parse_number(text: str, path: str) -> int:
    """Return the one number of a file.

    Raises:
        ParseError: it holds something else.
    """
    return signed(text.strip(), path, "value")


def parse_driver(text: str, path: str) -> str | None:
    """Return the driver that a uevent file names; a device without one is no error."""
    del path
    for line in text.split("\n"):
        name, _, value = line.strip().partition("=")
        if name == "DRIVER":
            return value
    return None


def _statistics(
    files: Mapping[str, str], folder: str, gaps: list[Gap], known: Mapping[str, int]
) -> dict[str, int]:
    """Return the device's statistics by their files' names, but for those that are known."""
    names = _named(tuple(files)).statistics
    if names.keys() <= known.keys():  # as ever where rtnetlink answers
        return {}
    asked = {name: path for name, path in names.items() if name not in known}
    values = decimals([files[path].strip() for path in asked.values()])
    if values is not None:
        return dict(zip(asked, values, strict=True))
    found: dict[str, int] = {}
    for name, path in asked.items():
        value = _attempt(files, path, _counter, gaps, folder)
        if value is not None:
            found[name] = value
    return found


def _counter(text: str, path: str) -> int:
    """Return a counter's value."""
    return decimal(text.strip(), path, "value")


def _rps_cpus(files: Mapping[str, str], folder: str, gaps: list[Gap]) -> tuple[str, ...]:
    """Return the RPS masks in the order of the queues' numbers."""
    masks: list[str] = []
    known: dict[str, str] = {}  # by text: most queues have the same
    for path in _named(tuple(files)).masks:
        text = files[path]
        mask = known.get(text) or _attempt(files, path, parse_mask, gaps, folder)
        if mask is not None:
            known[text] = mask
            masks.append(mask)
    return tuple(masks)


class _Named(NamedTuple):
    """Which files of a device are many: its statistics by name, its masks by queue."""

    statistics: Mapping[str, str]
    masks: tuple[str, ...]


@remembered(64)
def _named(paths: tuple[str, ...]) -> _Named:
    """Tell the files of a device by their paths below its folder."""
    start = len(_STATISTICS)
    statistics = {path[start:]: path for path in paths if path.startswith(_STATISTICS)}
    queues: dict[int, str] = {}
    for path in paths:
        queue = path.removeprefix(_QUEUES).removesuffix(_RPS_CPUS)
        is_number = queue.isascii() and queue.isdigit() and len(queue) < 8
        if is_number and path == f"{_QUEUES}{queue}{_RPS_CPUS}":
            queues[int(queue)] = path
    return _Named(statistics, tuple([queues[number] for number in sorted(queues)]))


def parse_mask(text: str, path: str) -> str:
    """Return a mask of rps_cpus as the kernel writes it.

    Raises:
        ParseError: it is none.
    """
    mask = text.strip()
    for word in mask.split(","):
        hexadecimal(word, path, "rps_cpus", digits=8)
    return mask


def _as_bool(value: int | None) -> bool | None:
    """Return a switch's state; busy-polling threads (2) are threads too."""
    return None if value is None else value > 0


def _speed(value: int | None) -> int | None:
    """Return Mbit/s, or None for -1 and for the unsigned form of it."""
    return value if value is not None and 0 < value < 2**31 else None


def _up(files: Mapping[str, str], folder: str, gaps: list[Gap]) -> bool | None:
    """Tell whether a device can receive; where operstate is "unknown", whether it is set up."""
    state = files.get("operstate", "").strip()
    if state == "up" or state in _DOWN:
        return state == "up"
    flags = _attempt(files, "flags", _flags, gaps, folder)
    return None if flags is None else bool(flags & _IFF_UP)


def _flags(text: str, path: str) -> int:
    """Return the device's IFF_* flags, written as 0x1003."""
    found = text.strip()
    if not found.startswith("0x"):
        raise ParseError(path, "expected 0x and a hexadecimal", found)
    return hexadecimal(found[2:], path, "flags")
