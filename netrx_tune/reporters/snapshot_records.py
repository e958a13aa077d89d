"""What no kernel file holds, as lines of JSON: sockets, links, NICs, firewall rules, processes.

A file is a header line and one object per record:

    {"table":"sockets","version":1,"source":"sock_diag","counts":{"udp/inet":4}}
    {"family":"inet","protocol":"udp","local":"0.0.0.0:9000", ...}

So an empty table is told from one that was never read. A reader ignores keys that it does not
know, and takes null for a key that is not there; a line that does not read as its record is
left out and reported, and the others stand.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from typing import Any, Generic, NamedTuple, TypeVar, cast

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

_FOLDER = "/netrx/"  # below the sample's own folder, where a kernel path would stand
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
    "hook": one_of("ingress", "prerouting", "input", "forward", "other"),
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

    name: str
    record: type[_R]
    checks: Mapping[str, Check]

    @property
    def path(self) -> str:
        return f"{_FOLDER}{self.name}.jsonl"


SOCKETS = _Table("sockets", Socket, _SOCKET)
LINKS = _Table("links", Link, _LINK)
NICS = _Table("nics", Nic, _NIC)
RULES = _Table("rules", RuleCounter, _RULE)
PROCESSES = _Table("processes", Process, _PROCESS)


class _Known(NamedTuple, Generic[_R]):
    """A table that was read, and its records by their lines."""

    text: str | None
    records: tuple[_R, ...]
    lines: dict[str, _R]


# What was read of earlier samples, by the name of the table: most is the same a few seconds later.
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
    same = cast("_Known[_R]", known.setdefault(table.name, _Known(None, (), {})))
    if text == same.text:
        return same.records
    lines = text.removesuffix("\n").split("\n")
    records = _all_at_once(table, lines, same.lines)
    if records is None:
        return _one_by_one(table, lines, place, gaps)
    known[table.name] = same._replace(text=text, records=records)
    return records


def _all_at_once(table: _Table[_R], lines: list[str], same: dict[str, _R]) -> tuple[_R, ...] | None:
    """Return the records of lines as we write them, or None where one is of another form."""
    new = [line for line in lines[1:] if line not in same]
    joined = ",".join(new)
    try:
        _check_header(table, _row(lines[0]))
        found: list[dict[str, object]] = json.loads(f"[{joined}]")
    except (ParseError, ValueError, RecursionError):
        return None
    if len(found) != len(new) or joined.count(_BETWEEN) != max(0, len(new) - 1):
        return None  # two on a line, or one on two
    if not {*map(type, found)} <= {dict} or not {*map(tuple, found)} <= {tuple(table.checks)}:
        return None
    values = [*map(tuple, map(dict.values, found))]
    columns: Iterable[tuple[object, ...]] = zip(*values, strict=True)
    if not all(map(_agrees, table.checks.values(), columns)):
        return None
    if len(new) == len(lines) - 1:
        records = tuple(map(table.record._make, values))
        same.update(zip(new, records, strict=True))
        return records
    same.update(zip(new, map(table.record._make, values), strict=True))
    return tuple([same[line] for line in lines[1:]])


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
