"""What `netstat -s` of net-tools prints: the kernel's counters as English lines.

A counter that has no line of its own is printed by its name ("InCsumErrors: 4"), and only if it
is not 0. Most lines are left out at 0 as well, so what is not there is unknown. People often show
only the lines that grep found: most say by themselves which counter of IPv4 they are.

Source: net-tools statistics.c (read at 2010-10-29 and 2.10), where versions differ in words.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from netrx_tune.collectors.snmp import LEVELS
from netrx_tune.collectors.text import MOST_DIGITS, Reading, numbered
from netrx_tune.model.errors import ParseError

_SECTION = re.compile(
    r"(Ip|Icmp|IcmpMsg|Tcp|Udp|UdpLite|TcpExt|IpExt|MPTcpExt|Sctp|(?:Ip|Icmp|Udp|UdpLite|Tcp)6):"
)
_NUMBER = re.compile(r"\b\d+\b")
_BY_NAME = re.compile(r"([A-Za-z]\w*): (\d+)")
_REMARK = re.compile(r"\s<[-=<].*")  # "  <---- HERE", which people write beside the line they mean

_IP = {
    "# total packets received": "InReceives",
    "# with invalid headers": "InHdrErrors",
    "# with invalid addresses": "InAddrErrors",
    "# with unknown protocol": "InUnknownProtos",
    "# incoming packets discarded": "InDiscards",
    "# incoming packets delivered": "InDelivers",
    "# requests sent out": "OutRequests",
    "# outgoing packets dropped": "OutDiscards",
    "# dropped because of missing route": "OutNoRoutes",
    "# fragments dropped after timeout": "ReasmTimeout",
    "# reassemblies required": "ReasmReqds",
    "# packets reassembled ok": "ReasmOKs",
    "# packet reassemblies failed": "ReasmFails",
    "# packet reassembles failed": "ReasmFails",
    "# fragments received ok": "FragOKs",
    "# outgoing packets fragmented ok": "FragOKs",
    "# fragments failed": "FragFails",
    "# outgoing packets failed fragmentation": "FragFails",
    "# fragments created": "FragCreates",
}
_UDP = {
    "# packets received": "InDatagrams",
    "# packets to unknown port received": "NoPorts",
    "# packet receive errors": "InErrors",
    "# packets sent": "OutDatagrams",
    "# packets send": "OutDatagrams",
    "# receive buffer errors": "RcvbufErrors",
    "# send buffer errors": "SndbufErrors",
}
_TCP = {
    "# active connection openings": "ActiveOpens",
    "# active connections openings": "ActiveOpens",
    "# passive connection openings": "PassiveOpens",
    "# failed connection attempts": "AttemptFails",
    "# connection resets received": "EstabResets",
    "# connections established": "CurrEstab",
    "# segments received": "InSegs",
    "# segments sent out": "OutSegs",
    "# segments send out": "OutSegs",
    "# segments retransmitted": "RetransSegs",
    "# segments retransmited": "RetransSegs",
    "# bad segments received": "InErrs",
    "# resets sent": "OutRsts",
}
_TCP_EXT = {
    "# SYN cookies sent": "SyncookiesSent",
    "# SYN cookies received": "SyncookiesRecv",
    "# invalid SYN cookies received": "SyncookiesFailed",
    "# resets received for embryonic SYN_RECV sockets": "EmbryonicRsts",
    "# SYNs to LISTEN sockets dropped": "ListenDrops",
    "# SYNs to LISTEN sockets ignored": "ListenDrops",
    "# times the listen queue of a socket overflowed": "ListenOverflows",
    "# ICMP packets dropped because socket was locked": "LockDroppedIcmps",
    "# ICMP packets dropped because they were out-of-window": "OutOfWindowIcmps",
    "# packets pruned from receive queue because of socket buffer overrun": "PruneCalled",
    "# packets pruned from receive queue": "RcvPruned",
    "# packets dropped from out-of-order queue because of socket buffer overrun": "OfoPruned",
    "# packets dropped from prequeue": "TCPPrequeueDropped",
    "# packets collapsed in receive queue due to low socket buffer": "TCPRcvCollapsed",
    "TCP ran low on memory # times": "TCPMemoryPressures",
    "# connections aborted due to memory pressure": "TCPAbortOnMemory",
    "# connections aborted due to timeout": "TCPAbortOnTimeout",
    "# connections reset due to unexpected data": "TCPAbortOnData",
    "# connections reset due to early user close": "TCPAbortOnClose",
    "# other TCP timeouts": "TCPTimeouts",
    "# delayed acks sent": "DelayedACKs",
    "# packet headers predicted": "TCPHPHits",
    "# acknowledgments not containing data payload received": "TCPPureAcks",
    "# predicted acknowledgments": "TCPHPAcks",
    "# fast retransmits": "TCPFastRetrans",
    "# retransmits in slow start": "TCPSlowStartRetrans",
    "# retransmits lost": "TCPLostRetransmit",
}
_IP6 = {
    **_IP,
    "# forwarded": "OutForwDatagrams",
    "# with packets too big": "InTooBigErrors",
    "# with truncated packets": "InTruncatedPkts",
    "# incoming packets with no route": "InNoRoutes",
    "# incoming multicast packets": "InMcastPkts",
    "# outgoing multicast packets": "OutMcastPkts",
}
_ICMP = {
    "# ICMP messages received": "InMsgs",
    "# input ICMP message failed": "InErrors",
    "# ICMP messages sent": "OutMsgs",
    "# ICMP messages failed": "OutErrors",
}
_SECTIONS: Mapping[str, Mapping[str, str]] = {
    "Ip": {**_IP, "# forwarded": "ForwDatagrams"},
    "Icmp": _ICMP,
    "Tcp": _TCP,
    "Udp": _UDP,
    "TcpExt": _TCP_EXT,
    "Ip6": _IP6,
    "Icmp6": _ICMP,
    "Udp6": _UDP,
}
# The kernel's words go on in small letters.
_WORDS_OF_SOMEBODY = re.compile(r"\.?\s+(?=[^a-z\s])")
# Lines that need no heading, and those by name.
_LOOSE = {
    line: f"{section}.{name}"
    for section in ("Ip", "Tcp", "Udp", "TcpExt")
    for line, name in _SECTIONS[section].items()
}
_LOOSE_NAMES = {
    "RcvbufErrors": "Udp",
    "SndbufErrors": "Udp",
    "IgnoredMulti": "Udp",
    "MemErrors": "Udp",
    "ListenOverflows": "TcpExt",
    "ListenDrops": "TcpExt",
    "PruneCalled": "TcpExt",
    "RcvPruned": "TcpExt",
    "OfoPruned": "TcpExt",
    "IPReversePathFilter": "TcpExt",
    "InNoRoutes": "IpExt",
    "InTruncatedPkts": "IpExt",
    "ReasmOverlaps": "IpExt",
}
_LOOSE_SECTIONS = {"", "Ip", "Icmp", "IcmpMsg", "Tcp", "Udp", "TcpExt", "IpExt"}
_TCP_NAME = r"(?:TCP[A-Z]|PFMemalloc)\w+"
_COUNTED = "|".join(re.escape(line[2:]) for line in _LOOSE if line.startswith("# "))
_OTHERS = "|".join(
    re.escape(line).replace(r"\#", r"\d+") for line in _LOOSE if not line.startswith("# ")
)
# How the lines look with which a text of it may begin.
STARTS = re.compile(
    rf"{_SECTION.pattern}"
    rf"|(?:\d+ (?:{_COUNTED})|{_OTHERS}|(?:{'|'.join(_LOOSE_NAMES)}|{_TCP_NAME}): \d+)"
    r"\.?(?:\s+<[-=<].*)?"
)


def parse_netstat_s(text: str, path: str) -> Reading:
    """Return counters and levels as "Udp.RcvbufErrors", those that the text names.

    Raises:
        ParseError: no line of it is known, as in another language.
    """
    values = {name: value for _, name, value in _values(text)}
    if not values:
        raise ParseError(path, "expected netstat -s of net-tools in English (LC_ALL=C)", text)
    levels = {name: values.pop(name) for name in [*values] if name in LEVELS}
    return Reading(counters=values, levels=levels)


def line_of(text: str, name: str) -> int | None:
    """Return the line that a counter was read from: the last one that tells of it."""
    return max((number for number, found, _ in _values(text) if found == name), default=None)


def _values(text: str) -> Iterator[tuple[int, str, int]]:
    """Yield the line of each number, the kernel's name for it, and the number."""
    section = ""
    for number, line in numbered(text):
        stripped = _REMARK.sub("", line).strip().removesuffix(".")
        heading = _SECTION.fullmatch(stripped)
        if heading:
            section = heading[1]
        else:
            for name, value in _value(section, stripped):
                yield number, name, value


def _value(section: str, line: str) -> Iterator[tuple[str, int]]:
    """Yield what a line says, by its section or else by itself, if it is one that is known."""
    by_name = _BY_NAME.fullmatch(line)
    if by_name:
        name, digits = _named(section, by_name[1]), by_name[2]
    else:
        found = _NUMBER.search(line)
        digits = found[0] if found else ""
        name = _worded(section, _NUMBER.sub("#", line, count=1))
    if name and 0 < len(digits) <= MOST_DIGITS:
        yield name, int(digits)


def _named(section: str, word: str) -> str:
    """Return the counter of a line such as "InCsumErrors: 4", "" if it is none that is known."""
    if section:
        return f"{section}.{word.removeprefix(section if section.endswith('6') else '')}"
    home = "TcpExt" if re.fullmatch(_TCP_NAME, word) else _LOOSE_NAMES.get(word)
    return f"{home}.{word}" if home else ""


def _worded(section: str, line: str) -> str:
    """Return the counter of a line such as "# packets received", with words of somebody or none."""
    ends = [found.start() for found in _WORDS_OF_SOMEBODY.finditer(line)]
    for end in (len(line), *reversed(ends)):
        name = _SECTIONS.get(section, {}).get(line[:end])
        if name:
            return f"{section}.{name}"
        if section in _LOOSE_SECTIONS and line[:end] in _LOOSE:
            return _LOOSE[line[:end]]
    return ""
