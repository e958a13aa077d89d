"""/proc/net/snmp6: the IPv6 counters, one to a line.

Kernel: net/ipv6/proc.c, snmp6_seq_show().
"""

from __future__ import annotations

from collections.abc import Iterator

from netrx_tune.collectors.text import Reading, name_and_value, values_by_line
from netrx_tune.model.errors import ParseError


def parse_snmp6(text: str, path: str = "/proc/net/snmp6") -> Reading:
    """Return counters as "Udp6.RcvbufErrors", from the file's Udp6RcvbufErrors.

    A line that does not read is a gap; the others stand.

    Raises:
        ParseError: there is no line that reads.
    """
    counters, gaps = values_by_line(text, path, _counter)
    return Reading(counters=counters, gaps=gaps)


def _counter(line: str, place: str) -> Iterator[tuple[str, int]]:
    """Yield the counter of a line."""
    name, value = name_and_value(line, place)
    yield _name(name, place), value


def _name(word: str, place: str) -> str:
    """Return "Udp6.InErrors" for Udp6InErrors, and "Icmp6.InType135" for Icmp6InType135."""
    protocol, six, counter = word.partition("6")
    if not (protocol and six and counter):
        raise ParseError(place, "expected a name such as Ip6InReceives", word)
    return f"{protocol}6.{counter}"
