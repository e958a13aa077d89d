"""Devices, backlogs and tracking as machines write them down, put into the words of commands.

`ip -j -s link`, `ethtool --json`, what Prometheus' node_exporter shows of them, and the table that
a widespread script makes of softnet_stat.

Source: iproute2 6.1, ip/ipaddress.c, print_link_stats64(); ethtool 6.1, netlink/rings.c;
node_exporter 1.6, netdev_common.go, softnet_common.go, conntrack_linux.go.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping

_JSON = re.compile(r"^[ \t]*(\[\s*\{)", re.MULTILINE)
_NAME = re.compile(r"[\w.@-]{1,15}")
_OF_IP = {
    "packets": "packets",
    "errors": "errors",
    "dropped": "dropped",
    "over_errors": "overrun",
    "missed_errors": "missed",
    "multicast": "mcast",
    "length_errors": "length",
    "crc_errors": "crc",
    "frame_errors": "frame",
    "fifo_errors": "fifo",
    "nohandler": "nohandler",
    "otherhost": "otherhost",
}
_METRIC = re.compile(
    r"^node_(?:(?P<net>network_receive)_(?P<column>packets|errs|drop|fifo|frame)_total"
    r"|(?P<soft>softnet)_(?P<of>processed|dropped|times_squeezed|received_rps|flow_limit_count)"
    r"_total|nf_conntrack_(?P<track>entries|entries_limit|stat_\w+))"
    r"(?:\{(?P<labels>[^{}\n]{0,500})\})?"
    r" (?P<value>\d{1,20}(?:\.\d{1,20})?(?:e\+\d\d)?)[ \t\r]*$",
    re.MULTILINE,
)
_WHOSE = re.compile(r'(?:^|,)(?:device|cpu)="([^"]*)"')
_MOST_CPUS = 1 << 13  # CONFIG_NR_CPUS
_MOST_TRIES = 64  # at what begins as a list and is none
_COLUMNS = {"errs": "errors", "drop": "dropped", "fifo": "overruns", "frame": "frame"}
_SOFTNET = ("processed", "dropped", "times_squeezed")
_ROW = (*_SOFTNET, *[""] * 6, "received_rps", "flow_limit_count", "")
_TABLE = re.compile(
    r"^[ \t]*cpu[ \t]+total[ \t]+dropped[ \t]+squeezed(?P<more>(?:[ \t]+\w+){0,3})[ \t]*\n"
    r"(?P<rows>(?:[ \t]*\d{1,10}(?:[ \t]+\d{1,10}){3,6}[ \t]*(?:\n|\Z))+)",
    re.MULTILINE,
)
_TITLES = {"rps": "received_rps", "flow_limit": "flow_limit_count"}
_LEVELS = {"entries": "count", "entries_limit": "max"}


def in_words(text: str) -> str:
    """Return a text with what machines wrote in it put as commands print it."""
    said = (*_of_metrics(text), *_of_table(text))
    return _without_json(text) + "".join(f"{line}\n" for line in said)


def _without_json(text: str) -> str:
    parts: list[str] = []
    at = tries = 0
    while tries < _MOST_TRIES and (found := _JSON.search(text, at)):
        parts.append(text[at : found.start(1)])
        try:
            rows, end = json.JSONDecoder().raw_decode(text, found.start(1))
        except (ValueError, RecursionError):
            parts.append(found[1])
            at = found.end(1)
            tries += 1
            continue
        lines = [line for row in rows for line in _of_row(row)]
        parts.append("\n".join(("", *lines, "")) if lines else text[found.start(1) : end])
        at = end
    return "".join((*parts, text[at:]))


def _of_row(row: object) -> Iterator[str]:
    """Yield what one device's row says, in the words of ip or ethtool."""
    name = row.get("ifname") if isinstance(row, dict) else None
    if not isinstance(row, dict) or not isinstance(name, str) or not _NAME.fullmatch(name):
        return
    counted = row.get("stats64") or row.get("stats")
    if isinstance(counted, dict):
        yield from _of_link(name, row, counted.get("rx"))
        return
    numbers = {key: value for key, value in row.items() if _is_count(value)}
    if "rx-max" in numbers and "rx" in numbers:
        yield f"Ring parameters for {name}:"
        yield f"Pre-set maximums:\nRX: {numbers['rx-max']}"
        yield f"Current hardware settings:\nRX: {numbers['rx']}"
    elif numbers:
        yield f"ethtool -S {name}\nNIC statistics:"
        yield from (f"     {key}: {value}" for key, value in numbers.items() if "\n" not in key)


def _of_link(name: str, row: Mapping[str, object], received: object) -> Iterator[str]:
    if not isinstance(received, dict):
        return
    told = {title: received[key] for key, title in _OF_IP.items() if _is_count(received.get(key))}
    flags = row.get("flags")
    words = [str(flag) for flag in flags] if isinstance(flags, list) else []
    index = row["ifindex"] if _is_count(row.get("ifindex")) else 0
    yield f"{index}: {name}: <{','.join(word for word in words if word.isalnum())}> mtu 0"
    info = row.get("linkinfo")
    kind = info.get("info_kind") if isinstance(info, dict) else None
    if isinstance(kind, str) and _NAME.fullmatch(kind):
        yield f"    {kind}"
    yield "    RX: " + " ".join(told)
    yield "    " + " ".join(str(value) for value in told.values())


def _is_count(value: object) -> bool:
    return type(value) is int and 0 <= value < 1 << 64


def _of_metrics(text: str) -> Iterator[str]:
    """Yield what node_exporter's metrics say, in the words of ifconfig, the kernel and sysctl."""
    devices: dict[str, dict[str, int]] = {}
    cpus: dict[int, dict[str, int]] = {}
    tracked: dict[str, int] = {}
    for found in _METRIC.finditer(text):
        label = _WHOSE.search(found["labels"] or "")
        whose, value = label[1] if label else "", _number(found["value"])
        if found["net"] and _NAME.fullmatch(whose):
            devices.setdefault(whose, {})[found["column"]] = value
        elif found["soft"] and whose.isdecimal() and len(whose) < len("10000"):
            cpus.setdefault(int(whose), {})[found["of"]] = value
        elif found["track"]:
            tracked[found["track"]] = value
    for name, columns in devices.items():
        yield f"{name}: flags=0<UP>  mtu 0"
        if "packets" in columns:
            yield f"        RX packets {columns['packets']}"
        errors = (f"{word} {columns[key]}" for key, word in _COLUMNS.items() if key in columns)
        yield "        RX " + "  ".join(errors)
    if cpus and all(column in cpu for cpu in cpus.values() for column in _SOFTNET):
        yield from _softnet_rows(dict(sorted(cpus.items())))
    yield from _of_tracking(tracked)


def _softnet_rows(cpus: Mapping[int, Mapping[str, int]]) -> Iterator[str]:
    """Yield rows of softnet_stat that end before the first column that nobody showed.

    So an older kernel's rows end, which have no CPU's number: where that would be lost, they are
    whole.
    """
    is_told = [*cpus] == [*range(len(cpus))]
    for cpu, columns in cpus.items():
        missing = [at for at, name in enumerate(_ROW) if name and name not in columns]
        numbers = [*(columns.get(name, 0) for name in _ROW), cpu]
        shown = numbers[: missing[0]] if is_told and missing else numbers
        yield " ".join(f"{number & 0xFFFFFFFF:08x}" for number in shown)


def _of_table(text: str) -> Iterator[str]:
    """Yield the rows of a table with a heading, of several the last."""
    tables = list(_TABLE.finditer(text))
    lines = tables[-1]["rows"].splitlines() if tables else []
    if not lines or len(lines) > _MOST_CPUS:
        return
    titles = (*_SOFTNET, *(_TITLES.get(word, word) for word in tables[-1]["more"].split()))
    rows = ([*map(int, line.split())] for line in lines)
    whole = (row for row in rows if len(row) == len(titles) + 1)
    yield from _softnet_rows({cpu: dict(zip(titles, row, strict=True)) for cpu, *row in whole})


def _of_tracking(tracked: Mapping[str, int]) -> Iterator[str]:
    for name, word in _LEVELS.items():
        if name in tracked:
            yield f"net.netfilter.nf_conntrack_{word} = {tracked[name]}"
    counted = {name: n for name, n in tracked.items() if name.startswith("stat_")}
    if counted:
        pairs = (f"{name.removeprefix('stat_')}={n}" for name, n in counted.items())
        yield "cpu=0 " + " ".join(pairs)


def _number(word: str) -> int:
    return min(int(float(word)), (1 << 64) - 1)
