"""`netrx-tune apply`: show, set, verify by the counters, and undo when it made things worse."""

from __future__ import annotations

import os
import sys
from contextlib import ExitStack
from typing import NamedTuple

import click

from netrx_tune import TOOL
from netrx_tune.cli import options
from netrx_tune.host import journal
from netrx_tune.host.applying import refuse_unfinished
from netrx_tune.host.survey import Survey, load_profile, survey
from netrx_tune.model.errors import ApplyError
from netrx_tune.model.profile import Profile

SCHEMA = "netrx-tune/apply/v1"
_SAID = {
    "nothing-to-do": "Nothing to change.",
    "not-from-here": "Nothing was changed: what is missing cannot be set from here.",
    "dry-run": "Dry run: nothing was changed.",
}


class Asked(NamedTuple):
    """The options."""

    yes: bool
    dry_run: bool
    verify: float
    no_rollback: bool
    runtime_only: bool
    persist_only: bool
    confirm_within: float | None
    root: str
    output_format: str
    color: str
    quiet: bool


@click.command("apply")
@click.argument("profile")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--dry-run", is_flag=True, help="Show what would change, and change nothing.")
@click.option(
    "--verify",
    type=options.Seconds(0),
    default=10.0,
    show_default=True,
    metavar="SECONDS",
    help="Watch so long before and after; 0 only reads the values back.",
)
@click.option("--no-rollback", is_flag=True, help="Keep it even when the counters speak against.")
@click.option("--runtime-only", is_flag=True, help="Set the running values, write no file.")
@click.option("--persist-only", is_flag=True, help="Write the file, set no running value.")
@click.option(
    "--confirm-within",
    type=options.Seconds(1),
    metavar="SECONDS",
    help="Undo it unless you type yes in time; the file is written after it.",
)
@click.option(
    "--root",
    type=click.Path(exists=True, file_okay=False),
    help="Change the image or chroot below this folder.",
)
@options.output_options
def command(profile: str, root: str | None, **typed: object) -> int:
    """Apply PROFILE, a name or a file: show, ask, set, verify by the counters, or undo.

    Exit code 1 says that the counters spoke against it, or that nobody confirmed it; 2 that it
    failed or was declined, or that nothing of it can be set from here. In both cases everything
    is as it was before, unless --no-rollback is given.

    \b
    Examples:
      sudo netrx-tune apply syslog-collector --dry-run
      sudo netrx-tune apply syslog-collector --verify 30 --confirm-within 60
      sudo netrx-tune apply ./generated.yaml --yes --root /mnt/image
    """  # noqa: D301 - click reads the backspace
    asked = Asked(root=(root or "").rstrip("/"), **typed)  # type: ignore[arg-type]  # click checked each
    if asked.runtime_only and asked.persist_only:
        raise click.UsageError("--runtime-only and --persist-only exclude each other")
    if asked.no_rollback and asked.confirm_within is not None:
        raise click.UsageError("--no-rollback keeps what --confirm-within is to undo")
    wanted = load_profile(profile, asked.root)
    with ExitStack() as held:
        if not asked.dry_run:
            held.enter_context(journal.locked(asked.root))
        return _apply(wanted, asked)


def _apply(profile: Profile, asked: Asked) -> int:
    entries = _entries(asked)
    found = survey(
        asked.root,
        profile,
        entries,
        runtime=not asked.persist_only,
        persist=not asked.runtime_only,
        trial=asked.dry_run,
    )
    document: dict[str, object] = _document(profile, found, asked)
    _show(profile, found, asked)
    if found.text is None and not found.changes.running:
        outcome = "not-from-here" if found.changes.refused else "nothing-to-do"
        none_of_it = found.changes.refused and not found.changes.in_force
        return _end(
            {**document, "outcome": outcome}, asked, 2 if none_of_it and not asked.dry_run else 0
        )
    if asked.dry_run:
        return _end({**document, "outcome": "dry-run"}, asked)
    _ask(asked)
    from netrx_tune.cli.apply_steps import carry_out  # noqa: PLC0415 - only to change something

    done = carry_out(profile, found, asked)
    if asked.output_format == "text":
        options.echo_blocks(done.blocks)
    return _end({**document, **done.document}, asked, done.code)


def _entries(asked: Asked) -> tuple[journal.Entry, ...]:
    """Return what is applied; a dry run by a user who may not read it takes it as nothing."""
    try:
        entries = journal.load(asked.root)
    except ApplyError:
        if asked.dry_run and os.geteuid():
            return ()
        raise
    if not asked.dry_run:
        refuse_unfinished(entries)
    return entries


def _ask(asked: Asked) -> None:
    """Go on only with a yes.

    Raises:
        click.UsageError: there is nobody to ask.
        ApplyError: the answer was no.
    """
    if asked.yes:
        return
    if sys.stdin is None or not sys.stdin.isatty():
        raise click.UsageError("there is no terminal to ask: say --yes, or --dry-run to look")
    if not options.agrees("Apply this?"):
        raise ApplyError("not applied: everything is as it was")


def _document(profile: Profile, found: Survey, asked: Asked) -> dict[str, object]:
    if asked.output_format != "json":
        return {}
    from netrx_tune.reporters.changes_text import changes_json  # noqa: PLC0415 - for JSON

    return {
        "schema": SCHEMA,
        "tool": TOOL,
        "profile": profile.name,
        "path": profile.path,
        "root": asked.root or None,
        **changes_json(found.changes, found.at_boot),
        "notes": list(found.notes),
        "verification": None,
    }


def _show(profile: Profile, found: Survey, asked: Asked) -> None:
    """Write the difference; beside a JSON document it goes to whoever is asked."""
    is_json = asked.output_format == "json"
    if is_json and (asked.yes or asked.dry_run):
        return
    from netrx_tune.reporters.changes_text import render_changes  # noqa: PLC0415 - not for JSON

    colored = options.colored(asked.color, on_errors=is_json)
    text = render_changes(
        profile, found.changes, found.at_boot, found.notes, width=options.width(), color=colored
    )
    if is_json:
        click.echo(text, nl=False, err=True)
    else:
        options.echo_plain(text, color=colored)


def _end(document: dict[str, object], asked: Asked, code: int = 0) -> int:
    if asked.output_format == "json":
        options.echo_json(document)
    elif (outcome := document.get("outcome")) in _SAID:
        options.echo_plain(f"{_SAID[str(outcome)]}\n")
    return code
