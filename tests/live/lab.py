"""The lab: what a fault may use, and the promise that nothing of it stays behind."""

from __future__ import annotations

import fcntl
import os
import shutil
import socket
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import cache
from pathlib import Path
from typing import Self

from tests.live import netns, sysctls, tcp, traffic
from tests.live.children import (
    Child,
    LabError,
    MissingError,
    Place,
    is_left_behind,
    own_name,
    require,
    run_in,
)
from tests.live.netns import End, Wire
from tests.live.readers import FAST, Habit, Reader
from tests.live.sockets import Socket
from tests.live.tracing import tracing
from tests.live.traffic import Datagrams, Pace

TURN_SECONDS = 0.05
# Some faults set host-wide sysctls, count host-wide drops or need a CPU when they want it: those
# hold the lock alone, the others share it. Who waits for it stands in the gate, one at a time, so
# that those who share it do not keep out for ever who wants it alone.
LOCK = Path("/tmp/netrx-live.lock")  # noqa: S108 - a name that every run must agree on
GATE = Path("/tmp/netrx-live.gate")  # noqa: S108 - likewise


@contextmanager
def alone() -> Iterator[None]:
    """Wait until no other run of the lab is under way, and keep others out."""
    with _held(fcntl.LOCK_EX):
        yield
    # A lock that is taken again at once never goes to who waits for it.
    time.sleep(TURN_SECONDS)


@contextmanager
def beside() -> Iterator[None]:
    """Wait until no run of the lab is under way that has to be alone, and keep such out."""
    with _held(fcntl.LOCK_SH):
        yield


@contextmanager
def _held(kind: int) -> Iterator[None]:
    with LOCK.open("a") as lock:
        with GATE.open("a") as gate:
            fcntl.flock(gate, fcntl.LOCK_EX)
            fcntl.flock(lock, kind)
            netns.sweep()
        yield


class Lab:
    """Everything one fault builds; leaving the `with` block takes it down in reverse order.

    One that is `shared` runs beside others, and may set nothing that is theirs, too.
    """

    def __init__(self, *, shared: bool = False) -> None:
        self._stack = ExitStack()
        self._roles = 0
        self._shared = shared

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def namespace(self) -> str:
        """Return a new namespace."""
        self._roles += 1
        return self._stack.enter_context(netns.namespace(str(self._roles)))

    def wire(self, *, ipv6: bool = False) -> Wire:
        """Return a veth pair between two new namespaces."""
        return netns.wire(self.namespace(), self.namespace(), ipv6=ipv6)

    def read(
        self,
        place: str | Place,
        *sockets: Socket,
        habit: Habit = FAST,
    ) -> Reader:
        """Start a receiving program; its sockets are open when this returns."""
        reader = Reader(_place(place), sockets or (Socket(),), habit)
        self._stack.callback(reader.close)
        return reader

    def start(self, place: str | Place, body: Callable[..., object]) -> Child:
        """Start any other program."""
        return self._stack.enter_context(Child(body, _place(place)))

    def send(self, place: str | Place, datagrams: Datagrams) -> int:
        """Send datagrams; return how many the kernel took."""
        return traffic.send_datagrams(_place(place), datagrams)

    def send_frames(self, end: End, frames: Sequence[bytes], pace: Pace | None = None) -> int:
        """Send frames from one end of a wire; return how many went out."""
        return traffic.send_frames(Place(end.netns), end.device, frames, pace)

    def connect(self, wire: Wire, connections: int) -> None:
        """Keep so many accepted TCP connections open across a wire."""
        server = self.start(
            wire.rx.netns, tcp.listen(wire.rx.ipv4, backlog=connections, accepts=connections)
        )
        server.answer()
        self.start(wire.tx.netns, tcp.connect(wire.rx.ipv4, connections)).answer()
        server.answer()

    def host(self, settings: dict[str, int | str]) -> None:
        """Set host-wide sysctls until the fault is over."""
        require(not self._shared, f"{', '.join(settings)}: of the whole host, so not beside others")
        self._stack.enter_context(sysctls.host_sysctls(settings))

    def set(self, netns_name: str, settings: dict[str, int | str]) -> None:
        """Set sysctls of a namespace."""
        sysctls.set_in_netns(netns_name, settings)

    def write(self, netns_name: str, path: str, text: str) -> None:
        """Write a file below /sys/class/net as the namespace sees it."""
        netns.in_netns(netns_name, ["tee", path], text=text)

    def run(self, netns_name: str, *command: str, text: str | None = None) -> str:
        """Return the output of a command that runs in a namespace."""
        return netns.in_netns(netns_name, command, text=text)

    def call(self, place: str | Place, work: Callable[[], object]) -> object:
        """Return what `work` returns in a process of its own."""
        return run_in(_place(place), work)

    def cgroup(self) -> Path:
        """Return a new cgroup of the unified hierarchy; one that a killed run left goes."""
        parent = unified_hierarchy()
        for entry in parent.iterdir():
            if is_left_behind(entry.name):
                entry.rmdir()
        made = parent / own_name()
        made.mkdir()
        self._stack.callback(made.rmdir)
        return made


def unified_hierarchy() -> Path:
    """Return where cgroup2 is mounted."""
    for line in Path("/proc/self/mounts").read_text().splitlines():
        _, directory, kind, *_ = line.split()
        if kind == "cgroup2":
            return Path(directory)
    raise MissingError("cgroup2 is not mounted")


@cache
def obstacle() -> str | None:
    """Return what keeps the lab from working on this machine, or None."""
    if os.geteuid() != 0:
        return "needs root"
    missing = [tool for tool in ("ip", "nft", "tc") if shutil.which(tool) is None]
    if missing:
        return f"needs {', '.join(missing)}"
    try:
        with beside(), netns.namespace("probe"), tracing():
            return None
    except (LabError, OSError) as error:
        return f"needs namespaces and tracefs: {error}"


def need_protocol(protocol: int) -> None:
    """Raise if this kernel has no such datagram protocol; UDP-Lite is optional."""
    try:
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM, protocol).close()
    except OSError as error:
        raise MissingError(f"IP protocol {protocol}: {error.strerror}") from error


def _place(place: str | Place) -> Place:
    return Place(place) if isinstance(place, str) else place
