"""/proc/net/sockstat and sockstat6: sockets and their memory, by protocol.

TCP and UDP `mem` are pages of the whole host, also inside a namespace; `inuse` is the
namespace's; FRAG `memory` is bytes.

Kernel: net/ipv4/proc.c, sockstat_seq_show(); net/ipv6/proc.c, sockstat6_seq_show().
"""

from __future__ import annotations

from collections.abc import Iterator

from netrx_tune.collectors.text import Reading, signed, values_by_line
from netrx_tune.model.errors import ParseError


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

    def levels_of(line: str, place: str) -> Iterator[tuple[str, int]]:
        protocol, colon, rest = line.partition(":")
        words = rest.split()
        if not colon or not words or len(words) % 2:
            raise ParseError(place, "expected a protocol, names and values", line)
        for name, found in zip(words[::2], words[1::2], strict=True):
            yield f"{prefix}.{protocol}.{name}", signed(found, place, f"{protocol}.{name}")

    levels, gaps = values_by_line(text, path, levels_of)
    return Reading(levels=levels, gaps=gaps)
