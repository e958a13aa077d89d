"""A snapshot without the names of its host, for a ticket or a mailing list.

Replaced are addresses, hardware addresses, the names of hosts, processes, control groups and
network namespaces, and the boot id; nothing that a diagnosis counts or compares changes. A file
that is not known here is left out, since nobody knows what it tells. Names of interfaces, of
firewall tables and chains stay: the commands of a report need them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from netrx_tune.collectors.boot_id import hashed_boot
from netrx_tune.collectors.host import byte_order
from netrx_tune.collectors.paths import SYSCTL_A
from netrx_tune.host.placeholders import Placeholders
from netrx_tune.model.sample import Gap, Process, RuleCounter, Sample, Socket
from netrx_tune.reporters.snapshot_files import BOOT_ID, SavedSnapshot

REDACTIONS = (
    "addresses",
    "boot id",
    "control groups",
    "hardware addresses",
    "host names",
    "network namespaces",
    "process names",
)
_REMOVED = "removed by redaction"

# Numbers under words that every kernel has.
_NUMBERS = r"""
    (?:/netrx/again)?/proc/net/(?:snmp6?|netstat|softnet_stat|sockstat6?|dev|protocols|packet
        |ptype|xfrm_stat|dev_snmp6/[^/]+|stat/[^/]+)
    | /netrx/(?:clock|namespace|udp-ports|ticks|cpu-ticks|placement|netns/\d+/snmp6?)
    | /proc/(?:uptime|stat|meminfo|interrupts|softirqs|zoneinfo|vmstat|pressure/\w+)
    | (?:/netrx/host)?/proc/sys/(?:net|vm)/.+ | /proc/\d+/(?:task/\d+/)?schedstat
    | /sys/class/net/[^/]+/(?:statistics/\w+|queues/.+|\w+)
    | /sys/class/net/[^/]+/device/(?:uevent|local_cpulist|numa_node)
    | /proc/irq/\d+/(?:smp|effective)_affinity_list
    | /sys/devices/system/.+ | /sys/module/\w+/parameters/\w+
    | /sos_commands/networking/(?:nstat|netstat_-s|ip_-s|tc)[^/]*
"""
_SECRETS = "stable_secret|tcp_fastopen_key|netdev_rss_key|ifalias|phys_port_id|phys_switch_id"
_SECRET_LINE = re.compile(rf"\S+\.(?:{_SECRETS})\b")
_CGROUP = re.compile(r"(?P<root>/sys/fs/cgroup/)(?P<path>.+)(?P<file>/[^/]+)")
_BUILDER = re.compile(r"\([^()\s]*@[^()\s]*\)")
# What stays of a control group's name: it says whose it is, not which.
_GROUP = re.compile(
    r"(?P<whose>(?:docker|libpod|crio|cri-containerd|kubepods|user|session)[-@])?(?P<name>.+?)"
    r"(?P<unit>\.(?:slice|service|scope|mount|socket))?",
    re.DOTALL,
)
_COMMON_GROUPS = re.compile(
    r"(?:system|user|machine|kubepods(?:-besteffort|-burstable)?)\.slice|init\.scope"
    r"|kubepods|besteffort|burstable|docker|memory|cpu|cpu,cpuacct|unified|"
)


def redact(saved: SavedSnapshot, salt: bytes) -> SavedSnapshot:
    """Return a snapshot without the names of its host.

    The salt is at most 64 random bytes. Snapshots with one salt have equal stand-ins, so those of
    one host can still be compared.
    """
    # Once to see which addresses there are, so that none of them stands in for another.
    first = _Redaction(Placeholders(salt), saved)
    first.snapshot(saved)
    return _Redaction(Placeholders(salt, first.names.originals), saved).snapshot(saved)


class _Redaction:
    """One pass over a snapshot with one set of stand-ins."""

    def __init__(self, names: Placeholders, saved: SavedSnapshot) -> None:
        self.names = names
        self._order = byte_order(saved.kernel)

    def snapshot(self, saved: SavedSnapshot) -> SavedSnapshot:
        netns = saved.netns
        return saved._replace(
            samples=tuple(self._sample(sample) for sample in saved.samples),
            netns=netns if netns is None or _is_pid(netns) else self.names.word("netns", netns),
            redactions=REDACTIONS,
            gaps=self._gaps(saved.gaps),
            meta={key: text for key, text in saved.meta.items() if key == "tool"},
        )

    def _sample(self, sample: Sample) -> Sample:
        files: dict[str, str] = {}
        removed: list[Gap] = []
        for path, text in sample.files.items():
            kept = self._text(path, text)
            if kept is None:
                removed.append(Gap(_folder(path), "absent", _REMOVED))
            else:
                files[self._path(path)] = kept
        table = sample.sockets
        if table is not None:
            table = table._replace(sockets=tuple(map(self._socket, table.sockets)))
        return sample._replace(
            files=files,
            gaps=self._gaps(sample.gaps) + tuple(dict.fromkeys(removed)),
            sockets=table,
            rules=sample.rules and tuple(map(self._rule, sample.rules)),
            processes=tuple(map(self._process, sample.processes)),
        )

    def _socket(self, socket: Socket) -> Socket:
        text = self.names.text
        return socket._replace(local=text(socket.local), remote=text(socket.remote))

    def _rule(self, rule: RuleCounter) -> RuleCounter:
        return rule._replace(place=self.names.text(rule.place))

    def _process(self, process: Process) -> Process:
        name = self.names.word("process", process.name)
        return process._replace(name=name, cgroup=self._group(process.cgroup))

    def _gaps(self, gaps: Iterable[Gap]) -> tuple[Gap, ...]:
        return tuple(map(self._gap, gaps))

    def _gap(self, gap: Gap) -> Gap:
        """Return a gap without the text that was found, which may be anything."""
        kind, _, name = gap.path.partition(" ")
        path = f"{kind} {self.names.word('netns', name)}" if kind == "netns" else gap.path
        detail = gap.detail.partition(", got ")[0]
        return Gap(self.names.text(self._path(path)), gap.why, self.names.text(detail))

    def _path(self, path: str) -> str:
        found = _CGROUP.fullmatch(path)
        return found["root"] + self._group(found["path"]) + found["file"] if found else path

    def _group(self, path: str) -> str:
        """Return a control group's path, "/a/b" or "0::/a/b", with stand-ins for its parts."""
        hierarchy, colon, groups = path.rpartition(":")
        return hierarchy + colon + "/".join(map(self._group_part, groups.split("/")))

    def _group_part(self, part: str) -> str:
        found = _GROUP.fullmatch(part)
        if _COMMON_GROUPS.fullmatch(part) or found is None:
            return part
        return (
            f"{found['whose'] or ''}{self.names.word('group', found['name'])}{found['unit'] or ''}"
        )

    def _text(self, path: str, text: str) -> str | None:
        """Return what may be told of a file, or None if nobody knows what it tells."""
        for pattern, rewrite in _KNOWN:
            if pattern.fullmatch(path):
                return rewrite(self, text)
        return None

    def numbers(self, text: str) -> str:
        return self.names.text(text)

    def socket_table(self, text: str) -> str:
        return self.names.table(text, self._order)

    def boot(self, text: str) -> str:
        return hashed_boot(self.names.word("boot", hashed_boot(text))) + "\n"

    def host(self, text: str) -> str:
        return self.names.word("host", text.strip()) + "\n"

    def who(self, text: str) -> str:
        """Return pid, name and control group of a process that stands for a namespace."""
        pid, name, group = [*text.splitlines(), "", "", ""][:3]
        return f"{pid}\n{self.names.word('process', name)}\n{self._group(group)}\n"

    def unchanged(self, text: str) -> str:
        return text

    def version(self, text: str) -> str:
        return _BUILDER.sub("(builder@host)", text)

    def distribution(self, text: str) -> str:
        return _lines(text, ("ID=", "VERSION_ID=", "ID_LIKE="))

    def processors(self, text: str) -> str:
        return _lines(text, ("processor",))

    def sysctls(self, text: str) -> str:
        return self.names.text(_lines(text, ("net.", "vm.", "kernel.osrelease ")))

    def sysctl_conf(self, text: str) -> str:
        """Return settings without what people wrote beside them, on the same lines."""
        lines = text.split("\n")
        kept = ("#" if line.lstrip().startswith(("#", ";")) else line for line in lines)
        return self.names.text("\n".join(kept))

    def nothing(self, text: str) -> None:
        """Leave a file out."""


# The first pattern of a path tells.
_KNOWN: tuple[tuple[re.Pattern[str], Callable[[_Redaction, str], str | None]], ...] = tuple(
    (re.compile(pattern, re.VERBOSE), rewrite)
    for pattern, rewrite in (
        # Keys that a host keeps to itself, and names in the guise of attributes.
        (rf".*/(?:{_SECRETS})", _Redaction.nothing),
        (BOOT_ID, _Redaction.boot),
        (_NUMBERS, _Redaction.numbers),
        (r"/proc/net/(?:udp|udplite|raw|icmp)6?", _Redaction.socket_table),
        (r"/proc/sys/kernel/(?:osrelease|ostype)", _Redaction.unchanged),
        (r"/proc/sys/kernel/(?:host|domain)name|/etc/hostname", _Redaction.host),
        (r"/netrx/netns/\d+/who", _Redaction.who),
        (r"/sys/fs/cgroup/.+", _Redaction.unchanged),
        (r"/proc/version", _Redaction.version),
        (r"/(?:etc|usr/lib)/os-release", _Redaction.distribution),
        (r"/proc/cpuinfo", _Redaction.processors),
        (SYSCTL_A, _Redaction.sysctls),
        (r"/(?:\w+/){1,3}sysctl(?:\.d/[^/]+|)\.conf", _Redaction.sysctl_conf),
    )
)


def _folder(path: str) -> str:
    """Return as much of a path as every host has: of /proc three names, of others one."""
    parts = path.split("/")
    return "/".join(parts[: 4 if parts[1:2] == ["proc"] else 2])


def _is_pid(netns: str) -> bool:
    return netns.removeprefix("pid ").isdigit()


def _lines(text: str, starts: tuple[str, ...]) -> str:
    """Return the lines that begin in one of some ways, but no secret ones."""
    kept = [line for line in text.split("\n") if line.startswith(starts)]
    return "".join(f"{line}\n" for line in kept if not _SECRET_LINE.match(line))
