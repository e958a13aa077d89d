"""/proc/net/xfrm_stat: what IPsec refused.

Kernel: net/xfrm/xfrm_proc.c, xfrm_statistics_seq_show().
"""

from __future__ import annotations

from collections.abc import Iterator

from netrx_tune.collectors.text import Reading, name_and_value, names_and_values, values_by_line


def parse_xfrm_stat(text: str, path: str = "/proc/net/xfrm_stat") -> Reading:
    """Return counters as "xfrm.XfrmInPolBlock".

    A line that does not read is a gap; the others stand.

    Raises:
        ParseError: there is no line that reads.
    """
    found = names_and_values(text)
    if found is not None:
        names, values = found
        return Reading(counters=dict(zip(map("xfrm.".__add__, names), values, strict=True)))
    counters, gaps = values_by_line(text, path, _counter)
    return Reading(counters=counters, gaps=gaps)


def _counter(line: str, place: str) -> Iterator[tuple[str, int]]:
    """Yield the counter of a line."""
    name, value = name_and_value(line, place)
    yield f"xfrm.{name}", value
