"""The kernel's own drop reasons, from a tracefs instance that nobody else sees."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from tests.live import syscalls
from tests.live.children import LabError, is_left_behind, own_name

BUFFER_KIB = 32768

_EVENT = re.compile(
    r"kfree_skb: .*protocol=(?P<protocol>\d+) location=(?P<location>\w+)\S* reason: (?P<reason>\w+)"
)
_SYMBOL = re.compile(r'\{ (0x[0-9a-f]+|\d+), "(\w+)" \}')


class Drop(NamedTuple):
    """One kind of discarded packet: its EtherType, the function and the reason."""

    protocol: int
    location: str
    reason: str


def reasons_of(event_format: str) -> frozenset[str]:
    """Return the names in the format file of skb:kfree_skb; they differ between kernels."""
    return frozenset(name for _, name in _SYMBOL.findall(event_format))


def parse_trace(text: str) -> Counter[Drop]:
    """Return how often each kind of drop stands in a trace."""
    return Counter(
        Drop(int(found["protocol"]), found["location"], found["reason"])
        for found in _EVENT.finditer(text)
    )


class Trace:
    """A private instance of the tracer that records discarded packets."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        event = directory / "events/skb/kfree_skb"
        self.reasons = reasons_of((event / "format").read_text())
        (directory / "tracing_on").write_text("0")
        (directory / "buffer_size_kb").write_text(str(BUFFER_KIB))
        (event / "enable").write_text("1")

    def start(self) -> None:
        """Record from now on."""
        (self._directory / "trace").write_text("")
        (self._directory / "tracing_on").write_text("1")

    def stop(self) -> Counter[Drop]:
        """Return what was discarded on this machine since `start`."""
        (self._directory / "tracing_on").write_text("0")
        for statistics in self._directory.glob("per_cpu/cpu*/stats"):
            if not re.search(r"^overrun: 0$", statistics.read_text(), re.MULTILINE):
                raise LabError(f"{statistics.parent.name}: more drops than the trace can hold")
        return parse_trace((self._directory / "trace").read_text())


@contextmanager
def tracing() -> Iterator[Trace]:
    """Make an instance of the tracer on a mount of our own, and remove both."""
    mount = syscalls.detached_mount("tracefs")
    instances = Path(f"/proc/self/fd/{mount}/instances")
    try:
        for entry in instances.iterdir():
            if is_left_behind(entry.name):
                entry.rmdir()
        mine = instances / own_name()
        mine.mkdir()
        try:
            yield Trace(mine)
        finally:
            mine.rmdir()
    finally:
        os.close(mount)
