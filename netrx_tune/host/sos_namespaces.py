"""Network namespaces in a support archive: what sos ran in each of them.

    sos_commands/networking/namespaces/blue/ip_netns_exec_blue_netstat_-s       since sos 4.1
    sos_commands/networking/ip_netns_exec_blue_netstat_-s                       before

/proc/net is copied of the host's own namespace only; of the others there is what netstat, nstat,
ss, sysctl and ethtool print.

Source: sos/report/plugins/networking.py.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from netrx_tune.collectors.paths import OF_HOST
from netrx_tune.collectors.sysctl import name_of, path_of, said_by_sysctl_a
from netrx_tune.model.kernel import parse_release
from netrx_tune.model.sample import Gap
from netrx_tune.rxpath.kernel_features import sysctl_scope


class Member(NamedTuple):
    """What a command printed, and under which name the report has it."""

    name: str
    text: str


Namespaces = Mapping[str, Mapping[str, Member]]

_FOLDER = "sos_commands/networking/"
_IN_FOLDER = re.compile(rf"{_FOLDER}namespaces/(?P<netns>[^/]+)/(?P<command>[^/]+)")
_COMMAND = r"(?:ip|ip6?tables-save|netstat|nstat|ss|ethtool|sysctl)(?:_.+)?"
_BESIDE = re.compile(rf"{_FOLDER}ip_netns_exec_(?P<netns>.+?)_(?P<command>{_COMMAND})")
_JUDGED = re.compile(r"nstat_-\w+|netstat_-s|ss_-\w+")
_MOST_NAMED = 8
SOFTNET_GAP = Gap(
    "/proc/net/softnet_stat", "absent", "left out: of the whole host, see it without --netns"
)
# Of the whole host, whichever namespace reads them. Not softnet_stat: it counts since boot, and
# would be held against what a namespace received since it was made.
_OF_EVERY = re.compile(
    r"/proc/(?:uptime|stat|meminfo|cpuinfo|version|interrupts|softirqs|pressure/.+|sys/kernel/.+)"
    r"|/etc/(?:os-release|hostname|machine-id)|/usr/lib/os-release"
)


def namespace_members(found: Namespaces, netns: str) -> Mapping[str, Member]:
    """Return what commands printed in a namespace, under the names they have for the host's own.

    Raises:
        ValueError: they were not run there.
    """
    if netns not in found:
        names = ", ".join(sorted(found)[:_MOST_NAMED])
        has = f"it has {names}" if names else "it has the host's own alone"
        raise ValueError(f"the report has no network namespace {netns!a}; {has}")
    return found[netns]


def namespace_gaps(found: Namespaces) -> tuple[Gap, ...]:
    """Return a gap for each further network namespace that the report looks into."""
    return tuple(
        Gap(f"netns {name}", "absent", _detail(name, own)) for name, own in sorted(found.items())
    )


def of_every_namespace(files: Mapping[str, str], listed: str) -> dict[str, str]:
    """Return the files that tell of the host itself; its sysctls under names of their own.

    What each namespace has for itself is left out. `listed` is what `sysctl -a` printed there.
    """
    found = said_by_sysctl_a(listed)
    found |= {path: text for path, text in files.items() if _OF_EVERY.fullmatch(path)}
    kernel = parse_release(found.get("/proc/sys/kernel/osrelease", ""))
    for path, text in (*_settings(listed), *files.items()):
        if path.startswith("/proc/sys/net/") and sysctl_scope(name_of(path), kernel) != "netns":
            found[OF_HOST + path] = text
    return found


def _settings(listed: str) -> Iterator[tuple[str, str]]:
    """Yield the file and the value of each setting of a listing."""
    for line in listed.split("\n"):
        name, equals, value = line.partition(" = ")
        if equals and name.startswith("net."):
            yield path_of(name), f"{value}\n"


def by_namespace(members: Mapping[str, str]) -> Namespaces:
    """Return what commands printed, by the network namespace that they ran in."""
    found: dict[str, dict[str, Member]] = {}
    for name, text in members.items():
        match = _IN_FOLDER.fullmatch(name) or _BESIDE.fullmatch(name)
        if match:
            netns = match["netns"]
            command = match["command"].removeprefix(f"ip_netns_exec_{netns}_")
            found.setdefault(netns, {})[_FOLDER + command] = Member(name, text)
    return found


def _detail(netns: str, own: Mapping[str, Member]) -> str:
    printed = (command.removeprefix(_FOLDER) for command, member in own.items() if member.text)
    if any(map(_JUDGED.fullmatch, printed)):
        return f"not judged here: sos ran commands in it; judge it with --netns {netns}"
    return "sos ran commands in it, but did not copy its counters"
