"""What a profile changes here, for people: each value, its reason, and what holds at boot."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from netrx_tune.collectors.sysctl_d import OURS
from netrx_tune.model.profile import Profile
from netrx_tune.planning.boot import AtBoot
from netrx_tune.planning.changes import Change, Changes, Refused, text_of
from netrx_tune.planning.verification import Verdict
from netrx_tune.reporters.plain import BLANK, Block, layout

_EFFECT = {
    "now": "",
    "new-sockets": "for sockets opened after it",
    "restart": "for programs that ask after it: restart them",
    "boot": "after a boot",
}


def render_changes(
    profile: Profile,
    changes: Changes,
    at_boot: Iterable[AtBoot],
    notes: Iterable[str] = (),
    *,
    width: int,
    color: bool,
) -> str:
    """Return the difference that apply would make."""
    blocks = [_title(profile, changes), Block(f"from {profile.path}", 2), BLANK]
    for change in changes.running:
        blocks += _change(change)
    running = {change.key for change in changes.running}
    for change in changes.lines:
        if change.key not in running:
            what = f"{text_of(change.key, change.proposed)} at boot ({OURS})"
            blocks.append(Block(what, 2, 4, change.key, "title"))
    if changes.refused:
        blocks += [Block("Not set from here:", style="warning"), *_refused(changes.refused)]
    blocks += _in_force(changes)
    blocks += [
        Block(f"{line}: remove that line, or it wins", 0, 4, "At boot:", "warning")
        for line in boot_lines(at_boot)
    ]
    blocks += [Block(note, 0, 4, "Note:", "warning") for note in notes]
    return layout(blocks, width=width, color=color)


def _title(profile: Profile, changes: Changes) -> Block:
    keys = {one.key for one in (*changes.running, *changes.lines)}
    what = f"{len(keys)} setting{'s' if len(keys) != 1 else ''} to change" if keys else "no change"
    return Block(f"{profile.name}: {what}", style="title")


def _change(change: Change) -> Iterator[Block]:
    was = "unknown" if change.current is None else text_of(change.key, change.current)
    kind = "exactly" if change.exactly else "at least"
    low = " This lowers it." if change.lowers else ""
    effect = _EFFECT[change.takes_effect]
    text = f"{was} -> {text_of(change.key, change.proposed)} ({kind}).{low}"
    yield Block(text, 2, 4, change.key, "title")
    yield Block(change.why, 6)
    if effect:
        yield Block(f"Works {effect}.", 6)


def _refused(refused: Iterable[Refused]) -> Iterator[Block]:
    for one in refused:
        is_at = "" if one.current is None else f"{text_of(one.key, one.current)}, "
        yield Block(f"{is_at}wanted {text_of(one.key, one.wanted)}: {one.why}", 2, 4, one.key)


def _in_force(changes: Changes) -> Iterator[Block]:
    if changes.in_force:
        names = ", ".join(one.key for one in changes.in_force)
        yield Block(names, 0, 4, "Already in force:")


def boot_lines(at_boot: Iterable[AtBoot]) -> Iterator[str]:
    """Yield which line of which file wins at boot, once for both loaders where they agree."""
    loaders: dict[tuple[str, AtBoot], list[str]] = {}
    for one in at_boot:
        given = "a value that the kernel refuses" if one.values is None else one.winner.value
        loaders.setdefault((given, one._replace(loader="")), []).append(one.loader)
    for (given, one), by in loaders.items():
        yield (
            f"{one.winner.path}:{one.winner.line} sets {one.key} to {given} after {OURS}"
            f" ({' and '.join(by)})"
        )


def verdict_block(verdict: Verdict) -> Block:
    """Return what the counters say of a change."""
    return Block(f"Verified ({verdict.outcome}): {verdict.summary}.", 0, 2)


def left_blocks(left: Iterable[tuple[str, str, str, str]]) -> Iterator[Block]:
    """Yield what a rollback left alone: name, what was found, what we set, what was before."""
    for what, found, ours, old in left:
        yield Block(
            f"Left alone, since someone changed it: {what} is {found} (we set {ours}, before it"
            f" was {old}); netrx-tune rollback --force puts it back too",
            0,
            2,
        )


def changes_json(changes: Changes, at_boot: Iterable[AtBoot]) -> dict[str, object]:
    """Return the difference, ready for json.dumps()."""
    return {
        "changes": [_change_json(one) for one in changes.running],
        "persistent": [_change_json(one) for one in changes.lines],
        "in_force": [one.key for one in changes.in_force],
        "not_set": [
            {"key": one.key, "current": one.current, "wanted": one.wanted, "why": one.why}
            for one in changes.refused
        ],
        "overridden_at_boot": [boot_json(one) for one in at_boot],
    }


def _change_json(one: Change) -> dict[str, object]:
    return {**one._asdict(), "lowers": one.lowers}


def boot_json(one: AtBoot) -> dict[str, object]:
    """Return a line that wins at boot, ready for json.dumps()."""
    return {
        "key": one.key,
        "loader": one.loader,
        "values": one.values,
        "path": one.winner.path,
        "line": one.winner.line,
    }


def verdict_json(verdict: Verdict) -> dict[str, object]:
    """Return what the counters say, ready for json.dumps()."""
    return {**verdict._asdict(), "stages": [one._asdict() for one in verdict.stages]}
