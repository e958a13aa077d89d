"""What `fleet report` is pointed at: judgements that check wrote, and snapshots to judge now."""

from __future__ import annotations

import re
from array import array
from collections.abc import Iterable, Iterator
from datetime import date
from itertools import pairwise
from types import NoneType
from typing import IO

from netrx_tune.host.check_inputs import inputs
from netrx_tune.host.checking import judge_all
from netrx_tune.host.decompress import unreadable
from netrx_tune.model.errors import InputError, ParseError
from netrx_tune.model.finding import SEVERITIES
from netrx_tune.model.judgement import JudgedFinding, Judgement
from netrx_tune.planning.policy import Policy
from netrx_tune.reporters.checks.judgement_json import parse_line

_JSONL = ".jsonl"
_MOST_LINE_BYTES = 64 << 20
_TEXT = rb'"(?:[^"\\]|\\.)*"'
_NAME = re.compile(rb'\{"schema":"[^"]*","input":(%b)(?:,"namespace":(%b))?' % (_TEXT, _TEXT))


def judgements(
    arguments: Iterable[str], listed: IO[bytes] | None, today: date, jobs: int | None = None
) -> Iterator[Judgement]:
    """Yield the judgement of each host: those of jsonl files, then those of snapshots.

    What was found in further network namespaces of an input is its host's.

    Args:
        arguments: what check writes as jsonl (a file, or - for standard input), or snapshots,
            folders and patterns as check takes them, which are judged by no policy.
        listed: standard input.
        today: the day for acceptances.
        jobs: worker processes for snapshots; all cores where None.

    Raises:
        InputError: a jsonl file cannot be opened, or standard input is closed.
    """
    yield from _hosts(_each(arguments, listed, today, jobs))


def _each(
    arguments: Iterable[str], listed: IO[bytes] | None, today: date, jobs: int | None
) -> Iterator[Judgement]:
    snapshots: list[str] = []
    for argument in arguments:
        if argument == "-":
            yield from _lines(listed, "standard input")
        elif argument.endswith(_JSONL):
            yield from _of_file(argument)
        else:
            snapshots.append(argument)
    if snapshots:
        yield from judge_all(inputs(snapshots, None), Policy(), today, jobs=jobs)


def _hosts(some: Iterable[Judgement]) -> Iterator[Judgement]:
    """Yield judgements of hosts, each with what the next ones found in its further namespaces."""
    host: Judgement | None = None
    for one in some:
        if one.namespace is None:
            if host:
                yield host
            host = one
        elif host and host.name == one.name and one.namespace in host.namespaces:
            host = _with(host, one)
        # else it is of a namespace that the input had in an earlier run
    if host:
        yield host


def _with(host: Judgement, one: Judgement) -> Judgement:
    """Return a host's judgement with that of a further namespace of it."""
    where = f" (netns {one.namespace})"
    findings = tuple(found._replace(summary=found.summary + where) for found in one.findings)
    is_worse = one.outcome == "failed" and host.outcome == "passed"
    return host._replace(
        outcome=one.outcome if is_worse else host.outcome, findings=host.findings + findings
    )


def _of_file(path: str) -> Iterator[Judgement]:
    """Yield a file's judgements; of an input that stands there twice, the last one."""
    try:
        with open(path, "rb") as file:  # noqa: PTH123 - as for standard input
            last = _last_lines(file) if file.seekable() else {}
            if last:
                file.seek(0)
            yield from _lines(file, path, last)
    except OSError as error:
        raise unreadable(path, error) from None


def _last_lines(file: IO[bytes]) -> dict[int, int]:
    """Return the last line of each input or namespace that has several, as resumed runs leave.

    Eight bytes for each line are kept meanwhile.
    """
    names = array("q", (hash(_name(raw)) for raw in file))
    file.seek(0)
    ordered = sorted(names)
    several = {one for one, after in pairwise(ordered) if one == after}
    return {name: number for number, name in enumerate(names) if name in several}


def _name(raw: bytes) -> bytes | tuple[bytes, ...]:
    """Return what tells a line's input, and namespace, from another's."""
    found = _NAME.match(raw)
    return found.groups(b"") if found else raw


def _lines(
    file: IO[bytes] | None, place: str, last: dict[int, int] | None = None
) -> Iterator[Judgement]:
    if file is None:
        raise InputError("standard input is closed, so there is nothing to read from it")
    number = 0
    while raw := file.readline(_MOST_LINE_BYTES):
        if (last or {}).get(hash(_name(raw)), number) == number and raw.strip():
            yield _judgement(raw, f"{place}:{number + 1}")
        number += 1


def _judgement(raw: bytes, place: str) -> Judgement:
    """Return the judgement of a line; a line that is none is an input that cannot be read."""
    try:
        found = parse_line(raw.decode("utf-8", "surrogateescape"), place)
    except ParseError as error:
        return Judgement(place, place, "unreadable", str(error).removeprefix(f"{place}: "))
    if not _is_sound(found):
        return Judgement(place, place, "unreadable", "a judgement with values of other kinds")
    return found


def _is_sound(one: Judgement) -> bool:
    """Tell whether all that the report counts is of the kind that it counts."""
    settings = (value for values in one.settings.values() for value in values)
    return (
        _all_of((one.about.kernel, one.about.distribution), str, NoneType)
        and _all_of(settings, int)
        and all(_is_finding(finding) for finding in one.findings)
    )


def _is_finding(one: JudgedFinding) -> bool:
    return (
        _all_of((one.rule, one.summary), str)
        and one.severity in SEVERITIES
        and _all_of((one.lost,), int, NoneType)
        and _all_of((one.share,), float, int, NoneType)
        and 0 <= (one.share or 0) <= 1
    )


def _all_of(values: Iterable[object], *kinds: type) -> bool:
    return all(isinstance(value, kinds) for value in values)
