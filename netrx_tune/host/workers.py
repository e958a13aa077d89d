"""A few processes that do one thing to many inputs, and the loss of any of them survived.

Each worker has a pipe of its own and at most a few inputs ahead, so memory does not grow with
their number. Answers that come quickly are sent a few at a time: to wake a process for each costs
more than to pass it on. When a worker dies, a number that it shares with its parent tells which
input it was at. Answers are in the order of the inputs.
"""

from __future__ import annotations

import os
import select
import signal
import struct
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from mmap import mmap
from multiprocessing import connection, get_context
from typing import Generic, TypeVar

_T = TypeVar("_T")
_AHEAD = 3  # inputs that a worker has at a time: it never waits for the next
_FAR_AHEAD = 16  # where they are short
_SHORT_SECONDS = 0.02  # for one
_HANDFUL = 8  # answers that are sent together
_HANDFUL_SECONDS = 0.05  # that the first of them waits at most, but for the last one's work
_NUMBER = struct.Struct("Q")
_WINDOW = 64  # for each worker, answers that may wait for an earlier one
_ALONE_SECONDS = 5.0  # between two looks of an idle worker at whether its parent lives

Work = Callable[[str], _T]
Lost = Callable[[str, str], _T]  # from an input and how its process ended


class _Worker(Generic[_T]):
    """One process and what it has to do."""

    def __init__(self, work: Work[_T]) -> None:
        context = get_context("fork")
        ours, theirs = context.Pipe()
        self.pipe = ours
        self.todo: deque[tuple[int, str]] = deque()
        self._answered = 0
        self._since = time.monotonic()
        self._begun = mmap(-1, _NUMBER.size)  # how many inputs it has begun
        self.process = context.Process(target=_serve, args=(theirs, work, os.getpid(), self._begun))
        self.process.daemon = True
        self.process.start()
        theirs.close()

    def has_room(self) -> bool:
        """Tell whether it may have one more input ahead."""
        is_quick = time.monotonic() - self._since < _SHORT_SECONDS * self._answered
        return len(self.todo) < (_FAR_AHEAD if is_quick else _AHEAD)

    def answers(self) -> Iterator[tuple[int, _T]]:
        """Yield the answers that it has sent, each with the number of its input.

        Raises:
            EOFError, OSError: it is dead.
        """
        for answer in self.pipe.recv():
            self._answered += 1
            yield self.todo.popleft()[0], answer

    def culprit(self) -> tuple[int, str] | None:
        """Take out the input that a dead worker was at."""
        at = max(0, _NUMBER.unpack_from(self._begun)[0] - 1 - self._answered)
        if at >= len(self.todo):
            return None
        found = self.todo[at]
        del self.todo[at]
        return found

    def give(self, number: int, given: str) -> None:
        """Hand it an input; if it is dead that shows at its next answer."""
        self.todo.append((number, given))
        with suppress(OSError):
            self.pipe.send(given)

    def ended(self) -> str:
        """Return how a dead process ended."""
        self.process.join()
        code = self.process.exitcode or 0
        return signal.Signals(-code).name if code < 0 else f"exit code {code}"

    def end(self) -> None:
        """End it, whatever it does."""
        self.pipe.close()
        self.process.kill()
        self.process.join()
        self._begun.close()


def in_workers(work: Work[_T], lost: Lost[_T], inputs: Iterable[str], jobs: int) -> Iterator[_T]:
    """Yield what `work` returns for each input, in order.

    Args:
        work: done in the workers; what it returns must be picklable.
        lost: gives the answer for an input whose worker died, and how.
        inputs: taken one by one as there is room.
        jobs: how many workers.
    """
    pool = _Pool(work, lost, jobs)
    try:
        yield from pool.answers(enumerate(inputs))
    finally:
        pool.end()


class _Pool(Generic[_T]):
    """The workers, what came back, and what is to be given again."""

    def __init__(self, work: Work[_T], lost: Lost[_T], jobs: int) -> None:
        self._work = work
        self._lost = lost
        self._jobs = max(1, jobs)
        self._workers: list[_Worker[_T]] = []
        self._ready = select.poll()
        self._again: deque[tuple[int, str]] = deque()
        self._answers: dict[int, _T] = {}

    def answers(self, inputs: Iterator[tuple[int, str]]) -> Iterator[_T]:
        """Yield all answers in order."""
        turn, given = 0, 0
        exhausted = False
        while True:
            while not exhausted and given < turn + self._jobs * _WINDOW and self._room():
                one = next(inputs, None)
                if one is None:
                    exhausted = True
                else:
                    self._give(*one)
                    given += 1
            if exhausted and turn == given:
                return
            self._collect()
            while turn in self._answers:
                yield self._answers.pop(turn)
                turn += 1

    def end(self) -> None:
        """End all workers."""
        for worker in self._workers:
            worker.end()
        self._workers.clear()

    def _room(self) -> bool:
        if len(self._workers) < self._jobs:
            return True
        return any(worker.has_room() for worker in self._workers)

    def _give(self, number: int, given: str) -> None:
        """Hand an input to who has least, or to a new worker."""
        worker = min(self._workers, key=lambda one: len(one.todo), default=None)
        if worker is None or (worker.todo and len(self._workers) < self._jobs):
            worker = _Worker(self._work)
            self._workers.append(worker)
            self._ready.register(worker.pipe, select.POLLIN)
        worker.give(number, given)

    def _collect(self) -> None:
        """Wait for answers; a worker that died answers with its death."""
        owners = {worker.pipe.fileno(): worker for worker in self._workers}
        for descriptor, _ in self._ready.poll():
            worker = owners[descriptor]
            try:
                self._answers.update(worker.answers())
            except (EOFError, OSError):
                self._bury(worker)
        while self._again:
            self._give(*self._again.popleft())

    def _bury(self, worker: _Worker[_T]) -> None:
        """Answer for the input that it was at, and give the others to somebody else."""
        culprit = worker.culprit()
        if culprit:
            number, given = culprit
            self._answers[number] = self._lost(given, worker.ended())
        self._again.extend(worker.todo)
        self._workers.remove(worker)
        self._ready.unregister(worker.pipe)
        worker.end()


def _serve(pipe: connection.Connection, work: Work[_T], parent: int, begun: mmap) -> None:
    """Answer until the pipe closes or the parent is gone; `begun` counts the inputs."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides
    ready = select.poll()
    ready.register(pipe, select.POLLIN)
    number, sent = 0, time.monotonic()
    answers: list[_T] = []
    with suppress(EOFError, OSError):
        while True:
            while not ready.poll(_ALONE_SECONDS * 1000):
                if os.getppid() != parent:
                    return
            given = pipe.recv()
            number += 1
            _NUMBER.pack_into(begun, 0, number)
            answers.append(work(given))
            is_late = time.monotonic() - sent > _HANDFUL_SECONDS
            if is_late or len(answers) >= _HANDFUL or not ready.poll(0):
                pipe.send(answers)
                answers, sent = [], time.monotonic()
