"""Lines of the kernel's log that count a loss which nothing else in a text may count.

    [12345.678] nf_conntrack: nf_conntrack: table full, dropping packet

The line stands for one packet at least: the kernel writes only a few of them each second.
Kernel: net/netfilter/nf_conntrack_core.c, __nf_conntrack_alloc().
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from netrx_tune.collectors.text import Reading, numbered

PATH = "/netrx/log"
LINE = (
    r"(?=.*conntrack: table full)"  # which few lines have, and is soon told
    r"(?:.*(?:[\]>:]|\d) +)?(?:nf_conntrack: |ip_conntrack: ){1,2}"
    r"table full(?: in netns \d+)?, dropping packet\.?"
)
TABLE_FULL = "log.conntrack_table_full"
# The path of a gap that is a line of a log among counters; its detail is what explains it.
OTHER_LINE = "a line of a log"
# Requests for a buffer that were cut, as programs told of them in their logs.
REQUESTS = "/netrx/requests"
_REQUEST = re.compile(r"^(\d{1,18})\t(\d{0,18})\t(.+)$", re.MULTILINE)


class Request(NamedTuple):
    """What a program asked for, and what it says that it got, if it does."""

    wanted_bytes: int
    got_bytes: int | None
    title: str

    @property
    def line(self) -> str:
        """Return the request as `requests_of` reads it."""
        return f"{self.wanted_bytes}\t{self.got_bytes or ''}\t{self.title}\n"


def requests_of(text: str) -> Iterator[Request]:
    """Yield the requests of a text whose lines `Request.line` wrote."""
    for found in _REQUEST.finditer(text):
        yield Request(int(found[1]), int(found[2]) if found[2] else None, found[3])


def parse_log(text: str, _path: str = PATH) -> Reading:
    """Return how many such lines there are, as a level: a log may be cut off at any place."""
    return Reading(levels={TABLE_FULL: sum(1 for _ in numbered(text))})
