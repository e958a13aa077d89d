"""Lines that kernels and programs write to their logs about the receive path, and what each means.

A user pastes the whole line, time stamp and all: `netrx-tune explain "so-rcvbuf 4194304 was not
granted. Got 425984."` A message is found by the words that are its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import islice

from netrx_tune.planning.log_lines.devices import DEVICE_LINES
from netrx_tune.planning.log_lines.kernel import KERNEL_LINES
from netrx_tune.planning.log_lines.message import Heard, Message, heard_in
from netrx_tune.planning.log_lines.own_queues import OWN_QUEUES
from netrx_tune.planning.log_lines.small_buffers import SMALL_BUFFERS

__all__ = ["MESSAGES", "Heard", "Message", "message_in", "message_named"]

_MOST_CHARACTERS = 2000
_MOST_LINES = 2000

# The first that fits is meant: what is said of receiving stands before what is said of sending,
# and what the kernel left out of its log after what it wrote.
MESSAGES: tuple[Message, ...] = (*SMALL_BUFFERS, *OWN_QUEUES, *DEVICE_LINES, *KERNEL_LINES)


def message_in(line: str) -> Heard | None:
    """Return the message that a line of a log holds, None if none is known."""
    text = " ".join(line[:_MOST_CHARACTERS].casefold().split())
    for message in MESSAGES:
        match = re.search(message.words, text)
        if match:
            return heard_in(message, match.groupdict())
    return None


def message_among(lines: Iterable[str]) -> Heard | None:
    """Return the first message that any of the first lines of a log holds."""
    return next((heard for line in islice(lines, _MOST_LINES) if (heard := message_in(line))), None)


def message_named(name: str) -> Heard | None:
    """Return the message whose page has that name."""
    found = next((message for message in MESSAGES if message.name == name.strip()), None)
    return found and heard_in(found, {})
