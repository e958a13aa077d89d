"""Devices, backlogs and tracking as machines write them down, put into the words of commands.

What programs print as JSON, what Prometheus' node_exporter shows, and the table that a widespread
script makes of softnet_stat.

Source: node_exporter 1.6, netdev_common.go, softnet_common.go, conntrack_linux.go.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from netrx_tune.collectors.json_text import without_json
from netrx_tune.collectors.nstat import of_several_hosts

_NAME = re.compile(r"[\w.@-]{1,15}")
_METRIC = re.compile(
    r"^node_(?:(?P<net>network_receive)_(?P<column>packets|errs|drop|fifo|frame)_total"
    r"|(?P<soft>softnet)_(?P<of>processed|dropped|times_squeezed|received_rps|flow_limit_count)"
    r"_total|nf_conntrack_(?P<track>entries|entries_limit|stat_\w+))"
    r"(?:\{(?P<labels>[^{}\n]{0,500})\})?"
    r" (?P<value>\d{1,20}(?:\.\d{1,20})?(?:e\+\d\d)?)(?: \d{13})?[ \t\r]*$",
    re.MULTILINE,
)
_WHOSE = re.compile(r'(?:^|,)(?:device|cpu)="([^"]*)"')
_MOST_CPUS = 1 << 13  # CONFIG_NR_CPUS
_COLUMNS = {"errs": "errors", "drop": "dropped", "fifo": "overruns", "frame": "frame"}
_SOFTNET = ("processed", "dropped", "times_squeezed")
_ROW = (*_SOFTNET, *[""] * 6, "received_rps", "flow_limit_count", "")
_TABLE = re.compile(
    r"^[ \t]*cpu[ \t]+(?:total|processed)[ \t]+dropped[ \t]+(?:times?_)?squeezed?"
    r"(?P<more>(?:[ \t]+\w+){0,3})[ \t]*\n(?:[ \t-]+\n)?"
    r"(?P<rows>(?:[ \t]*(?:cpu)?\d{1,10}:?(?:[ \t]+\d{1,10}){3,6}[ \t]*(?:\n|\Z))+)",
    re.MULTILINE | re.IGNORECASE,
)
_TITLES = {"rps": "received_rps", "flow_limit": "flow_limit_count"}
_LEVELS = {"entries": "count", "entries_limit": "max"}


def in_words(text: str) -> str:
    """Return a text with what machines wrote in it put as commands print it."""
    said = (*_of_metrics(text), *_of_table(text))
    return without_json(text) + "".join(f"{line}\n" for line in said)


def _of_metrics(text: str) -> Iterator[str]:
    """Yield what node_exporter's metrics say, in the words of ifconfig, the kernel and sysctl."""
    devices: dict[str, dict[str, int]] = {}
    cpus: dict[int, dict[str, int]] = {}
    tracked: dict[str, int] = {}
    if "node_" not in text or of_several_hosts(text):
        return  # there are none, or nobody knows which host is meant
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
    rows = ([*map(int, re.findall(r"\d+", line))] for line in lines)
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
