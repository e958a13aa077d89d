"""The steps of `apply` that change something: watch, set, watch again, ask again, or undo."""

from __future__ import annotations

import os
import select
import time
from shlex import quote
from typing import TYPE_CHECKING, NamedTuple

import click

from netrx_tune.cli.options import echo_blocks, progress, say_unused
from netrx_tune.collectors.sysctl_d import OURS
from netrx_tune.host import journal
from netrx_tune.host.applying import Job, Left, apply, as_it_was, persist, rollback
from netrx_tune.host.guardian import Guardian, guarded
from netrx_tune.host.journal import Entry
from netrx_tune.host.killed import undo_apply
from netrx_tune.host.signals import stoppable
from netrx_tune.host.survey import Survey
from netrx_tune.model.errors import ApplyError
from netrx_tune.model.profile import Profile
from netrx_tune.reporters.changes_text import left_blocks, verdict_block, verdict_json
from netrx_tune.reporters.plain import Block
from netrx_tune.rules.words import counted

if TYPE_CHECKING:
    from netrx_tune.cli.apply import Asked
    from netrx_tune.model.ledger import Ledger
    from netrx_tune.planning.verification import Verdict

_YES = frozenset({b"y", b"yes"})


class Done(NamedTuple):
    """How it ended: paragraphs for people, fields for JSON, and the exit code."""

    blocks: tuple[Block, ...]
    document: dict[str, object]
    code: int


def carry_out(profile: Profile, found: Survey, asked: Asked) -> Done:
    """Apply, verify, have it confirmed; undo it where one of them fails.

    Raises:
        ApplyError: it failed or was interrupted, and was undone.
    """
    before = journal.load(asked.root)
    with guarded(lambda: undo_apply(asked.root, before), seconds=asked.confirm_within) as guardian:
        return _guarded(profile, found, asked, guardian)


def _guarded(profile: Profile, found: Survey, asked: Asked, guardian: Guardian) -> Done:
    watched = asked.verify > 0 and not asked.root and bool(found.changes.running)
    if asked.verify > 0 and not watched:
        why = "no traffic passes an image" if asked.root else "no running value changes"
        say_unused("verify", why, quiet=asked.quiet)
    with stoppable():
        before = _books(asked.verify, "before the change", asked) if watched else None
        at_once = found.text if asked.confirm_within is None else None
        entry = apply(asked.root, Job(profile, at_once, found.changes.running))
        try:
            verdict = _verdict(before, found, asked) if before else None
            reason = _objection(verdict, asked, guardian)
        except (KeyboardInterrupt, OSError, click.Abort) as error:
            _undo_after(error, asked)
            raise  # --no-rollback: it stays
        except BaseException:
            if not asked.no_rollback:
                rollback(asked.root)
            raise
        undone = bool(reason) and not asked.no_rollback
        left = rollback(asked.root)[1] if undone else ()
        if found.text is not None and entry.file is None and not undone:
            entry = persist(asked.root, entry, found.text)
    return _done(entry, verdict, reason, left, asked)


def _undo_after(error: BaseException, asked: Asked) -> None:
    """Undo what nobody could verify or confirm to its end.

    Raises:
        ApplyError: always, unless it is to be kept.
    """
    if not asked.no_rollback:
        left = rollback(asked.root)[1]
        why = "the terminal is gone" if isinstance(error, OSError) else "interrupted"
        raise ApplyError(f"{why} before the change was verified: {as_it_was(left)}") from None


def _books(seconds: float, when: str, asked: Asked) -> Ledger:
    """Return where packets went while watching."""
    from netrx_tune.host.source import Tree  # noqa: PLC0415 - not without verification
    from netrx_tune.host.watch import watch  # noqa: PLC0415 - likewise
    from netrx_tune.planning.diagnosis import measure  # noqa: PLC0415 - likewise
    from netrx_tune.rxpath.ledger import settle  # noqa: PLC0415 - likewise

    progress(f"watching for {seconds:g} s {when}", quiet=asked.quiet)
    first, last = watch(Tree(), seconds)
    return settle(measure(first, last, live=True, netns=None))


def _verdict(before: Ledger, found: Survey, asked: Asked) -> Verdict:
    from netrx_tune.planning.verification import judge_change  # noqa: PLC0415 - likewise

    after = _books(asked.verify, "after the change", asked)
    return judge_change(before, after, found.changes.running)


def _objection(verdict: Verdict | None, asked: Asked, guardian: Guardian) -> str:
    """Return why the change is not to be kept, "" if it is."""
    if verdict and (asked.output_format == "text" or asked.confirm_within is not None):
        echo_blocks([verdict_block(verdict)], on_errors=asked.output_format != "text")
    if verdict and not verdict.keep:
        return verdict.outcome
    if asked.confirm_within is None:
        return ""
    guardian.wait_begins()
    click.echo(
        f"Keep these settings? Type yes within {asked.confirm_within:g} s: ", nl=False, err=True
    )
    if confirmed(asked.confirm_within):
        return ""
    click.echo(err=True)  # what follows stands below the question
    return "not-confirmed"


def confirmed(seconds: float) -> bool:
    """Tell whether someone types yes in time; the end of the input is a no."""
    deadline = time.monotonic() + seconds
    typed = b""
    while b"\n" not in typed:
        wait = deadline - time.monotonic()
        if wait <= 0 or not select.select([0], [], [], wait)[0]:
            return False
        part = os.read(0, 256)
        if not part:
            return False
        typed += part
    return typed.partition(b"\n")[0].strip().lower() in _YES


def _done(
    entry: Entry, verdict: Verdict | None, reason: str, left: tuple[Left, ...], asked: Asked
) -> Done:
    undone = bool(reason) and not asked.no_rollback
    why = "not confirmed in time" if reason == "not-confirmed" else "see above"
    undoing = [Block(f"Undone ({why}): {as_it_was(left)}.", 0, 2)]
    blocks = undoing if undone else _applied(entry, asked.root)
    blocks += left_blocks(left)
    document: dict[str, object] = {
        "outcome": "undone" if undone else "applied",
        "why": reason or None,
        "verification": verdict_json(verdict) if verdict else None,
        "left": [one._asdict() for one in left],
    }
    return Done(tuple(blocks), document, 1 if reason else 0)


def _applied(entry: Entry, root: str) -> list[Block]:
    what = []
    if entry.values:
        what.append(f"{counted(len(entry.values), 'running value')} set and read back")
    if entry.file:
        what.append(f"{OURS} written")
    undo = "netrx-tune rollback" + (f" --root {quote(root)}" if root else "")
    return [
        Block(f"Applied {entry.profile}: {', '.join(what)}.", 0, 2),
        Block(f"Undo it with: {undo}", verbatim=True),
    ]
