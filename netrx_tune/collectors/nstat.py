"""What `nstat -az` prints: the counters of snmp, snmp6 and netstat, a line each, or as JSON.

Without -a they are what grew since somebody called it last. Without -z those at 0 are left out,
so what is not there is unknown.

Prometheus' node_exporter has the same names, and large numbers as 5.7252008e+07: the counters that
it was told to show.

Source: iproute2 misc/nstat.c, dump_kern_db() (read at 6.1); node_exporter, netstat_linux.go.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from netrx_tune.collectors.snmp import LEVELS
from netrx_tune.collectors.text import MOST_DIGITS, Reading, is_count
from netrx_tune.model.errors import ParseError

# The longest first: TcpExt is not Tcp.
NAME = r"(UdpLite6|MPTcpExt|IcmpMsg|UdpLite|TcpExt|Icmp6|IpExt|Icmp|Udp6|Tcp|Udp|Ip6|Ip)([A-Z]\w*)"
# As people write it down: "UdpRcvbufErrors: 12", "Udp.RcvbufErrors = 12", "Udp: RcvbufErrors 12".
# `netstat -s -6` has "Udp6RcvbufErrors: 12" among its lines.
WRITTEN = (
    r"(?!\w+6\w+:)"
    + NAME.replace(")([", ")(?:[._]|: ?)?([")
    + r"(?:[ \t]*[:=][ \t]*|[ \t]+)(\d+)(?:[ \t]+[\d.]+)?"
)
LINE = re.compile(rf"^{WRITTEN}[ \t]*$", re.MULTILINE)
_NAME = re.compile(NAME)
# With a time behind it where Prometheus hands it on.
EXPORTED = r"node_netstat_[A-Z][A-Za-z]*6?_[A-Z]\w*(?:\{[^{}]*\})? \d[\d.]*(?:e\+\d\d)?(?: \d{13})?"
_EXPORTED = re.compile(
    r"^node_netstat_([A-Z][A-Za-z]*6?)_([A-Z]\w*)(?:\{[^{}]*\})? (\d[\d.]{0,20}(?:e\+\d\d)?)"
    r"(?: \d{13})?$",
    re.MULTILINE,
)

_INSTANCE = re.compile(r'\binstance="([^"]*)"')


def of_several_hosts(text: str) -> bool:
    """Tell whether an exporter's metrics are of more than one host."""
    return len(set(_INSTANCE.findall(text))) > 1


def parse_nstat(text: str, path: str) -> Reading:
    """Return counters and levels as "Udp.RcvbufErrors", those that the text names.

    Raises:
        ParseError: it has none, or an exporter's of several hosts.
    """
    if of_several_hosts(text):
        raise ParseError(path, "expected the metrics of one host, without those of others", text)
    values = _last(_from_json(text) if text.lstrip().startswith("{") else _from_lines(text))
    if not values:
        raise ParseError(path, "expected lines of nstat -az", text)
    levels = {name: values.pop(name) for name in [*values] if name in LEVELS}
    return Reading(counters=values, levels=levels)


def _last(counted: Iterator[tuple[str, int]]) -> dict[str, int]:
    """Return each name's last value.

    One that fell is of a call that counts from the one before it: what only that one had is left
    out, as a name is at 0 there that the later call does not show.
    """
    values: dict[str, int] = {}
    call: dict[str, int] = {}
    for name, value in counted:
        if name in call:
            call = {}
        call[name] = value
        if value < values.get(name, 0) and name not in LEVELS:
            values = dict(call)
        values[name] = value
    return values


def _from_lines(text: str) -> Iterator[tuple[str, int]]:
    for found in LINE.finditer(text):
        if len(found[3]) <= MOST_DIGITS:
            yield f"{found[1]}.{found[2]}", int(found[3])
    for found in _EXPORTED.finditer(text):
        try:
            value = float(found[3])
        except ValueError:
            continue
        if value < 1 << 64:
            yield f"{found[1]}.{found[2]}", int(value)


def _from_json(text: str) -> Iterator[tuple[str, int]]:
    """Yield what {"kernel": {"IpInReceives": 4042}} says."""
    try:
        whole = json.loads(text)
    except (ValueError, RecursionError):
        return
    values = whole.get("kernel") if isinstance(whole, dict) else None
    for word, value in values.items() if isinstance(values, dict) else ():
        found = _NAME.fullmatch(word)
        if found and is_count(value):
            yield f"{found[1]}.{found[2]}", value
