"""One fault, played before the tool's eyes: set up, watched, closed, compared."""

from __future__ import annotations

import os
import select
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Collection, Sequence
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path
from typing import NamedTuple, Self

from netrx_tune import cli
from netrx_tune.cli import diagnose  # noqa: F401 - loaded once, and not in each fork
from tests.live.children import LabError, Place, require, run_in
from tests.live.lab import Lab, alone, beside
from tests.live.report import Report, parse_report
from tests.live.tracing import Drop, Trace
from tests.live.truth import Fault, Play, Truth
from tests.live.verdict import complaints, differences, missing_words, wrong_causes
from tests.live.witness import disagreements

REPOSITORY = Path(__file__).parents[2]
# Between the traffic's end and the second sample.
MARGIN_SECONDS = 0.1
START_SECONDS = 20.0
# How many times as long a window is at each try: what is sent is always the same.
CHANCES = (1.0, 2.5, 6.0)
FINISH_SECONDS = 30.0


class TooLateError(Exception):
    """The machine was too busy: the traffic outlasted the window."""


class SilentError(LabError):
    """The machine was too busy: the command did not come to its first sample."""


class Outcome(NamedTuple):
    """What happened, what the kernel said, and what the tool said."""

    fault: Fault
    truth: Truth
    drops: Counter[Drop]
    known_reasons: frozenset[str]
    report: Report | None  # None when the tool was not asked
    replay: Report | None  # of the snapshot that the same run kept

    @property
    def doubts(self) -> tuple[str, ...]:
        """Where the lab contradicts the kernel: it is then the lab that is wrong."""
        return disagreements(self.truth, self.fault.expected, self.drops, self.known_reasons)

    @property
    def complaints(self) -> tuple[str, ...]:
        """What is wrong with the stages, counts and findings that the tool reported."""
        return complaints(self.fault, self.truth, self.report) if self.report else ()

    @property
    def wrong_causes(self) -> tuple[str, ...]:
        """What is wrong with its cause of a full buffer."""
        return wrong_causes(self.fault, self.report) if self.report else ()

    @property
    def missing_words(self) -> tuple[str, ...]:
        """What it does not say of the socket, its reader and the others beside them."""
        return missing_words(self.truth, self.report) if self.report else ()

    @property
    def differences(self) -> tuple[str, ...]:
        """Where it says otherwise of the snapshot of the same window."""
        return differences(self.report, self.replay) if self.report and self.replay else ()


class Watcher:
    """The real command, as a process of its own, over one window."""

    def __init__(
        self, arguments: Sequence[str], seconds: float, *, cpus: Collection[int] = ()
    ) -> None:
        command = [sys.executable, "-m", "netrx_tune", *arguments]
        command += ["--interval", str(seconds), "--format", "json"]
        self._seconds = seconds
        self._process = subprocess.Popen(
            command, cwd=REPOSITORY, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        try:
            if cpus:
                os.sched_setaffinity(self._process.pid, cpus)
            self._said = self._first_words()
        except BaseException:
            self.__exit__()
            raise
        self._until = time.monotonic() + seconds

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.communicate()

    def _first_words(self) -> bytes:
        """Return what the command says once it has its first sample."""
        assert self._process.stderr is not None
        ready, _, _ = select.select([self._process.stderr], [], [], START_SECONDS)
        if not ready:
            raise SilentError(f"nothing on standard error after {START_SECONDS} s")
        return self._process.stderr.readline()

    def check_time(self) -> None:
        """Raise when the traffic may have outlasted the window."""
        if time.monotonic() > self._until - MARGIN_SECONDS:
            raise TooLateError

    def finish(self) -> str:
        """Return what the command printed."""
        out, err = self._process.communicate(timeout=self._seconds + FINISH_SECONDS)
        if self._process.returncode != 0:
            said = (self._said + err).decode(errors="replace").strip()
            raise AssertionError(f"exit {self._process.returncode}: {said}")
        return out.decode()


def perform(fault: Fault, trace: Trace, snapshots: Path) -> Outcome:
    """Play a fault before the tool, which keeps a snapshot, and let it judge that again.

    A machine that is busy with other things gets longer chances, alone.
    """
    snapshot = snapshots / f"{fault.name}.tar.gz"
    for longer in CHANCES:
        try:
            with alone() if fault.alone or longer > 1 else beside():
                played = _perform(fault, trace, longer * fault.seconds, snapshot)
        except TooLateError:
            continue
        return played._replace(replay=judge_again(snapshot))
    raise TooLateError


def rehearse(fault: Fault, trace: Trace) -> Outcome:
    """Play a fault without the tool: does the lab agree with the kernel?"""
    with alone(), Lab() as lab:
        play = fault.play(lab)
        next(play)
        drops = _traffic(play, trace)
        return Outcome(fault, _end(play), drops, trace.reasons, None, None)


def judge_again(snapshot: Path) -> Report:
    """Return what the tool says of a snapshot."""
    printed = run_in(Place(), lambda: _printed("diagnose", "--from", str(snapshot)))
    return parse_report(str(printed))


def _printed(*words: str) -> str:
    """Return what a command prints; to be called in a fork, which spares its start."""
    out, err = StringIO(), StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        try:
            cli.main((*words, "--format", "json"))
        except SystemExit as end:
            require(not end.code, f"{words}: exit {end.code}: {err.getvalue()}")
    return out.getvalue()


def _perform(fault: Fault, trace: Trace, seconds: float, snapshot: Path) -> Outcome:
    with Lab(shared=not fault.alone) as lab:
        play = fault.play(lab)
        arguments = ("diagnose", "--netns", next(play), "--save", str(snapshot))
        with Watcher(arguments, seconds) as watcher:
            drops = _traffic(play, trace)
            watcher.check_time()
            report = parse_report(watcher.finish())
        truth = _end(play)
    return Outcome(fault, truth, drops, trace.reasons, report, None)


def _traffic(play: Play, trace: Trace) -> Counter[Drop]:
    trace.start()
    try:
        next(play)
    finally:
        drops = trace.stop()
    return drops


def _end(play: Play) -> Truth:
    try:
        next(play)
    except StopIteration as end:
        truth: Truth = end.value
        return truth
    raise LabError("a play goes on after its window")
