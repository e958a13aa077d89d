"""Copies of what is at an address, as long as they are read; nothing in them is unpacked.

Up to a bound. Of a host's folder only those files are copied that are read.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, NamedTuple

from netrx_tune.host.kernel_tree import place
from netrx_tune.host.nested import NESTED
from netrx_tune.host.storage import LOCAL, filesystem, is_web, said, stamp_of_files
from netrx_tune.host.tar_members import MOST_KEPT_BYTES, MOST_MEMBER_BYTES, MOST_MEMBERS
from netrx_tune.model.errors import InputError
from netrx_tune.reporters.snapshot_files import SavedSnapshot

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem

# A sosreport may have some hundred MiB; more than this is none, or not for one worker.
MOST_BYTES = 4 << 30
_PART_BYTES = 1 << 20
_AT_ONCE = 16  # files of a folder: each takes a round trip or two

_Files = Mapping[str, Mapping[str, object]]


class Source(NamedTuple):
    """What is at an address; `members` are the files of a folder by their names in it."""

    files: AbstractFileSystem
    path: str
    about: Mapping[str, object]
    members: _Files | None

    @property
    def stamp(self) -> str | None:
        """Return what changes when any of it does, None where nothing tells."""
        return stamp_of_files({"": self.about} if self.members is None else self.members)


def read_remote(address: str, netns: str | None) -> SavedSnapshot:
    """Return what stands at an address, as read_snapshot() does of a file or folder.

    Raises:
        InputError: it cannot be read, or holds nothing of the kind.
    """
    from netrx_tune.host.archive import read_snapshot  # noqa: PLC0415 - which asks this for addresses

    near = address
    try:
        with copy_of(source_at(address), address) as near:
            return read_snapshot(near, netns)
    except InputError as error:
        text = str(error).replace(near, address)
    except Exception as error:  # noqa: BLE001 - each storage has its own
        text = said(error)
    raise InputError(f"{address}: {text.removeprefix(f'{address}: ')}")


def source_at(address: str) -> Source:
    """Return what is at an address.

    Raises:
        InputError: the packages for it are not installed, or it is no address. Each storage has
            errors of its own beside it.
    """
    files, path = filesystem(_outer(address))
    about = files.info(path)
    is_folder = address.endswith("/") if is_web(address) else about.get("type") == "directory"
    if not is_folder:
        return Source(files, path, about, None)
    start = path.rstrip("/") + "/"
    listed = files.find(path, detail=True)
    return Source(
        files, path, about, {name.removeprefix(start): one for name, one in listed.items()}
    )


@contextmanager
def copy_of(source: Source, address: str) -> Iterator[str]:
    """Give the path of a local copy of the same name, with the name of a report in it behind."""
    inner = address.removeprefix(_outer(address))
    if address.startswith(LOCAL):
        yield source.path + inner
        return
    name = source.path.rstrip("/").rpartition("/")[2]
    if is_web(address):
        name = name.partition("?")[0]
    with tempfile.TemporaryDirectory(prefix="netrx-tune-") as folder:
        near = Path(folder) / (name or "input")
        if source.members is None:
            _check_size(source.about, MOST_BYTES)
            _copy(source.files, source.path, near, MOST_BYTES)
        else:
            _copy_folder(source, source.members, near)
        yield f"{near}{inner}"


def _outer(address: str) -> str:
    """Return an address without the name of a report in the archive that stands there."""
    outer, _, inner = address.partition(NESTED)
    return address if "://" in inner else outer  # else one storage within another


def _copy_folder(source: Source, members: _Files, near: Path) -> None:
    """Copy the files of a folder that are read of a host.

    Raises:
        InputError: there are none, or they are too many or too large.
    """
    wanted = {name: about for name, about in members.items() if place(name) is not None}
    if not wanted:
        raise InputError("a folder without a file of a host's in it, and without an archive")
    if len(wanted) > MOST_MEMBERS:
        raise InputError(f"a folder of more than {MOST_MEMBERS:,} files")
    left = MOST_KEPT_BYTES
    for about in wanted.values():
        left -= _check_size(about, min(left, MOST_MEMBER_BYTES))
    start = source.path.rstrip("/") + "/"

    def copy(name: str) -> None:
        target = near / name
        target.parent.mkdir(parents=True, exist_ok=True)
        size = _check_size(wanted[name], MOST_MEMBER_BYTES)
        if 0 < size <= _PART_BYTES:  # one request instead of two
            target.write_bytes(source.files.cat_file(start + name, end=size))
        else:
            _copy(source.files, start + name, target, MOST_MEMBER_BYTES)

    with ThreadPoolExecutor(_AT_ONCE) as pool:
        for _ in pool.map(copy, wanted):
            pass


def _check_size(about: Mapping[str, object], most: int) -> int:
    """Return the size of a file, as far as the storage tells it.

    Raises:
        InputError: it is longer than it may be.
    """
    size = about.get("size")
    if not isinstance(size, int):
        return 0
    if size > most:
        raise _too_long(most)
    return size


def _copy(files: AbstractFileSystem, path: str, near: Path, most: int) -> None:
    """Copy a file, as far as it may be long; not each storage tells sizes.

    Raises:
        InputError: it is longer.
    """
    with files.open(path, "rb") as source, near.open("wb") as copy:
        _pour(source, copy, most)


def _pour(source: IO[bytes], copy: IO[bytes], most: int) -> None:
    left = most
    while part := source.read(_PART_BYTES):
        left -= len(part)
        if left < 0:
            raise _too_long(most)
        copy.write(part)


def _too_long(most: int) -> InputError:
    return InputError(f"larger than {most >> 20:,} MiB")
