"""Judgements of an earlier run, by input: what has not changed since is not judged again."""

from __future__ import annotations

import json
import os
from typing import NamedTuple

from netrx_tune.host.decompress import unreadable
from netrx_tune.model.errors import ParseError
from netrx_tune.model.judgement import Judgement
from netrx_tune.reporters.checks.judgement_json import parse_line


class Earlier(NamedTuple):
    """Where the last lines of each input stand in a file of judgements.

    The lines stay in the file: 100,000 of them take hundreds of megabytes. They are read by
    pread(), so that workers can share the descriptor.
    """

    path: str
    descriptor: int
    lines: dict[str, tuple[int, int, str]]  # begin, length and stamp, by input

    def recall(self, name: str, stamp: str | None) -> tuple[Judgement, ...]:
        """Return the judgements of an input that is as it was then, else none."""
        begin, length, then = self.lines.get(name, (0, 0, ""))
        if not length or stamp != then:
            return ()
        text = os.pread(self.descriptor, length, begin).decode("utf-8", "surrogateescape")
        try:
            first, *others = (parse_line(line, self.path) for line in text.split("\n")[:-1])
        except (ParseError, ValueError):  # no lines of ours: judge it anew
            return ()
        if first.namespaces != tuple(one.namespace for one in others):
            return ()  # the run was stopped between them
        return tuple(one._replace(is_resumed=True) for one in (first, *others))


def earlier_of(path: str, policy: str) -> Earlier:
    """Return what an earlier run judged by the same policy, by the lines of jsonl that it wrote.

    A file that is not there yet is an empty one.

    Raises:
        InputError: it cannot be read.
    """
    lines: dict[str, tuple[int, int, str]] = {}
    try:
        descriptor = _opened(path)
        with os.fdopen(os.dup(descriptor), "rb") as file:
            begin = 0
            for raw in file:
                known = _known(raw, policy)
                if known:
                    _note(lines, known, begin, len(raw))
                begin += len(raw)
    except OSError as error:
        raise unreadable(path, error) from None
    return Earlier(path, descriptor, lines)


def _opened(path: str) -> int:
    flags = os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK  # no pipe is waited for
    try:
        return os.open(path, flags)
    except FileNotFoundError:
        return os.open(os.devnull, flags)


class _Line(NamedTuple):
    """What a line says of its input."""

    name: str
    stamp: str
    is_further: bool  # of a further network namespace of the input


def _note(lines: dict[str, tuple[int, int, str]], known: _Line, begin: int, length: int) -> None:
    """Note where an input's lines are: a first one, and those of further namespaces behind it."""
    first, so_far, stamp = lines.get(known.name, (begin, 0, ""))
    if not known.is_further:
        lines[known.name] = (begin, length, known.stamp)
    elif first + so_far == begin and stamp == known.stamp:
        lines[known.name] = (first, so_far + length, stamp)


def _known(raw: bytes, policy: str) -> _Line | None:
    """Return what a line of that policy says; a line that was cut short says nothing."""
    if not raw.endswith(b"\n"):
        return None
    try:
        found = json.loads(raw)
        if found["policy"] != policy or found["outcome"] == "unreadable":
            return None
        name, stamp = found["input"], found["stamp"]
        is_further = found.get("namespace") is not None
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None
    if isinstance(name, str) and isinstance(stamp, str):
        return _Line(name, stamp, is_further)
    return None
