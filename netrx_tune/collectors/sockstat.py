"""/proc/net/sockstat and sockstat6: sockets and their memory, by protocol.

TCP and UDP `mem` are pages of the whole host, also inside a namespace; `inuse` is the
namespace's; FRAG `memory` is bytes.

Kernel: net/ipv4/proc.c, sockstat_seq_show(); net/ipv6/proc.c, sockstat6_seq_show().
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from netrx_tune.collectors.text import Reading, decimals, signed, values_by_line
from netrx_tune.model.errors import ParseError

_LONG = 2000  # characters; no kernel's, and not worth remembering
_VALUE = re.compile(r"(?<= )[0-9]+(?=[ \n])")


def parse_sockstat(text: str, path: str = "/proc/net/sockstat") -> Reading:
    """Return levels as "sockstat.UDP.mem".

    A line that does not read is a gap; the others stand.

    Raises:
        ParseError: there is no line that reads.
    """
    return _parse(text, path, "sockstat")


def parse_sockstat6(text: str, path: str = "/proc/net/sockstat6") -> Reading:
    """Return levels as "sockstat6.FRAG6.memory", as `parse_sockstat` does."""
    return _parse(text, path, "sockstat6")


def _parse(text: str, path: str, prefix: str) -> Reading:
    """Return the levels of either file."""
    if len(text) <= _LONG:
        names = _names(_VALUE.sub("", text), prefix)
        values = decimals(_VALUE.findall(text))
        if values and len(names) == len(values):
            return Reading(levels=dict(zip(names, values, strict=True)))

    def levels_of(line: str, place: str) -> Iterator[tuple[str, int]]:
        protocol, colon, rest = line.partition(":")
        words = rest.split()
        if not colon or not words or len(words) % 2:
            raise ParseError(place, "expected a protocol, names and values", line)
        for name, found in zip(words[::2], words[1::2], strict=True):
            yield f"{prefix}.{protocol}.{name}", signed(found, place, f"{protocol}.{name}")

    levels, gaps = values_by_line(text, path, levels_of)
    return Reading(levels=levels, gaps=gaps)


@lru_cache(16)
def _names(text: str, prefix: str) -> tuple[str, ...]:
    """Return what the values are called that were cut out of a file; none if it is no such file."""
    names: list[str] = []
    for line in text.removesuffix("\n").split("\n"):
        protocol, _, rest = line.partition(":")
        between, words = rest.split(" ")[::2], rest.split(" ")[1::2]
        if not words or any(between) or len(between) == len(words) or "" in (protocol, *words):
            return ()
        names += [f"{prefix}.{protocol}.{word}" for word in words]
    return tuple(names)
