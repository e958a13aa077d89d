"""The watch: how the queues of the sockets that matter moved, tick by tick.

Not a kernel file but written like one, so that a saved snapshot keeps what was seen:

    seconds inode unread_bytes rmem_alloc_bytes rcvbuf_bytes drops run_ns wait_ns
    0.010 4711 212480 212992 212992 17 20000000 150000

A socket that is idle and has no drops has no line; `run_ns` and `wait_ns` are those of the
process that reads it (/proc/PID/task/*/schedstat summed), or "-" where nobody was found. A line
of only the seconds is a tick in which no socket mattered.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from netrx_tune.collectors.paths import TICKS
from netrx_tune.model.errors import ParseError

_COLUMNS = 8


class Tick(NamedTuple):
    """One socket at one moment of the watch."""

    seconds: float
    inode: int
    unread_bytes: int
    rmem_alloc_bytes: int
    rcvbuf_bytes: int
    drops: int
    run_ns: int | None
    wait_ns: int | None


class Watch(NamedTuple):
    """All moments in order, and the lines of each socket."""

    moments: tuple[float, ...]
    sockets: dict[int, tuple[Tick, ...]]  # by inode


def parse_ticks(text: str, path: str = TICKS) -> Watch:
    """Return the watch that a sample holds.

    Raises:
        ParseError: a line that is not of the form above.
    """
    moments: list[float] = []
    sockets: dict[int, list[Tick]] = {}
    for number, line in enumerate(text.splitlines(), 1):
        words = line.split()
        if len(words) not in {1, _COLUMNS}:
            raise ParseError(f"{path}:{number}", "expected 1 or 8 columns", line)
        try:
            seconds = float(words[0])
            tick = _tick(seconds, words) if len(words) == _COLUMNS else None
        except ValueError as error:
            raise ParseError(f"{path}:{number}", "expected numbers", line) from error
        if not moments or moments[-1] != seconds:
            moments.append(seconds)
        if tick:
            sockets.setdefault(tick.inode, []).append(tick)
    return Watch(tuple(moments), {inode: tuple(ticks) for inode, ticks in sockets.items()})


def _tick(seconds: float, words: list[str]) -> Tick:
    run_ns, wait_ns = (None if word == "-" else int(word) for word in words[6:8])
    inode, unread, rmem, rcvbuf, drops = map(int, words[1:6])
    return Tick(seconds, inode, unread, rmem, rcvbuf, drops, run_ns, wait_ns)


def render_ticks(moments: Iterable[tuple[float, Iterable[Tick]]]) -> str:
    """Return the text of a watch, the inverse of parse_ticks()."""
    lines: list[str] = []
    for seconds, ticks in moments:
        lines.append(f"{seconds:.4f}")
        lines.extend(_line(tick) for tick in ticks)
    return "\n".join(lines) + "\n" if lines else ""


def _line(tick: Tick) -> str:
    words = ("-" if word is None else str(word) for word in tick[1:])
    return f"{tick.seconds:.4f} {' '.join(words)}"
