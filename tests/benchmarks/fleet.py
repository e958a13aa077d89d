"""Many snapshots on a local Dask cluster, against the process pool on the same cores.

Each is a snapshot of a 64-CPU host under a name of its own; both runs include their start. With
four cores or more, four workers are held against one; with fewer, as many as there are.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from netrx_tune.host.save import write_snapshot
from tests.benchmarks.big_host import big_host
from tests.benchmarks.table import Row, show
from tests.benchmarks.timing import alternate, cached_bytecode

MOST_TIMES = 1.25
LEAST_SPEEDUP = 3.2  # of four workers


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table; 1 if a limit is exceeded."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks fleet", description=__doc__)
    parser.add_argument("--snapshots", type=int, default=4000)
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args(arguments)
    cores = min(4, len(os.sched_getaffinity(0)))
    with TemporaryDirectory() as scratch, cached_bytecode() as environment:
        folder = Path(scratch) / "in"
        _fill(folder, options.snapshots)
        commands = (
            _command(folder, cores),
            _command(folder, cores, "--scheduler", "local"),
            _command(folder, 1, "--scheduler", "local"),
        )
        pool, dask, one = alternate(commands, options.runs, environment)
    # A limit is "at most", so the speed-up is held as what four workers need of one's time.
    limit = 1 / LEAST_SPEEDUP if cores >= 4 else None
    return show(
        (
            Row(f"process pool, {cores} workers", pool.seconds, " s"),
            Row("the same, snapshots a second and worker", _rate(options, pool.seconds, cores), ""),
            Row(f"local Dask, {cores} workers", dask.seconds, " s"),
            Row("time, in times of the pool's", dask.seconds / pool.seconds, "", MOST_TIMES),
            Row("CPU, in times of the pool's", dask.cpu_seconds / pool.cpu_seconds, ""),
            Row("local Dask, 1 worker", one.seconds, " s"),
            Row(
                f"time of {cores} workers, in times of one's", dask.seconds / one.seconds, "", limit
            ),
            Row("peak memory of the client", dask.peak_bytes / 1e6, " MB"),
        )
    )


def _fill(folder: Path, snapshots: int) -> None:
    folder.mkdir()
    first = folder / "host0.tar.gz"
    write_snapshot(str(first), big_host(), "0.1.0")
    for number in range(1, snapshots):
        (folder / f"host{number}.tar.gz").hardlink_to(first)


def _command(folder: Path, jobs: int, *more: str) -> tuple[str, ...]:
    check = ("check", str(folder), "--format", "jsonl", "--fail-on", "never", "--quiet")
    return (sys.executable, "-m", "netrx_tune", *check, "--jobs", str(jobs), *more)


def _rate(options: argparse.Namespace, seconds: float, cores: int) -> float:
    rate: float = options.snapshots / seconds / cores
    return rate
