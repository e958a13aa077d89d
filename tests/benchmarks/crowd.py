"""Processes with many UDP sockets, some of them with a datagram that nobody reads."""

from __future__ import annotations

import resource
import socket
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from multiprocessing.connection import Connection

from tests.live.children import Child, LabError, Place

# Both families on the same ports, so that one namespace has room for more than 65,536.
_FIRST_PORT = 1024
_MOST = 2 * (65_536 - _FIRST_PORT)
_FILES_BESIDE = 64


@contextmanager
def crowd(sockets: int, *, unread: int = 0) -> Iterator[None]:
    """Keep so many sockets open in this network namespace; `unread` of them hold a datagram.

    As many processes share them as the limit of open files asks for.
    """
    if sockets > _MOST:
        raise LabError(f"no more than {_MOST} sockets")
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    room = resource.getrlimit(resource.RLIMIT_NOFILE)[1] - _FILES_BESIDE
    with ExitStack() as stack:
        for first in range(0, sockets, room):
            numbers = range(first, min(first + room, sockets))
            child = stack.enter_context(Child(partial(_hold, numbers), Place()))
            child.answer()
        _send(unread)
        yield


def _hold(numbers: Sequence[int], channel: Connection) -> None:
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    held = [_open(number) for number in numbers]
    channel.send(len(held))
    channel.recv()  # until the parent closes its end


def _open(number: int) -> socket.socket:
    family = (socket.AF_INET, socket.AF_INET6)[number % 2]
    one = socket.socket(family, socket.SOCK_DGRAM)
    if family == socket.AF_INET6:
        one.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    one.bind(("", _FIRST_PORT + number // 2))
    return one


def _send(datagrams: int) -> None:
    """Send each of the first IPv4 sockets one datagram."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        for number in range(datagrams):
            sender.sendto(b"unread", ("127.0.0.1", _FIRST_PORT + number))
