"""What `size` is asked, and whether that can be answered."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import click

from netrx_tune.cli import options

_MOST_RCVBUF_BYTES = 2**31 - 1
_EXCLUSIVE = (("burst", "stall"), ("rcvbuf", "so_rcvbuf"), ("truesize", "payload"))
# Options, and those of which one has to be given for them to mean something.
_NEEDS = (
    ({"link", "mtu", "family"}, ("payload",)),
    ({"burst", "drain", "sockets"}, ("payload", "truesize")),
    ({"rate"}, ("stall", "rcvbuf", "so_rcvbuf", "fragments")),
    ({"stall"}, ("rate", "accept_backlog")),
    ({"timeout"}, ("fragments", "conntrack")),
)


class Asked(NamedTuple):
    """The options, as they were typed and checked one by one."""

    rate: int | None
    payload: int | None
    burst: int | None
    stall: int | None
    drain: int | None
    sockets: int
    truesize: int | None
    link: str
    mtu: int | None
    family: str
    rcvbuf: int | None
    so_rcvbuf: int | None
    backlog: bool
    fragments: float | None
    conntrack: int | None
    accept_backlog: int | None
    timeout: int | None
    length: int | None
    kernel: str


def check(asked: Asked) -> None:
    """Refuse what contradicts itself or asks for nothing.

    Raises:
        click.UsageError: with what is missing.
    """
    for one, other in _EXCLUSIVE:
        if None not in (getattr(asked, one), getattr(asked, other)):
            raise click.UsageError(
                f"{options.flag(one)} and {options.flag(other)} exclude each other"
            )
    if (asked.rcvbuf or asked.so_rcvbuf or 0) > _MOST_RCVBUF_BYTES:
        raise click.UsageError(f"the kernel's largest buffer is {_MOST_RCVBUF_BYTES} B")
    for missing in (*_missing(asked), *_idle(asked)):
        raise click.UsageError(missing)


def _missing(asked: Asked) -> Iterator[str]:
    """Yield what has to be said as well."""
    pause = asked.burst is not None or (asked.stall is not None and asked.rate is not None)
    cost = asked.payload is not None or asked.truesize is not None
    survive = asked.rcvbuf is not None or asked.so_rcvbuf is not None
    alone = asked.conntrack is not None or asked.accept_backlog is not None
    if asked.accept_backlog is not None and asked.stall is None:
        yield "--accept-backlog needs --stall: how long nobody accepts"
    if asked.fragments is not None and (asked.payload is None or asked.rate is None):
        yield "--fragments needs --rate and --payload"
    if asked.length is not None and not (asked.backlog or alone):
        yield "--length is of a queue: --backlog, --conntrack or --accept-backlog"
    if asked.backlog and not pause:
        yield "--backlog needs --burst, or --rate and --stall"
    if (survive or asked.backlog) and not cost:
        yield "what does a datagram cost? --payload BYTES, or --truesize if it was measured"
    if not cost and not alone:
        yield "nothing to compute: begin with --payload BYTES (or --truesize SIZE)"
    if cost and not (pause or survive or asked.fragments):
        yield "what has to be bridged? --burst DATAGRAMS, or --rate and --stall, or --rcvbuf SIZE"


def _idle(asked: Asked) -> Iterator[str]:
    """Yield what was typed and would change nothing."""
    typed = [name for name in asked._fields if options.is_typed(name)]
    for names, needed in _NEEDS:
        if not any(getattr(asked, name) is not None for name in needed):
            wanted = " or ".join(options.flag(name) for name in needed)
            yield from (
                f"{options.flag(name)} means nothing without {wanted}"
                for name in typed
                if name in names
            )
    if asked.kernel != "this" and options.is_typed("root"):
        yield "--root has settings of its own; it goes with no --kernel VERSION"
