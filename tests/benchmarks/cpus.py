"""What the per-CPU files of a host of 512 CPUs take to parse, against splitting their words."""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from statistics import median

from netrx_tune.collectors.interrupts import parse_interrupts
from netrx_tune.collectors.nf_conntrack import parse_nf_conntrack
from netrx_tune.collectors.rt_cache import parse_rt_cache
from netrx_tune.collectors.softnet_stat import parse_softnet_stat
from tests.benchmarks.table import Row, show

MOST_MILLISECONDS = 10.0
_INTERRUPTS = 64  # rows of 512 counts: a queue for every eighth CPU
_CONNTRACK = (
    "entries searched found new invalid ignore delete delete_list insert insert_failed drop"
    " early_drop icmp_error expect_new expect_create expect_delete search_restart"
)
_RT_CACHE = (
    "entries in_hit in_slow_tot in_slow_mc in_no_route in_brd in_martian_dst in_martian_src"
    " out_hit out_slow_tot out_slow_mc gc_total gc_ignored gc_goal_miss gc_dst_overflow"
    " in_hlist_search out_hlist_search"
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table; 1 if a limit is exceeded."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks cpus", description=__doc__)
    parser.add_argument("--runs", type=int, default=21)
    parser.add_argument("--cpus", type=int, default=512)
    options = parser.parse_args(arguments)
    rows: list[Row] = []
    for path, text, parse in _files(options.cpus):
        ours = _milliseconds(partial(parse, text), options.runs)
        peer = _milliseconds(text.split, options.runs)
        rows.append(Row(f"{path}, {options.cpus} CPUs", ours, " ms", MOST_MILLISECONDS))
        rows.append(Row("in times of str.split()", ours / peer, ""))
    return show(rows)


def _files(cpus: int) -> Iterator[tuple[str, str, Callable[[str], object]]]:
    yield "softnet_stat", _softnet(cpus), parse_softnet_stat
    yield "nf_conntrack", _hexadecimal(_CONNTRACK, cpus), parse_nf_conntrack
    yield "rt_cache", _hexadecimal(_RT_CACHE, cpus), parse_rt_cache
    yield "interrupts", _interrupts(cpus), parse_interrupts


def _milliseconds(work: Callable[[], object], runs: int) -> float:
    taken = []
    for _ in range(runs):
        began = time.perf_counter()
        work()
        taken.append(time.perf_counter() - began)
    return 1e3 * median(taken)


def _softnet(cpus: int) -> str:
    """Return a file as 6.18 writes it. Kernel: net/core/net-procfs.c, softnet_seq_show()."""
    words = [0x0129AA5C, 31, 2621, *[0] * 6, 1_000_000, 3, 0]
    head = " ".join(f"{word:08x}" for word in words)
    return "".join(f"{head} {cpu:08x} 00000000 00000000\n" for cpu in range(cpus))


def _hexadecimal(names: str, cpus: int) -> str:
    row = " ".join(f"{number * 65_537:08x}" for number in range(len(names.split())))
    return f"{names}\n" + f"{row}\n" * cpus


def _interrupts(cpus: int) -> str:
    lines = [" " * 12 + "".join(f"CPU{cpu:<8}" for cpu in range(cpus))]
    counts = "".join(f"{number % 90_001:>11}" for number in range(cpus))
    lines += [
        f"{n:>4}:{counts}  PCI-MSIX-0000:3b:00.0 {n}-edge eth0-{n}" for n in range(_INTERRUPTS)
    ]
    return "\n".join(lines) + "\n"
