"""What each CPU did in the window, and when its backlog dropped: what tells a burst from overload.

Time in softirq is counted where the CPU handles packets, ksoftirqd's included.
Kernel: kernel/sched/cputime.c, account_system_time() and irqtime_account_process_tick().
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import pairwise
from types import MappingProxyType
from typing import NamedTuple

from netrx_tune.collectors.cpu_ticks import CpuTick, parse_cpu_ticks
from netrx_tune.collectors.paths import CPU_TICKS
from netrx_tune.collectors.text import decimals
from netrx_tune.model.errors import ParseError
from netrx_tune.model.snapshot import Delta, Snapshot
from netrx_tune.rxpath.delta import grown, softnet_pairs

_STAT = "/proc/stat"
IDLE, _IOWAIT, SOFTIRQ, _STEAL = 3, 4, 6, 7  # columns behind the CPU's name


class CpuLoad(NamedTuple):
    """Shares of the window that one CPU spent; the rest is programs and interrupts.

    `stolen` is what a hypervisor gave to others while this CPU had something to do.
    """

    softirq: float
    idle: float
    stolen: float = 0.0


class Overflow(NamedTuple):
    """A time in which one CPU's backlog went on dropping."""

    seconds: float
    dropped: int
    most_at_once: int  # processed and dropped from one look to the next but one
    softirq: float  # share of this time
    idle: float


def cpu_loads(delta: Delta) -> Mapping[int, CpuLoad]:
    """Return each CPU's load in the window; empty where nobody knows."""
    if delta.before is None:
        return {}
    return _loads(delta.before.files.get(_STAT, ""), delta.after.files.get(_STAT, ""))


@lru_cache(2)  # rules ask for it CPU by CPU
def _loads(earlier: str, later: str) -> Mapping[int, CpuLoad]:
    before, after = _times(earlier), _times(later)
    loads = {}
    for cpu, now in after.items():
        gone = [b - a for a, b in zip(before.get(cpu, ()), now, strict=False)]
        total = sum(gone)
        if len(gone) > SOFTIRQ and total > 0:
            stolen = gone[_STEAL] if len(gone) > _STEAL else 0
            idle = gone[IDLE] + gone[_IOWAIT]
            loads[cpu] = CpuLoad(gone[SOFTIRQ] / total, idle / total, stolen / total)
    return MappingProxyType(loads)


def cpu_numbers(delta: Delta) -> dict[int, int]:
    """Return the CPU of each row of softnet_stat, which numbers them itself from 5.10.

    Before, rows are the online CPUs in order; where nobody tells those, the row's number stands.
    """
    rows = [row for row, _, _ in softnet_pairs(delta)]
    if all(row.cpu is not None for row in delta.after.softnet or ()):
        return {row: row for row in rows}
    online = sorted(cpu_times(delta.after))
    return {row: online[row] if row < len(online) else row for row in rows}


def packets_by_cpu(delta: Delta) -> dict[int, int]:
    """Return how many packets each CPU handled, the most first."""
    numbers = cpu_numbers(delta)
    handled = {
        numbers[row]: grown(before.processed, after.processed, bits=32) or 0
        for row, before, after in softnet_pairs(delta)
    }
    return {cpu: handled[cpu] for cpu in sorted(handled, key=lambda cpu: -handled[cpu])}


def overflows(delta: Delta) -> dict[int, tuple[Overflow, ...]]:
    """Return each CPU's overflows that a live run watched; a watch that does not read is none."""
    text = delta.after.files.get(CPU_TICKS)
    if not text:
        return {}
    try:
        watched = parse_cpu_ticks(text)
    except ParseError:
        return {}
    return {cpu: tuple(map(_overflow, _episodes(ticks))) for cpu, ticks in watched.items()}


def cpu_times(snap: Snapshot) -> Mapping[int, tuple[int, ...]]:
    """Return each CPU's time by kind, guest time (which is in user time) left out."""
    return _times(snap.files.get(_STAT, ""))


@lru_cache(2)  # of both ends of a window: several rules ask for them
def _times(text: str) -> dict[int, tuple[int, ...]]:
    found = {}
    for line in text.partition("\nintr")[0].split("\n"):
        name, *words = line.split()[:9] or [""]
        if name.startswith("cpu") and name[3:].isdecimal():
            found[int(name[3:])] = tuple(decimals(words) or ()) if words else ()
    return found


def _episodes(ticks: Sequence[CpuTick]) -> Iterator[list[tuple[CpuTick, CpuTick]]]:
    """Yield runs of steps that all dropped."""
    run: list[tuple[CpuTick, CpuTick]] = []
    for step in pairwise(ticks):
        if step[1].dropped == step[0].dropped:
            continue
        if run and step[0] != run[-1][1]:
            yield run
            run = []
        run.append(step)
    if run:
        yield run


def _overflow(steps: list[tuple[CpuTick, CpuTick]]) -> Overflow:
    first, last = steps[0][0], steps[-1][1]
    total = max(1, last.total - first.total)
    arrived = [_arrived(a, b) for a, b in steps]
    pairs = [a + b for a, b in pairwise(arrived)]
    return Overflow(
        seconds=last.seconds - first.seconds,
        dropped=_grown(first.dropped, last.dropped),
        most_at_once=max(pairs or arrived),
        softirq=(last.softirq - first.softirq) / total,
        idle=(last.idle - first.idle) / total,
    )


def _arrived(before: CpuTick, after: CpuTick) -> int:
    return _grown(before.processed, after.processed) + _grown(before.dropped, after.dropped)


def _grown(before: int, after: int) -> int:
    """Return an increase within the watch, in which a counter of 32 bits may wrap."""
    return (after - before) % (1 << 32)
