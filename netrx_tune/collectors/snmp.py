"""/proc/net/snmp: the IPv4 counters, a line of names and a line of values per protocol.

Names decide, never places: kernels add columns, and distributions add them to old kernels.

Kernel: net/ipv4/proc.c, snmp_seq_show().
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from netrx_tune.collectors.text import Reading, decimal, decimals, gaps_beside, numbered, signed
from netrx_tune.model.errors import ParseError

# Settings and gauges that stand among the counters. MaxConn is -1: no limit.
LEVELS = frozenset(
    {
        "Ip.Forwarding",
        "Ip.DefaultTTL",
        "Tcp.RtoAlgorithm",
        "Tcp.RtoMin",
        "Tcp.RtoMax",
        "Tcp.MaxConn",
        "Tcp.CurrEstab",
        "MPTcpExt.MPCurrEstab",
    },
)


class _Line(NamedTuple):
    """One line: where it stands, whose it is, what it says."""

    place: str
    protocol: str
    words: Sequence[str]


def parse_snmp(text: str, path: str = "/proc/net/snmp") -> Reading:
    """Return counters and levels as "Udp.RcvbufErrors".

    A protocol whose two lines do not fit each other is a gap; the others stand.

    Raises:
        ParseError: there is no protocol that reads.
    """
    return parse_pairs(text, path)


def parse_pairs(text: str, path: str) -> Reading:
    """Return what a file of header and value lines says, for snmp and netstat alike."""
    values: dict[str, int] = {}
    problems: list[ParseError] = []
    header: _Line | None = None
    for number, line in numbered(text):
        protocol, _, rest = line.partition(":")
        row = _Line(f"{path}:{number}", protocol.strip(), rest.split())
        if header is not None and header.protocol == row.protocol:
            _add_pair(header, row, values, problems)
            header = None
            continue
        if header is not None:
            problems.append(_without_values(header))
        header = row
    if header is not None:
        problems.append(_without_values(header))
    gaps = gaps_beside(values, problems, path, text)
    levels = {name: values.pop(name) for name in [*values] if name in LEVELS}
    return Reading(counters=values, levels=levels, gaps=gaps)


def _add_pair(
    header: _Line,
    row: _Line,
    values: dict[str, int],
    problems: list[ParseError],
) -> None:
    """Add a protocol's values, all of them or none."""
    try:
        values.update(_pair(header, row))
    except ParseError as error:
        problems.append(error)


def _pair(header: _Line, row: _Line) -> dict[str, int]:
    """Return the values of one protocol by name."""
    if len(header.words) != len(row.words):
        wanted = f"{row.protocol}: expected {len(header.words)} values"
        raise ParseError(row.place, wanted, " ".join(row.words))
    numbers = decimals(row.words)
    if numbers and all(word[0].isalpha() for word in header.words):
        return {f"{row.protocol}.{w}": n for w, n in zip(header.words, numbers, strict=True)}
    values = {}
    for word, found in zip(header.words, row.words, strict=True):
        if not word[0].isalpha():
            raise ParseError(header.place, f"{row.protocol}: expected a name", word)
        name = f"{row.protocol}.{word}"
        number = signed if name in LEVELS else decimal
        values[name] = number(found, row.place, name)
    return values


def _without_values(header: _Line) -> ParseError:
    """Return the error for a line of names that no line of values follows."""
    wanted = f"{header.protocol}: expected a second line with values"
    return ParseError(header.place, wanted, " ".join(header.words))
