"""A profile of tuned. Source: tuned-profiles(7); tuned/plugins/base.py (2.20).

`key=>number` raises and never lowers. It compares with int(), so a key of several numbers
cannot be a floor there: _process_assignment_modifiers() would write the sign itself.
"""

from __future__ import annotations

from collections.abc import Iterator

from netrx_tune.reporters.exports.wanted import Export, File, Wanted, advice, header, reasons

NAME = "netrx-tune"


def render(found: Export) -> tuple[File, ...]:
    """Return the one file."""
    return (File(f"/etc/tuned/{NAME}/tuned.conf", "\n".join(lines(found)) + "\n"),)


def lines(found: Export, include: str = "") -> Iterator[str]:
    """Yield the profile's lines; free text only in comments, since tuned expands ${...}."""
    yield from header(found, "tuned-adm profile with the one that was active before.")
    yield f"# Beside the active one (tuned-adm active): tuned-adm profile ACTIVE {NAME}"
    yield "# A file in /etc/sysctl.d beats this one while reapply_sysctl = 1 in tuned-main.conf."
    yield ""
    yield "[main]"
    yield f"summary=netrx-tune profile {found.profile.name}"
    if include:
        yield f"include={include}"
    yield ""
    yield "[sysctl]"
    if not found.settings:
        yield "# Nothing to set."
    for one in found.settings:
        yield from reasons(one, floors=is_floor_here(one))
        yield f"{one.key}=" + (f">{one.setting.values[0]}" if is_floor_here(one) else one.text)
    yield from advice(found)


def is_floor_here(one: Wanted) -> bool:
    """Tell whether tuned can keep what stands higher."""
    return one.is_floor and len(one.values) == 1
