"""/proc/net/snmp: the IPv4 counters, a line of names and a line of values per protocol.

Names decide, never places: kernels add columns, and distributions add them to old kernels.

Kernel: net/ipv4/proc.c, snmp_seq_show().
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
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


_LONG_LINE = 16 << 10  # is no kernel's, and not worth remembering


class _Names(NamedTuple):
    """A line of names: what its line of values begins with, and what the values are called."""

    start: str
    full: tuple[str, ...]


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
    values = _as_the_kernel_writes(text)
    problems: list[ParseError] = []
    if values is None:
        values = _line_by_line(text, path, problems)
    gaps = gaps_beside(values, problems, path, text)
    levels = {name: values.pop(name) for name in LEVELS if name in values}
    return Reading(counters=values, levels=levels, gaps=gaps)


def _as_the_kernel_writes(text: str) -> dict[str, int] | None:
    """Return the values of a text without a flaw, in a third of the time; None if it has one."""
    values: dict[str, int] = {}
    *lines, last = text.split("\n")
    if last or len(lines) % 2:
        return None
    for head, row in zip(lines[::2], lines[1::2], strict=True):
        names = _names(head) if len(head) < _LONG_LINE else None
        if names is None or not row.startswith(names.start):
            return None
        words = row[len(names.start) :].split()
        numbers = decimals(words) or _with_no_limit(words, names.full)
        if numbers is None or len(names.full) != len(words):
            return None
        values.update(zip(names.full, numbers, strict=True))
    return values


def _with_no_limit(words: list[str], names: Sequence[str]) -> list[int] | None:
    """Return the numbers of a line in which a gauge is -1."""
    numbers = decimals(["0" if word == "-1" else word for word in words])
    if numbers is None or len(words) != len(names):
        return None
    for at, word in enumerate(words):
        if word == "-1" and names[at] in LEVELS:
            numbers[at] = -1
        elif word == "-1":
            return None
    return numbers


@lru_cache(64)  # four times as many as a kernel has, and every host of a fleet has the same
def _names(head: str) -> _Names | None:
    """Return what a line of names says, None if it is no such line."""
    protocol, colon, rest = head.partition(":")
    words = rest.split()
    if not colon or not protocol.isalnum() or not all(word[0].isalpha() for word in words):
        return None
    return _Names(f"{protocol}:", tuple([f"{protocol}.{word}" for word in words]))


def _line_by_line(text: str, path: str, problems: list[ParseError]) -> dict[str, int]:
    """Return the values of those protocols that read, and add what is wrong with the others."""
    values: dict[str, int] = {}
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
    return values


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
