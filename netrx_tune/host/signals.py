"""What signals do while the host is being changed, and while it is being put back."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from types import FrameType

Handler = signal.Handlers | Callable[[int, FrameType | None], object]


@contextmanager
def unstoppable() -> Iterator[None]:
    """Let no signal that can be held back interrupt what puts things back."""
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGPIPE)
    with _handled_by(signal.SIG_IGN, numbers):
        yield


@contextmanager
def stoppable() -> Iterator[None]:
    """Have a closed terminal and a request to end undo what is under way, as Ctrl-C does."""
    with _handled_by(signal.default_int_handler, (signal.SIGTERM, signal.SIGHUP)):
        yield


@contextmanager
def _handled_by(handler: Handler, numbers: Iterable[signal.Signals]) -> Iterator[None]:
    """Have another handler for signals, and the one from before again afterwards."""
    before = {number: signal.signal(number, handler) for number in numbers}
    try:
        yield
    finally:
        for number, earlier in before.items():
            signal.signal(number, earlier)
