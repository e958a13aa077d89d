"""Settings: those of a namespace die with it, those of the host are always put back."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.live.children import LabError, Place, run_in


def sysctl_path(name: str) -> Path:
    """Return the file of a sysctl; dots separate, slashes stand for dots inside a name."""
    return Path("/proc/sys") / name.replace(".", "\0").replace("/", ".").replace("\0", "/")


def set_in_netns(netns: str, settings: dict[str, int | str]) -> None:
    """Write sysctls of one namespace."""

    def write() -> None:
        for name, value in settings.items():
            sysctl_path(name).write_text(f"{value}\n")

    run_in(Place(netns), write)


@contextmanager
def host_sysctls(settings: dict[str, int | str]) -> Iterator[None]:
    """Hold host-wide sysctls at given values; the caller holds the lab's lock.

    A process of its own puts the old values back as soon as the pipe to this one closes,
    so they come back even when this process is killed.
    """
    before = {name: sysctl_path(name).read_text() for name in settings}
    read_end, write_end = os.pipe()
    guardian = os.fork()
    if guardian == 0:
        _guard(read_end, write_end, before)
    os.close(read_end)
    try:
        for name, value in settings.items():
            sysctl_path(name).write_text(f"{value}\n")
        yield
    finally:
        os.close(write_end)
        _, status = os.waitpid(guardian, 0)
        if status != 0:
            raise LabError(f"could not put back {before}")


def _guard(read_end: int, write_end: int, before: dict[str, str]) -> None:
    status = 1
    try:
        os.close(write_end)
        os.setsid()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        os.read(read_end, 1)
        for name, value in before.items():
            sysctl_path(name).write_text(value)
        status = 0
    finally:
        os._exit(status)
