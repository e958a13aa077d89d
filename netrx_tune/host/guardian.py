"""A second process that ends what a command began, should that command be killed.

It is forked before anything is changed, has a session of its own, so that neither a closed
terminal nor a signal to the command's group ends it, and holds the command's lock with it. It
acts when the pipe between them closes without a word: the kernel closes it with the process.
"""

from __future__ import annotations

import os
import select
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import NamedTuple

from netrx_tune.model.errors import ApplyError

_DONE, _WAITING = b"d", b"w"
_GRACE_SECONDS = 5.0  # for a command that is slow to end by itself
_HELD = (signal.SIGHUP, signal.SIGINT, signal.SIGTERM, signal.SIGQUIT, signal.SIGPIPE)


class Guardian(NamedTuple):
    """The guarded command's end of the pipe."""

    pipe: int

    def wait_begins(self) -> None:
        """Say that the seconds begin within which the command has to end."""
        _say(self.pipe, _WAITING)


@contextmanager
def guarded(finish: Callable[[], str], *, seconds: float | None = None) -> Iterator[Guardian]:
    """Have `finish` called by another process if this one is killed in the block.

    Args:
        finish: what to do then; returns a line for standard error, "" for none.
        seconds: how long the command may take once `wait_begins` was called; one that is
            stopped or hangs longer is killed, and `finish` called.

    Raises:
        ApplyError: there is no process to be had; nothing was begun.
    """
    try:
        reader, writer = os.pipe()
        ready, stands = os.pipe()
        child = os.fork()
    except OSError as error:
        raise ApplyError(f"no second process to undo a change: {error.strerror}") from error
    if child == 0:
        os.close(ready)
        _guard(reader, writer, stands, finish, seconds)
    os.close(reader)
    os.close(stands)
    os.read(ready, 1)  # until then what is sent to the command's group would end it, too
    os.close(ready)
    try:
        yield Guardian(writer)
    finally:
        _say(writer, _DONE)
        os.close(writer)
        os.waitpid(child, 0)


def _say(pipe: int, word: bytes) -> None:
    with suppress(BrokenPipeError):  # the guardian was killed: then there is none
        os.write(pipe, word)


def _guard(
    reader: int, writer: int, stands: int, finish: Callable[[], str], seconds: float | None
) -> None:
    """Be the guardian; never returns. `stands` closes once it is in a session of its own."""
    code = 2
    try:
        parent = os.getppid()
        os.setsid()
        for number in _HELD:
            signal.signal(number, signal.SIG_IGN)
        os.close(writer)
        os.close(stands)
        _leave_terminal()
        if not _ended_by_itself(reader, parent, seconds):
            _tell(finish())
        code = 0
    except Exception as error:  # noqa: BLE001 - the journal stays, and rollback reads it
        _tell(f"{error}; run netrx-tune rollback")
    finally:
        os._exit(code)


def _leave_terminal() -> None:
    """Hold neither standard input nor output open; errors still have somewhere to go."""
    nothing = os.open(os.devnull, os.O_RDWR | os.O_CLOEXEC)
    os.dup2(nothing, 0)
    os.dup2(nothing, 1)


def _ended_by_itself(reader: int, parent: int, seconds: float | None) -> bool:
    """Wait for the command's end; tell whether it said that it ends."""
    deadline: float | None = None
    while True:
        left = None if deadline is None else max(0.0, deadline - time.monotonic())
        if not select.select([reader], [], [], left)[0]:
            deadline = None
            if os.getppid() == parent:  # it hangs or is stopped; its last word still counts
                os.kill(parent, signal.SIGKILL)
            continue
        said = os.read(reader, 64)
        if not said or _DONE in said:
            return bool(said)
        if seconds is not None and _WAITING in said:
            deadline = time.monotonic() + seconds + _GRACE_SECONDS


def _tell(line: str) -> None:
    with suppress(OSError):
        os.write(2, f"netrx-tune: {line}\n".encode(errors="backslashreplace") if line else b"")
