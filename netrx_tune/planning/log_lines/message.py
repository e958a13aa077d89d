"""One kind of line of a log, and what its own numbers say."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

from netrx_tune.rules.words import count

SIZE = r"[0-9][0-9.]*\s?(?:[kmg]i?b?)?"  # "425984", "7168 kib", "212.99kb"
_PARTS = re.compile(r"([0-9]{1,18})(\.[0-9]{0,6})?[0-9.]*\s?([kmg]?)")
_POWER = {"": 0, "k": 1, "m": 2, "g": 3}


class Message(NamedTuple):
    """One kind of line.

    `words` is a pattern for the part that is always there; its groups `wanted` and `got` are
    sizes: what the program's configuration says, and what it was told that it has. `kilo` is what
    the program takes for a K. `doubled` tells whether `got` is what getsockopt() says, which is
    twice what counts against net.core.rmem_max; some runtimes halve it again.
    """

    name: str
    title: str
    words: str
    means: str
    loss: str  # whether packets are lost, and how to tell
    do: str
    source: str
    stages: tuple[str, ...] = ()
    counters: tuple[str, ...] = ()
    tunables: tuple[str, ...] = ()
    kilo: int = 1024
    doubled: bool = True


class Heard(NamedTuple):
    """A message that somebody pasted, with the numbers that were in it."""

    message: Message
    wanted_bytes: int | None
    got_bytes: int | None

    @property
    def arithmetic(self) -> str:
        """Return what the line's own numbers say of net.core.rmem_max, "" without any."""
        wanted, got = self.wanted_bytes, self.got_bytes
        parts = []
        if wanted is not None:
            parts.append(
                f"The program asked for {count(wanted)} bytes, so net.core.rmem_max has to"
                f" be at least {count(wanted)} for all of it to be granted."
            )
        if got is not None and wanted is None:
            parts.append(self._granted(got))
        elif got is not None and self._is_cut(got):
            parts.append(self._cut(got))
        return " ".join(parts)

    @property
    def is_cut(self) -> bool:
        """Tell whether the line says how much was asked for, and that it was not granted."""
        got = self.got_bytes
        return self.wanted_bytes is not None and (got is None or self._is_cut(got))

    def _is_cut(self, got: int) -> bool:
        wanted = self.wanted_bytes or 0
        return got < (2 * wanted if self.message.doubled else wanted)

    def _granted(self, got: int) -> str:
        """Return what a size means that stands there without the request for it."""
        limited = got // 2 if self.message.doubled else got
        return (
            f"It has {count(got)}, of which net.core.rmem_max limits {count(limited)}. Whether it"
            " asked for more, the line does not say."
        )

    def _cut(self, got: int) -> str:
        """Return what the kernel granted, from what the program was told."""
        if self.message.doubled:
            return (
                f"It got {count(got)}: the kernel cut the request to {count(got // 2)} and doubled"
                " that for its own accounts."
            )
        return (
            f"It got {count(got)}, to which the kernel cut the request. Its runtime takes away the"
            f" kernel's doubling: ss shows about {count(2 * got)} (rb)."
        )


def heard_in(message: Message, groups: Mapping[str, str | None]) -> Heard:
    """Return a message with the sizes that its groups hold."""
    return Heard(
        message,
        _bytes(groups.get("wanted"), message.kilo),
        _bytes(groups.get("got"), message.kilo),
    )


def _bytes(text: str | None, kilo: int) -> int | None:
    """Return "212.99kb" as bytes, in whole numbers."""
    found = _PARTS.match(text or "")
    if found is None:
        return None
    scale: int = kilo ** _POWER[found[3]]
    digits = (found[2] or ".")[1:]
    part = int(digits) * scale // int("1" + "0" * len(digits)) if digits else 0
    return int(found[1]) * scale + part
