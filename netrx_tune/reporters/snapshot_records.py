"""What no kernel file holds, as lines of JSON: sockets, links, NICs, firewall rules, processes.

A file is a header line and one object per record:

    {"table":"sockets","version":1,"source":"sock_diag","counts":{"udp/inet":4}}
    {"family":"inet","protocol":"udp","local":"0.0.0.0:9000", ...}

So an empty table is told from one that was never read. A reader ignores keys that it does not
know, and takes null for a key that is not there; a line that does not read as its record is
left out and reported, and the others stand.
"""

from __future__ import annotations

import importlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from functools import cache, partial
from itertools import chain
from typing import Any, Generic, NamedTuple, TypeVar, cast

from netrx_tune.collectors import paths
from netrx_tune.model.errors import ParseError
from netrx_tune.model.sample import (
    Gap,
    Link,
    Nic,
    Process,
    RuleCounter,
    Sample,
    Socket,
    SocketTable,
)
from netrx_tune.reporters.snapshot_checks import (
    Check,
    is_count,
    is_counts,
    is_flag_or_none,
    is_text,
    one_of,
    or_none,
)

__all__ = ["Known", "parse_records", "render_records"]

_VERSION = 1
_MOST_GAPS = 8  # of one table: a file of another kind has a problem on every line

_R = TypeVar("_R", Socket, Link, Nic, RuleCounter, Process)
_maybe_count = or_none(is_count)

_SOCKET: Mapping[str, Check] = {
    "family": one_of("inet", "inet6", "packet"),
    "protocol": one_of("udp", "udplite", "raw", "packet", "tcp"),
    "local": is_text,
    "remote": is_text,
    "inode": is_count,
    "cookie": _maybe_count,
    "uid": _maybe_count,
    "interface": is_count,
    "unread_bytes": _maybe_count,
    "rmem_alloc_bytes": _maybe_count,
    "rcvbuf_bytes": _maybe_count,
    "backlog_bytes": _maybe_count,
    "drops": _maybe_count,
    "accept_queue": _maybe_count,
    "accept_limit": _maybe_count,
}
_LINK: Mapping[str, Check] = {
    "name": is_text,
    "ifindex": is_count,
    "kind": is_text,
    "statistics": is_counts,
    "peer_statistics": or_none(is_counts),
    "xdp": one_of("none", "native", "generic", "offload"),
}
_NIC: Mapping[str, Check] = {
    "device": is_text,
    "driver": is_text,
    "statistics": is_counts,
    "ring_rx": _maybe_count,
    "ring_rx_max": _maybe_count,
    "channels_rx": _maybe_count,
    "channels_rx_max": _maybe_count,
    "coalesce_rx_usecs": _maybe_count,
    "coalesce_adaptive_rx": is_flag_or_none,
    "channels_kind": or_none(one_of("rx", "combined", "both")),
}
_RULE: Mapping[str, Check] = {
    "source": one_of("nft", "tc"),
    "place": is_text,
    "hook": one_of("ingress", "prerouting", "input", "forward", "shared", "other"),
    "verdict": one_of("drop", "reject", "other"),
    "packets": is_count,
    "at_most": _maybe_count,
}
_PROCESS: Mapping[str, Check] = {
    "inode": is_count,
    "pid": is_count,
    "name": is_text,
    "cgroup": is_text,
    "state": is_text,
    "udp_sockets": _maybe_count,
}


class _Table(NamedTuple, Generic[_R]):
    """How one table stands on disk; `checks` has the record's fields in their order."""

    path: str  # below the sample's own folder, where a kernel path would stand
    record: type[_R]
    checks: Mapping[str, Check]

    @property
    def name(self) -> str:
        return self.path.rpartition("/")[2].removesuffix(".jsonl")

    @property
    def plain_header(self) -> str:
        """The first line of a table that says nothing else of itself."""
        return f'{{"table":"{self.name}","version":{_VERSION}}}'


SOCKETS = _Table(paths.SOCKETS, Socket, _SOCKET)
LINKS = _Table(paths.LINKS, Link, _LINK)
NICS = _Table(paths.NICS, Nic, _NIC)
RULES = _Table(paths.RULES, RuleCounter, _RULE)
PROCESSES = _Table(paths.PROCESSES, Process, _PROCESS)


class _Known(NamedTuple, Generic[_R]):
    """A table that was read: its text, the lines behind the header, and their records."""

    text: str | None
    lines: list[str]
    records: tuple[_R, ...]


# What was read of earlier samples, by the path of the table: most is the same a few seconds later.
Known = dict[str, _Known[Any]]
_BETWEEN = "},{"  # between two records, if they stood on one line
_PATHS = {table.path for table in (SOCKETS, LINKS, NICS, RULES, PROCESSES)}


def render_records(sample: Sample) -> Iterator[tuple[str, str]]:
    """Yield each record file of a sample as (path, text); none for a table that was not read."""
    table = sample.sockets
    if table is not None:
        about = {"source": table.source, "counts": dict(table.counts)}
        yield _render(SOCKETS, table.sockets, about)
    if sample.links is not None:
        yield _render(LINKS, sample.links)
    if sample.nics is not None:
        yield _render(NICS, sample.nics)
    if sample.rules is not None:
        yield _render(RULES, sample.rules)
    if sample.processes:
        yield _render(PROCESSES, sample.processes)


def parse_records(
    files: dict[str, str], place: str, gaps: tuple[Gap, ...], known: Known | None = None
) -> Sample:
    """Return the sample whose record files are among `files`.

    Args:
        files: texts by path, which the sample takes over; those of the tables become records.
        place: what to put before a path when a line is reported, such as "0".
        gaps: what the sample is already known to lack.
        known: what lines of an earlier sample meant, to which those of this one are added.
    """
    found = list(gaps)
    tables = {path: files.pop(path) for path in _PATHS if path in files}
    known = {} if known is None else known
    return Sample(
        files=files,
        sockets=_parse_sockets(tables, place, found, known),
        links=_parse(LINKS, tables, place, found, known),
        nics=_parse(NICS, tables, place, found, known),
        rules=_parse(RULES, tables, place, found, known),
        processes=_parse(PROCESSES, tables, place, found, known) or (),
        gaps=tuple(found),
    )


def _render(
    table: _Table[_R], records: Iterable[_R], about: Mapping[str, object] | None = None
) -> tuple[str, str]:
    header = {"table": table.name, "version": _VERSION, **(about or {})}
    rows = [header, *(_plain(record._asdict()) for record in records)]
    return table.path, "".join(json.dumps(row, separators=(",", ":")) + "\n" for row in rows)


def _plain(fields: Mapping[str, object]) -> dict[str, object]:
    """Return fields as JSON can hold them: a mapping of another type becomes a dict."""
    return {
        name: dict(found) if isinstance(found, Mapping) else found for name, found in fields.items()
    }


def _parse_sockets(
    files: Mapping[str, str], place: str, gaps: list[Gap], known: Known
) -> SocketTable | None:
    sockets = _parse(SOCKETS, files, place, gaps, known)
    if sockets is None:
        return None
    header: Mapping[str, object] = {}
    with suppress(ParseError):  # a bad header is among the gaps by now
        header = _row(files[SOCKETS.path].partition("\n")[0])
    counts = header.get("counts")
    return SocketTable(
        sockets=sockets,
        counts=counts if isinstance(counts, dict) and is_counts((counts,)) else {},
        source="sock_diag" if header.get("source") == "sock_diag" else "proc",
    )


def _parse(
    table: _Table[_R], files: Mapping[str, str], place: str, gaps: list[Gap], known: Known
) -> tuple[_R, ...] | None:
    """Return a table's records, or None where its file is missing or of a later version."""
    text = files.get(table.path)
    if text is None:
        return None
    same = cast("_Known[_R]", known.get(table.path, _Known(None, [], ())))
    if text == same.text:
        return same.records
    lines = text.split("\n")
    if len(lines) > 1 and not lines[-1]:
        lines.pop()
    records = _all_at_once(table, lines, same)
    if records is None:
        return _one_by_one(table, lines, place, gaps)
    known[table.path] = _Known(text, lines[1:], records)
    return records


def _all_at_once(table: _Table[_R], lines: list[str], same: _Known[_R]) -> tuple[_R, ...] | None:
    """Return the records of lines as we write them, or None where one is of another form."""
    rows = lines[1:]
    old: list[_R | None] = [None for _ in rows]
    if len(rows) == len(same.lines):  # most often line by line what they were
        old = [
            r if a == b else None for a, b, r in zip(rows, same.lines, same.records, strict=True)
        ]
    elif same.lines:
        by_line = dict(zip(same.lines, same.records, strict=True))
        old = [by_line.get(row) for row in rows]
    try:
        if lines[0] != table.plain_header:
            _check_header(table, _row(lines[0]))
        values = _values(table, [row for row, record in zip(rows, old, strict=True) if not record])
    except (ParseError, ValueError, RecursionError):
        return None
    if values is None:
        return None
    new = map(partial(tuple.__new__, table.record), values)  # _make() but for what was checked
    return tuple([record or next(new) for record in old]) if same.lines else tuple(new)


def _values(table: _Table[_R], lines: list[str]) -> list[Iterable[object]] | None:
    """Return the fields of records, or None where a line is of another form than ours.

    Raises:
        ValueError, RecursionError: one is no JSON.
    """
    joined = ",".join(lines)
    found: list[dict[str, object]] = _read(f"[{joined}]")
    if len(found) != len(lines) or joined.count(_BETWEEN) != max(0, len(lines) - 1):
        return None  # two on a line, or one on two
    if not found or {*map(type, found)} != {dict}:
        return None if found else []
    shapes: list[tuple[str, ...]] = [*{*map(tuple, found)}]
    later: list[str] = [*table.checks][len(shapes[0]) :]  # fields that came after the snapshot
    defaults: Mapping[str, object] = table.record._field_defaults
    if shapes != [tuple(table.checks)[: len(shapes[0])]] or not defaults.keys() >= {*later}:
        return None
    values: list[Iterable[object]] = [*map(dict.values, found)]
    columns: Iterable[tuple[object, ...]] = zip(*values, strict=True)
    if not all(map(_agrees, table.checks.values(), columns)):
        return None
    return [chain(row, map(defaults.get, later)) for row in values] if later else values


def _read(text: str) -> Any:  # noqa: ANN401 - whatever stands there
    """Return what JSON says, by the quickest reader that takes it.

    Raises:
        ValueError, RecursionError: it is none.
    """
    with suppress(ValueError):  # half of a surrogate pair, as in names that are no UTF-8
        return _quickest()(text)
    return json.loads(text)


@cache
def _quickest() -> Callable[[str], Any]:
    """Return a reader of JSON: orjson takes half the time; the extra "speed" brings it."""
    try:
        reader: Callable[[str], Any] = importlib.import_module("orjson").loads
    except ImportError:
        return json.loads
    return reader


def _agrees(check: Check, column: tuple[object, ...]) -> bool:
    return check(column)


def _one_by_one(
    table: _Table[_R], lines: list[str], place: str, gaps: list[Gap]
) -> tuple[_R, ...] | None:
    """Return the records of the lines that read, and report the others."""
    records: list[_R] = []
    wrong = 0
    for number, line in enumerate(lines, 1):
        try:
            row = _row(line)
            if number == 1:
                _check_header(table, row)
            else:
                records.append(_record(table, row))
        except ParseError as error:
            wrong += 1
            if wrong <= _MOST_GAPS:
                where = f"{place}{table.path}:{number}"
                gaps.append(Gap(where, "unparsed", f"{error.place}, got {error.got[:80]!r}"))
            if error.place == _LATER:
                return None
    return tuple(records)


_LATER = f"expected version {_VERSION} or below"


def _check_header(table: _Table[_R], header: Mapping[str, object]) -> None:
    if header.get("table") != table.name:
        raise ParseError(table.path, f'expected a header with "table":"{table.name}"', str(header))
    version = header.get("version")
    if not is_count((version,)):
        raise ParseError(table.path, "version: expected a number", str(version))
    if version != _VERSION:
        raise ParseError(table.path, _LATER, str(version))


def _row(line: str) -> Mapping[str, object]:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError):  # also a number of too many digits, and deep nesting
        row = None
    if type(row) is not dict:
        raise ParseError("", "expected a JSON object", line)
    return row


def _record(table: _Table[_R], row: Mapping[str, object]) -> _R:
    defaults = table.record._field_defaults
    fields: list[object] = []
    for name, check in table.checks.items():
        found = row[name] if name in row else defaults.get(name)
        if not check((found,)):
            raise ParseError(table.path, f"{name}: not a value of that field", repr(found))
        fields.append(found)
    return table.record._make(fields)
