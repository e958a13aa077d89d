"""/proc/net/snmp6: the IPv6 counters, one to a line.

Kernel: net/ipv6/proc.c, snmp6_seq_show().
"""

from __future__ import annotations

from collections.abc import Iterator

from netrx_tune.collectors.text import (
    Reading,
    name_and_value,
    names_and_values,
    remembered,
    values_by_line,
)
from netrx_tune.model.errors import ParseError


def parse_snmp6(text: str, path: str = "/proc/net/snmp6") -> Reading:
    """Return counters as "Udp6.RcvbufErrors", from the file's Udp6RcvbufErrors.

    A line that does not read is a gap; the others stand.

    Raises:
        ParseError: there is no line that reads.
    """
    found = names_and_values(text)
    names = _all_dotted(found[0]) if found else None
    if found and names:
        return Reading(counters=dict(zip(names, found[1], strict=True)))
    counters, gaps = values_by_line(text, path, _counter)
    return Reading(counters=counters, gaps=gaps)


def _counter(line: str, place: str) -> Iterator[tuple[str, int]]:
    """Yield the counter of a line."""
    name, value = name_and_value(line, place)
    dotted = _dotted(name)
    if dotted is None:
        raise ParseError(place, "expected a name such as Ip6InReceives", name)
    yield dotted, value


def _dotted(word: str) -> str | None:
    """Return "Udp6.InErrors" for Udp6InErrors, and "Icmp6.InType135" for Icmp6InType135."""
    protocol, six, counter = word.partition("6")
    return f"{protocol}6.{counter}" if protocol and six and counter else None


@remembered(16)
def _all_dotted(words: tuple[str, ...]) -> tuple[str, ...] | None:
    """Return the counters' names, None if one is no such."""
    names = tuple(map(_dotted, words))
    return None if None in names else tuple(map(str, names))
