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
    """Where the last line of each input stands in a file of judgements.

    The lines stay in the file: 100,000 of them take hundreds of megabytes. They are read by
    pread(), so that workers can share the descriptor.
    """

    path: str
    descriptor: int
    lines: dict[str, tuple[int, int, str]]  # begin, length and stamp, by input

    def recall(self, name: str, stamp: str | None) -> Judgement | None:
        """Return the judgement of an input that is as it was then, else None."""
        begin, length, then = self.lines.get(name, (0, 0, ""))
        if not length or stamp != then:
            return None
        text = os.pread(self.descriptor, length, begin).decode("utf-8", "surrogateescape")
        try:
            return parse_line(text, self.path)._replace(is_resumed=True)
        except ParseError:  # no line of ours: judge it anew
            return None


def earlier_of(path: str, policy: str) -> Earlier:
    """Return what an earlier run judged by the same policy.

    Args:
        path: the file that `--format jsonl` wrote; one that is not there yet is an empty one.
        policy: the digest of the policy that is in force now.

    Raises:
        InputError: it cannot be read.
    """
    lines: dict[str, tuple[int, int, str]] = {}
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_CREAT, 0o666)
        with os.fdopen(os.dup(descriptor), "rb") as file:
            begin = 0
            for raw in file:
                known = _known(raw, policy)
                if known:
                    lines[known[0]] = (begin, len(raw), known[1])
                begin += len(raw)
    except OSError as error:
        raise unreadable(path, error) from None
    return Earlier(path, descriptor, lines)


def _known(raw: bytes, policy: str) -> tuple[str, str] | None:
    """Return input and stamp of a line of that policy; a line that was cut short is none."""
    if not raw.endswith(b"\n"):
        return None
    try:
        found = json.loads(raw)
        if found["policy"] != policy or found["outcome"] == "unreadable":
            return None
        name, stamp = found["input"], found["stamp"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    return (name, stamp) if isinstance(name, str) and isinstance(stamp, str) else None
