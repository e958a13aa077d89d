"""What the guardian does where apply or rollback was killed; the lock is still theirs."""

from __future__ import annotations

from netrx_tune.collectors.sysctl_d import OURS
from netrx_tune.host import journal
from netrx_tune.host.applying import as_it_was, rollback
from netrx_tune.host.interrupted import JOURNAL
from netrx_tune.host.journal import Entry
from netrx_tune.host.replacing import below, drop_draft


def undo_apply(root: str, before: tuple[Entry, ...]) -> str:
    """Undo what an apply had begun, to the journal `before` it; return what became of it.

    Raises:
        ApplyError: something cannot be put back; the journal stays.
    """
    now = journal.load(root)
    is_ours = len(now) > len(journal.lasting(before)) and now[-1].state != "left"
    if now == before or not is_ours:
        for path in (OURS, JOURNAL):
            drop_draft(below(root, path))
        return "apply was killed; everything is as it was"
    last, left = rollback(root)
    return f"apply of {last.profile if last else '?'} was killed; {as_it_was(left)}"


def finish_rollback(root: str, before: tuple[Entry, ...], *, force: bool) -> str:
    """Do what a rollback had left to do; return what became of it.

    Raises:
        ApplyError: something cannot be put back; the journal stays.
    """
    if journal.load(root) == before:
        rollback(root, force=force)
    return "rollback was killed, and finished all the same"
