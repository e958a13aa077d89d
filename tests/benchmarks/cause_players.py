"""Senders and readers of the cause benchmark: each runs in a process until it is told to stop."""

from __future__ import annotations

import os
import select
import socket
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import NamedTuple

from tests.live.sockets import Socket, open_socket

# A sender that fell behind by more leaves out what it missed, as a source in real time does.
MOST_LATE_SECONDS = 0.02
STEP_SECONDS = 0.001
BATCH = 8  # datagrams of one socket before its reader turns to the next
NICE = -10  # ours come before other work of this machine, so that the fault is the one meant


class Traffic(NamedTuple):
    """What is sent: a steady rate, and bursts of so many at once each period."""

    to: str
    ports: tuple[int, ...]  # in turn
    payload_bytes: int
    per_second: float
    burst: int = 0
    period: float = 1.0


class Reading(NamedTuple):
    """How a program reads its sockets."""

    reads: bool = True
    per_second: float | None = None  # at most, by sleeping
    work_seconds: float = 0.0  # of CPU time for each datagram
    stall: float = 0.0  # away for so long
    period: float = 1.0  # once in so long
    spins: bool = False  # away on the CPU instead of asleep
    nice: int = NICE


class Sent(NamedTuple):
    """What a sender did."""

    datagrams: int
    latest: float  # seconds it fell behind at worst


def send(traffic: Traffic) -> Callable[[Connection], Sent]:
    """Return a program that sends until it hears anything."""

    def body(channel: Connection) -> Sent:
        os.setpriority(os.PRIO_PROCESS, 0, NICE)
        family = socket.AF_INET6 if ":" in traffic.to else socket.AF_INET
        with socket.socket(family, socket.SOCK_DGRAM) as out:
            out.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4 << 20)
            channel.send("ready")
            channel.recv()
            return _send_until(out, traffic, channel)

    return body


def _send_until(out: socket.socket, traffic: Traffic, channel: Connection) -> Sent:
    payload = b"." * traffic.payload_bytes
    places = [(traffic.to, port) for port in traffic.ports]
    sent, due, latest = 0, 0.0, 0.0
    last = time.monotonic()
    next_burst = last + traffic.period / 2 if traffic.burst else float("inf")
    while not channel.poll():
        now = time.monotonic()
        if now - last > MOST_LATE_SECONDS:
            latest, last = max(latest, now - last), now - MOST_LATE_SECONDS
        due += (now - last) * traffic.per_second
        last = now
        for _ in range(int(due)):
            out.sendto(payload, places[sent % len(places)])
            sent += 1
        due -= int(due)
        if now >= next_burst:
            latest = max(latest, now - next_burst)
            next_burst += traffic.period
            for _ in range(traffic.burst):
                out.sendto(payload, places[sent % len(places)])
                sent += 1
            last = max(last, time.monotonic() - MOST_LATE_SECONDS)
        time.sleep(max(0.0, min(last + STEP_SECONDS, next_burst) - time.monotonic()))
    return Sent(sent, latest)


class _Reader:
    """The state of a receiving program, inside its process."""

    def __init__(self, sockets: tuple[Socket, ...], habit: Reading) -> None:
        self.opened = [open_socket(wanted) for wanted in sockets]
        self.habit = habit
        self.poller = select.poll()
        self.by_number = {each.fileno(): each for each in self.opened}
        for each in self.opened:
            self.poller.register(each, select.POLLIN)
        self.room = bytearray(65536)
        self.taken = 0
        self.turn = 0  # whose turn it is among the waiting sockets
        self.tokens = 0.0
        self.refilled = time.monotonic()
        self.next_stall = self.refilled + habit.period / 2 if habit.stall else float("inf")

    def round(self) -> None:
        """Read each waiting socket a little, or stay away."""
        now = time.monotonic()
        if now >= self.next_stall:
            self.next_stall = now + self.habit.period
            self._stay_away(now + self.habit.stall)
        if self.habit.per_second is None:
            ready = self.poller.poll(20)
        else:
            time.sleep(STEP_SECONDS)
            self._refill()
            ready = self.poller.poll(0) if self.tokens >= 1 else []
        while ready and time.monotonic() < self.next_stall:
            taken = 0
            for _ in ready:
                self.turn = (self.turn + 1) % len(ready)
                taken += self._take(self.by_number[ready[self.turn][0]])
            if not taken or self.habit.per_second is None:
                return

    def _stay_away(self, until: float) -> None:
        if not self.habit.spins:
            time.sleep(until - time.monotonic())
        while time.monotonic() < until:
            pass

    def _refill(self) -> None:
        assert self.habit.per_second is not None
        now = time.monotonic()
        self.tokens += self.habit.per_second * (now - self.refilled)
        self.tokens = min(self.tokens, 1 + 0.005 * self.habit.per_second)
        self.refilled = now

    def _take(self, one: socket.socket) -> int:
        paced = self.habit.per_second is not None
        most = min(BATCH, int(self.tokens)) if paced else BATCH
        if not most:
            self.turn -= 1  # it is first when there are tokens again
            return 0
        for taken in range(most):
            try:
                one.recv_into(self.room, 0, socket.MSG_DONTWAIT)
            except BlockingIOError:
                most = taken
                break
            if self.habit.work_seconds:
                _work(self.habit.work_seconds)
        self.tokens -= most if paced else 0
        self.taken += most
        return most


def _work(seconds: float) -> None:
    """Use so much CPU time, however long that takes."""
    until = time.thread_time() + seconds
    while time.thread_time() < until:
        pass


def read(sockets: tuple[Socket, ...], habit: Reading) -> Callable[[Connection], object]:
    """Return a program that reads until it hears anything; its answer is how many it read."""

    def body(channel: Connection) -> object:
        os.setpriority(os.PRIO_PROCESS, 0, habit.nice)
        reader = _Reader(sockets, habit)
        channel.send(os.getpid())
        while not channel.poll(None if not habit.reads else 0):
            reader.round()
        return reader.taken

    return body


def spin(channel: Connection) -> object:
    """Use a CPU until it hears anything."""
    channel.send("busy")
    while not channel.poll():
        for _ in range(20_000):
            pass
    return None
