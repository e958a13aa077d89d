"""CPU time of a watch, with few sockets and with many, quiet and with queues that stand.

The share is of one CPU over the interval, start-up left out: the difference to a run that does
not watch, divided by the interval.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence

from tests.benchmarks.crowd import crowd
from tests.benchmarks.table import Row, show
from tests.benchmarks.timing import OURS, alternate
from tests.live.syscalls import leave_netns

MOST_PERCENT = 2.0
MOST_LATE_SECONDS = 0.3
FEW, MANY = 1_000, 97_500


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table; 1 if a limit is exceeded."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmarks watching", description=__doc__
    )
    parser.add_argument("--runs", type=int, default=2)
    parser.add_argument("--interval", type=float, default=5.0)
    options = parser.parse_args(arguments)
    leave_netns()
    rows: list[Row] = []
    for sockets, unread in ((FEW, 0), (FEW, 20), (MANY, 0), (MANY, 20)):
        with crowd(sockets, unread=unread):
            rows += _rows(f"{sockets:,} sockets, {unread} queues", options.runs, options.interval)
    return show(rows)


def _rows(what: str, runs: int, interval: float) -> Iterator[Row]:
    """Yield what a watch costs; promised is the share with few sockets, and the time with any."""
    commands = ((*OURS, "--interval", "0"), (*OURS, "--interval", f"{interval:g}"))
    start, watch = alternate(commands, runs)
    percent = 100 * (watch.cpu_seconds - start.cpu_seconds) / interval
    late = watch.seconds - start.seconds - interval
    yield Row(f"CPU while watching, {what}", percent, " %", MOST_PERCENT)
    yield Row(f"longer than the interval, {what}", late, " s", MOST_LATE_SECONDS)
