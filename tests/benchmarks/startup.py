"""The time of a whole run on an idle host, against Python with click and json.

Both run from cached bytecode, as after an installation, in a new network namespace, where no
rule has a loss to speak of.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

from tests.benchmarks.table import Row, show
from tests.benchmarks.timing import OURS, alternate, cached_bytecode
from tests.live.syscalls import leave_netns

MOST_TIMES = 2.5
PEER = (sys.executable, "-c", "import click, json")
NOTHING = (sys.executable, "-c", "pass")


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table; 1 if a limit is exceeded."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks startup", description=__doc__)
    parser.add_argument("--runs", type=int, default=21)
    options = parser.parse_args(arguments)
    if os.geteuid() == 0:  # others measure where they are
        leave_netns()
    with cached_bytecode() as environment:
        commands = (NOTHING, PEER, (*OURS, "--interval", "0"))
        nothing, peer, ours = alternate(commands, options.runs, environment)
    return show(
        (
            Row('`python -c "pass"`', 1e3 * nothing.seconds, " ms"),
            Row('`python -c "import click, json"`', 1e3 * peer.seconds, " ms"),
            Row("`netrx-tune diagnose --interval 0`", 1e3 * ours.seconds, " ms"),
            Row("time, in times of click's", ours.seconds / peer.seconds, "", MOST_TIMES),
            Row("CPU, in times of click's", ours.cpu_seconds / peer.cpu_seconds, ""),
            Row("peak memory", ours.peak_bytes / 1e6, " MB"),
        )
    )
