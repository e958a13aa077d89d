"""A profile as YAML that reads back as the same profile."""

from __future__ import annotations

import json
from collections.abc import Iterator

from netrx_tune.model.profile import Profile, ProfileSetting
from netrx_tune.planning.tunables import tunable
from netrx_tune.reporters.plain import escape

_UNITS = ((1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB"))


def render_yaml(profile: Profile) -> str:
    """Return a resolved profile as a file: it stands alone, so it names no base."""
    return "".join(f"{line}\n" for line in _lines(profile))


def _lines(profile: Profile) -> Iterator[str]:
    yield "schema: 1"
    yield f"name: {profile.name}"
    yield f"summary: {quoted(profile.summary)}"
    if profile.memory_share is not None:
        yield f"limits: {{memory_share: {_share(profile.memory_share)}}}"
    yield "settings:" if profile.settings else "settings: {}"
    for one in profile.settings:
        yield from _setting(one)
    if profile.application:
        yield "application:"
        yield from (f"  - {quoted(line)}" for line in profile.application)
    if profile.keep:
        yield "keep:"
        yield from (f"  - {quoted(key)}" for key in profile.keep)
    yield from _generated(profile)


def _setting(one: ProfileSetting) -> Iterator[str]:
    known = tunable(one.key)
    unit = known.unit if known else ""
    yield f"  {quoted(one.key) if not one.key.replace('.', '').isidentifier() else one.key}:"
    yield f"    {one.mode}: {_numbers(one.values, unit)}  # {unit}"
    yield f"    why: {quoted(one.why)}"
    if one.source:
        yield f"    source: {quoted(one.source)}"


def _generated(profile: Profile) -> Iterator[str]:
    previous = [one for one in profile.settings if one.previous is not None]
    if not profile.generated and not previous:
        return
    yield "generated:"
    yield from (f"  {key}: {quoted(value)}" for key, value in profile.generated.items())
    if previous:
        yield "  previous:"
        yield from (f"    {quoted(one.key)}: {words(one.previous or ())}" for one in previous)


def quoted(text: str) -> str:
    """Return text as a double-quoted scalar, which JSON's strings are, too."""
    return json.dumps(escape(text), ensure_ascii=False)


def words(values: tuple[int, ...]) -> str:
    """Return numbers as /proc/sys takes them."""
    return " ".join(map(str, values))


def _numbers(values: tuple[int, ...], unit: str) -> str:
    if len(values) > 1 or unit != "bytes":
        return words(values)
    for scale, name in _UNITS:
        if values[0] and values[0] % scale == 0:
            return f"{values[0] // scale}{name}"
    return words(values)


def _share(share: float) -> str:
    return f"{share:.4f}".rstrip("0").rstrip(".") if share < 1 else "1"
