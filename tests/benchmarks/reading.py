"""What reading and assembling one snapshot takes, by part: CPU time of one core, the median.

Two hosts of 64 CPUs, with a receive queue for each on every card: one of two cards and 60 sockets
that matter, for whose archive Python's tarfile alone takes 15 ms, and one of eight and 300.
"""

from __future__ import annotations

import argparse
import gc
import tarfile
import time
import zlib
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from netrx_tune.host.archive import read_snapshot
from netrx_tune.host.save import write_snapshot
from netrx_tune.planning.diagnosis import measure
from tests.benchmarks.big_host import big_host
from tests.benchmarks.table import Row, show

_GZIP = 31  # zlib's word for a gzip header and a window of 32 KiB
_HOSTS = ((2, 60), (8, 300))


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks reading", description=__doc__)
    parser.add_argument("--runs", type=int, default=101)
    options = parser.parse_args(arguments)
    gc.set_threshold(50_000)  # as the command has it
    rows: list[Row] = []
    with TemporaryDirectory() as folder:
        for cards, sockets in _HOSTS:
            path = f"{folder}/{cards}.tar.gz"
            write_snapshot(path, big_host(64, cards=cards, sockets=sockets), "0")
            rows += _rows(f"{cards} cards, {sockets} sockets", path, options.runs)
    return show(rows)


def _rows(host: str, path: str, runs: int) -> Iterator[Row]:
    packed = Path(path).read_bytes()
    samples = read_snapshot(path).samples
    parts: tuple[tuple[str, Callable[[], object]], ...] = (
        ("decompressing", partial(zlib.decompress, packed, _GZIP)),
        ("tarfile alone", partial(_members, path)),
        ("reading", partial(read_snapshot, path)),
        ("assembling and comparing", partial(measure, *samples, live=False, netns=None)),
    )
    for what, work in parts:
        yield Row(f"{host}: {what}", _milliseconds(work, runs), " ms")


def _members(path: str) -> int:
    with tarfile.open(path) as archive:
        return sum(1 for _ in archive)


def _milliseconds(work: Callable[[], object], runs: int) -> float:
    taken = []
    for _ in range(runs):
        began = time.thread_time()
        work()
        taken.append(time.thread_time() - began)
    return 1e3 * median(taken)
