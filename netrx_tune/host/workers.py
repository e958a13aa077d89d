"""A few processes that do one thing to many inputs, and the loss of any of them survived.

Each worker has a pipe of its own and at most a few inputs ahead, so memory does not grow with
their number, and when a worker dies it is known which input it was at. Answers are in the order
of the inputs.
"""

from __future__ import annotations

import os
import select
import signal
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from multiprocessing import connection, get_context
from typing import Generic, TypeVar

_T = TypeVar("_T")
_AHEAD = 3  # inputs that a worker has at a time: it never waits for the next
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
        self.process = context.Process(target=_serve, args=(theirs, work, os.getpid()))
        self.process.daemon = True
        self.process.start()
        theirs.close()

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
        return any(len(worker.todo) < _AHEAD for worker in self._workers)

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
                answer = worker.pipe.recv()
            except (EOFError, OSError):
                self._bury(worker)
                continue
            self._answers[worker.todo.popleft()[0]] = answer
        while self._again:
            self._give(*self._again.popleft())

    def _bury(self, worker: _Worker[_T]) -> None:
        """Answer for the input that it was at, and give the others to somebody else."""
        if worker.todo:
            number, given = worker.todo.popleft()
            self._answers[number] = self._lost(given, worker.ended())
        self._again.extend(worker.todo)
        self._workers.remove(worker)
        self._ready.unregister(worker.pipe)
        worker.end()


def _serve(pipe: connection.Connection, work: Work[_T], parent: int) -> None:
    """Answer until the pipe closes or the parent is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides
    ready = select.poll()
    ready.register(pipe, select.POLLIN)
    with suppress(EOFError, OSError):
        while True:
            while not ready.poll(_ALONE_SECONDS * 1000):
                if os.getppid() != parent:
                    return
            pipe.send(work(pipe.recv()))
