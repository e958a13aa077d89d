"""The parts of a text from a bug report: each is told by how its lines look."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from textwrap import dedent

from netrx_tune.collectors import (
    conntrack_text,
    iptables_text,
    log_text,
    netstat_s,
    nft_text,
    nstat,
    ss_text,
    tc_text,
)
from netrx_tune.collectors.command_start import COMMAND_START
from netrx_tune.collectors.link_text import PATTERN as LINK_LINES
from netrx_tune.collectors.pasted_rules import IPTABLES, KINDS, NFT, TC
from netrx_tune.collectors.pasted_statistics import is_bare, uncommented, unremarked
from netrx_tune.collectors.paths import CONNTRACK_S, NETSTAT_S, NSTAT, SYSCTL_A
from netrx_tune.collectors.wrapped_lines import unwrapped

RELEASE = "/proc/sys/kernel/osrelease"
SOCKETS = "ss"
LINKS = "link"
ETHTOOL = "ethtool"
SOFTNET = "/proc/net/softnet_stat"
SOFTNET_DECIMAL = "/netrx/softnet-decimal"  # as awk writes it, column by column
SOFTNET_SHORT = "/netrx/softnet-short"  # its first columns
DEVICE_SNMP6 = "snmp6 of a device"  # which the host's has in its sums
SYSCTL_FILE = "/netrx/sysctl-file"  # what a file for sysctl sets
_SET_BY_FILE = (
    r"(?:net\.(?:core|ipv[46]|netfilter)(?:\.[\w/-]+)+ ?[=:]|(?:vm|kernel)(?:\.\w+)+ ?=)"
    r" ?-?\d[\d \t]*(?:#.*)?"
)
UDP_ROWS = "/netrx/udp-rows"  # rows of /proc/net/udp whose header grep left out
UDP6_ROWS = "/netrx/udp6-rows"
_UDP_ROW = (
    r"\d+: {address}:[0-9A-F]{{4}} {address}:[0-9A-F]{{4}} [0-9A-F]{{2}}"
    r" [0-9A-F]{{8}}:[0-9A-F]{{8}} [0-9A-F]{{2}}:[0-9A-F]{{8}} [0-9A-F]{{8}}"
    r"\s+\d+\s+\d+ \d+ \d+ [0-9a-f]+ -?\d+"
)
# How a line of each kind looks, the first that fits. A kind that is a path is the kernel's file.
_LINES = (
    (DEVICE_SNMP6, r"ifIndex\s+\d+"),
    ("/proc/net/snmp6", r"(?:Ip6|Icmp6|Udp6|UdpLite6)[A-Z]\w*\s+\d+"),
    (NSTAT, rf"#kernel|#\d+\.\d+ .*|{nstat.WRITTEN}|{nstat.EXPORTED}|\{{\"kernel\":.*"),
    ("/proc/net/netstat", r"(?:TcpExt|IpExt|MPTcpExt):(?:\s+-?\w+)+"),
    ("/proc/net/snmp", r"(?:Ip|Icmp|IcmpMsg|Tcp|Udp|UdpLite):(?:\s+-?\w+)+"),
    (SOFTNET, r"[0-9a-f]{8}(?: [0-9a-f]{8}){8,}"),
    (SOFTNET_SHORT, r"[0-9a-f]{8}(?:\s+[0-9a-f]{8}){2,7}(?:\s*\.{2,})?"),
    (SOFTNET_DECIMAL, r"\d{1,10}(?:\s+\d{1,10}){2}(?:\s+0){5}(?:\s+\d{1,10}){2,7}"),
    ("/proc/net/udp6", r"sl\s+local_address\s+remote_address.* drops"),
    ("/proc/net/udp", r"sl\s+local_address\s+rem_address.* drops"),
    (UDP_ROWS, _UDP_ROW.format(address="[0-9A-F]{8}")),
    (UDP6_ROWS, _UDP_ROW.format(address="[0-9A-F]{32}")),
    ("/proc/net/stat/nf_conntrack", r"entries\s+(?:searched|clashres)\s.*"),
    ("/proc/net/stat/rt_cache", r"entries\s+in_hit\s.*"),
    (CONNTRACK_S, conntrack_text.LINE),
    (log_text.PATH, log_text.LINE),
    (LINKS, LINK_LINES),
    (
        "/proc/net/dev",
        r"Inter- *\| *Rec.*|face *\|bytes.*|[^\s:]++:(?:\s*\d+)(?:(?:\s|\|)+\d+){15}",
    ),
    ("/proc/net/xfrm_stat", r"Xfrm[A-Z]\w+\s+\d+"),
    ("/proc/net/sockstat", r"sockets: used \d+|(?:TCP|UDP|UDPLITE|RAW|FRAG): (?:inuse|mem) .*"),
    ("/proc/net/sockstat6", r"(?:TCP|UDP|UDPLITE|RAW|FRAG)6: inuse .*"),
    ("/proc/meminfo", r"[A-Z]\w+(?:\(\w+\))?:\s+\d+ kB"),
    ("/proc/version", r"Linux version \d.*"),
    (RELEASE, r"Linux \S+ \d+\.\d+\S* .*"),
    (SYSCTL_A, r"[a-z][a-z0-9_]*\.[\w./:-]++ = .*"),
    (SYSCTL_FILE, _SET_BY_FILE),
    (SOCKETS, ss_text.STARTS),
    (IPTABLES, iptables_text.LINE),
    (NFT, nft_text.START),
    (TC, tc_text.LINE),
    (ETHTOOL, r"NIC statistics:|(?:Ring|Channel|Coalesce) parameters for \S+:|driver: \S+"),
    (NETSTAT_S, netstat_s.STARTS.pattern),
)
_KINDS = re.compile("|".join(f"(?P<k{at}>{look})" for at, (_, look) in enumerate(_LINES)))
_HOST = re.compile(r"[A-Za-z][\w-]*")
_BY_NAME = re.compile(r"[A-Z]\w*: \d+")  # in netstat -s, among its English
_TWO_WORDS = re.compile(r"[0-9a-f]{8}\s+[0-9a-f]{8}")
_PER_CPU = re.compile(r"\s*[0-9a-f]{8}(?:\s+[0-9a-f]{8})+\s*")
# What goes on with lines that would not begin it; rows of TCP look as UDP's, under another header.
_ROWS = {
    CONNTRACK_S: re.compile(rf"\s*(?:{conntrack_text.LINE})|{conntrack_text.MORE}"),
    "/proc/net/udp": re.compile(r"\s*\d+: [0-9A-F]{8}:"),
    "/proc/net/udp6": re.compile(r"\s*\d+: [0-9A-F]{32}:"),
    "/proc/net/stat/nf_conntrack": _PER_CPU,
    "/proc/net/stat/rt_cache": _PER_CPU,
}
# Their lines have no names, so a second table in a text is another moment's and not more of it.
TABLES = {SOFTNET, SOFTNET_DECIMAL, SOFTNET_SHORT, "/proc/net/dev", *_ROWS}
_MOST_IN_LINE = 256 << 10  # characters; that of `nstat -j` has 10,000
_QUOTED = re.compile(r"^(?:> ?)+", re.MULTILINE)  # in an answer to a letter
_SETTINGS = (SYSCTL_A, SYSCTL_FILE)
# Behind their figures people write what they think of them.
_REMARKED = {
    SYSCTL_A, NSTAT, NETSTAT_S, CONNTRACK_S, SOFTNET, SOFTNET_SHORT, UDP_ROWS, UDP6_ROWS,
}  # fmt: skip
_THOUSANDS = re.compile(r",(?<=\d,)(?=\d{3}(?!\d))")
# A comment's mark or a time, before each line of what else nothing would be read of.
_MARKED = re.compile(
    r"^[ \t]*(?:#+|//+|;+|\|)[ \t]?"
    r"|^\[?(?:\d{4}-\d\d-\d\d[T ]|[A-Z][a-z]{2} +\d{1,2} )?\d\d:\d\d:\d\d[\d.,+:Z-]*\]?:?[ \t]",
    re.MULTILINE,
)
_GREPPED_FROM = re.compile(r"^/proc/(?:\d+/|self/)?net/[\w/]+:", re.MULTILINE)  # of two files
_PROMPT = re.compile(r"(?:\[[^]]*\]|\S*)[$#%>] .*|\+ .*|```.*")
_OF_DEVICE = re.compile(
    r"(?:\bethtool +-\w+|(?:^|[$#>] )ifconfig|^\s*NIC statistics for)"
    r" +(?P<device>[\w.@](?:[\w.:@-]{0,13}[\w.@-])?)"
)
# Commands whose output does not say what it is.
_BEFORE = (
    (
        SOFTNET_SHORT,
        re.compile(r"softnet_stat.*print ?\$1, ?\$2 ?\}|print ?\$1, ?\$2 ?\}.*softnet_stat"),
    ),
    (ETHTOOL, re.compile(r"\bethtool +-S +\S+")),
    (RELEASE, re.compile(r"uname -r")),
    ("", re.compile(r"cat (/(?:proc/sys|sys/class)/[^\s*?]+)")),
)
# One of these stands in every line that has one of these commands.
_COMMANDS = re.compile(
    "ethtool|ifconfig|NIC stat|uname|cat |tables|nft|nstat|netstat|tc|ss|softnet"
)
# Those whose output does not say whose it is, or of what.
_TYPED = re.compile(
    COMMAND_START + r"(?:ip6?tables(?:-legacy|-nft)?(?:-save)?|nft|n(?:et)?stat|tc|ss)(?:\s.*|$)"
)
_ROWS_OF = {IPTABLES: iptables_text.ROW, TC: tc_text.ROW}
_STATISTIC = re.compile(r"\S.*?: *\d+(?:\s.*)?")
_VALUE = re.compile(r"-?[0-9][0-9 \t]*|\d+\.\d+\.\S+")
_GREPPED = re.compile(r"(/(?:proc/sys|sys/class)/[^\s:]+)(?::[ \t]*|[ \t]+)(-?[0-9][0-9 \t]*)")


class Part:
    """Lines that stand together; `device` is whose they are, if a command says so."""

    def __init__(self, kind: str, device: str) -> None:
        self.kind = kind
        self.device = device
        self.command = ""  # the line that had them printed, of programs that do not say enough
        self.depth = 0  # braces that are open
        self.lines: list[str] = []

    @property
    def text(self) -> str:
        """Return the part as its command or file had it."""
        return "\n".join(self.lines) + "\n"

    def add(self, line: str) -> None:
        """Add a line."""
        self.lines.append(line)
        if self.kind == NFT:
            self.depth += nft_text.depth_of(line)


def parts_of(text: str) -> list[Part]:
    """Return the parts of a text; statistics of no heading count where there are no others.

    What stands behind marks is read where nothing else does, but a setting there is none.
    """
    if parts := _read_parts(text):
        return parts
    for plain in (_MARKED.sub("", text), *_without_host(text)):
        if parts := [part for part in _read_parts(plain) if part.kind not in _SETTINGS]:
            return parts
    return []


def _without_host(text: str) -> Iterator[str]:
    """Yield what pdsh and its like print of one host without its name before each line."""
    names = {line.partition(":")[0] for line in text.split("\n") if line.strip()}
    if len(names) == 1 and _HOST.fullmatch(name := names.pop()):
        yield re.sub(rf"^{name}: ?", "", text, flags=re.MULTILINE)


def _read_parts(text: str) -> list[Part]:
    plain = _QUOTED.sub("", text.removeprefix("\ufeff").replace("\r\n", "\n"))
    plain = uncommented(unwrapped(plain))
    plain = _GREPPED_FROM.sub("", plain.replace("**", ""))  # what somebody made bold
    lines = [line for line in dedent(plain).split("\n") if len(line) <= _MOST_IN_LINE]
    parts = list(_parts_of(lines, bare=False))
    if any(part.kind == ETHTOOL for part in parts) or not any(map(is_bare, lines)):
        return parts
    return list(_parts_of(lines, bare=True))


def _parts_of(lines: Iterable[str], *, bare: bool) -> Iterator[Part]:
    part: Part | None = None
    device = awaited = typed = ""
    for whole in lines:
        line, kind = _told(whole, awaited, part)
        is_statistic = bare and kind is None and is_bare(line)
        if part and _goes_on(part, line, kind) and not (is_statistic and part.kind == LINKS):
            part.add(line if part.kind == SOCKETS else line.strip())
            continue
        if part:
            yield part
        stripped = line.strip()
        has_command = _COMMANDS.search(line) is not None
        command = _OF_DEVICE.search(line) if has_command else None
        device = command["device"] if command else device
        if is_statistic:
            awaited = ETHTOOL
        part = _begun(stripped, kind, device, awaited)
        if part:
            part.command = typed
            typed = "" if part.kind == SOCKETS else typed  # the next list is another one's
        if has_command:
            typed = stripped if part is None and _TYPED.search(line) else typed
            awaited = _awaited(line)
        elif stripped:
            awaited = ""
    if part:
        yield part


def _told(line: str, awaited: str, part: Part | None) -> tuple[str, str | None]:
    """Return a line without a remark behind its figures and commas in them, and its kind."""
    kind = _kind(line.strip())
    if kind not in {None, SYSCTL_A}:
        return line, kind
    said = unremarked(line)
    said = _THOUSANDS.sub("", said) if "," in said else said
    expected = (awaited, part.kind if part else "")
    if kind is None and SOFTNET_SHORT in expected and _TWO_WORDS.fullmatch(said.strip()):
        return said, SOFTNET_SHORT
    of_figures = _kind(said.strip()) if said != line else None
    if of_figures in _REMARKED or (NETSTAT_S in expected and _BY_NAME.fullmatch(said.strip())):
        return said, of_figures
    return line, kind


def _begun(line: str, kind: str | None, device: str, awaited: str) -> Part | None:
    """Return the part that a line begins; `awaited` is what a command before it prints."""
    if kind is None and not awaited and not line.startswith("/"):
        return None
    lines = [line]
    grepped = _GREPPED.fullmatch(line)
    if grepped:
        kind, lines = grepped[1], [grepped[2]]
    elif kind is None and awaited == ETHTOOL and _STATISTIC.fullmatch(line):
        kind, lines = awaited, ["NIC statistics:", line]
    elif kind is None and awaited.startswith("/") and _VALUE.fullmatch(line):
        kind = awaited
    if kind is None:
        return None
    part = Part(kind, device)
    for one in lines:
        part.add(one)
    return part


def _awaited(line: str) -> str:
    """Return which kind the output of a command is of, where its lines do not tell."""
    found = ((kind, command.search(line)) for kind, command in _BEFORE)
    return next((kind or one[1] for kind, one in found if one), "")


def _kind(stripped: str) -> str | None:
    """Return which kind a line is of, None if it may belong to any."""
    found = _KINDS.fullmatch(stripped)
    return _LINES[int(found.lastgroup[1:])][0] if found and found.lastgroup else None


def _goes_on(part: Part, line: str, kind: str | None) -> bool:
    """Tell whether a line belongs to the part before it."""
    if part.kind == ETHTOOL and line.strip():
        is_title = ":" not in line and re.search("[A-Za-z]", line)  # of what else is printed
        return kind is None and not is_title and not _prompts(line)
    if part.kind in KINDS:
        return _is_printed(part, line.strip(), kind)
    if not line.strip() or ss_text.HEADER.fullmatch(line.strip()):
        return False
    if part.kind in {SOCKETS, LINKS, NETSTAT_S}:
        again = kind == NETSTAT_S and line.endswith(":") and line.strip() in part.lines
        return kind in {None, part.kind} and not again and not _prompts(line)
    if part.kind in _ROWS:
        return _ROWS[part.kind].match(line) is not None
    return kind == ("/proc/net/snmp6" if part.kind == DEVICE_SNMP6 else part.kind)


def _is_printed(part: Part, line: str, kind: str | None) -> bool:
    """Tell whether iptables, nft or tc printed a line after those of a part; some are empty."""
    if kind is not None or (line and _prompts(line)):
        return kind == part.kind
    rows = _ROWS_OF.get(part.kind)
    return not line or part.depth > 0 or (rows is not None and rows.fullmatch(line) is not None)


def _prompts(line: str) -> bool:
    return _PROMPT.fullmatch(line.strip()) is not None
