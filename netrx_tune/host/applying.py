"""Changing the host, and putting it back: journal, file, running values, in that order.

The journal says "applying" before anything is changed and "applied" once all was read back. Both
directions may be killed at any moment and run again: each value and the file are compared with
what was and what was to be, so that nothing is done twice and nobody else's change is lost.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from netrx_tune import __version__
from netrx_tune.collectors.sysctl import path_of
from netrx_tune.collectors.sysctl_d import OURS
from netrx_tune.host import journal, sysctls
from netrx_tune.host.journal import Entry, FileChange, Value
from netrx_tune.host.namespaces import own_inode
from netrx_tune.host.replacing import FileState, below, drop_draft, put, state_of, sync_folder
from netrx_tune.host.signals import unstoppable
from netrx_tune.host.source import Tree
from netrx_tune.model.errors import ApplyError, NetrxError
from netrx_tune.model.profile import Profile
from netrx_tune.planning.changes import Change, numbers_of, text_of

_BOOT_ID = "/proc/sys/kernel/random/boot_id"


class Job(NamedTuple):
    """What is to be done: the file's new text (None: leave it) and the running values."""

    profile: Profile
    text: str | None
    running: tuple[Change, ...]


class Left(NamedTuple):
    """What a rollback did not touch, since someone else changed it."""

    what: str  # a key or a path
    found: str
    ours: str
    old: str


def refuse_unfinished(entries: tuple[Entry, ...]) -> None:
    """Stop where an earlier run did not come to its end.

    Raises:
        ApplyError: it names what to type.
    """
    if why := journal.interrupted(entries):
        raise ApplyError(why)


def apply(root: str, job: Job) -> Entry:
    """Make all changes or none; the caller holds the lock.

    Raises:
        ApplyError: something failed, and all was put back, or how it was left.
    """
    before = journal.lasting(journal.load(root))
    refuse_unfinished(before)
    entry = _entry(root, job)
    try:
        journal.save(root, (*before, entry))
        _change(root, entry)
        done = entry._replace(state="applied")
        journal.save(root, (*before, done))
    except BaseException as error:
        _put_back(root, entry, before, error)
        raise
    return done


def persist(root: str, entry: Entry, text: str) -> Entry:
    """Write the file of an apply that has set its values; the caller holds the lock.

    Raises:
        ApplyError: it failed, and all of the apply was put back, or how it was left.
    """
    before = journal.load(root)[:-1]
    whole = entry
    try:
        change = _file_change(root, text)
        whole = entry._replace(state="applying", file=change)
        journal.save(root, (*before, whole))
        _put_file(below(root, change.path), change.new)
        done = whole._replace(state="applied")
        journal.save(root, (*before, done))
    except BaseException as error:
        _put_back(root, whole, before, error)
        raise
    return done


def _entry(root: str, job: Job) -> Entry:
    return Entry(
        "applying",
        job.profile.name,
        job.profile.path,
        time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        __version__,
        _boot_id(),
        None if root else own_inode(),
        tuple(_value(root, one) for one in job.running),
        None if job.text is None else _file_change(root, job.text),
    )


def _value(root: str, change: Change) -> Value:
    """Return a key's text before and after.

    Raises:
        ApplyError: it is not what it was when this was planned: what rose since might fall.
    """
    old = sysctls.read(root, change.key)
    if numbers_of(change.key, old) != change.current:
        was = text_of(change.key, change.current or ())
        raise ApplyError(
            f"{change.key} is {old}, and was {was} when this was planned: someone else changed it"
            " meanwhile. Nothing was changed: run apply again"
        )
    return Value(change.key, old, text_of(change.key, change.proposed))


def _boot_id() -> str:
    return Tree().text(_BOOT_ID).strip()


def _file_change(root: str, text: str) -> FileChange:
    place = below(root, OURS)
    new = FileState("file", text, 0o644, os.geteuid(), os.getegid())
    return FileChange(OURS, _old_state(place), new, not place.parent.is_dir())


def _old_state(place: Path) -> FileState:
    try:
        return state_of(place)
    except OSError as error:
        raise ApplyError(f"{place}: {error.strerror}") from error


def _change(root: str, entry: Entry) -> None:
    if entry.file:
        _put_file(below(root, entry.file.path), entry.file.new)
    _each(entry.values, lambda value: sysctls.write(root, value.key, value.new))


def _put_file(place: Path, wanted: FileState) -> None:
    try:
        if not place.parent.is_dir():
            place.parent.mkdir(parents=True)
            sync_folder(place.parent.parent)
        put(place, wanted)
    except OSError as error:
        raise _refused(place, error) from error


def _refused(place: Path, error: OSError) -> ApplyError:
    return ApplyError(f"{place}: {error.strerror} ({sysctls.errno_name(error)})")


def _put_back(root: str, entry: Entry, before: tuple[Entry, ...], error: BaseException) -> None:
    """Undo a change that failed; the error to raise says how that went."""
    with unstoppable():
        try:
            left = undo(root, entry)
            after = (*before, *_remainder(entry, left))
            if journal.load(root) != after:
                journal.save(root, after)
        except (NetrxError, OSError) as worse:
            raise ApplyError(
                f"{error}; and putting back what was changed failed too: {worse}. The journal is"
                " kept: run netrx-tune rollback once that is solved"
            ) from error
    if isinstance(error, NetrxError):
        raise ApplyError(f"{error}; {as_it_was(left)}") from error


def as_it_was(left: tuple[Left, ...]) -> str:
    """Return how the host is after a change was undone."""
    what = ", ".join(one.what for one in left)
    rest = f", except for what someone else changed: {what}" if left else ""
    return f"everything is as it was{rest}"


def undo(root: str, entry: Entry, *, force: bool = False) -> tuple[Left, ...]:
    """Put back an entry's values and file, the last change first; return what was left alone.

    A value that is neither what we set nor what was before is someone else's: it stays
    unless `force`.

    Raises:
        ApplyError: something cannot be put back; run again once it can.
    """
    left: list[Left] = []

    def put_back(value: Value) -> None:
        one = _undo_value(root, value, force)
        left.extend([one] if one else [])

    _each(entry.values[::-1], put_back)
    if entry.file and (one := _undo_file(root, entry.file, force)):
        left.append(one)
    return tuple(left)


def _each(values: tuple[Value, ...], act: Callable[[Value], None]) -> None:
    """Act on each value; one that fails is tried again once others are done.

    Some bound each other: net.ipv4.ipfrag_low_thresh may not pass ipfrag_high_thresh.
    Kernel: net/ipv4/ip_fragment.c, ip4_frags_ns_ctl_register(): extra1 and extra2.

    Raises:
        ApplyError: of the first one that fails still.
    """
    failed: list[tuple[Value, ApplyError]] = []
    for value in values:
        try:
            act(value)
        except ApplyError as error:
            failed.append((value, error))
    if failed and len(failed) == len(values):
        raise failed[0][1]
    if failed:
        _each(tuple(value for value, _ in failed), act)


def _undo_value(root: str, value: Value, force: bool) -> Left | None:
    if not os.path.lexists(below(root, path_of(value.key))):
        return None  # its module or device is gone, and the value with it
    found = sysctls.read(root, value.key)
    if sysctls.same(found, value.old):
        return None
    if not sysctls.same(found, value.new) and not force:
        return Left(value.key, found, value.new, value.old)
    sysctls.write(root, value.key, value.old)
    return None


def _undo_file(root: str, change: FileChange, force: bool) -> Left | None:
    place = below(root, change.path)
    if not place.parent.is_dir():
        return None
    found = _old_state(place)
    if found not in (change.old, change.new) and not force:
        return Left(change.path, found.kind, change.new.kind, change.old.kind)
    try:
        drop_draft(place)
        if found != change.old:
            put(place, change.old)
        if change.made_folder and not any(place.parent.iterdir()):
            place.parent.rmdir()
    except OSError as error:
        raise _refused(place, error) from error
    return None


def rollback(root: str, *, force: bool = False) -> tuple[Entry | None, tuple[Left, ...]]:
    """Undo the last apply, finished or not; the caller holds the lock.

    Returns:
        What was undone, None if there is nothing, and what was left alone.

    Raises:
        ApplyError: something cannot be put back; the journal stays.
    """
    entries = journal.load(root)
    chosen = to_undo(entries, force=force)
    with unstoppable():
        if chosen is None:
            if not entries:
                journal.save(root, ())  # drafts of a run that was killed early
            return None, ()
        at = entries.index(chosen)
        last = _here(root, chosen, force=force)
        left = undo(root, last, force=force)
        journal.save(root, (*entries[:at], *_remainder(last, left), *entries[at + 1 :]))
        return last, left


def to_undo(entries: tuple[Entry, ...], *, force: bool) -> Entry | None:
    """Return what a rollback takes: the last apply, with `force` also what one left alone."""
    return next((one for one in reversed(entries) if force or one.state != "left"), None)


def is_elsewhere(root: str, entry: Entry) -> bool:
    """Tell whether an entry's values are those of another network namespace of this boot."""
    return not root and entry.netns not in (None, own_inode()) and entry.boot_id == _boot_id()


def _here(root: str, entry: Entry, *, force: bool) -> Entry:
    """Return what of an entry can be put back here: a namespace's values only from inside it.

    Raises:
        ApplyError: it was applied in another network namespace of this boot.
    """
    if not is_elsewhere(root, entry):
        return entry
    if force:
        return entry._replace(values=())
    raise ApplyError(
        f"{entry.profile} was applied in another network namespace (net:[{entry.netns}]): run"
        " rollback there; if it is gone, --force puts back the files alone"
    )


def _remainder(entry: Entry, left: tuple[Left, ...]) -> Iterator[Entry]:
    """Yield what a later --force would still have to put back, if anything."""
    if not left:
        return
    names = {one.what for one in left}
    values = tuple(value for value in entry.values if value.key in names)
    file = entry.file if entry.file and entry.file.path in names else None
    yield entry._replace(state="left", values=values, file=file)
