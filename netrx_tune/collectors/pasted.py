"""A text from a bug report, taken apart into what each part of it is.

    $ netstat -su          -> what netstat_s reads
    $ cat /proc/net/snmp   -> the kernel's own file
    $ ss -uanm             -> sockets

A part is told by how its lines look, whatever stands before and between them. What no part says
is absent: a gap, never 0. The parts were not taken at one instant, so a counter that two of them
have is taken from one, the kernel's own file first.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from textwrap import dedent

from netrx_tune.collectors import (
    conntrack_text,
    ethtool_text,
    netstat_s,
    nstat,
    ss_text,
)
from netrx_tune.collectors.dev import SUMMED_DROPS
from netrx_tune.collectors.link_text import PATTERN as LINK_LINES
from netrx_tune.collectors.link_text import parse_links
from netrx_tune.collectors.moments import TWO_MOMENTS, joined
from netrx_tune.collectors.paths import CONNTRACK_S, NETSTAT_S, NSTAT, SYSCTL_A
from netrx_tune.collectors.sysctl import said_by_sysctl_a
from netrx_tune.collectors.text import unparsed
from netrx_tune.model.errors import ParseError
from netrx_tune.model.sample import Gap, Link, Nic, Sample

__all__ = ["foreign_system", "parse_pasted"]

_UNNAMED = "DEV"  # `ethtool -S` does not say whose statistics it shows
_RELEASE = "/proc/sys/kernel/osrelease"
_SOCKETS = "ss"
_LINKS = "link"
# How a line of each kind looks, the first that fits. A kind that is a path is the kernel's file.
_LINES = (
    ("/proc/net/netstat", r"(?:TcpExt|IpExt|MPTcpExt):(?:\s+-?\w+)+"),
    ("/proc/net/snmp", r"(?:Ip|Icmp|IcmpMsg|Tcp|Udp|UdpLite):(?:\s+-?\w+)+"),
    ("/proc/net/snmp6", r"(?:Ip6|Icmp6|Udp6|UdpLite6)[A-Z]\w*\s+\d+"),
    (NSTAT, rf"#kernel|#\d+\.\d+ .*|{nstat.NAME}\s+\d+\s+\d[\d.]*|\{{\"kernel\":.*"),
    ("/proc/net/softnet_stat", r"[0-9a-f]{8}(?: [0-9a-f]{8}){8,}"),
    ("/proc/net/udp6", r"sl\s+local_address\s+remote_address.* drops"),
    ("/proc/net/udp", r"sl\s+local_address\s+rem_address.* drops"),
    ("/proc/net/stat/nf_conntrack", r"entries\s+(?:searched|clashres)\s.*"),
    ("/proc/net/stat/rt_cache", r"entries\s+in_hit\s.*"),
    (CONNTRACK_S, conntrack_text.LINE),
    (_LINKS, LINK_LINES),
    ("/proc/net/dev", r"Inter-\|.*|face \|.*|[^\s:]+:(?:\s*\d+)(?:\s+\d+){15}"),
    ("/proc/net/sockstat", r"sockets: used \d+|(?:TCP|UDP|UDPLITE|RAW|FRAG): (?:inuse|mem) .*"),
    ("/proc/net/sockstat6", r"(?:TCP|UDP|UDPLITE|RAW|FRAG)6: inuse .*"),
    ("/proc/meminfo", r"[A-Z]\w+(?:\(\w+\))?:\s+\d+ kB"),
    ("/proc/version", r"Linux version \d.*"),
    (_RELEASE, r"Linux \S+ \d+\.\d+\S* .*"),
    (SYSCTL_A, r"[a-z][a-z0-9_]*(?:\.[\w./:-]+)+ = .*"),
    (_SOCKETS, ss_text.HEADER.pattern),
    ("ethtool", r"NIC statistics:|(?:Ring|Channel|Coalesce) parameters for \S+:|driver: \S+"),
    (NETSTAT_S, netstat_s.STARTS.pattern),
)
_KINDS = re.compile("|".join(f"(?P<k{at}>{look})" for at, (_, look) in enumerate(_LINES)))
# Their lines have no names, so a second table in a text is another moment's and not more of it.
_PER_CPU = re.compile(r"\s*[0-9a-f]{8}(?:\s+[0-9a-f]{8})+\s*")
# Those of TCP look the same, and have another header.
_ROWS = {
    "/proc/net/udp": re.compile(r"\s*\d+: [0-9A-F]{8}:"),
    "/proc/net/udp6": re.compile(r"\s*\d+: [0-9A-F]{32}:"),
    "/proc/net/stat/nf_conntrack": _PER_CPU,
    "/proc/net/stat/rt_cache": _PER_CPU,
}
_TABLES = {"/proc/net/softnet_stat", "/proc/net/dev", CONNTRACK_S, *_ROWS}
_QUOTED = re.compile(r"^(?:> ?)+", re.MULTILINE)  # in an answer to a letter
_PROMPT = re.compile(r"\S*[$#%>] .*|\+ .*|```.*")
_OF_DEVICE = re.compile(
    r"(?:\bethtool -\w+|(?:^|[$#>] )ifconfig) (?P<device>[\w.:@][\w.:@-]{0,14})"
)
# Commands whose output does not say what it is.
_BEFORE = (
    ("ethtool", re.compile(r"\bethtool -S \S+")),
    (_RELEASE, re.compile(r"(?:.*[$#%>] )?uname -r")),
    ("", re.compile(r"(?:.*[$#%>] )?cat (/(?:proc/sys|sys/class)/[^\s*?]+)")),
)
_STATISTIC = re.compile(r"\S.*: *\d+")
_VALUE = re.compile(r"-?[0-9][0-9 \t]*|\d+\.\d+\.\S+")
_GREPPED = re.compile(r"(/(?:proc/sys|sys/class)/[^\s:]+):(-?[0-9][0-9 \t]*)")
_NAMED = re.compile(r"\w+ parameters for (\S+):")
_TITLES = {
    "NIC": "statistics",
    "Ring": "rings",
    "Channel": "channels",
    "Coalesce": "coalesce",
    "driver:": "driver",
}
# What the diagnosis of a host would have as well: what is missing is said.
_EXPECTED: tuple[tuple[str, set[str]], ...] = (
    ("/proc/net/snmp", {NSTAT, NETSTAT_S}),
    ("/proc/net/snmp6", {NSTAT}),
    ("/proc/net/netstat", {NSTAT, NETSTAT_S}),
    ("/proc/net/softnet_stat", set()),
    ("/proc/net/udp", {_SOCKETS}),
    ("/proc/net/dev", {_LINKS, "ethtool"}),
    ("/proc/sys/net", {SYSCTL_A}),
)
_FOREIGN = tuple(
    (whose, re.compile(rf"^(?:{look})", re.MULTILINE))
    for whose, look in (
        ("Windows", r"\s*(?:IPv[46]|UDP|TCP|ICMPv[46]) Statistics\b"),
        ("Solaris", r"SunOS |.*\budpInDatagrams\s*="),
        ("macOS or a BSD", r"(?:udp|ip|tcp):\s*\n\s+\d+ "),
        ("macOS or a BSD", r"(?:kern|hw|net\.inet)\.[\w.]+[:=]"),
        ("macOS or a BSD", r"(?:Darwin|(?:Free|Open|Net)BSD|DragonFly) "),
    )
)


class _Part:
    """Lines that stand together; `device` is whose they are, if a command says so."""

    def __init__(self, kind: str, device: str) -> None:
        self.kind = kind
        self.device = device
        self.lines: list[str] = []

    @property
    def text(self) -> str:
        """Return the part as its command or file had it."""
        return "\n".join(self.lines) + "\n"


def foreign_system(text: str) -> str | None:
    """Return whose output a text is, if it is one of another system than Linux."""
    return next((whose for whose, look in _FOREIGN if look.search(text)), None)


def parse_pasted(text: str) -> Sample | None:
    """Return what a text says of a host, or None if no part of it is known."""
    parts = list(_parts(text))
    if not parts:
        return None
    gaps: list[Gap] = []
    texts = ((part.kind, part.text) for part in parts if part.kind.startswith("/"))
    files = joined(texts, _TABLES, gaps)
    if _RELEASE in files:
        words = files[_RELEASE].split()
        files[_RELEASE] = f"{words[2 if words[0] == 'Linux' else 0]}\n"
    for path, value in said_by_sysctl_a(files.get(SYSCTL_A, "")).items():
        files.setdefault(path, value)
    unnamed = _unnamed(parts)
    links = _links(parts, unnamed, files, gaps)
    nics = _nics([part for part in parts if part.kind == "ethtool"], unnamed, gaps)
    for nic in nics if links else ():
        links.setdefault(nic.device, Link(nic.device, 0, "", {}, None, "none"))
    listed = ss_text.parse_ss([part.text for part in parts if part.kind == _SOCKETS])
    if listed.is_repeated:
        gaps.append(Gap("ss", "unparsed", TWO_MOMENTS))
    if listed.named_ports:
        gaps.append(Gap("ss", "unparsed", f"{listed.named_ports} ports by name: use ss -n"))
    kinds = {part.kind for part in parts}
    if re.search(r"^(?:Ip|Udp)6:$", files.get(NETSTAT_S, ""), re.MULTILINE):
        kinds.add("/proc/net/snmp6")  # from `netstat -s -6`
    gaps += [
        Gap(path, "absent", "not in the text")
        for path, others in _EXPECTED
        if path not in kinds and not others & kinds
    ]
    return Sample(
        files,
        tuple(gaps),
        listed.table,
        links=tuple(links.values()) or None,
        nics=nics or None,
        processes=listed.processes,
    )


def _parts(text: str) -> Iterator[_Part]:
    """Yield the parts of a text."""
    part: _Part | None = None
    device = awaited = ""
    plain = _QUOTED.sub("", text.removeprefix("\ufeff").replace("\r\n", "\n"))
    for line in dedent(plain).split("\n"):
        kind = _kind(line.strip())
        if part and _goes_on(part, line, kind):
            part.lines.append(line if part.kind == _SOCKETS else line.strip())
            continue
        if part:
            yield part
        command = _OF_DEVICE.search(line)
        device = command["device"] if command else device
        part = _begun(line.strip(), kind, device, awaited)
        awaited = _awaited(line) if line.strip() else awaited
    if part:
        yield part


def _begun(line: str, kind: str | None, device: str, awaited: str) -> _Part | None:
    """Return the part that a line begins; `awaited` is what a command before it prints."""
    lines = [line]
    grepped = _GREPPED.fullmatch(line)
    if grepped:
        kind, lines = grepped[1], [grepped[2]]
    elif kind is None and awaited == "ethtool" and _STATISTIC.fullmatch(line):
        kind, lines = awaited, ["NIC statistics:", line]
    elif kind is None and awaited.startswith("/") and _VALUE.fullmatch(line):
        kind = awaited
    if kind is None:
        return None
    part = _Part(kind, device)
    part.lines += lines
    return part


def _awaited(line: str) -> str:
    """Return which kind the output of a command is of, where its lines do not tell."""
    for kind, command in _BEFORE:
        found = command.search(line)
        if found:
            return kind or found[1]
    return ""


def _kind(stripped: str) -> str | None:
    """Return which kind a line is of, None if it may belong to any."""
    found = _KINDS.fullmatch(stripped)
    return _LINES[int(found.lastgroup[1:])][0] if found and found.lastgroup else None


def _goes_on(part: _Part, line: str, kind: str | None) -> bool:
    """Tell whether a line belongs to the part before it."""
    if part.kind == "ethtool" or kind == _SOCKETS or not line.strip():
        return part.kind == "ethtool" and kind is None and bool(line.strip()) and not _prompts(line)
    if part.kind in {_SOCKETS, _LINKS, NETSTAT_S}:
        return kind in {None, part.kind} and not _prompts(line)
    if part.kind in _ROWS:
        return _ROWS[part.kind].match(line) is not None
    return part.kind == kind


def _prompts(line: str) -> bool:
    return _PROMPT.fullmatch(line.strip()) is not None


def _unnamed(parts: list[_Part]) -> str:
    """Return whose the parts are that name no device: the only one's that the text names."""
    named = {part.device for part in parts if part.kind in {"ethtool", _LINKS}}
    for part in parts:
        found = _NAMED.match(part.text)
        named |= {found[1]} if found else set()
        if part.kind == _LINKS:
            named |= {link.name for link in parse_links(part.text, part.device)}
    named -= {"", "lo"}
    return next(iter(named)) if len(named) == 1 else _UNNAMED


def _links(
    parts: list[_Part], unnamed: str, files: Mapping[str, str], gaps: list[Gap]
) -> dict[str, Link]:
    """Return what `ip -s link` and its like say of each device."""
    links: dict[str, Link] = {}
    for part in parts:
        for link in parse_links(part.text, part.device or unnamed) if part.kind == _LINKS else ():
            if link.name in links:
                why = "an earlier one in the text: the last counts"
                gaps.append(Gap(f"link {link.name}", "unparsed", why))
            statistics = dict(link.statistics)
            if f"/sys/class/net/{link.name}/statistics/rx_dropped" in files:
                statistics.pop(SUMMED_DROPS, None)
            links[link.name] = link._replace(statistics=statistics)
    return links


def _nics(parts: list[_Part], unnamed: str, gaps: list[Gap]) -> tuple[Nic, ...]:
    """Return what ethtool says of each device."""
    texts: dict[str, dict[str, str]] = {}
    for part in parts:
        found = _NAMED.match(part.text)
        device = found[1] if found else part.device or unnamed
        field = _TITLES[part.text.split()[0]]
        text = "\n".join(line for line in part.lines if ":" in line or field != "statistics")
        try:
            ethtool_text.parse(device, ethtool_text.Texts(**{field: text}), "ethtool")
        except ParseError as error:
            gaps.append(unparsed(f"ethtool {device}", error))
        else:
            texts.setdefault(device, {})[field] = text
    nics = (
        ethtool_text.parse(device, ethtool_text.Texts(**fields), "ethtool")
        for device, fields in texts.items()
    )
    return tuple([nic for nic in nics if nic])
