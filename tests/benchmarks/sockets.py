"""Time and memory with many UDP sockets, against `ss -uanm`."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from tests.benchmarks.crowd import crowd
from tests.benchmarks.table import Row, show
from tests.benchmarks.timing import OURS, alternate, cached_bytecode
from tests.live.syscalls import leave_netns

MOST_TIMES = 2.0
MOST_MEGABYTES = 120.0
PEER = ("ss", "-uanm")


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table; 1 if a limit is exceeded."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks sockets", description=__doc__)
    parser.add_argument("--runs", type=int, default=7)
    parser.add_argument("--sockets", type=int, default=97_500)
    parser.add_argument("--unread", type=int, default=0, help="so many hold a datagram")
    options = parser.parse_args(arguments)
    leave_netns()
    commands = (PEER, (*OURS, "--interval", "0"))
    with cached_bytecode() as environment, crowd(options.sockets, unread=options.unread):
        peer, ours = alternate(commands, options.runs, environment)
    return show(
        (
            Row(f"`ss -uanm`, {options.sockets:,} sockets", peer.seconds, " s"),
            Row("`netrx-tune diagnose --interval 0`", ours.seconds, " s"),
            Row("time, in times of ss's", ours.seconds / peer.seconds, "", MOST_TIMES),
            Row("peak memory of ss", peer.peak_bytes / 1e6, " MB"),
            Row("peak memory", ours.peak_bytes / 1e6, " MB", MOST_MEGABYTES),
        )
    )
