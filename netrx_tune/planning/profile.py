"""Profiles: from the text of a file to limits for one host.

A profile names another as its base; what it says of a key replaces what the base says. Only
writable sysctls of the table of tunables can be in one, each within what the kernel takes, so
nothing that a profile holds can name another file of the host.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, cast

from netrx_tune.model.profile import Profile, ProfileSetting
from netrx_tune.planning.profile_amounts import in_units, memory_units
from netrx_tune.planning.profile_bounds import as_kept, complaint
from netrx_tune.planning.profile_fields import Place
from netrx_tune.planning.profile_written import Written, WrittenSetting
from netrx_tune.planning.tunables import tunable
from netrx_tune.planning.tunables.tunable import Tunable

_MOST_BASES = 8

Find = Callable[[str], Written | None]


class Memory(NamedTuple):
    """What shares of memory are computed from; None where a host does not tell."""

    total_bytes: int | None
    page_bytes: int = 4096


def resolve(first: Written, find: Find, memory: Memory) -> Profile:
    """Return a profile with its bases, which `find` returns by name, for one host.

    Raises:
        ProfileError: the bases go round in a circle, one is missing, or a value does not fit.
    """
    bases = chain(first, find)
    settings: dict[str, WrittenSetting] = {}
    keep: dict[str, None] = {}
    for one in reversed(bases):
        settings.update((item.key, item) for item in one.settings)
        keep.update(dict.fromkeys(one.keep))
        settings = {key: item for key, item in settings.items() if key not in one.keep}
        keep = {key: None for key in keep if key not in settings}
    shares = [one.memory_share for one in bases if one.memory_share is not None]
    advice = dict.fromkeys(line for one in reversed(bases) for line in one.application)
    return Profile(
        name=first.name,
        summary=first.summary,
        path=first.path,
        extends=first.extends,
        settings=tuple(_resolved(item, memory, first) for item in settings.values()),
        application=tuple(advice),
        keep=tuple(keep),
        memory_share=shares[0] if shares else None,
        generated=first.generated,
    )


def chain(first: Written, find: Find) -> list[Written]:
    """Return the profile, its base, the base of that, and so on.

    Raises:
        ProfileError: they go round in a circle, are too many, or one is missing.
    """
    bases = [first]
    while (base := bases[-1].extends) is not None:
        last = bases[-1]
        names = [one.name for one in bases]
        at = Place(last.path, "extends")
        if base in names:
            raise at.refused(last.line_of_extends, "profiles extend each other in a circle", base)
        if len(bases) > _MOST_BASES:
            raise at.refused(last.line_of_extends, f"more than {_MOST_BASES} bases", base)
        found = find(base)
        if found is None:
            raise at.refused(last.line_of_extends, "no profile has that name", base)
        bases.append(found)
    return bases


def _resolved(item: WrittenSetting, memory: Memory, first: Written) -> ProfileSetting:
    """Return a setting in plain numbers."""
    one = cast("Tunable", tunable(item.key))  # checked as it was read
    at = Place(item.path, f"settings.{item.key}.{item.mode}")
    if memory.total_bytes is None and any(amount.of_memory for amount in item.amounts):
        raise at.refused(item.line, "a share, and this host does not tell its memory", "%")
    total, page = memory.total_bytes or 0, memory.page_bytes
    asked = tuple(in_units(amount, one, total, page) for amount in item.amounts)
    values = as_kept(item.key, asked, page)
    wrong = complaint(one, values, memory_units(one, memory.total_bytes, page))
    if wrong:
        raise at.refused(item.line, wrong, " ".join(map(str, values)))
    previous = first.previous.get(item.key)
    return ProfileSetting(item.key, item.mode, values, item.why, item.source, previous)
