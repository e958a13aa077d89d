"""/proc/net/stat/rt_cache and nf_conntrack: a row of hexadecimal words per possible CPU.

Each row wraps by itself at 2**32, so rows stay apart. The first word, `entries`, is the
namespace's own total, repeated on every row.

Kernel: net/ipv4/route.c, rt_cpu_seq_show(); net/netfilter/nf_conntrack_standalone.c,
ct_cpu_seq_show().
"""

from __future__ import annotations

from collections.abc import Callable

from netrx_tune.collectors.text import Reading, hexadecimal, numbered
from netrx_tune.model.errors import ParseError

_ENTRIES = "entries"


def parse_rt_cache(text: str, path: str = "/proc/net/stat/rt_cache") -> Reading:
    """Return rows as "rt_cache.in_martian_src", one number per CPU.

    Raises:
        ParseError: no row, a row that is cut off, or a word that is no hexadecimal.
    """
    return parse_cpu_rows(text, path, lambda word: f"rt_cache.{word}")


def parse_cpu_rows(text: str, path: str, name: Callable[[str], str]) -> Reading:
    """Return the columns of such a file by `name` of their header's word."""
    header: list[str] = []
    rows: list[list[int]] = []
    for number, line in numbered(text):
        words = line.split()
        if not header:
            header = words
        elif len(words) != len(header):
            raise ParseError(f"{path}:{number}", f"expected {len(header)} words", line)
        else:
            rows.append(_row(words, f"{path}:{number}", header))
    if not rows or header[0] != _ENTRIES:
        raise ParseError(path, "expected a header with entries and a row per CPU", text)
    columns = list(zip(*rows, strict=True))
    per_cpu = {name(word): column for word, column in zip(header, columns, strict=True)}
    entries = per_cpu.pop(name(_ENTRIES))
    return Reading(levels={name(_ENTRIES): entries[0]}, per_cpu=per_cpu)


def _row(words: list[str], place: str, header: list[str]) -> list[int]:
    """Return the numbers of one CPU."""
    return [
        hexadecimal(word, place, column, digits=8)
        for word, column in zip(words, header, strict=True)
    ]
