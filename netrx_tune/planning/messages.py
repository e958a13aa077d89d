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

_MOST_CHARACTERS = 2000
_MOST_LINES = 2000
_GROUP = re.compile(r"\(\?P<\w+>")

# The first that fits is meant: what is said of receiving stands before what is said of sending,
# and what the kernel left out of its log after what it wrote.
MESSAGES: tuple[Message, ...] = (*SMALL_BUFFERS, *OWN_QUEUES, *DEVICE_LINES, *KERNEL_LINES)


def _plain(line: str) -> str:
    return " ".join(line[:_MOST_CHARACTERS].casefold().split())


def message_in(line: str) -> Heard | None:
    """Return the message that a line of a log holds, None if none is known."""
    text = _plain(line)
    for message in MESSAGES:
        match = re.search(message.words, text)
        if match:
            return heard_in(message, match.groupdict())
    return None


def messages_among(lines: Iterable[str]) -> tuple[Heard, ...]:
    """Return the messages that any of the first lines of a log hold, each once."""
    any_of = re.compile("|".join(_GROUP.sub("(?:", message.words) for message in MESSAGES))
    found: dict[str, Heard] = {}
    for line in islice(lines, _MOST_LINES):
        text = _plain(line)
        heard = message_in(line) if any_of.search(text) else None
        if heard:
            found.setdefault(heard.message.name, heard)
    return tuple(found.values())


def message_named(name: str) -> Heard | None:
    """Return the message whose page has that name."""
    found = next((message for message in MESSAGES if message.name == name.strip()), None)
    return found and heard_in(found, {})
