"""The lines of `ethtool -S` as people keep them: with remarks, in columns, or cut out.

rx_crc_errors: 602    ---> counted where the check failed
tx_errors: 0 // none
port_rx_pause: 0            port_rx_control: 0
# rx_no_dma_resources: 34,432     # shortage
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

_NUMBER = r"\d+(?:,\d{3})*"
_PAIR = re.compile(rf"\s*(?P<name>\S.*?):\s*(?P<value>{_NUMBER})(?=\s|$)")
_NEXT = re.compile(rf"\s{{2,}}(?P<name>[\w.\[\]-]+):\s*(?P<value>{_NUMBER})(?=\s|$)")
# Names that only a driver gives; a text may show them without the command or its heading.
_BARE = re.compile(
    r"(?:(?:port|veb)[._])?(?:rx|tx)\d*(?:_|-(?=\d))[\w.\[\]-]+:\s*\d.*"
    r"|(?:bw_in|bw_out|pps|conntrack|linklocal)_allowance_\w+:\s*\d.*"
    r"|(?:queue_\d+|vf|\[\d+\]:|[rt]xq\d+:) ?_?(?:rx|tx)_\w+:\s*\d.*"
    r"|(?:pkts rx (?:OOB|err)|[umb]cast pkts rx|drv dropped rx total|rx buf alloc fail):\s*\d.*"
)
_REMARK = re.compile(r"(?<=\S)\s+(?:<-|->|-->|#|//|\u2190).*")  # not of a name's own dashes
_MARK = re.compile(r"[#\u2190]|<-|->|//")  # found sooner than the space before it
_COMMENTED = re.compile(
    r"^[^\S\n]*#+[^\S\n]*(?=[\w.\[\]-]+: *[\d,]+(?![\d,]|[ \t]+\d))", re.MULTILINE
)
# Names of the kernel's that one section alone has, as awk prints them of /proc/net/netstat.
_LONE = (
    r"RcvbufErrors|MemErrors|Listen(?:Overflows|Drops)|PruneCalled|(?:Rcv|Ofo)Pruned"
    r"|IPReversePathFilter|InNoRoutes|InTruncatedPkts|ReasmOverlaps|(?:TCP[A-Z]|PFMemalloc)\w+"
)
_SPACED = re.compile(rf"^([ \t]*)({_LONE})[ \t]+(\d+)[ \t]*$", re.MULTILINE)
# "- `rx_missed_errors`: 5", "| UdpRcvbufErrors | 5 |", "rx_missed_errors=5"; not rx_ring=512.
_LISTED = re.compile(
    r"^([ \t]*)(?:[-*+|][ \t]+)?[`*]*"
    r"((?:(?:port|veb)[._])?rx\d*[_-](?=\w*(?:pack|drop|disc|miss|err|fail|over|fifo|buf|no_))"
    r"[\w.\[\]-]+|\w+_allowance_exceeded|(?:Udp(?:Lite)?6?|Ip6?|Tcp|TcpExt|IpExt)[._:]?[A-Z]\w+"
    rf"|{_LONE})"
    rf"[`*]*[ \t]*[:=|][ \t]*[`*]*({_NUMBER})[`*]*[ \t]*\|?[ \t]*$",
    re.MULTILINE,
)


def is_bare(line: str) -> bool:
    """Tell a statistic by its name."""
    return _BARE.fullmatch(line.strip()) is not None


def uncommented(text: str) -> str:
    """Return a text with the statistics that stand in it as comments, or in a list or table."""
    plain = _LISTED.sub(_on_a_line, _COMMENTED.sub("", text))
    return _SPACED.sub(_on_a_line, plain)


def _on_a_line(found: re.Match[str]) -> str:
    return f"{found[1]}{found[2]}: {found[3].replace(',', '')}"


def plain(lines: Iterable[str]) -> Iterator[str]:
    """Yield one "name: number" per line; what is no statistic is left out."""
    for line in lines:
        found = _PAIR.match(line)
        while found:
            yield f"{found['name']}: {found['value'].replace(',', '')}"
            found = _NEXT.match(line, found.end())


def unremarked(line: str) -> str:
    """Return a line without the remark that somebody set behind it."""
    return _REMARK.sub("", line) if _MARK.search(line) else line
