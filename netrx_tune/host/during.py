"""A command that runs between two samples: never by a shell, its output and its signals its own.

The process is forked before anything is sampled, and waits; so it keeps the namespaces, the folder
and the files of whoever called, also where the samples are of another namespace. After the first
sample it becomes the command.
"""

from __future__ import annotations

import errno
import os
import shutil
import signal
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress

from netrx_tune.model.errors import InputError

# What people and CI systems send to end a job, and what programs are told by.
_PASSED_ON = (
    signal.SIGINT,
    signal.SIGQUIT,
    signal.SIGTERM,
    signal.SIGHUP,
    signal.SIGUSR1,
    signal.SIGUSR2,
)
_WATCHED = frozenset({*_PASSED_ON, signal.SIGCHLD})
_FROM_TERMINAL = 0x80  # SI_KERNEL: include/uapi/asm-generic/siginfo.h
# Python ignores these; a program expects them as they are by default.
_IGNORED_BY_PYTHON = (signal.SIGPIPE, signal.SIGXFSZ)
_CANNOT_START = 127


class Command:
    """A process that waits to become the command, then runs, then has ended.

    While it lives, signals are blocked here and passed on, so none of them is lost between two
    looks and none ends the tool before the second sample.
    """

    def __init__(self, words: Sequence[str], mask: set[signal.Signals]) -> None:
        self._words = words
        self._status: int | None = None
        gate, self._gate = os.pipe()
        self._failure, failure = os.pipe()
        self._pid = os.fork()
        if self._pid == 0:
            os.close(self._gate)
            _become(words, gate, failure, mask)
        os.close(gate)
        os.close(failure)

    @property
    def exit_code(self) -> int:
        """Return the command's exit code, 128 + the signal's number where one ended it."""
        code = os.waitstatus_to_exitcode(self._status or 0)
        return code if code >= 0 else 128 - code

    def begin(self) -> None:
        """Start the command.

        Raises:
            InputError: it cannot be started.
        """
        os.write(self._gate, b"1")
        problem = os.read(self._failure, 16)  # its end is closed by a successful exec
        if problem:
            why = os.strerror(int(problem))
            raise InputError(f"{self._words[0]!a}: cannot be run: {why}")

    def wait(self, seconds: float) -> bool:
        """Wait so long, or until the command ends; pass signals on. Return False at its end."""
        deadline = time.monotonic() + seconds
        while not self._has_ended():
            left = deadline - time.monotonic()
            if left <= 0:
                return True
            told = signal.sigtimedwait(_WATCHED, left)
            if told is not None and told.si_signo != signal.SIGCHLD:
                self._pass_on(told)
        return False

    def end(self) -> None:
        """Wait until the process has ended; one that never began goes at once."""
        os.close(self._gate)
        os.close(self._failure)
        while self.wait(60.0):
            pass

    def _has_ended(self) -> bool:
        if self._status is None:
            pid, status = os.waitpid(self._pid, os.WNOHANG)
            self._status = status if pid else None
        return self._status is not None

    def _pass_on(self, told: signal.struct_siginfo) -> None:
        """Give the command a signal, unless the terminal gave it to both of us already."""
        at_terminal = told.si_code == _FROM_TERMINAL
        if at_terminal and os.getpgid(self._pid) == os.getpgrp():
            return
        with suppress(PermissionError):  # it changed its user, as sudo does
            os.kill(self._pid, told.si_signo)


@contextmanager
def command(words: Sequence[str]) -> Iterator[Command]:
    """Have a command ready to start.

    It is never killed from here: should the sampling fail, its end is awaited all the same.

    Raises:
        InputError: there is no such program.
    """
    _must_exist(words[0])
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)  # if the caller ignores it, ends are not told
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, _WATCHED)
    try:
        ready = Command(words, {signal.Signals(number) for number in mask})
        try:
            yield ready
        finally:
            ready.end()
    finally:
        while signal.sigtimedwait(_WATCHED, 0) is not None:
            pass  # meant for the command, which has ended
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)


def _must_exist(program: str) -> None:
    if not program or "\0" in program or shutil.which(program) is None:
        where = "not found, or not executable" if "/" in program else "not found in PATH"
        raise InputError(f"{program!a}: {where}; nothing was run or sampled")


def _become(words: Sequence[str], gate: int, failure: int, mask: set[signal.Signals]) -> None:
    """Wait for the word to start, then be the command; this process never returns."""
    try:
        if os.read(gate, 1):
            for number in _IGNORED_BY_PYTHON:
                signal.signal(number, signal.SIG_DFL)
            if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
                signal.signal(signal.SIGINT, signal.SIG_DFL)
            signal.pthread_sigmask(signal.SIG_SETMASK, mask)
            os.execvp(words[0], list(words))  # noqa: S606 - the user's own words, no shell
    except OSError as error:
        os.write(failure, str(error.errno or errno.EINVAL).encode())
    except ValueError:  # a NUL within a word
        os.write(failure, str(errno.EINVAL).encode())
    finally:
        os._exit(_CANNOT_START)
