"""An archive of archives, as `sos collect` packs the reports of many hosts.

    sos-collector-2026.tar.xz                              holds the reports of several hosts
    sos-collector-2026.tar.xz::sosreport-web7.tar.xz       names one of them

The outer archive is read as a stream, and so is the inner: nothing is unpacked to disk, and no
more than a block of each stands in memory. What is packed in an inner one once more is left.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

from netrx_tune.host.check_inputs import ONE_TEXT, SUFFIXES
from netrx_tune.host.decompress import blocks, open_regular
from netrx_tune.host.tar_members import is_tar, open_members
from netrx_tune.model.errors import InputError

NESTED = "::"
_MOST_HOSTS = 10_000


class _Member:
    """A member of an archive, read as a file is."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces

    def read(self, size: int, /) -> bytes:
        """Return the next bytes: a piece, whatever its size, and none at the end."""
        del size
        return next(self._pieces, b"")


def split(path: str) -> tuple[str, str]:
    """Return an archive's path, and the name of the one in it that is meant, or ""."""
    if NESTED not in path or os.path.lexists(path):
        return path, ""
    outer, _, inner = path.partition(NESTED)
    return outer, inner


def is_packed_report(name: str) -> bool:
    """Tell whether a member may be the report of a host."""
    return name.endswith((*SUFFIXES, f"/{ONE_TEXT}"))


def hosts_in(path: str) -> tuple[str, ...]:
    """Return how to name each report in an archive of several; none if it is no such archive.

    Raises:
        InputError: it cannot be read.
    """
    with open_regular(path) as file:
        unpacked = blocks(file, path)
        start = next(unpacked, b"")
        if not is_tar(start):
            return ()
        names: list[str] = []
        for name, _ in open_members(_chained(start, unpacked), path, is_packed_report):
            names.append(f"{path}{NESTED}{name}")
            if len(names) > _MOST_HOSTS:
                raise InputError(f"{path}: holds more than {_MOST_HOSTS:,} reports")
    return tuple(names)


def inner_blocks(outer: Iterator[bytes], path: str, inner: str) -> Iterator[bytes]:
    """Yield what the member `inner` of an archive holds, decompressed.

    Raises:
        InputError: there is none of that name, or it is damaged.
    """
    for _, pieces in open_members(outer, path, inner.__eq__):
        yield from blocks(_Member(pieces), f"{path}{NESTED}{inner}")
        return
    raise InputError(f"{path}: holds no {inner!a}")


def _chained(start: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    yield start
    yield from rest
