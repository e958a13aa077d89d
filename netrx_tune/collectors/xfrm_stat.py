"""/proc/net/xfrm_stat: what IPsec refused.

Kernel: net/xfrm/xfrm_proc.c, xfrm_statistics_seq_show().
"""

from __future__ import annotations

from collections.abc import Iterator

from netrx_tune.collectors.text import Reading, decimal, values_by_line
from netrx_tune.model.errors import ParseError


def parse_xfrm_stat(text: str, path: str = "/proc/net/xfrm_stat") -> Reading:
    """Return counters as "xfrm.XfrmInPolBlock".

    A line that does not read is a gap; the others stand.

    Raises:
        ParseError: there is no line that reads.
    """
    counters, gaps = values_by_line(text, path, _counter)
    return Reading(counters=counters, gaps=gaps)


def _counter(line: str, place: str) -> Iterator[tuple[str, int]]:
    """Yield the counter of a line."""
    words = line.split()
    if len(words) != 2:
        raise ParseError(place, "expected a name and a value", line)
    yield f"xfrm.{words[0]}", decimal(words[1], place, words[0])
