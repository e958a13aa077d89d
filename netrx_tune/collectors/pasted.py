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
from collections.abc import Mapping

from netrx_tune.collectors import ss_text
from netrx_tune.collectors.device_names import kind_by_name
from netrx_tune.collectors.later_lines import later_lines
from netrx_tune.collectors.listed_drops import with_tables
from netrx_tune.collectors.moments import SINCE_LAST, TWO_MOMENTS, is_since_last, joined
from netrx_tune.collectors.net_class import net_class_files
from netrx_tune.collectors.pasted_devices import links_of, nics_of, whose_unnamed
from netrx_tune.collectors.pasted_machine import in_words
from netrx_tune.collectors.pasted_parts import (
    ETHTOOL,
    LINKS,
    RELEASE,
    SOCKETS,
    SOFTNET,
    SOFTNET_DECIMAL,
    SOFTNET_SHORT,
    SYSCTL_FILE,
    TABLES,
    UDP6_ROWS,
    UDP_ROWS,
    parts_of,
)
from netrx_tune.collectors.pasted_rules import rules_of
from netrx_tune.collectors.paths import NETSTAT_S, NSTAT, SYSCTL_A
from netrx_tune.collectors.plain_lines import plain_lines
from netrx_tune.collectors.softnet_stat import from_decimals, from_first_columns
from netrx_tune.collectors.sysctl import said_by_sysctl_a
from netrx_tune.collectors.user_space import kernels_own
from netrx_tune.model.sample import Gap, Link, Sample

_NAMELESS = "rows are of UDP or of TCP: paste the command with them, or use ss -uanmp"
_DEV = "/proc/net/dev"
# What the diagnosis of a host would have as well: what is missing is said.
_EXPECTED: tuple[tuple[str, set[str]], ...] = (
    ("/proc/net/snmp", {NSTAT, NETSTAT_S}),
    ("/proc/net/snmp6", {NSTAT}),
    ("/proc/net/netstat", {NSTAT, NETSTAT_S}),
    (SOFTNET, {SOFTNET_DECIMAL, SOFTNET_SHORT}),
    ("/proc/net/udp", {SOCKETS, UDP_ROWS}),
    (_DEV, {LINKS, ETHTOOL}),
    ("/proc/sys/net", {SYSCTL_A, SYSCTL_FILE}),
)
_FOREIGN = tuple(
    (whose, re.compile(rf"^(?:{look})", re.MULTILINE))
    for whose, look in (
        ("Windows", r"\s*(?:IPv[46]|UDP|TCP|ICMPv[46]) Statistics\b"),
        ("Solaris", r"SunOS |.*\budpInDatagrams\s*="),
        ("macOS or a BSD", r"(?:udp|ip|tcp):\s*\n\s+\d+ "),
        ("macOS or a BSD", r"\s*\d+ dropped due to (?:full socket buffers|no socket)"),
        ("macOS or a BSD", r"(?:kern|hw|net\.inet)\.[\w.]+[:=]"),
        ("macOS or a BSD", r"Name\s+Mtu\s+Network\s+Address\s+Ipkts\b"),
        ("MikroTik's RouterOS", r"\[\w+@[^\]\n]{1,64}\] (?:/[^\n]*)?>"),
        ("MikroTik's RouterOS", r" *(?:driver-)?[rt]x-(?:bytes?|packet|drop): +\d"),
        ("Cisco's IOS", r"\S{1,64} is [a-z ]{1,32}, line protocol is "),
        ("ESXi", r"NIC statistics for vmnic\d|Packet statistics for port \d"),
        ("macOS or a BSD", r"(?:Darwin|(?:Free|Open|Net)BSD|DragonFly) "),
    )
)


def foreign_system(text: str) -> str | None:
    """Return whose output a text is, if it is one of another system than Linux."""
    return next((whose for whose, look in _FOREIGN if look.search(text)), None)


_HEADER = (
    "  sl  local_address {} st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode"
    " ref pointer drops\n"
)
_DEV_HEADER = (
    "Inter-| Receive | Transmit\n"
    " face |bytes packets errs drop fifo frame compressed multicast"
    "|bytes packets errs drop fifo colls carrier compressed\n"
)
_UDP = (
    (UDP_ROWS, "/proc/net/udp", _HEADER.format("rem_address")),
    (UDP6_ROWS, "/proc/net/udp6", _HEADER.format("remote_address")),
)


def _take_variants(files: dict[str, str]) -> None:
    """Put what guides and people made of a file or command in its place."""
    if SOFTNET_DECIMAL in files:
        files.setdefault(SOFTNET, from_decimals(files.pop(SOFTNET_DECIMAL)))
    if SOFTNET_SHORT in files:
        files.setdefault(SOFTNET, from_first_columns(files.pop(SOFTNET_SHORT)))
    if "|bytes" not in files.get(_DEV, "|bytes"):  # what grep leaves
        files[_DEV] = _DEV_HEADER + files[_DEV]
    for rows, path, header in _UDP:
        if rows in files:
            files.setdefault(path, header + files.pop(rows))
    if SYSCTL_FILE in files:
        # What sysctl itself printed, and therefore is in force, comes after it and wins.
        files[SYSCTL_A] = _as_printed(files.pop(SYSCTL_FILE)) + files.get(SYSCTL_A, "")


def _as_printed(text: str) -> str:
    """Return lines such as "net.core.rmem_max=212992  # B" as sysctl prints them."""
    lines = (re.split(r" ?[=:] ?", line.partition("#")[0], maxsplit=1) for line in text.split("\n"))
    return "".join(f"{' = '.join(words).rstrip()}\n" for words in lines if len(words) > 1)


def _shown(files: Mapping[str, str]) -> tuple[str, ...]:
    """Return the devices that /proc/net/dev and sysfs show."""
    return (
        *re.findall(r"^\s*([^\s:|]+):[ \t]*\d", files.get(_DEV, ""), re.MULTILINE),
        *net_class_files(files),
    )


def parse_pasted(text: str) -> Sample | None:
    """Return what a text says of a host, or None if no part of it is known."""
    gaps: list[Gap] = []
    later = later_lines(text)
    gaps += [Gap("diff", "unparsed", TWO_MOMENTS)] if later != text else []
    parts = parts_of(in_words(kernels_own(plain_lines(later), gaps)))
    if not parts:
        return None
    texts = ((part.kind, part.text) for part in parts if part.kind.startswith("/"))
    files = joined(texts, TABLES, gaps)
    _take_variants(files)
    if RELEASE in files:
        words = files[RELEASE].split()
        files[RELEASE] = f"{words[2 if words[0] == 'Linux' else 0]}\n"
    for path, value in said_by_sysctl_a(files.get(SYSCTL_A, "")).items():
        files.setdefault(path, value)
    unnamed = whose_unnamed(parts)
    links = links_of(parts, unnamed, files, gaps)
    nics = nics_of([part for part in parts if part.kind == ETHTOOL], unnamed, gaps)
    for name in (*(nic.device for nic in nics), *_shown(files)) if links else ():
        links.setdefault(name, Link(name, 0, kind_by_name(name), {}, None, "none"))
    rules = rules_of(parts, gaps)
    listed = ss_text.parse_ss(
        [f"{part.command}\n{part.text}" for part in parts if part.kind == SOCKETS],
        beside_tables=any(path in files for _, path, _ in _UDP),
    )
    if any(part.kind == NSTAT and is_since_last(part.command) for part in parts):
        gaps[:] = [gap for gap in gaps if gap != Gap(NSTAT, "unparsed", TWO_MOMENTS)]
        gaps.append(Gap(NSTAT, "unparsed", SINCE_LAST))
    if listed.is_repeated:
        gaps.append(Gap("ss", "unparsed", TWO_MOMENTS))
    if listed.nameless:
        gaps.append(Gap("ss", "unparsed", f"{listed.nameless} {_NAMELESS}"))
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
        with_tables(listed, files, files.get(RELEASE)),
        links=tuple(links.values()) or None,
        nics=nics or None,
        rules=rules,
        processes=listed.processes,
    )
