"""`netrx-tune rollback`: put back exactly what the last apply changed."""

from __future__ import annotations

import sys

import click

from netrx_tune import TOOL
from netrx_tune.cli import options
from netrx_tune.host import journal
from netrx_tune.host.applying import Left, rollback, to_undo
from netrx_tune.host.guardian import guarded
from netrx_tune.host.journal import Entry
from netrx_tune.host.killed import finish_rollback
from netrx_tune.model.errors import ApplyError
from netrx_tune.reporters.changes_text import left_blocks
from netrx_tune.reporters.plain import Block

SCHEMA = "netrx-tune/rollback/v1"


@click.command("rollback")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--force", is_flag=True, help="Put back also what someone else changed since.")
@click.option(
    "--root",
    type=click.Path(exists=True, file_okay=False),
    help="Put back the image or chroot below this folder.",
)
@options.output_options
def command(
    yes: bool,
    force: bool,
    root: str | None,
    output_format: str,
    color: str,  # noqa: ARG001 - every command takes it
    quiet: bool,  # noqa: ARG001 - likewise
) -> int:
    """Put back the values and files of the last apply, also after a crash in the middle of it.

    Exit code 1 says that something was left alone, since someone else changed it meanwhile.

    \b
    Examples:
      sudo netrx-tune rollback
      sudo netrx-tune rollback --yes --force
    """  # noqa: D301 - click reads the backspace
    root = (root or "").rstrip("/")
    with journal.locked(root):
        entries = journal.load(root)
        chosen = to_undo(entries, force=force)
        if chosen and not yes:
            _ask(chosen, as_json=output_format == "json")
        with guarded(lambda: finish_rollback(root, entries, force=force)):
            undone, left = rollback(root, force=force)
    if output_format == "json":
        options.echo_json(_document(undone, left))
    else:
        before = entries[: entries.index(chosen)] if chosen else entries
        _tell(undone, left, before, force=force)
    return 1 if left else 0


def _ask(entry: Entry, *, as_json: bool) -> None:
    """Show what would be put back, and go on only with a yes.

    Raises:
        click.UsageError: there is nobody to ask.
        ApplyError: the answer was no.
    """
    if sys.stdin is None or not sys.stdin.isatty():
        raise click.UsageError("there is no terminal to ask: say --yes")
    blocks = [Block(f"{entry.profile}, {entry.state} {entry.when}:")]
    blocks += [Block(f"{one.key}: {one.new} -> {one.old}", 2, 4) for one in reversed(entry.values)]
    if entry.file:
        old = "removed" if entry.file.old.kind == "absent" else "as it was before"
        blocks.append(Block(f"{entry.file.path}: {old}", 2, 4))
    options.echo_blocks(blocks, on_errors=as_json)
    if not options.agrees("Put this back?"):
        raise ApplyError("not rolled back: everything is as it was applied")


def _document(undone: Entry | None, left: tuple[Left, ...]) -> dict[str, object]:
    return {
        "schema": SCHEMA,
        "tool": TOOL,
        "outcome": "undone" if undone else "nothing-to-do",
        "profile": undone and undone.profile,
        "applied": undone and undone.when,
        "was": undone and undone.state,
        "values": [one._asdict() for one in undone.values] if undone else [],
        "file": undone.file.path if undone and undone.file else None,
        "left": [one._asdict() for one in left],
    }


def _tell(
    undone: Entry | None, left: tuple[Left, ...], before: tuple[Entry, ...], *, force: bool
) -> None:
    """Say what was undone, and what of the entries before it the next rollback would take."""
    if undone is None:
        more = "; what someone else changed waits for --force" if before else ""
        options.echo_plain(f"Nothing to undo{more}.\n")
        return
    how = "interrupted" if undone.state == "applying" else "applied"
    blocks = [Block(f"Undone: {undone.profile} ({how} {undone.when}).", 0, 2), *left_blocks(left)]
    if earlier := to_undo(before, force=force):
        blocks.append(Block(f"Before it, {earlier.profile} was applied ({earlier.when}).", 0, 2))
    options.echo_blocks(blocks)
