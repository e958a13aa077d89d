"""/proc/net/softnet_stat: one row of hexadecimal words per online CPU, without names.

Kernel: net/core/net-procfs.c, softnet_seq_show() (before 3.11 net/core/dev.c). Words are only
ever appended: 9 up to 2.6.34, 10 with received_rps, 11 with flow_limit_count (3.11), 13 with
backlog length and CPU (5.10), 15 with both queue lengths (6.4). So a word's place is its name,
and the number of words, not the version, tells what is there.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from netrx_tune.collectors.text import (
    columns_of_32_bits,
    hexadecimal,
    numbered,
)
from netrx_tune.model.errors import ParseError
from netrx_tune.model.snapshot import SoftnetCpu

LEAST_WORDS = 9
_PROCESSED, _DROPPED, _TIME_SQUEEZE = 0, 1, 2
_RECEIVED_RPS, _FLOW_LIMIT_COUNT, _BACKLOG_LENGTH, _CPU = 9, 10, 11, 12
_FIELDS = {
    _PROCESSED: "processed",
    _DROPPED: "dropped",
    _TIME_SQUEEZE: "time_squeeze",
    _RECEIVED_RPS: "received_rps",
    _FLOW_LIMIT_COUNT: "flow_limit_count",
    _BACKLOG_LENGTH: "backlog_length",
    _CPU: "cpu",
}


_ROW = partial(tuple.__new__, SoftnetCpu)  # _make() but for counting what is seven


def parse_softnet_stat(
    text: str,
    path: str = "/proc/net/softnet_stat",
) -> tuple[SoftnetCpu, ...]:
    """Return one row per online CPU, in the file's order.

    Raises:
        ParseError: no row, a word that is no 32-bit hexadecimal, or a row that is cut off.
    """
    table = columns_of_32_bits(text)
    if table and table[0] >= LEAST_WORDS:
        return _rows(*table)
    numbers: list[int] = []
    columns = 0
    for number, line in numbered(text):
        words = line.split()
        columns = columns or max(LEAST_WORDS, len(words))
        if len(words) != columns:
            raise ParseError(f"{path}:{number}", f"expected {columns} words", line)
        numbers += _one_by_one(words, f"{path}:{number}")
    if not numbers:
        raise ParseError(path, "expected a row per CPU", text)
    return _rows(columns, numbers)


def _one_by_one(words: list[str], place: str) -> tuple[int, ...]:
    """Return the words that have a name as numbers, 0 for the others."""
    return tuple(
        [
            hexadecimal(word, place, _FIELDS[at], digits=8) if at in _FIELDS else 0
            for at, word in enumerate(words)
        ]
    )


def _rows(columns: int, numbers: Sequence[int]) -> tuple[SoftnetCpu, ...]:
    """Return the rows of a table of so many columns."""
    rows = len(numbers) // columns

    def column(at: int, otherwise: int | None = None) -> Sequence[int | None]:
        return numbers[at::columns] if at < columns else [otherwise] * rows

    fields = (
        column(_CPU),
        column(_PROCESSED),
        column(_DROPPED),
        column(_TIME_SQUEEZE),
        column(_RECEIVED_RPS, 0),  # up to 2.6.34 there is no RPS, so nothing was received by it
        column(_FLOW_LIMIT_COUNT),
        column(_BACKLOG_LENGTH),
    )
    return tuple(map(_ROW, zip(*fields, strict=True)))


def from_decimals(text: str) -> str:
    """Return rows of decimals, as guides let awk write them, as the kernel has them."""
    rows = (
        " ".join(f"{int(word):08x}" for word in line.split()) for line in text.split("\n") if line
    )
    return "\n".join([*rows, ""])


def from_first_columns(text: str) -> str:
    """Return rows of which only the first words were kept with as many as the oldest kernel has.

    The words between the third and the tenth are 0 on every kernel of today.
    """
    rows = (line.rstrip(". ").split() for line in text.split("\n") if line)
    kept = (" ".join((row + ["00000000"] * LEAST_WORDS)[:LEAST_WORDS]) for row in rows)
    return "\n".join([*kept, ""])
