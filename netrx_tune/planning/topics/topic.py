"""What the page of a system of the receive path holds."""

from __future__ import annotations

from typing import NamedTuple


class Topic(NamedTuple):
    """One system, for its page."""

    name: str
    title: str
    what: str
    lost: str  # what can be lost there, and where it shows
    then: str = ""  # on 3.13; a word of a report was and is the same
    now: str = ""
    aliases: tuple[str, ...] = ()
    stages: tuple[str, ...] = ()
    counters: tuple[str, ...] = ()
    tunables: tuple[str, ...] = ()
