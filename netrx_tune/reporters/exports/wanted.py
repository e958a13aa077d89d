"""What all formats say: the values, the comments above each, the header."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from netrx_tune import __version__
from netrx_tune.model.profile import Profile, ProfileSetting
from netrx_tune.planning.tunables import module_of, tunable
from netrx_tune.reporters.plain import escape
from netrx_tune.reporters.profile_yaml import words
from netrx_tune.rxpath.kernel_features import sysctl_scope

SYSCTL_FILE = "/etc/sysctl.d/90-netrx-tune.conf"
MODULES_FILE = "/etc/modules-load.d/netrx-tune.conf"
_COLUMNS = 96
_RING = re.compile(r"ethtool -G ([A-Za-z0-9_][A-Za-z0-9_.-]{0,14}) rx ([1-9][0-9]{0,5})(?:: |$)")
_WRITE = re.compile(
    r"echo ([0-9a-f,]{1,300}) > (/sys/class/net/([A-Za-z0-9_][A-Za-z0-9_.-]{0,14})/"
    r"(?:queues/rx-[0-9]{1,4}/rps_cpus|threaded))(?:: |$)"
)


class File(NamedTuple):
    """One file of an export, and where it belongs."""

    path: str
    text: str


class Wanted(NamedTuple):
    """One sysctl to export."""

    setting: ProfileSetting
    values: tuple[int, ...]  # never below `now` where that is known
    now: tuple[int, ...] | None

    @property
    def key(self) -> str:
        """The sysctl's name."""
        return self.setting.key

    @property
    def text(self) -> str:
        """The numbers as /proc/sys takes them."""
        return words(self.values)

    @property
    def is_floor(self) -> bool:
        """Tell whether what stands higher is to stay."""
        return self.setting.mode == "at_least"


class Export(NamedTuple):
    """A profile and its values for a host."""

    profile: Profile
    settings: tuple[Wanted, ...]


class Ring(NamedTuple):
    """A receive ring to lengthen."""

    device: str
    frames: int


class Write(NamedTuple):
    """A file of a device to write."""

    device: str
    path: str
    value: str


def wanted(profile: Profile, now: Mapping[str, tuple[int, ...]]) -> tuple[Wanted, ...]:
    """Return the values to export: floors are never below what stands."""
    return tuple(_wanted(one, now.get(one.key)) for one in profile.settings)


def _wanted(one: ProfileSetting, now: tuple[int, ...] | None) -> Wanted:
    if one.mode == "exactly" or now is None or len(now) != len(one.values):
        return Wanted(one, one.values, now)
    return Wanted(one, tuple(map(max, one.values, now)), now)


def commented(text: str, prefix: str = "# ") -> Iterator[str]:
    """Yield lines of a comment, each with its mark, whatever the text holds."""
    width = _COLUMNS - len(prefix)
    for line in textwrap.wrap(escape(text), width, break_on_hyphens=False) or [""]:
        yield f"{prefix}{line}".rstrip()


def header(found: Export, undo: str, prefix: str = "# ") -> Iterator[str]:
    """Yield what made a file, and how to undo it."""
    profile = found.profile
    yield from commented(
        f"netrx-tune {__version__}, profile {profile.name}: {profile.summary}", prefix
    )
    if profile.generated:
        facts = ", ".join(f"{key} {value}" for key, value in profile.generated.items())
        yield from commented(f"Generated: {facts}", prefix)
    yield from commented(f"Undo: {undo}", prefix)
    known = [one for one in found.settings if one.now is not None and one.now != one.values]
    if known:
        yield from commented("Values of the host that wrote this, to set back:", prefix)
        yield from (f"{prefix}  sysctl -w {_assignment(one)}" for one in known)


def _assignment(one: Wanted) -> str:
    value = words(one.now or ())
    return f'{one.key}="{value}"' if " " in value else f"{one.key}={value}"


def reasons(one: Wanted, prefix: str = "# ", *, floors: bool = False) -> Iterator[str]:
    """Yield the comment above a value; `floors` where the format itself never lowers."""
    yield from commented(one.setting.why, prefix)
    if one.setting.source:
        yield from commented(f"Source: {one.setting.source}", prefix)
    known = tunable(one.key)
    unit = f" ({known.unit})" if known else ""
    if one.is_floor and not floors:
        floor = words(one.setting.values)
        if one.now is None:
            text = f"A floor{unit}: keep the host's own value where it is higher than {floor}."
        elif one.values != one.setting.values:
            text = f"The floor is {floor}{unit}; this host has {words(one.now)}, which stays."
        elif one.values == one.now:
            text = f"A floor{unit}, which the host that wrote this has already."
        else:
            text = f"A floor{unit}, above the {words(one.now)} of the host that wrote this."
        yield from commented(text, prefix)
    if sysctl_scope(one.key, None) == "netns":
        yield from commented("Each network namespace has its own: containers keep theirs.", prefix)


def advice(found: Export, prefix: str = "# ") -> Iterator[str]:
    """Yield as comments what no sysctl can express."""
    if found.profile.application:
        yield ""
    for line in found.profile.application:
        yield from commented(f"Also: {line}", prefix)


def modules(found: Export) -> tuple[str, ...]:
    """Return the modules that must be loaded before the keys exist."""
    names = [module_of(one.key) for one in found.settings]
    return tuple(dict.fromkeys(name for name in names if name))


def rings(found: Export) -> tuple[Ring, ...]:
    """Return the rings that advice names as a command, as a generated profile's does."""
    hits = [_RING.match(line) for line in found.profile.application]
    return tuple(Ring(hit[1], int(hit[2])) for hit in hits if hit)


def writes(found: Export) -> tuple[Write, ...]:
    """Return the files of devices that advice names as a command."""
    hits = [_WRITE.match(line) for line in found.profile.application]
    return tuple(Write(hit[3], hit[2], hit[1]) for hit in hits if hit)
