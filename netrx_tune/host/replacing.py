"""Replacing one file so that a crash leaves the old one or the new one, never a part.

Source: rename(2) is atomic; fsync(2) of the file before it and of the folder after it make both
outlive a loss of power. A draft's name does not end in .conf, so that no loader reads it.
"""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from pathlib import Path
from typing import Literal, NamedTuple

from netrx_tune.model.errors import ApplyError

_MOST_BYTES = 1 << 20  # of a file that is kept for undo


class FileState(NamedTuple):
    """What stood at a path: nothing, a file, or a symbolic link (`text` is its target)."""

    kind: Literal["absent", "file", "link"]
    text: str = ""
    mode: int = 0o644
    uid: int = 0
    gid: int = 0


def state_of(path: Path) -> FileState:
    """Return what stands at a path, exactly.

    Raises:
        ApplyError: it is a folder, a device, or too large to be kept.
        OSError: it cannot be read.
    """
    try:
        found = path.lstat()
    except FileNotFoundError:
        return FileState("absent")
    owner = {"uid": found.st_uid, "gid": found.st_gid}
    if stat.S_ISLNK(found.st_mode):
        return FileState("link", str(path.readlink()), 0o777, **owner)
    if not stat.S_ISREG(found.st_mode) or found.st_size > _MOST_BYTES:
        raise ApplyError(f"{path}: not a file that could be replaced and put back")
    text = path.read_bytes().decode("utf-8", "surrogateescape")
    return FileState("file", text, stat.S_IMODE(found.st_mode), **owner)


def put(path: Path, wanted: FileState) -> None:
    """Make a path what it is wanted to be, in one step that a crash cannot split.

    Raises:
        OSError: it cannot be; what stood there stands.
    """
    if wanted.kind == "absent":
        if os.path.lexists(path):
            path.unlink()
            sync_folder(path.parent)
        return
    draft = draft_of(path)
    try:
        drop_draft(path)
        if wanted.kind == "link":
            draft.symlink_to(wanted.text)
        else:
            _write(draft, wanted)
        draft.replace(path)
    except BaseException:
        with suppress(OSError):
            drop_draft(path)
        raise
    sync_folder(path.parent)


def _write(draft: Path, wanted: FileState) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    descriptor = os.open(draft, flags, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(wanted.text.encode("utf-8", "surrogateescape"))
        file.flush()
        os.fchmod(descriptor, wanted.mode)
        if (wanted.uid, wanted.gid) != (os.geteuid(), os.getegid()):
            os.fchown(descriptor, wanted.uid, wanted.gid)
        os.fsync(descriptor)


def draft_of(path: Path) -> Path:
    """Return the name under which a file is written before it takes its place."""
    return path.with_name(f".{path.name}.draft")


def drop_draft(path: Path) -> None:
    """Remove what a run that was killed left; the caller holds the lock.

    unlink() of what is not there is an error on a read-only file system, so it is not tried.
    """
    draft = draft_of(path)
    if os.path.lexists(draft):
        draft.unlink()


def sync_folder(folder: Path) -> None:
    """Have names that came or went outlive a crash."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def below(root: str, path: str) -> Path:
    """Return where a path is below a root, refusing a link in it that leads out of the root.

    Raises:
        ApplyError: a folder on the way is a link that leads out.
    """
    place = Path(root + path)
    if root:
        inside, real = Path(root).resolve(), place.parent.resolve()
        if not real.is_relative_to(inside):
            raise ApplyError(f"{place.parent}: leads out of {root}, to {real}")
    return place
