"""`netrx-tune status`: what is applied, since when, and whether it is still in force."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import click

from netrx_tune import TOOL
from netrx_tune.cli import options
from netrx_tune.collectors.sysctl_d import OURS
from netrx_tune.host import journal, sysctls
from netrx_tune.host.applying import is_elsewhere
from netrx_tune.host.journal import Entry
from netrx_tune.host.replacing import below, state_of
from netrx_tune.host.survey import boot_files, lines_of
from netrx_tune.model.errors import ApplyError
from netrx_tune.planning.boot import AtBoot, overriding
from netrx_tune.reporters.changes_text import boot_json, boot_lines
from netrx_tune.reporters.plain import Block

SCHEMA = "netrx-tune/status/v1"


class KeyNow(NamedTuple):
    """A value that was applied, and what stands there; None where it does not read."""

    key: str
    old: str
    new: str
    now: str | None
    in_force: bool


class FileNow(NamedTuple):
    """Our file: as written, changed, missing; "" where no apply wrote it."""

    path: str
    state: str


@click.command("status")
@click.option(
    "--root",
    type=click.Path(exists=True, file_okay=False),
    help="Look at the image or chroot below this folder.",
)
@options.output_options
def command(
    root: str | None,
    output_format: str,
    color: str,  # noqa: ARG001 - every command takes it
    quiet: bool,  # noqa: ARG001 - likewise
) -> int:
    """Tell what is applied, by which profile, and whether it is in force now and after boot.

    Exit code 1 says that something applied is not in force.

    \b
    Examples:
      sudo netrx-tune status
      netrx-tune status --format json
    """  # noqa: D301 - click reads the backspace
    root = (root or "").rstrip("/")
    entries = journal.load(root)
    keys = tuple(_keys(root, entries))
    file = _file(root, entries)
    texts = boot_files(root)
    later = overriding(texts, lines_of(texts.get(OURS, "")))
    if output_format == "json":
        options.echo_json(_document(root, entries, keys, file, later))
    else:
        options.echo_blocks(_blocks(root, entries, keys, file, later))
    unfinished = any(entry.state == "applying" for entry in entries)
    broken = file.state not in ("", "as written") or not all(one.in_force for one in keys)
    return int(bool(later) or broken or unfinished)


def _keys(root: str, entries: tuple[Entry, ...]) -> Iterator[KeyNow]:
    """Yield each key with the last value that an apply gave it and the first old one."""
    known: dict[str, KeyNow] = {}
    for entry in entries:
        for value in () if entry.state == "left" or is_elsewhere(root, entry) else entry.values:
            old = known[value.key].old if value.key in known else value.old
            now = _now(root, value.key)
            in_force = now is not None and sysctls.same(now, value.new)
            known[value.key] = KeyNow(value.key, old, value.new, now, in_force)
    yield from known.values()


def _now(root: str, key: str) -> str | None:
    try:
        return sysctls.read(root, key)
    except ApplyError:
        return None


def _file(root: str, entries: tuple[Entry, ...]) -> FileNow:
    written = [one.file.new for one in entries if one.file and one.state != "left"]
    if not written:
        return FileNow(OURS, "")
    found = state_of(below(root, OURS))
    if found.kind == "absent":
        return FileNow(OURS, "missing")
    return FileNow(OURS, "as written" if found.text == written[-1].text else "changed since")


def _document(
    root: str,
    entries: tuple[Entry, ...],
    keys: tuple[KeyNow, ...],
    file: FileNow,
    later: tuple[AtBoot, ...],
) -> dict[str, object]:
    return {
        "schema": SCHEMA,
        "tool": TOOL,
        "applied": [
            {
                "profile": one.profile,
                "path": one.source,
                "when": one.when,
                "state": one.state,
                "elsewhere": f"net:[{one.netns}]" if is_elsewhere(root, one) else None,
            }
            for one in entries
        ],
        "settings": [one._asdict() for one in keys],
        "file": file._asdict() if file.state else None,
        "overridden_at_boot": [boot_json(one) for one in later],
    }


def _blocks(
    root: str,
    entries: tuple[Entry, ...],
    keys: tuple[KeyNow, ...],
    file: FileNow,
    later: tuple[AtBoot, ...],
) -> Iterator[Block]:
    if not entries:
        yield Block("Nothing is applied.")
    for entry in entries:
        yield Block(f"{entry.profile}: {_state(entry)}", 0, 4)
        yield Block(f"from {entry.source}", 2)
        if entry.values and is_elsewhere(root, entry):
            keys_there = ", ".join(value.key for value in entry.values)
            there = f"in network namespace net:[{entry.netns}], run status there"
            yield Block(f"{keys_there}: {there}", 2, 4)
    for key in keys:
        now = "in force" if key.in_force else f"NOT in force: it is {key.now or 'not readable'}"
        yield Block(f"{key.key} = {key.new} (before: {key.old}): {now}", 2, 4)
    if file.state:
        yield Block(f"{file.path}: {file.state}", 2, 4)
    for line in boot_lines(later):
        yield Block(f"At boot {line}", 2, 4)


def _state(entry: Entry) -> str:
    if entry.state == "applying":
        return f"INTERRUPTED {entry.when}; netrx-tune rollback puts back what it changed"
    if entry.state == "left":
        return f"rolled back, applied {entry.when}, except for what someone else changed"
    return f"applied {entry.when}"
