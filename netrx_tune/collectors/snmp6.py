"""/proc/net/snmp6: the IPv6 counters, one to a line.

Kernel: net/ipv6/proc.c, snmp6_seq_show().
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from netrx_tune.collectors.text import Reading, name_and_value, names_and_values, values_by_line
from netrx_tune.model.errors import ParseError

_LONG_NAME = 64  # is no kernel's, and not worth remembering


def parse_snmp6(text: str, path: str = "/proc/net/snmp6") -> Reading:
    """Return counters as "Udp6.RcvbufErrors", from the file's Udp6RcvbufErrors.

    A line that does not read is a gap; the others stand.

    Raises:
        ParseError: there is no line that reads.
    """
    values = names_and_values(text)
    names = [_remembered(word) for word in values or () if len(word) < _LONG_NAME]
    if values and all(names) and len(names) == len(values):
        return Reading(counters=dict(zip(map(str, names), values.values(), strict=True)))
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


_remembered = lru_cache(1024)(_dotted)  # four times as many as a kernel has
