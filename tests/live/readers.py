"""Receiving programs: sockets in a process of their own, read fast, slowly, in turns or never."""

from __future__ import annotations

import select
import socket
import time
from collections.abc import Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection

from tests.live.children import Child, Place
from tests.live.sockets import Socket, open_socket

LARGEST_DATAGRAM = 65536
# A program that read nothing for so long, beyond its stalls, has nothing to read.
SETTLE_SECONDS = 0.03
# A fast program looks for requests again after this many datagrams of one socket.
AT_ONCE = 512
# A program that paces itself looks at its socket this often.
TICK_SECONDS = 0.001


@dataclass(frozen=True, kw_only=True)
class Habit:
    """How a program reads: at most `per_second`, or away for `stall_seconds`, or not at all.

    With none of these, as fast as it can.
    """

    per_second: float | None = None
    stall_seconds: float | None = None
    reads: bool = True


FAST = Habit()
STOPPED = Habit(reads=False)


class Reader:
    """A receiving program and its exact counts, one per socket."""

    def __init__(self, place: Place, sockets: Sequence[Socket], habit: Habit) -> None:
        self._patience = 1.2 * (habit.stall_seconds or 0.0) + SETTLE_SECONDS
        self._child = Child(lambda channel: _read(channel, sockets, habit), place)
        self._child.answer()  # the sockets are open

    @property
    def pid(self) -> int:
        """The program's process."""
        return self._child.pid

    def _counts(self, request: str) -> tuple[int, ...]:
        counts = self._child.ask(request)
        assert isinstance(counts, tuple)
        return counts

    def settle(self) -> int:
        """Wait until nothing more is read; return how many datagrams were."""
        before, now = -1, sum(self._counts("count"))
        while now != before:
            time.sleep(self._patience)
            before, now = now, sum(self._counts("count"))
        return now

    def drain(self) -> tuple[int, ...]:
        """Read what still waits in each socket; return how much that was, without earlier reads."""
        return self._counts("drain")

    def close(self) -> None:
        """End the program; what it did not read is gone."""
        self._child.close()


class _Program:
    """The state of a receiving program, inside its process."""

    def __init__(self, channel: Connection, sockets: Sequence[Socket], habit: Habit) -> None:
        self.channel = channel
        self.opened = [open_socket(wanted) for wanted in sockets]
        self.counts = [0] * len(self.opened)
        self.habit = habit
        self.poller = select.poll()
        self.poller.register(channel, select.POLLIN)
        if habit == FAST:
            for each in self.opened:
                self.poller.register(each, select.POLLIN)
        self.tokens = 0.0
        self.refilled = time.monotonic()

    def patience(self) -> float | None:
        """Return how many milliseconds to wait for something to do, or None for ever."""
        if self.habit.per_second is not None:
            return 1000 * TICK_SECONDS
        if self.habit.stall_seconds is not None:
            return 1000 * self.habit.stall_seconds
        return None

    def allowance(self) -> int:
        """Return how many datagrams to read now; idle time is not caught up on."""
        if self.habit.per_second is None:
            return AT_ONCE
        now = time.monotonic()
        earned = self.habit.per_second * (now - self.refilled)
        self.refilled = now
        self.tokens = min(self.tokens + earned, 1 + 10 * TICK_SECONDS * self.habit.per_second)
        return int(self.tokens)

    def read(self) -> None:
        """Read each socket once, as much as the habit allows."""
        for index, each in enumerate(self.opened):
            taken = _take(each, self.allowance())
            self.counts[index] += taken
            self.tokens -= taken

    def obey(self, request: object) -> None:
        """Answer one request of the test."""
        if request == "drain":
            self.channel.send(tuple(_take(each, None) for each in self.opened))
        else:
            self.channel.send(tuple(self.counts))


def _read(channel: Connection, sockets: Sequence[Socket], habit: Habit) -> None:
    program = _Program(channel, sockets, habit)
    channel.send("open")
    while True:
        program.poller.poll(program.patience())
        if channel.poll():
            program.obey(channel.recv())
        elif program.habit.reads:
            program.read()


def _take(opened: socket.socket, most: int | None) -> int:
    """Read up to `most` datagrams, or all that wait; return how many there were."""
    taken = 0
    while most is None or taken < most:
        try:
            opened.recv(LARGEST_DATAGRAM, socket.MSG_DONTWAIT)
        except BlockingIOError:
            break
        taken += 1
    return taken
