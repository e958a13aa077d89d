"""Our file in /etc/sysctl.d: each key with its reason; what an earlier apply wrote stays."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from netrx_tune import __version__
from netrx_tune.collectors.sysctl_d import OURS, parse_sysctl_conf
from netrx_tune.planning.changes import Change, text_of
from netrx_tune.reporters.plain import escape

_PROFILES = "# Profiles: "


def sysctl_file(old: str, profile: str, lines: Sequence[Change]) -> str:
    """Return the file's new text; the old one where every key has its value there already.

    Keys that the old text holds and this profile does not set keep their lines and reasons.
    """
    blocks = dict(_blocks(old))
    values = {one.key: one.value for one in parse_sysctl_conf(old, OURS)}
    changed = [one for one in lines if values.get(one.key) != text_of(one.key, one.proposed)]
    if not changed:
        return old
    blocks.update({one.key: _block(one, profile) for one in changed})
    head = (
        f"# Written by netrx-tune {__version__}; `netrx-tune rollback` puts back what was here"
        f" before.\n{_PROFILES}{', '.join(_profiles(old, profile))}\n"
    )
    return head + "".join(f"\n{block}\n" for block in blocks.values())


def _profiles(old: str, profile: str) -> list[str]:
    earlier: list[str] = []
    for line in old.split("\n"):
        if line.startswith(_PROFILES):
            earlier = line.removeprefix(_PROFILES).split(", ")
    name = escape(profile)
    return [*(one for one in earlier if one != name), name]


def _blocks(text: str) -> Iterator[tuple[str, str]]:
    """Yield each key with the comment above it and its line."""
    comment: list[str] = []
    for line in text.split("\n"):
        found = next(parse_sysctl_conf(line, OURS), None)
        if found:
            yield found.key, "\n".join([*comment, line])
        comment = [*comment, line] if line.startswith("#") and not found else []


def _block(change: Change, profile: str) -> str:
    """Return a key's lines. Reasons are one line each: a line break would set something."""
    kind = "exactly" if change.exactly else "at least"
    was = "unknown" if change.current is None else text_of(change.key, change.current)
    source = f"\n# Source: {_line(change.source)}" if change.source else ""
    return (
        f"# {kind} {text_of(change.key, change.proposed)} for {escape(profile)}; before: {was}\n"
        f"# {_line(change.why)}{source}\n"
        f"{change.key} = {text_of(change.key, change.proposed)}"
    )


def _line(text: str) -> str:
    return escape(" ".join(text.split()))
