"""/proc/net/stat/rt_cache and nf_conntrack: a row of hexadecimal words per possible CPU.

Each row wraps by itself at 2**32, so rows stay apart. The first word, `entries`, is the
namespace's own total, repeated on every row.

Kernel: net/ipv4/route.c, rt_cpu_seq_show(); net/netfilter/nf_conntrack_standalone.c,
ct_cpu_seq_show().
"""

from __future__ import annotations

from netrx_tune.collectors.text import (
    Reading,
    columns_of_32_bits,
    hexadecimal,
    numbered,
    remembered,
)
from netrx_tune.model.errors import ParseError

_ENTRIES = "entries"
_MODERN = {"clashres": "clash_resolve", "chainlength": "chaintoolong"}  # of nf_conntrack


def parse_rt_cache(text: str, path: str = "/proc/net/stat/rt_cache") -> Reading:
    """Return rows as "rt_cache.in_martian_src", one number per CPU."""
    return parse_cpu_rows(text, path, "rt_cache")


def parse_cpu_rows(text: str, path: str, file: str) -> Reading:
    """Return the columns of such a file by its name and their header's word."""
    first, _, table = text.partition("\n")
    header = first.split()
    found = columns_of_32_bits(table)
    if found and header[:1] == [_ENTRIES] and found[0] == len(header):
        return _reading(header, found[1], file)
    return _row_by_row(text, path, file)


def _row_by_row(text: str, path: str, file: str) -> Reading:
    """Read a file whose rows are not laid out alike, or say what is wrong with it."""
    header: list[str] = []
    rows = 0
    for number, line in numbered(text):
        words = line.split()
        if not header:
            header = words
        elif len(words) != len(header):
            raise ParseError(f"{path}:{number}", f"expected {len(header)} words", line)
        else:
            rows += 1
    if not rows or header[0] != _ENTRIES:
        raise ParseError(path, "expected a header with entries and a row per CPU", text)
    return _reading(header, _one_by_one(text, path, header), file)


def _reading(header: list[str], numbers: tuple[int, ...], file: str) -> Reading:
    """Return the columns of a table by their names."""
    names = _names(tuple(header), file)
    per_cpu = {full: numbers[at :: len(names)] for at, full in enumerate(names)}
    entries = per_cpu.pop(names[0])
    return Reading(levels={names[0]: entries[0]}, per_cpu=per_cpu)


@remembered(16)
def _names(header: tuple[str, ...], file: str) -> tuple[str, ...]:
    """Return what the columns are called: as netlink and conntrack(8) call them, where they do."""
    return tuple([f"{file}.{_MODERN.get(word, word)}" for word in header])


def _one_by_one(text: str, path: str, header: list[str]) -> tuple[int, ...]:
    """Return the numbers of all rows, or say which is none."""
    lines = numbered(text)
    next(lines)
    return tuple(
        [
            hexadecimal(word, f"{path}:{number}", column, digits=8)
            for number, line in lines
            for word, column in zip(line.split(), header, strict=True)
        ]
    )
