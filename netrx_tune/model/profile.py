"""A profile: limits that a workload or a diagnosis asks for, and why."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, NamedTuple

SettingMode = Literal["at_least", "exactly"]


class ProfileSetting(NamedTuple):
    """One sysctl of a profile, resolved for one host.

    `values` are plain numbers in the sysctl's own unit (bytes, pages, packets ...), one for
    each number that the key holds. `at_least` is a floor: what stands higher stays.
    """

    key: str  # "net.core.rmem_max"
    mode: SettingMode
    values: tuple[int, ...]
    why: str
    source: str
    previous: tuple[int, ...] | None = None  # in a generated profile


class Profile(NamedTuple):
    """A profile with its inheritance resolved.

    `path` is where it was read, for errors. `generated` tells what made it: from, when,
    kernel; empty for one that a person wrote.
    """

    name: str
    summary: str
    path: str
    extends: str | None
    settings: tuple[ProfileSetting, ...]
    application: tuple[str, ...]  # advice that no sysctl can express
    keep: tuple[str, ...]  # keys that are never proposed
    memory_share: float | None  # of RAM, the most that the plan may use
    generated: Mapping[str, str]
