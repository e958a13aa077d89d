"""What `check` is pointed at, as one path after the other.

web7.tar.gz             itself
sosreport-web7/         itself: the folder of one host
sos-collector-7.tar.xz  each report in it: sos-collector-7.tar.xz::sosreport-web7.tar.xz
reports/                the archives and hosts' folders in it, however deep
'reports/**/*.tar.gz'   what the pattern matches, where no such file is there
-                       paths on standard input, a line each, or with NUL between them
"""

from __future__ import annotations

import glob
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

from netrx_tune.host.source import Tree
from netrx_tune.model.errors import InputError
from netrx_tune.reporters.snapshot_files import MANIFEST

SUFFIXES = (
    ".tar", ".tar.gz", ".tgz", ".tar.xz", ".txz", ".tar.bz2", ".tbz", ".tbz2", ".tar.zst", ".tzst",
)  # fmt: skip
# In SUSE's supportconfig: what ip, ethtool, netstat, ss and the firewall printed, as one text.
ONE_TEXT = "network.txt"
_MARKS = (
    *(MANIFEST, "sos_commands", "proc/net", "proc/sys", "0/proc", "1/proc", "net/snmp", "snmp"),
    ONE_TEXT,
)
_COLLECTED = "sos-collector-"
_MOST_LEVELS = 16
_MOST_NAME_BYTES = 1 << 16
_PIECE_BYTES = 1 << 16


def is_remote(path: str) -> bool:
    """Tell whether a path is an address for fsspec."""
    scheme, colon, _ = path.partition("://")
    return bool(colon) and scheme.replace("+", "").isalnum()


def is_mark(name: str) -> bool:
    """Tell whether a file or folder of that name makes the folder it is in a host's."""
    return name.startswith(_MARKS) and any(f"{name}/".startswith(f"{mark}/") for mark in _MARKS)


def inputs(arguments: Iterable[str], listed: BinaryIO | None) -> Iterator[str]:
    """Yield the paths of all inputs; one that is not there is yielded as it was given.

    An address, such as s3://bucket/2026-11, is yielded as it is: see remote_listing.

    Args:
        arguments: files, folders, patterns, and - for a list.
        listed: where a list is read from, standard input.

    Raises:
        InputError: a name of the list has no end, or standard input is closed.
    """
    for argument in arguments:
        if argument == "-":
            for name in _listed(listed):
                yield from _at("./-" if name == "-" else name)
        elif is_remote(argument):
            yield argument
        elif glob.has_magic(argument) and not os.path.lexists(argument):
            yield from _matched(argument)
        else:
            yield from _at(argument)


def _matched(pattern: str) -> Iterator[str]:
    """Yield what a pattern matches, sorted; the pattern where that is nothing."""
    if pattern.endswith("/**"):  # all in the folder, which is what a folder means
        pattern = pattern.removesuffix("/**")
        if not glob.has_magic(pattern):
            yield from _at(pattern)
            return
    for path in sorted(_matches(pattern)) or [pattern]:
        yield from _at(path)


def _matches(pattern: str) -> set[str]:
    """Return what a pattern matches; `**` follows no links, which may lead round in circles."""
    parts = Path(pattern).parts
    fixed = next(number for number, part in enumerate(parts) if glob.has_magic(part))
    start = Path(*parts[:fixed])
    rest = "/".join(parts[fixed:])
    try:
        found = {str(path) for path in start.glob(rest)}
    except (OSError, ValueError):  # ValueError: ** beside other characters
        return set()
    if "/." in f"/{rest}":
        return found
    return {path for path in found if not _is_hidden(path, fixed)}


def _is_hidden(path: str, fixed: int) -> bool:
    return any(part.startswith(".") for part in Path(path).parts[fixed:])


def _at(path: str) -> Iterator[str]:
    """Yield a path, or what is in it if it is a folder of several."""
    if not os.path.isdir(path):  # noqa: PTH112 - names are all it takes
        yield from _hosts(path)
        return
    found = False
    for one in _within(path, 0):
        found = True
        yield one
    if not found:
        yield path  # the reader says what it lacks


def _hosts(path: str) -> Iterator[str]:
    """Yield a file, or each report in it if it is what `sos collect` packs: one of many hosts."""
    name = path.rpartition("/")[2]
    if not (name.startswith(_COLLECTED) and name.endswith(SUFFIXES)):
        yield path
        return
    from netrx_tune.host.nested import hosts_in  # noqa: PLC0415 - for these only

    try:
        found = hosts_in(path)
    except (InputError, OSError):
        found = ()  # the reader says what is wrong
    yield from found or (path,)


def _within(folder: str, level: int) -> Iterator[str]:
    if _is_host(folder):
        yield folder
        return
    if level >= _MOST_LEVELS:
        return
    for name in Tree().names(folder):
        if name.startswith("."):
            continue
        path = os.path.join(folder, name)  # noqa: PTH118 - keeps "./" and a final slash out
        if os.path.isdir(path):  # noqa: PTH112 - likewise
            if not os.path.islink(path):  # noqa: PTH114 - may lead round in a circle
                yield from _within(path, level + 1)
        elif name.endswith(SUFFIXES):
            yield from _hosts(path)


def _is_host(folder: str) -> bool:
    """Tell whether a folder is one snapshot, report or tree."""
    return any(os.path.exists(f"{folder}/{mark}") for mark in _MARKS)  # noqa: PTH110 - likewise


def _listed(listed: BinaryIO | None) -> Iterator[str]:
    """Yield the names of a list; NUL divides them if there is one in its first piece."""
    if listed is None:
        raise InputError("standard input is closed, so there is no list to read from it")
    rest, divider = b"", b""
    while piece := listed.read(_PIECE_BYTES):
        divider = divider or (b"\0" if b"\0" in piece else b"\n")
        *whole, rest = (rest + piece).split(divider)
        if len(rest) > _MOST_NAME_BYTES:
            raise InputError(f"standard input: a name of more than {_MOST_NAME_BYTES} bytes")
        yield from (os.fsdecode(name) for name in whole if name)
    if rest:
        yield os.fsdecode(rest)
