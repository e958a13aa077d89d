"""One fault, played before the tool's eyes: set up, watched, closed, compared."""

from __future__ import annotations

import select
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple, Self

from tests.live.children import LabError
from tests.live.lab import Lab, alone
from tests.live.report import Report, parse_report
from tests.live.tracing import Drop, Trace
from tests.live.truth import Fault, Play, Truth
from tests.live.verdict import complaints
from tests.live.witness import disagreements

REPOSITORY = Path(__file__).parents[2]
# Between the traffic's end and the second sample.
MARGIN_SECONDS = 0.1
START_SECONDS = 20.0
FINISH_SECONDS = 30.0


class TooLateError(Exception):
    """The machine was too busy: the traffic outlasted the window."""


class Outcome(NamedTuple):
    """What happened, what the kernel said, and what the tool said."""

    fault: Fault
    truth: Truth
    drops: Counter[Drop]
    known_reasons: frozenset[str]
    report: Report | None

    @property
    def doubts(self) -> tuple[str, ...]:
        """Where the lab contradicts the kernel: it is then the lab that is wrong."""
        return disagreements(self.truth, self.fault.expected, self.drops, self.known_reasons)

    @property
    def complaints(self) -> tuple[str, ...]:
        """What is wrong with the tool's report."""
        if self.report is None:
            return ()
        return complaints(self.truth, self.fault.expected, self.report)


class Watcher:
    """The real command, as a process of its own, over one window."""

    def __init__(self, arguments: Sequence[str], seconds: float) -> None:
        command = [sys.executable, "-m", "netrx_tune", *arguments, "--interval", str(seconds)]
        self._seconds = seconds
        self._process = subprocess.Popen(
            command, cwd=REPOSITORY, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        self._said = self._first_words()
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
            raise LabError(f"nothing on standard error after {START_SECONDS} s")
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


def perform(fault: Fault, trace: Trace, *, watched: bool = True) -> Outcome:
    """Play a fault, with the tool or without it; a busy machine gets a second, longer chance."""
    with alone():
        try:
            return _perform(fault, trace, fault.seconds, watched=watched)
        except TooLateError:
            return _perform(fault, trace, 2.5 * fault.seconds, watched=watched)


def _perform(fault: Fault, trace: Trace, seconds: float, *, watched: bool) -> Outcome:
    report = None
    with Lab() as lab:
        play = fault.play(lab)
        netns = next(play)
        if watched:
            arguments = ("diagnose", "--netns", netns, "--format", "json")
            with Watcher(arguments, seconds) as watcher:
                drops = _traffic(play, trace)
                watcher.check_time()
                report = parse_report(watcher.finish())
        else:
            drops = _traffic(play, trace)
        truth = _end(play)
    return Outcome(fault, truth, drops, trace.reasons, report)


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
