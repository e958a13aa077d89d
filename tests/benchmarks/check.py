"""Snapshots that `check` judges in a second, and the memory that many of them take.

The rate is that of a healthy host of 64 CPUs, two cards of 64 queues and 100 sockets, decompression
and the line of JSON included, with the extra "speed" and without it; beside it stand one with
one card and 20 sockets, and one with eight cards and 300. How fast this machine is, Python's
tarfile tells, which reads the members of the same archives and does nothing with them. Figures are
medians of runs that take turns. Memory is that of the largest process, over small snapshots: what
grows with their number is not in them.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from netrx_tune.host.save import write_snapshot
from tests.benchmarks.big_host import big_host
from tests.benchmarks.table import Row, show
from tests.benchmarks.timing import REPOSITORY, alternate, cached_bytecode, run
from tests.saved import archive

MOST_GROWTH_MEGABYTES = 32.0
_DISTINCT = 8
_RUNS = 9  # short ones, since a virtual machine's speed goes up and down in some seconds
_TARFILE_TIMES = 10


class _Host(NamedTuple):
    cards: int
    sockets: int
    most_milliseconds: float | None  # of CPU time to judge it
    most_of_tarfile: float | None  # what that is of the time that tarfile takes to read it


_SMALL = _Host(1, 20, 4.0, None)
_USUAL = _Host(2, 100, 4.0, 4 / 15)  # 250 a second on each core, where tarfile takes 15 ms
_MANY_CARDS = _Host(8, 300, None, None)
_CHECK = ("check", "--fail-on", "never", "--format", "jsonl", "-q")
_COMMAND = (sys.executable, "-m", "netrx_tune", *_CHECK)
_WITHOUT_EXTRA = """
import sys
sys.modules.update(deflate=None, orjson=None)
from netrx_tune.cli import main
main(sys.argv[1:])
"""
_PLAIN = (sys.executable, "-c", _WITHOUT_EXTRA, *_CHECK)
_TARFILE = """
import sys, tarfile
for path in sys.argv[1:]:
    with tarfile.open(path) as archive:
        for member in archive:
            archive.extractfile(member).read()
"""
# A process's peak begins with that of the one it was forked from, so a small one starts it.
_STARTER = (
    "import os, sys; pid = os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ);"
    " print(os.wait4(pid, 0)[2].ru_maxrss, file=sys.stderr)"
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table; 1 if a limit is exceeded."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks check", description=__doc__)
    parser.add_argument("--snapshots", type=int, default=200)
    parser.add_argument("--most", type=int, default=100_000, help="of the curve of memory")
    options = parser.parse_args(arguments)
    with cached_bytecode() as environment, TemporaryDirectory() as folder:
        rows = (
            *_rates(Path(folder) / "few", options.snapshots, environment, _SMALL),
            *_rates(Path(folder) / "large", options.snapshots, environment, _USUAL),
            *_rates(Path(folder) / "largest", options.snapshots, environment, _MANY_CARDS),
            *_curve(Path(folder) / "small", options.most, environment),
        )
        return show(rows)


def _rates(
    folder: Path, count: int, environment: Mapping[str, str], host: _Host
) -> tuple[Row, ...]:
    """Return the time of one snapshot, from what `count` take more than a few."""
    folder.mkdir()
    for seed in range(_DISTINCT):
        write_snapshot(
            str(folder / f"{seed}.tar.gz"),
            big_host(seed=seed, cards=host.cards, sockets=host.sockets),
            "0",
        )
    originals = sorted(folder.iterdir())
    size = sum(one.stat().st_size for one in originals) / len(originals)
    paths = [*map(str, originals)]
    few_inputs = ("--jobs", "1", str(_linked(originals, folder / "a", _DISTINCT)))
    more_inputs = ("--jobs", "1", str(_linked(originals, folder / "b", _DISTINCT + count)))
    tarfile = (sys.executable, "-c", _TARFILE, *paths)
    few, more, few_plain, more_plain, once, again = alternate(
        (
            (*_COMMAND, *few_inputs),
            (*_COMMAND, *more_inputs),
            (*_PLAIN, *few_inputs),
            (*_PLAIN, *more_inputs),
            tarfile,
            (*tarfile, *paths * _TARFILE_TIMES),
        ),
        _RUNS,
        environment,
    )
    cores = len(os.sched_getaffinity(0))
    all_cores = run((*_COMMAND, "--jobs", str(cores), str(folder / "b")), environment)
    each = (more.cpu_seconds - few.cpu_seconds) / count
    plain = (more_plain.cpu_seconds - few_plain.cpu_seconds) / count
    by_tarfile = (again.cpu_seconds - once.cpu_seconds) / (_TARFILE_TIMES * len(paths))
    return (
        Row(f"64 CPUs, {host.cards} cards, {host.sockets} sockets, packed", size / 1000, " kB"),
        Row("CPU time to judge one", each * 1000, " ms", host.most_milliseconds),
        Row("without the extra speed", plain * 1000, " ms"),
        Row("tarfile's, to read it", by_tarfile * 1000, " ms"),
        Row("ours, of tarfile's", each / by_tarfile, " times", host.most_of_tarfile),
        Row("snapshots a second and core", 1 / each, ""),
        Row(f"snapshots a second, {cores} cores", (_DISTINCT + count) / all_cores.seconds, ""),
        Row("peak memory", _peak(folder / "b", environment), " MB"),
    )


def _curve(folder: Path, most: int, environment: Mapping[str, str]) -> list[Row]:
    """Return the peak memory of 100 inputs, and what ten times as many add, up to `most`."""
    originals = [Path(archive(folder / f"{n}.tar.gz", lost=5 * n)) for n in range(_DISTINCT)]
    rows: list[Row] = []
    count, first = 100, 0.0
    while count <= most:
        inputs = _linked(originals, folder / str(count), count)
        peak = _peak(inputs, environment)
        if first:
            grown = peak - first
            rows.append(Row(f"more for {count:,}", grown, " MB", MOST_GROWTH_MEGABYTES))
        else:
            first = peak
            rows.append(Row(f"peak memory, {count:,} small inputs", peak, " MB"))
        count *= 10
    return rows


def _linked(originals: Sequence[Path], folder: Path, count: int) -> Path:
    """Fill a folder with so many links to a few archives, and return it."""
    folder.mkdir()
    for number in range(count):
        os.link(originals[number % len(originals)], folder / f"{number:06}.tar.gz")
    return folder


def _peak(folder: Path, environment: Mapping[str, str]) -> float:
    """Return the megabytes of the largest process of a run on all cores."""
    command = (sys.executable, "-I", "-S", "-c", _STARTER, *_COMMAND, str(folder))
    got = subprocess.run(
        command,
        cwd=REPOSITORY,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        check=True,
    )
    return int(got.stderr) / 1000
