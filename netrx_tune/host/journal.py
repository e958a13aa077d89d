"""The journal of what was changed: on disk before anything else is, so that all can be undone.

One entry for each apply, the last one last; `rollback` takes the last. Values are kept as the
kernel wrote them. Only one run of the tool may hold it: see `locked`.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal, NamedTuple, cast

from netrx_tune.host.interrupted import JOURNAL
from netrx_tune.host.replacing import FileState, below, drop_draft, put, sync_folder
from netrx_tune.model.errors import ApplyError

LOCK = "/run/netrx-tune.lock"
SCHEMA = "netrx-tune/journal/v1"

# applying: begun, and not known to be finished. applied: every value was read back.
# left: rolled back, except for what someone else had changed since.
State = Literal["applying", "applied", "left"]


class Value(NamedTuple):
    """One key's text before and after."""

    key: str
    old: str
    new: str


class FileChange(NamedTuple):
    """A file before and after; `made_folder` if its folder was not there either."""

    path: str
    old: FileState
    new: FileState
    made_folder: bool


class Entry(NamedTuple):
    """One apply. `boot_id` and `netns` tell where its running values were set."""

    state: State
    profile: str
    source: str  # where the profile was read
    when: str  # UTC, ISO 8601
    tool: str
    boot_id: str
    netns: int | None
    values: tuple[Value, ...]
    file: FileChange | None


@contextmanager
def locked(root: str) -> Iterator[None]:
    """Keep other runs of the tool out.

    Raises:
        ApplyError: another one is at work, or this user may not.
    """
    place = below(root, LOCK)
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
        descriptor = os.open(place, flags, 0o600)
    except OSError as error:
        raise ApplyError(f"{place}: {error.strerror}{_root_hint(error)}") from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError:
        raise ApplyError(f"{place}: another netrx-tune is changing this host") from None
    finally:
        os.close(descriptor)


def _root_hint(error: OSError) -> str:
    return "; changing settings needs root" if isinstance(error, PermissionError) else ""


def load(root: str) -> tuple[Entry, ...]:
    """Return what is applied, the last one last.

    Raises:
        ApplyError: the journal is there and does not read.
    """
    place = below(root, JOURNAL)
    try:
        document = json.loads(_trusted(place))
        if document["schema"] != SCHEMA:
            raise ApplyError(f"{place}: written by another version: {document['schema']!r}")
        return tuple(_entry(one) for one in document["entries"])
    except FileNotFoundError:
        return ()
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ApplyError(f"{place}: not a journal of this tool: {error!r}") from error
    except OSError as error:
        hint = "; it is root's: run this as root" if isinstance(error, PermissionError) else ""
        raise ApplyError(f"{place}: {error.strerror}{hint}") from error


def _trusted(place: Path) -> bytes:
    """Return the journal, which says what files root is to write: only root's or one's own.

    Raises:
        ApplyError: another user wrote it, as in a tree of theirs.
        OSError: it cannot be read.
    """
    with place.open("rb") as file:
        owner = os.fstat(file.fileno()).st_uid
        if owner not in {0, os.geteuid()}:
            raise ApplyError(f"{place}: the file is of user {owner}, and no journal of yours")
        return file.read()


def _entry(one: dict[str, object]) -> Entry:
    file = cast("dict[str, object] | None", one["file"])
    values = cast("list[dict[str, str]]", one["values"])
    entry = {**one, "values": tuple(Value(**value) for value in values), "file": None}
    if file:
        states = {name: FileState(**cast("dict[str, str]", file[name])) for name in ("old", "new")}  # type: ignore[arg-type]  # numbers among them
        entry["file"] = FileChange(**{**file, **states})  # type: ignore[arg-type]  # likewise
    return Entry(**entry)  # type: ignore[arg-type]  # a field that is missing or unknown is a TypeError


def save(root: str, entries: tuple[Entry, ...]) -> None:
    """Replace the journal; without entries there is none.

    Raises:
        ApplyError: it cannot be written; the one before stands.
    """
    place = below(root, JOURNAL)
    try:
        if not entries:
            _drop(place)
            return
        if not place.parent.is_dir():
            place.parent.mkdir(mode=0o700, parents=True)
            sync_folder(place.parent.parent)  # its name outlives a crash, too
        document = {"schema": SCHEMA, "entries": [_document(one) for one in entries]}
        text = json.dumps(document, indent=1) + "\n"
        put(place, FileState("file", text, 0o600, os.geteuid(), os.getegid()))
    except OSError as error:
        raise ApplyError(f"{place}: {error.strerror}{_root_hint(error)}") from error


def _document(entry: Entry) -> dict[str, object]:
    file = entry.file
    return {
        **entry._asdict(),
        "values": [value._asdict() for value in entry.values],
        "file": file and {**file._asdict(), "old": file.old._asdict(), "new": file.new._asdict()},
    }


def lasting(entries: tuple[Entry, ...]) -> tuple[Entry, ...]:
    """Return what stays when another apply begins."""
    return tuple(one for one in entries if one.state != "left")


def interrupted(entries: tuple[Entry, ...]) -> str | None:
    """Return what to say of a last apply that did not come to its end, None where all did."""
    if not entries or entries[-1].state != "applying":
        return None
    return (
        f"an apply of {entries[-1].profile} ({entries[-1].when}) was interrupted:"
        " netrx-tune rollback puts back what it changed"
    )


def _drop(place: Path) -> None:
    drop_draft(place)
    if place.parent.is_dir():
        put(place, FileState("absent"))
