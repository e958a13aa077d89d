"""The profile itself as JSON, for programs: a file that reads back as the same profile."""

from __future__ import annotations

import json

from netrx_tune.model.profile import Profile, ProfileSetting
from netrx_tune.reporters.exports.wanted import Export, File
from netrx_tune.reporters.plain import escape


def render(found: Export) -> tuple[File, ...]:
    """Return the one document."""
    text = json.dumps(_document(found.profile), indent=2, ensure_ascii=False)
    return (File(f"{found.profile.name}.json", f"{text}\n"),)


def _document(profile: Profile) -> dict[str, object]:
    """Return a resolved profile, which stands alone, so it names no base."""
    document: dict[str, object] = {
        "schema": 1,
        "name": profile.name,
        "summary": escape(profile.summary),
        "settings": {one.key: _setting(one) for one in profile.settings},
        "application": [escape(line) for line in profile.application],
        "keep": list(profile.keep),
    }
    if profile.memory_share is not None:
        document["limits"] = {"memory_share": round(profile.memory_share, 4)}
    previous = {one.key: list(one.previous) for one in profile.settings if one.previous}
    if profile.generated or previous:
        facts = {key: escape(value) for key, value in profile.generated.items()}
        document["generated"] = facts | ({"previous": previous} if previous else {})
    return document


def _setting(one: ProfileSetting) -> dict[str, object]:
    values = one.values[0] if len(one.values) == 1 else list(one.values)
    source = {"source": escape(one.source)} if one.source else {}
    return {one.mode: values, "why": escape(one.why), **source}
