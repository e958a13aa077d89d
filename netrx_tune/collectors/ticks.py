"""The watch: how the queues of the sockets that matter moved, tick by tick.

Not a kernel file but written like one, so that a saved snapshot keeps what was seen:

    seconds udp_read udp_full
    seconds inode unread rmem_alloc rcvbuf drops run_ns wait_ns slices states throttled_ns
    0.0100 81000 17
    0.0100 4711 212480 212992 212992 17 20000000 150000 12 S -

The line of two counters opens a tick: datagrams that the namespace's programs read so far, and
that met a full buffer (InDatagrams and RcvbufErrors of Udp and Udp6). A socket has no line until
it holds a queue or drops; from then on one in each tick that looked at it, of only seconds and
inode where it is idle again. The last five columns are of the process that reads it: the
threads' /proc/PID/task/*/schedstat summed, their states, and for how long its control group was
kept from the CPU by a quota. "-" stands for what nobody knows. Earlier files have a first line
of only the seconds, no columns after wait_ns, and no lines of idle sockets.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from netrx_tune.collectors.paths import TICKS
from netrx_tune.model.errors import ParseError

_EARLIER_COLUMNS = 8
_COLUMNS = 11


class Tick(NamedTuple):
    """One socket at one moment of the watch."""

    seconds: float
    inode: int
    unread_bytes: int
    rmem_alloc_bytes: int
    rcvbuf_bytes: int
    drops: int
    run_ns: int | None = None
    wait_ns: int | None = None
    slices: int | None = None  # times that its threads were put on a CPU
    states: str | None = None  # one letter for each thread, as in /proc/PID/stat
    throttled_ns: int | None = None


class Counts(NamedTuple):
    """What the namespace's UDP counters were at one moment."""

    read: int
    full: int


class Watch(NamedTuple):
    """All moments in order, the lines of each socket, and the counters where they are known."""

    moments: tuple[float, ...]
    sockets: dict[int, tuple[Tick, ...]]  # by inode
    counts: dict[float, Counts] = {}  # noqa: RUF012 - by moment; nobody writes to it


def parse_ticks(text: str, path: str = TICKS) -> Watch:
    """Return the watch that a sample holds."""
    moments: list[float] = []
    sockets: dict[int, list[Tick]] = {}
    counts: dict[float, Counts] = {}
    for number, line in enumerate(text.splitlines(), 1):
        words = line.split()
        try:
            seconds = float(words[0])
            if len(words) in {_EARLIER_COLUMNS, _COLUMNS}:
                tick = _tick(seconds, words)
                sockets.setdefault(tick.inode, []).append(tick)
            elif len(words) == 2:
                before = sockets[int(words[1])]
                before.append(_idle(seconds, before[-1]))
            elif len(words) == 3:
                counts[seconds] = Counts(int(words[1]), int(words[2]))
            elif len(words) != 1:
                raise ParseError(f"{path}:{number}", "expected 1, 2, 3, 8 or 11 columns", line)
        except (ValueError, LookupError) as error:
            raise ParseError(f"{path}:{number}", "expected numbers", line) from error
        if not moments or moments[-1] != seconds:
            moments.append(seconds)
    ticks = {inode: tuple(found) for inode, found in sockets.items()}
    return Watch(tuple(moments), ticks, counts)


def _tick(seconds: float, words: list[str]) -> Tick:
    inode, unread, rmem, rcvbuf, drops = map(int, words[1:6])
    known = [None if word == "-" else word for word in [*words[6:], "-", "-", "-"][:5]]
    run, wait, slices, throttled = (
        None if known[n] is None else int(known[n] or 0) for n in (0, 1, 2, 4)
    )
    return Tick(seconds, inode, unread, rmem, rcvbuf, drops, run, wait, slices, known[3], throttled)


def _idle(seconds: float, before: Tick) -> Tick:
    """Return a socket's tick without a queue and without new drops."""
    return Tick(seconds, before.inode, 0, 0, before.rcvbuf_bytes, before.drops)


def render_ticks(
    moments: Iterable[tuple[float, Iterable[Tick]]], counts: Mapping[float, Counts] | None = None
) -> str:
    """Return the text of a watch, the inverse of parse_ticks()."""
    lines: list[str] = []
    last: dict[int, Tick] = {}
    for seconds, ticks in moments:
        known = (counts or {}).get(seconds)
        lines.append(f"{seconds:.4f}" + (f" {known.read} {known.full}" if known else ""))
        for tick in ticks:
            before = last.get(tick.inode)
            is_idle = before is not None and tick == _idle(tick.seconds, before)
            lines.append(f"{seconds:.4f} {tick.inode}" if is_idle else _line(tick))
            last[tick.inode] = tick
    return "\n".join(lines) + "\n" if lines else ""


def _line(tick: Tick) -> str:
    words = ("-" if word is None else str(word) for word in tick[1:])
    return f"{tick.seconds:.4f} {' '.join(words)}"
