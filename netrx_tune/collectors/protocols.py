"""/proc/net/protocols: sockets and memory by protocol.

Kernel: net/core/sock.c, proto_seq_printf(). `memory` is in pages and the host's, -1 where a
protocol does not account; `press` is NI where a protocol knows no pressure, as UDP.
"""

from __future__ import annotations

from typing import NamedTuple

from netrx_tune.collectors.text import decimal, numbered, signed
from netrx_tune.model.errors import ParseError

_COLUMNS = ("protocol", "size", "sockets", "memory", "press")


class Protocol(NamedTuple):
    """One protocol's line."""

    name: str
    socket_bytes: int
    sockets: int
    memory_pages: int | None  # None: does not account
    pressure: bool | None  # None: knows no pressure


def parse_protocols(text: str, path: str = "/proc/net/protocols") -> dict[str, Protocol]:
    """Return the protocols by name, as "UDP" and "UDPv6".

    Raises:
        ParseError: the header is another one, or a line does not read.
    """
    columns: dict[str, int] = {}
    protocols: dict[str, Protocol] = {}
    for number, line in numbered(text):
        place, words = f"{path}:{number}", line.split()
        if not columns:
            columns = {word: at for at, word in enumerate(words)}
            if not columns.keys() >= set(_COLUMNS):
                raise ParseError(place, f"expected a header {' '.join(_COLUMNS)}", line)
            continue
        if len(words) != len(columns):
            raise ParseError(place, f"expected {len(columns)} words", line)
        found = _protocol({name: words[at] for name, at in columns.items()}, place)
        protocols[found.name] = found
    if not columns:
        raise ParseError(path, "expected a header", text)
    return protocols


def _protocol(words: dict[str, str], place: str) -> Protocol:
    """Return the protocol of a line."""
    memory = signed(words["memory"], place, "memory")
    return Protocol(
        name=words["protocol"],
        socket_bytes=decimal(words["size"], place, "size"),
        sockets=signed(words["sockets"], place, "sockets"),
        memory_pages=None if memory < 0 else memory,
        pressure={"yes": True, "no": False}.get(words["press"]),
    )
