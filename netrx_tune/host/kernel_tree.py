"""Which files of a folder or archive are a host's own, and under which path the kernel had them.

A tree that someone copied differs from a live one: /proc/net is a link that leads nowhere, the
files stand below /proc/PID/net or directly in the folder, and a device's folder is where its bus
has it. Names here are relative: "proc/net/snmp", "0/proc/net/snmp".
"""

from __future__ import annotations

import re
from functools import cache
from posixpath import dirname, normpath
from typing import NamedTuple

from netrx_tune.model.sample import Gap
from netrx_tune.reporters.snapshot_files import MANIFEST, SAMPLES, BySample

__all__ = ["KernelFiles", "RawTree", "Roots", "kernel_files", "place"]

_TOPS = ("proc/", "sys/", "etc/", "run/", "usr/", "lib/", "netrx/")

_NET = r"""
    (?:snmp6?|netstat|softnet_stat|dev|udp6?|udplite6?|raw6?|icmp6?|packet|sockstat6?|protocols
    | ptype|xfrm_stat|igmp6?|dev_snmp6/[^/]+|stat/[^/]+)
"""
# Of each device; a host with many containers has tens of thousands of the others.
_CONF = r"""
    rp_filter|accept_local|route_localnet|log_martians|drop_unicast_in_l2_multicast|disable_ipv6
    |forwarding
"""
_PROC = rf"""
    net | self | net/{_NET} | (?:self|\d+)/net/{_NET} | pressure/\w+ | sys/vm/min_free_kbytes
    | sys/net/(?:(?:core|ipv4|ipv6|netfilter|bridge)/)?[^/]+
    | sys/net/ipv[46]/conf/[^/]+/(?:{_CONF})
    | sys/kernel/(?:osrelease|ostype|version|hostname|random/boot_id)
    | uptime | stat | meminfo | cpuinfo | version | interrupts | softirqs | zoneinfo | vmstat
    | irq/\d+/(?:smp|effective)_affinity_list
"""
_SYS = r"""
    (?:class|devices/(?:[^/]+/)+)/?net/[^/]+/
    (?:statistics/\w+ | queues/rx-\d+/\w+ | device/(?:uevent|local_cpulist|numa_node) | \w+)
    | devices/system/(?:cpu|node)/(?:online|possible|present)
    | module/nf_conntrack/parameters/\w+
"""
_SETTINGS = r"""
    etc/(?:os-release|[a-z]+-release|sysctl\.conf|hostname|machine-id) | usr/lib/os-release
    | (?:etc|run|usr/local/lib|usr/lib|lib)/sysctl\.d/[^/]+\.conf
"""
_SOS = r"""
    sos_commands/(?:networking|ethtool)/(?:ethtool|nstat|ss|tc|ip_netns_exec)_[^/]+
    | sos_commands/networking/(?:netstat_-s|ip_-s_[^/]*link)
    | sos_commands/(?:firewall_tables|networking)/(?:ip6?tables|nft)_[^/]+
    | sos_commands/networking/namespaces/.+
    | sos_commands/[^/]+/(?:sysctl_-a|uname_-a|uptime|date|date_--utc|hostname|conntrack_-S)
"""
# Someone copied the files of /proc/net, or of /proc, without the folders above them.
_LOOSE = rf"(?:net/)?{_NET}"
_WANTED = rf"""(?P<root>(?:[^/]+/){{0,2}}?)
    (?P<name>netrx\.yaml | [01]/.+ | netrx/.+ | proc/(?:{_PROC}) | sys/(?:{_SYS}) | {_SETTINGS}
    | {_SOS} | {_LOOSE})
"""
_BUS = re.compile(r"sys/devices/(?:[^/]+/)+net/(?P<rest>[^/]+/.+)", re.DOTALL)
_PROCESS = re.compile(r"proc/(?P<pid>\d+)/net/")


class RawTree(NamedTuple):
    """Texts and links of one folder or archive by their relative names.

    The texts in 0/ and 1/ stand apart, in `samples`. `root` is the folder of the input that all
    names are below: "sosreport-web7/", or "".
    """

    files: dict[str, str]
    links: dict[str, str]
    samples: BySample
    gaps: tuple[Gap, ...] = ()
    root: str = ""

    @property
    def is_sosreport(self) -> bool:
        """Tell whether sos made it."""
        return any(name.startswith("sos_commands/") for name in self.files)


class Roots:
    """What an input holds, by the folder in it that a report stands in.

    People pack a folder with or without its name, and a support archive has a folder of its own.
    """

    def __init__(self) -> None:
        self._trees: dict[str, RawTree] = {}

    def samples(self, root: str) -> BySample:
        """Return the texts of one folder's samples, to add to."""
        return self._tree(root).samples

    def add(self, placed: tuple[str, str], text: str) -> None:
        """Keep a file's text under what `place` said."""
        texts, name = self._home(placed)
        texts[name] = text

    def add_link(self, placed: tuple[str, str], target: str) -> None:
        """Keep a link's target under what `place` said."""
        self._tree(placed[0]).links[placed[1]] = target

    def add_hard_link(self, placed: tuple[str, str], target: str) -> None:
        """Keep the text of a file that the archive has under another name already."""
        there = place(target)
        text = self._text(there) if there else None
        if text is not None:
            self.add(placed, text)

    def best(self) -> RawTree:
        """Return the report: the folder that shows most of one, the upper of equals.

        A link to a file of the report stands for that file.
        """
        roots = sorted((root for root, tree in self._trees.items() if _holds(tree)), key=len)
        root = max(roots, key=self._rank) if len(roots) > 1 else "".join(roots)
        tree = self._tree(root)
        for name, target in tree.links.items():
            text = self._text((root, normpath(f"{dirname(name)}/{target}")))
            if text is not None and self._text((root, name)) is None:
                self.add((root, name), text)
        return tree._replace(root=root)

    def _tree(self, root: str) -> RawTree:
        return self._trees.setdefault(root, RawTree({}, {}, ({}, {})))

    def _text(self, placed: tuple[str, str]) -> str | None:
        texts, name = self._home(placed)
        return texts.get(name)

    def _home(self, placed: tuple[str, str]) -> tuple[dict[str, str], str]:
        """Return among which texts a file has its place, and under which name."""
        tree, name = self._tree(placed[0]), placed[1]
        if name.startswith(SAMPLES):
            return tree.samples[int(name[0])], name[1:]
        return tree.files, name

    def _rank(self, root: str) -> tuple[bool, bool, bool]:
        tree = self._trees[root]
        is_host = any(name.startswith("proc/") for name in tree.files)
        return MANIFEST in tree.files, bool(tree.samples[0]), is_host


def _holds(tree: RawTree) -> bool:
    return bool(tree.files or any(tree.samples))


def place(name: str) -> tuple[str, str] | None:
    """Return the folder that a report stands in and the name below it; None if not wanted.

    A name that leads out of the tree is not wanted.
    """
    name = name.removeprefix("./")
    if name.startswith("/") or "/../" in f"/{name}/":
        return None
    if name == MANIFEST or name.startswith(SAMPLES):
        return "", name
    found = _wanted().fullmatch(name)
    return (found["root"], found["name"]) if found else None


@cache
def _wanted() -> re.Pattern[str]:
    """Return what matches a name; it takes 3 ms to compile, and our own files go without."""
    return re.compile(_WANTED, re.VERBOSE | re.DOTALL)


class KernelFiles(NamedTuple):
    """Texts under the paths that a kernel had them; `members` are those under other names."""

    files: dict[str, str]
    gaps: tuple[Gap, ...]
    members: dict[str, str]


def kernel_files(tree: RawTree) -> KernelFiles:
    """Return the texts of a host's tree under the paths that its kernel had them."""
    files: dict[str, str] = {}
    members: dict[str, str] = {}
    gaps: list[Gap] = []
    net = _net_folder(tree)
    for name, text in tree.files.items():
        path = _path(name, net)
        if path is None:
            continue
        if text or not path.startswith("/proc/"):
            files[path] = text
            if path[1:] != name:
                members[path] = name
        elif not path.startswith("/proc/sys/"):  # where some can only be written
            gaps.append(Gap(path, "absent", "the file is empty"))  # so the copying failed
    if "/etc/os-release" not in files and "/usr/lib/os-release" in files:
        files["/etc/os-release"] = files["/usr/lib/os-release"]  # there the one is a link
    return KernelFiles(files, tuple(gaps), members)


def _path(name: str, net: str) -> str | None:
    """Return the kernel's path of a file, or None for what it does not have."""
    if name.startswith(net or _TOPS) is bool(net):
        return "/proc/net/" + name.removeprefix(net)
    if _PROCESS.match(name) or name.startswith("proc/self/net/"):
        return None  # of another process, and maybe of another namespace
    on_bus = _BUS.fullmatch(name)
    if on_bus:
        return "/sys/class/net/" + on_bus["rest"]
    return "/" + name if name.startswith(_TOPS) else None


def _net_folder(tree: RawTree) -> str:
    """Return the folder that stands for /proc/net: of the process that read it, else of init."""
    processes = {int(found["pid"]) for name in tree.files if (found := _PROCESS.match(name))}
    candidates = ["proc/net/", "proc/self/net/", f"proc/{tree.links.get('proc/self')}/net/"]
    candidates += [f"proc/{pid}/net/" for pid in sorted(processes)]
    for folder in (*candidates, "net/"):
        if any(name.startswith(folder) for name in tree.files):
            return folder
    return "" if "snmp" in tree.files else "proc/net/"
