"""Processes of the lab: each sits in a namespace and answers questions over a pipe."""

from __future__ import annotations

import multiprocessing
import os
import signal
import traceback
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path
from typing import NamedTuple, Self

from tests.live import syscalls

# Nothing in the lab takes longer; a child that hangs is ended by its own alarm.
LIFETIME_SECONDS = 90
ANSWER_SECONDS = 30.0

_FORK = multiprocessing.get_context("fork")


# Whatever the lab makes begins with this and the number of the process that made it, so
# that what a killed run left can be found and taken away.
PREFIX = "nrxlab-"


class LabError(Exception):
    """The lab itself failed, so nothing is said about the tool."""


def number(answer: object) -> int:
    """Return an answer that has to be a number."""
    if not isinstance(answer, int):
        raise LabError(f"expected a number, got {answer!r}")
    return answer


def require(fulfilled: bool, what: str) -> None:
    """Raise when the lab did not do what a fault relies on."""
    if not fulfilled:
        raise LabError(what)


class MissingError(LabError):
    """This machine lacks something that a fault needs."""


class Place(NamedTuple):
    """Where a child runs: a namespace, a CPU, a cgroup; None is where the parent runs."""

    netns: str | None = None
    cpu: int | None = None
    cgroup: Path | None = None


class Failure(NamedTuple):
    """A child's exception, as text."""

    text: str


def own_name(role: str = "") -> str:
    """Return a name for something of this run."""
    return f"{PREFIX}{os.getpid()}" + (f"-{role}" if role else "")


def is_left_behind(name: str) -> bool:
    """Return whether something of this name belongs to a run that is over."""
    maker = name.removeprefix(PREFIX).partition("-")[0]
    return name.startswith(PREFIX) and not Path(f"/proc/{maker}").exists()


class Child:
    """A forked process that runs `body` with its end of a pipe.

    The body answers requests by `channel.send`; what it returns is the last answer.
    """

    def __init__(self, body: Callable[[Connection], object], place: Place) -> None:
        ours, theirs = _FORK.Pipe()
        self._channel = ours
        self._process = _FORK.Process(target=_live, args=(body, place, ours, theirs), daemon=True)
        self._process.start()
        theirs.close()

    @property
    def pid(self) -> int:
        """The process, as this namespace of processes numbers it."""
        return self._process.pid or 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def tell(self, request: object) -> None:
        """Send one request and do not wait for what comes of it."""
        self._channel.send(request)

    def ask(self, request: object) -> object:
        """Return the child's answer to one request."""
        self.tell(request)
        return self.answer()

    def answer(self) -> object:
        """Return the next thing the child says."""
        if not self._channel.poll(ANSWER_SECONDS):
            raise LabError(f"process {self._process.pid} of the lab does not answer")
        try:
            value = self._channel.recv()
        except EOFError as error:
            raise LabError(f"process {self._process.pid} of the lab ended early") from error
        if isinstance(value, Failure):
            raise LabError(value.text)
        return value

    def count(self, request: object) -> int:
        """Return the child's answer to one request, a number."""
        return number(self.ask(request))

    def close(self) -> None:
        """End the process and wait for it; a second call does nothing."""
        if self._channel.closed:
            return
        self._channel.close()
        if self._process.is_alive():
            self._process.kill()
        self._process.join()
        self._process.close()


def _live(
    body: Callable[[Connection], object], place: Place, parent: Connection, channel: Connection
) -> None:
    parent.close()
    try:
        syscalls.die_with_parent()
        signal.alarm(LIFETIME_SECONDS)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        if place.cgroup is not None:
            (place.cgroup / "cgroup.procs").write_text(str(os.getpid()))
        if place.netns is not None:
            syscalls.enter_netns(place.netns)
        if place.cpu is not None:
            os.sched_setaffinity(0, {place.cpu})
        channel.send(body(channel))
    except (BrokenPipeError, ConnectionResetError, EOFError):
        pass  # the parent has no more questions
    except BaseException:  # noqa: BLE001 - the parent raises it again, with this text
        channel.send(Failure(traceback.format_exc()))


def run_in(place: Place, work: Callable[[], object]) -> object:
    """Return what `work` returns when a process runs it in a place."""
    with Child(lambda _: work(), place) as child:
        return child.answer()
