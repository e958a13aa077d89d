"""A profile for people and programs, beside the values of this host."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from netrx_tune import TOOL
from netrx_tune.model.profile import Profile, ProfileSetting
from netrx_tune.planning.tunables import scope, tunable
from netrx_tune.reporters.plain import BLANK, Block, layout
from netrx_tune.rules.words import size

SCHEMA = "netrx-tune/profile/v1"

Now = Mapping[str, tuple[int, ...]]


def render_profile(profile: Profile, now: Now, *, width: int, color: bool) -> str:
    """Return a profile as text."""
    return layout(_blocks(profile, now), width=width, color=color)


def profile_json(profile: Profile, now: Now) -> dict[str, object]:
    """Return a profile, ready for json.dumps()."""
    return {
        "schema": SCHEMA,
        "tool": TOOL,
        "name": profile.name,
        "summary": profile.summary,
        "path": profile.path,
        "extends": profile.extends,
        "limits": {"memory_share": profile.memory_share},
        "settings": [_setting_json(one, now) for one in profile.settings],
        "application": list(profile.application),
        "keep": list(profile.keep),
        "generated": dict(profile.generated),
    }


def changes(one: ProfileSetting, now: Now) -> bool | None:
    """Tell whether a setting would change the host's value, None if that is not known."""
    current = now.get(one.key)
    if current is None or len(current) != len(one.values):
        return None
    if one.mode == "exactly":
        return current != one.values
    return any(value > old for value, old in zip(one.values, current, strict=True))


def _setting_json(one: ProfileSetting, now: Now) -> dict[str, object]:
    known = tunable(one.key)
    current = now.get(one.key)
    return {
        "key": one.key,
        "mode": one.mode,
        "values": list(one.values),
        "unit": known.unit if known else None,
        "scope": scope(known, None) if known else None,
        "takes_effect": known.takes_effect if known else None,
        "why": one.why,
        "source": one.source,
        "current": list(current) if current else None,
        "previous": list(one.previous) if one.previous else None,
        "changes": changes(one, now),
    }


def _blocks(profile: Profile, now: Now) -> Iterator[Block]:
    yield Block(profile.summary, 0, 2, f"{profile.name}:", "title")
    base = f", on top of {profile.extends}" if profile.extends else ""
    if profile.path:
        yield Block(f"{profile.path}{base}", 2)
    for key, value in profile.generated.items():
        yield Block(value, 2, 2, f"{key}:")
    yield BLANK
    if not profile.settings:
        yield Block("It sets nothing.", 2)
    for one in profile.settings:
        yield from _setting(one, now)
    if profile.application:
        yield BLANK
        yield Block("In programs and devices, which no sysctl reaches:", 0, style="title")
        yield from (Block(line, 2, 2, "-") for line in profile.application)
    if profile.keep:
        yield BLANK
        yield Block(", ".join(profile.keep), 0, 2, "Never proposed:", "title")


def _setting(one: ProfileSetting, now: Now) -> Iterator[Block]:
    known = tunable(one.key)
    unit = known.unit if known else ""
    floor = "at least" if one.mode == "at_least" else "exactly"
    yield Block(f"{floor} {_numbers(one.values, unit)}", 2, 4, one.key, "title")
    yield Block(_beside(one, now, unit), 6, 2)
    yield Block(one.why, 6, 2, "Why:")
    if one.source:
        yield Block(one.source, 6, 2, "Source:")
    if one.previous:
        yield Block(_numbers(one.previous, unit), 6, 2, "Before:")


def _beside(one: ProfileSetting, now: Now, unit: str) -> str:
    current = now.get(one.key)
    if current is None:
        return "This host does not show its value: another kernel, a namespace, or no module."
    stands = f"This host has {_numbers(current, unit)}: "
    match changes(one, now):
        case True:
            return f"{stands}it would be {'raised' if one.mode == 'at_least' else 'set'}."
        case False:
            return f"{stands}nothing to do."
        case None:
            return f"{stands}it holds another count of numbers."


def _numbers(values: tuple[int, ...], unit: str) -> str:
    plain = " ".join(map(str, values))
    if unit == "bytes" and len(values) == 1 and values[0] >= 1024:
        return f"{plain} {unit} ({size(values[0])})"
    return f"{plain} {unit}"
