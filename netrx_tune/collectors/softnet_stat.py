"""/proc/net/softnet_stat: one row of hexadecimal words per online CPU, without names.

Kernel: net/core/net-procfs.c, softnet_seq_show() (before 3.11 net/core/dev.c). Words are only
ever appended: 9 up to 2.6.34, 10 with received_rps, 11 with flow_limit_count (3.11), 13 with
backlog length and CPU (5.10), 15 with both queue lengths (6.4). So a word's place is its name,
and the number of words, not the version, tells what is there.
"""

from __future__ import annotations

from netrx_tune.collectors.text import hexadecimal, numbered
from netrx_tune.model.errors import ParseError
from netrx_tune.model.snapshot import SoftnetCpu

LEAST_WORDS = 9
_PROCESSED, _DROPPED, _TIME_SQUEEZE = 0, 1, 2
_RECEIVED_RPS, _FLOW_LIMIT, _BACKLOG, _CPU = 9, 10, 11, 12


def parse_softnet_stat(
    text: str,
    path: str = "/proc/net/softnet_stat",
) -> tuple[SoftnetCpu, ...]:
    """Return one row per online CPU, in the file's order.

    Raises:
        ParseError: no row, a word that is no 32-bit hexadecimal, or a row that is cut off.
    """
    rows: list[SoftnetCpu] = []
    columns = 0
    for number, line in numbered(text):
        words = line.split()
        columns = columns or max(LEAST_WORDS, len(words))
        if len(words) != columns:
            raise ParseError(f"{path}:{number}", f"expected {columns} words", line)
        rows.append(_row(words, f"{path}:{number}"))
    if not rows:
        raise ParseError(path, "expected a row per CPU", text)
    return tuple(rows)


def _row(words: list[str], place: str) -> SoftnetCpu:
    """Return one CPU's row."""

    def word(at: int, field: str) -> int:
        return hexadecimal(words[at], place, field, digits=8)

    def later(at: int, field: str) -> int | None:
        return word(at, field) if at < len(words) else None

    return SoftnetCpu(
        cpu=later(_CPU, "cpu"),
        processed=word(_PROCESSED, "processed"),
        dropped=word(_DROPPED, "dropped"),
        time_squeeze=word(_TIME_SQUEEZE, "time_squeeze"),
        # Up to 2.6.34 there is no RPS, so nothing was received by it.
        received_rps=later(_RECEIVED_RPS, "received_rps") or 0,
        flow_limit_count=later(_FLOW_LIMIT, "flow_limit_count"),
        backlog_length=later(_BACKLOG, "backlog_length"),
    )
