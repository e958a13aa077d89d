"""CPU time of a watch, with few sockets and with many, quiet and with queues that stand.

The share is of one CPU over the interval, start-up left out: the difference to a run that does
not watch, divided by the interval.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from itertools import product

from tests.benchmarks.crowd import crowd
from tests.benchmarks.table import Row, show
from tests.benchmarks.timing import OURS, Run, alternate, cached_bytecode
from tests.live.syscalls import leave_netns

MOST_PERCENT = 2.0
MOST_LATE_SECONDS = 0.3
FEW, MANY = 1_000, 97_500
QUEUES = 20  # that hold something all the time, so that each look asks for them


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table; 1 if a limit is exceeded."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmarks watching", description=__doc__
    )
    parser.add_argument("--runs", type=int, default=2)
    parser.add_argument("--interval", type=float, default=5.0)
    options = parser.parse_args(arguments)
    leave_netns()
    seconds: float = options.interval
    commands = ((*OURS, "--interval", "0"), (*OURS, "--interval", f"{seconds:g}"))
    rows: list[Row] = []
    with cached_bytecode() as environment:
        for sockets, unread in product((FEW, MANY), (0, QUEUES)):
            with crowd(sockets, unread=unread):
                start, watch = alternate(commands, options.runs, environment)
            rows += _rows(sockets, unread, start, watch, seconds)
    return show(rows)


def _rows(sockets: int, unread: int, start: Run, watch: Run, seconds: float) -> Iterator[Row]:
    """Yield what a watch costs; promised is the share with few sockets, and the time with any."""
    what = f"{sockets:,} sockets, {unread} queues"
    percent = 100 * (watch.cpu_seconds - start.cpu_seconds) / seconds
    limit = MOST_PERCENT if sockets == FEW else None  # of many, one dump alone is more
    yield Row(f"CPU while watching, {what}", percent, " %", limit)
    late = watch.seconds - start.seconds - seconds
    yield Row(f"longer than the interval, {what}", late, " s", MOST_LATE_SECONDS)
