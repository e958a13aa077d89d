"""From a profile and what a host shows to the changes that are needed, and those that cannot be.

A floor never lowers: neither the running value, nor what another file gives at boot.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Literal, NamedTuple

from netrx_tune.collectors.sysctl import BITMAPS, parse_sysctl, path_of
from netrx_tune.collectors.sysctl_d import OURS, assignments, kernel_numbers
from netrx_tune.model.errors import ParseError
from netrx_tune.model.finding import TakesEffect
from netrx_tune.model.kernel import KernelVersion
from netrx_tune.model.profile import Profile, ProfileSetting
from netrx_tune.planning.tunables import exists, tunable
from netrx_tune.rxpath.kernel_features import SysctlScope, sysctl_scope

Obstacle = Literal["", "absent", "read-only", "denied"]
Values = tuple[int, ...]
_HOSTS_OWN = ("host", "host-shown")


class Seen(NamedTuple):
    """A key of this host: its text, None where there is none, and what hinders writing it."""

    text: str | None
    obstacle: Obstacle = ""


class Place(NamedTuple):
    """Where a profile is to be applied.

    `has_kernel` is False for an image, which has files and no running values. `files` are
    those of sysctl.d. `held` are keys that an earlier apply set here. `beyond_memory` tells
    why a key asks for more than the profile's own share of memory.
    """

    kernel: KernelVersion | None
    initial_netns: bool | None
    has_kernel: bool
    files: Mapping[str, str]
    held: frozenset[str] = frozenset()
    beyond_memory: Mapping[str, str] = {}


class Change(NamedTuple):
    """One key that is to have another value; `current` None where nobody knows it."""

    key: str
    current: Values | None
    proposed: Values
    scope: SysctlScope
    why: str
    source: str
    exactly: bool  # else a floor
    takes_effect: TakesEffect

    @property
    def lowers(self) -> bool:
        """Tell whether a number becomes smaller; only what is set exactly may."""
        old = self.current or ()
        return any(new < was for new, was in zip(self.proposed, old, strict=False))


class Refused(NamedTuple):
    """A key that cannot be set from here, and where it must be."""

    key: str
    current: Values | None
    wanted: Values
    why: str


class Changes(NamedTuple):
    """What a profile changes here.

    `running` are values to be set now, `lines` those that our file gets (whether or not the
    running value changes), `in_force` what the host has already.
    """

    running: tuple[Change, ...]
    lines: tuple[Change, ...]
    in_force: tuple[ProfileSetting, ...]
    refused: tuple[Refused, ...]


def plan_changes(profile: Profile, seen: Mapping[str, Seen], place: Place) -> Changes:
    """Return what has to change so that a profile is in force, now and after boot."""
    running, lines, in_force, refused = [], [], [], []
    for setting in profile.settings:
        if setting.key in profile.keep:
            continue
        here = seen.get(setting.key, Seen(None, "absent"))
        current = numbers_of(setting.key, here.text)
        obstacle = _obstacle(setting, here, current, place)
        if obstacle and not _satisfied(setting, current):
            refused.append(Refused(setting.key, current, setting.values, obstacle))
            continue
        change = _change(setting, current, place)
        line = None if obstacle else _line(change, setting, place)
        if line:
            lines.append(line)
        if change.proposed != current and place.has_kernel:
            running.append(change)
        elif not line or place.has_kernel:
            in_force.append(setting)
    return Changes(tuple(running), tuple(lines), tuple(in_force), tuple(refused))


def numbers_of(key: str, text: str | None) -> Values | None:
    """Return a setting's numbers; None where it has no text or the text is something else."""
    if text is None:
        return None
    try:
        return parse_sysctl(text, path_of(key))
    except ParseError:
        return None


def text_of(key: str, values: Values) -> str:
    """Return numbers as the kernel takes them, masks in hexadecimal."""
    return " ".join(f"{one:x}" if key in BITMAPS else str(one) for one in values)


def _satisfied(setting: ProfileSetting, current: Values | None) -> bool:
    if current is None:
        return False
    return _raised(setting, current) == current


def _raised(setting: ProfileSetting, *others: Values) -> Values:
    """Return what a setting comes to beside other values: the largest of each number."""
    if setting.mode == "exactly":
        return setting.values
    known = (setting.values, *(one for one in others if len(one) == len(setting.values)))
    return tuple(max(column) for column in zip(*known, strict=True))


def _change(setting: ProfileSetting, current: Values | None, place: Place) -> Change:
    one = tunable(setting.key)
    return Change(
        setting.key,
        current,
        _raised(setting, current or ()),
        sysctl_scope(setting.key, place.kernel),
        setting.why,
        setting.source,
        setting.mode == "exactly",
        one.takes_effect if one else "now",
    )


def _line(change: Change, setting: ProfileSetting, place: Place) -> Change | None:
    """Return the line that our file needs for a key, None where the host has it without us.

    It is needed where the running value changes or was changed by an earlier apply, and where
    another file would give less at boot. Where no file sets a key, the kernel's default counts
    at boot: of several numbers, those that stand higher now may be that.
    """
    others = {path: text for path, text in place.files.items() if path != OURS}
    without_us = list(_boot_values(change.key, others))
    ours = next(_boot_values(change.key, {OURS: place.files.get(OURS, "")}), ())
    enough = [_raised(setting, one) == one for one in without_us]
    changed = change.proposed != change.current
    if not ours and len(enough) == 2 and all(enough):
        return None
    if changed or ours or not all(enough) or change.key in place.held:
        now = () if ours or len(enough) == 2 else change.current or ()
        return change._replace(proposed=_raised(setting, ours, now, *without_us))
    return None


def _boot_values(key: str, files: Mapping[str, str]) -> Iterator[Values]:
    """Yield what the files give a key at boot under each loader that sets it."""
    for procps in (False, True):
        found = assignments(files, procps=procps).get(key)
        if found and (values := kernel_numbers(found[-1].value)):
            yield values


def _obstacle(setting: ProfileSetting, here: Seen, current: Values | None, place: Place) -> str:
    """Return why a key cannot be set from here and where it can, "" if it can."""
    if not place.has_kernel:
        return ""
    if here.obstacle == "absent":
        return _why_absent(setting.key, place)
    if here.obstacle:
        return _why_denied(setting.key, here.obstacle, place)
    if current is None:
        return f"its value does not read as numbers: {(here.text or '')[:40]!r}"
    if len(current) != len(setting.values):
        return f"it holds {len(current)} numbers, and the profile gives {len(setting.values)}"
    return place.beyond_memory.get(setting.key, "")


def _why_absent(key: str, place: Place) -> str:
    one = tunable(key)
    if one and not exists(one, place.kernel):
        return f"this kernel ({place.kernel}) has no such setting"
    if place.initial_netns is False and sysctl_scope(key, place.kernel) in _HOSTS_OWN:
        return "the host's value, hidden in this network namespace: apply it on the host"
    if key.startswith("net.netfilter."):
        return "connection tracking is not loaded here: nothing to tune until it is"
    return "not on this host"


def _why_denied(key: str, obstacle: Obstacle, place: Place) -> str:
    if place.initial_netns is False and sysctl_scope(key, place.kernel) in _HOSTS_OWN:
        return "the host's value, read-only in this network namespace: apply it on the host"
    if obstacle == "denied":
        return "writing it needs root (CAP_NET_ADMIN)"
    return (
        "/proc/sys is read-only here, as in a container: apply it on the host, or set it when"
        " the container is started (docker run --sysctl, a pod's securityContext.sysctls)"
    )
