"""Writing a snapshot: whole or not at all, and readable by its owner only.

It holds addresses, names of processes and settings of a host, so nobody else gets to read it.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import IO

from netrx_tune.host.decompress import unreadable
from netrx_tune.host.replacing import sync_folder
from netrx_tune.model.errors import InputError
from netrx_tune.reporters.snapshot_files import SavedSnapshot, render_snapshot

__all__ = ["check_folder", "check_target", "write_folder", "write_snapshot"]

_PACKED = (".tar.gz", ".tgz")
_OTHER_ARCHIVES = (".gz", ".tar", ".xz", ".txz", ".bz2", ".tbz2", ".zst", ".tzst", ".zip")


def write_snapshot(path: str, saved: SavedSnapshot, tool_version: str) -> None:
    """Write a snapshot to a .tar.gz file, to a folder, or as an archive to standard output.

    Args:
        path: ends in .tar.gz or .tgz for an archive; "-" is standard output.
        saved: what to write.
        tool_version: of the tool that took the samples.

    Raises:
        InputError: it cannot be written; what stood at `path` still stands.
    """
    files = render_snapshot(saved, tool_version)
    try:
        if path == "-":
            _pack_to_output(files)
        elif _is_special(path):
            with open(path, "wb") as file:  # noqa: PTH123 - a device or pipe, as it is
                _pack(file, files)
        elif path.endswith(_PACKED):
            _write_archive(path, files)
        elif path.endswith(_OTHER_ARCHIVES):
            raise InputError(f"{path}: an archive's name must end in .tar.gz")
        else:
            write_folder(path.rstrip("/"), files)
    except (OSError, ValueError) as error:  # ValueError: a name with a NUL
        raise unreadable(path, error) from None


def check_target(path: str) -> None:
    """Refuse early what write_snapshot() would refuse after a long run.

    Raises:
        InputError: the name is no archive's, its folder is missing or not ours to write, or
            something stands there that is not replaced.
    """
    try:
        target = Path(path)
        if path.endswith(_OTHER_ARCHIVES) and not path.endswith(_PACKED):
            raise InputError(f"{path}: an archive's name must end in .tar.gz")
        if path == "-":
            _refuse_terminal()
        if path == "-" or _is_special(path):
            return
        check_folder(path)
        if not path.endswith(_PACKED):
            _must_be_free(path, target)
        elif target.is_dir():
            raise InputError(f"{path}: a folder stands there")
    except (OSError, ValueError) as error:
        raise unreadable(path, error) from None


def check_folder(path: str) -> None:
    """Refuse a file whose folder is missing, or not ours to write.

    Raises:
        InputError: always then.
    """
    folder = Path(path).parent
    if not folder.is_dir():
        raise InputError(f"{path}: no folder {folder} to write it to")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise InputError(f"{path}: the folder {folder} is not writable")


def _must_be_free(path: str, target: Path) -> None:
    if target.is_file():
        raise InputError(f"{path}: a file stands there; name a folder, or a file.tar.gz")
    if target.is_dir() and any(target.iterdir()):
        raise InputError(f"{path}: a folder stands there and is not empty")


def _is_special(path: str) -> bool:
    """Tell whether a path is a device or a pipe, which a rename would replace."""
    there = Path(path)
    return there.exists() and not there.is_file() and not there.is_dir()


def _refuse_terminal() -> None:
    if sys.stdout is None:  # `>&-`
        raise InputError("-: standard output is closed")
    if sys.stdout.isatty():
        raise InputError("-: an archive is not for a terminal; send it to a file or a program")


def _pack_to_output(files: Iterator[tuple[str, str]]) -> None:
    _refuse_terminal()
    _pack(sys.stdout.buffer, files)
    sys.stdout.buffer.flush()


def _pack(file: IO[bytes], files: Iterator[tuple[str, str]]) -> None:
    """Write a .tar.gz; the same files give the same bytes."""
    import gzip  # noqa: PLC0415 - here and below: 10 ms that only a saved snapshot takes
    import tarfile  # noqa: PLC0415

    with (
        gzip.GzipFile(filename="", mode="wb", fileobj=file, mtime=0) as packed,
        tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as archive,
    ):
        for name, text in files:
            content = _encoded(text)
            member = tarfile.TarInfo(name)
            member.size = len(content)
            member.mode = 0o600
            archive.addfile(member, BytesIO(content))


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def _write_archive(path: str, files: Iterator[tuple[str, str]]) -> None:
    """Write beside the target, then rename, so that a reader never meets half a file."""
    import tempfile  # noqa: PLC0415

    target = Path(path)
    descriptor, draft = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            _pack(file, files)
            file.flush()
            os.fsync(file.fileno())
        Path(draft).replace(target)
    except BaseException:
        Path(draft).unlink(missing_ok=True)
        raise
    sync_folder(target.parent)


def write_folder(path: str, files: Iterator[tuple[str, str]]) -> None:
    """Write beside the target, then rename; a folder that holds something is not replaced."""
    import shutil  # noqa: PLC0415
    import tempfile  # noqa: PLC0415

    target = Path(path)
    _must_be_free(path, target)
    draft = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=target.parent))
    try:
        for name, text in files:
            place = _below(draft, name)
            place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            place.touch(mode=0o600)
            place.write_bytes(_encoded(text))
        draft.replace(target)  # refused by the kernel if the folder there holds something
    except BaseException:
        shutil.rmtree(draft, ignore_errors=True)
        raise
    sync_folder(target.parent)


def _below(folder: Path, name: str) -> Path:
    place = folder / name
    if ".." in place.parts or not place.is_relative_to(folder):
        raise InputError(f"{name!a}: a name that leads out of the folder")
    return place
