"""Watching the backlogs and their CPUs during the interval, at a small and bounded cost.

A look reads softnet_stat and stat from files that stay open; on a large host, where that takes
milliseconds, there are fewer looks.
"""

from __future__ import annotations

import os
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from netrx_tune.collectors.cpu_ticks import CpuTick, render_cpu_ticks
from netrx_tune.collectors.paths import CPU_TICKS
from netrx_tune.host.source import Tree
from netrx_tune.host.span import Span

_PERIOD_SECONDS = 0.1
_SHARE = 0.001  # of one CPU
_MOST_LINES = 4_000  # of one CPU, the latest: a watch may last for hours
_CHUNK_BYTES = 1 << 17
_PAGE_BYTES = 3_600  # a page of 4,096 less what is too short for one more row
_CPU_COLUMN = 12  # of softnet_stat, from 5.10; without it, rows are online CPUs in order
_USER, _IDLE, _IOWAIT, _SOFTIRQ, _GUEST = 1, 4, 5, 7, 9  # words of a line of /proc/stat


class _Look(NamedTuple):
    """One moment, as the files have it."""

    seconds: float
    softnet: bytes
    stat: bytes


class CpuWatch:
    """A span in whose pauses the CPUs are looked at; close() gives the files back."""

    def __init__(self, tree: Tree, span: Span) -> None:
        self._span = span
        self._began = time.monotonic()
        self._softnet = tree.keep_open("/proc/net/softnet_stat")
        self._stat = tree.keep_open("/proc/stat")
        self._next = 0.0
        self._before: _Look | None = None
        self._kept: dict[int, deque[CpuTick]] = {}

    def begin(self) -> None:
        """Begin: the first sample is taken."""
        self._span.begin()

    def wait(self, seconds: float) -> bool:
        """Let time pass with looks in between; return False once the span has ended."""
        until = time.monotonic() + seconds
        while (now := time.monotonic()) < until:
            if now >= self._next:
                self._look()
            elif not self._span.wait(min(until, self._next) - now):
                return False
        return True

    def files(self) -> dict[str, str]:
        """Return the CPUs that dropped as a sample's file, none if no CPU did."""
        self._look()
        text = render_cpu_ticks(tick for ticks in self._kept.values() for tick in ticks)
        return {CPU_TICKS: text} if text else {}

    def close(self) -> None:
        """Close the files."""
        for file in (self._softnet, self._stat):
            if file is not None:
                os.close(file)

    def _look(self) -> None:
        if self._softnet is None or self._stat is None:
            self._next = float("inf")
            return
        cost = time.thread_time()
        now = time.monotonic()
        try:
            self._add(_Look(now - self._began, _read(self._softnet), _read(self._stat)))
        except (OSError, ValueError, LookupError):
            self._next = float("inf")  # no such columns: the samples still stand
            return
        self._next = now + max(_PERIOD_SECONDS, (time.thread_time() - cost) / _SHARE)

    def _add(self, look: _Look) -> None:
        """Take two looks apart where a queue dropped in between; hardly any does."""
        before, self._before = self._before, look
        if before is None or _dropped(before) == _dropped(look):
            return
        for was, now in zip(_ticks(before), _ticks(look), strict=True):
            if was.dropped != now.dropped:
                self._keep(was, now)

    def _keep(self, before: CpuTick, tick: CpuTick) -> None:
        kept = self._kept.setdefault(tick.cpu, deque(maxlen=_MOST_LINES))
        if not kept or kept[-1] != before:
            kept.append(before)
        kept.append(tick)


@contextmanager
def watch_cpus(tree: Tree, span: Span) -> Iterator[CpuWatch]:
    """Have the CPUs watched while a span passes."""
    watch = CpuWatch(tree, span)
    try:
        yield watch
    finally:
        watch.close()


def _dropped(look: _Look) -> list[bytes]:
    return [line[9:17] for line in look.softnet.splitlines()]


def _ticks(look: _Look) -> list[CpuTick]:
    times = _times(look.stat)
    online = list(times)
    ticks = []
    for row, line in enumerate(look.softnet.splitlines()):
        words = line.split()
        cpu = int(words[_CPU_COLUMN], 16) if len(words) > _CPU_COLUMN else online[row]
        counts = int(words[0], 16), int(words[1], 16)
        ticks.append(CpuTick(look.seconds, cpu, *counts, *times[cpu]))
    return ticks


def _times(stat: bytes) -> dict[int, tuple[int, int, int]]:
    """Return softirq, idle and total time of each CPU; guest time is in user time already."""
    found = {}
    for line in stat[: stat.find(b"\nintr ")].splitlines():
        words = line.split()
        if words[0] != b"cpu":
            times = [int(word) for word in words[_USER:_GUEST]]
            idle = times[_IDLE - 1] + times[_IOWAIT - 1]
            found[int(words[0][3:])] = (times[_SOFTIRQ - 1], idle, sum(times))
    return found


def _read(file: int) -> bytes:
    """Return a file's whole text: softnet_stat gives one page at a time."""
    text = part = os.pread(file, _CHUNK_BYTES, 0)
    while len(part) >= _PAGE_BYTES:
        part = os.pread(file, _CHUNK_BYTES, len(text))
        text += part
    return text
