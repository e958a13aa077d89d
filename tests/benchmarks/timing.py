"""Commands timed side by side, as their callers see them."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import NamedTuple

REPOSITORY = Path(__file__).parents[2]
OURS = (sys.executable, "-m", "netrx_tune", "diagnose", "--format", "json", "--quiet")


class Run(NamedTuple):
    """What one run of a command took."""

    seconds: float
    cpu_seconds: float  # user and system
    peak_bytes: int


@contextmanager
def cached_bytecode() -> Iterator[dict[str, str]]:
    """Give an environment in which Python keeps bytecode, as after an installation."""
    with TemporaryDirectory() as folder:
        environment = {**os.environ, "PYTHONPYCACHEPREFIX": folder}
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        yield environment


def run(command: Sequence[str], environment: Mapping[str, str]) -> Run:
    """Run a command in the checkout and return what it took.

    Raises:
        subprocess.CalledProcessError: it failed.
    """
    began = time.perf_counter()
    process = subprocess.Popen(
        command,
        cwd=REPOSITORY,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    _, status, used = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)
    return Run(seconds, used.ru_utime + used.ru_stime, used.ru_maxrss * 1024)


def alternate(
    commands: Sequence[Sequence[str]],
    runs: int,
    environment: Mapping[str, str],
) -> list[Run]:
    """Return the medians of each command; they take turns, so that a busy moment hits all.

    The first turn warms the caches and does not count.
    """
    taken: list[list[Run]] = [[] for _ in commands]
    for turn in range(runs + 1):
        for command, mine in zip(commands, taken, strict=True):
            one = run(command, environment)
            if turn:
                mine.append(one)
    return [_median(mine) for mine in taken]


def _median(runs: Sequence[Run]) -> Run:
    return Run(
        median(one.seconds for one in runs),
        median(one.cpu_seconds for one in runs),
        max(one.peak_bytes for one in runs),
    )
