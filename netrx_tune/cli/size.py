"""`netrx-tune size`: a buffer for traffic that does not run yet, or what a buffer survives."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple, cast

import click

from netrx_tune.cli import options
from netrx_tune.cli.quantities import duration_usecs, share, size_bytes

if TYPE_CHECKING:
    from netrx_tune.cli.size_host import Settings
    from netrx_tune.planning.size import Load, Place
    from netrx_tune.planning.size_answer import Answer, Question
    from netrx_tune.planning.size_queues import QueueSize
    from netrx_tune.rxpath.truesize import Family, Link

_COUNT = options.Whole(1, 10**9)
_MOST_PAYLOAD_BYTES = 65507
_MOST_RCVBUF_BYTES = 2**31 - 1
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


@click.command("size")
@click.option("--rate", type=_COUNT, metavar="PER_SECOND", help="Datagrams for one socket.")
@click.option("--payload", type=options.Whole(0, _MOST_PAYLOAD_BYTES), metavar="BYTES")
@click.option("--burst", type=_COUNT, metavar="DATAGRAMS", help="What comes at once.")
@click.option(
    "--stall", metavar="TIME", callback=duration_usecs, help="How long the reader pauses: 200ms."
)
@click.option("--drain", type=_COUNT, metavar="PER_SECOND", help="What the reader takes.")
@click.option(
    "--sockets", metavar="NUMBER", type=options.Whole(1, 10**6), default=1, show_default=True
)
@click.option("--truesize", metavar="SIZE", callback=size_bytes, help="Measured, instead.")
@click.option("--link", type=click.Choice(["nic", "veth", "loopback"]), default="nic")
@click.option("--mtu", type=options.Whole(576, 65536), metavar="BYTES")
@click.option("--family", type=click.Choice(["4", "6"]), default="4")
@click.option(
    "--rcvbuf", metavar="SIZE", callback=size_bytes, help="Tell what this survives: rb of ss -m."
)
@click.option(
    "--so-rcvbuf", metavar="SIZE", callback=size_bytes, help="Likewise, what a program asks for."
)
@click.option("--backlog", is_flag=True, help="Size netdev_max_backlog for it as well.")
@click.option("--fragments", metavar="SHARE", callback=share, help="Incomplete datagrams: 1%.")
@click.option("--conntrack", type=_COUNT, metavar="PER_SECOND", help="New flows to track.")
@click.option("--accept-backlog", type=_COUNT, metavar="PER_SECOND", help="New connections.")
@click.option("--timeout", type=options.Whole(1, 10**6), metavar="SECONDS", help="Of an entry.")
@click.option(
    "--length", type=_COUNT, metavar="PLACES", help="Tell what a queue so long bears, instead."
)
@click.option("--kernel", default="this", metavar="VERSION|this", show_default=True)
@options.root_option
@options.output_options
def command(
    root: str | None,
    output_format: str,
    color: str,
    quiet: bool,  # noqa: ARG001 - every command takes it
    **typed: object,
) -> int:
    """Compute a buffer for a rate, a payload and a pause, or what a buffer survives.

    \b
    Examples:
      netrx-tune size --rate 20000 --payload 300 --stall 200ms --drain 60000
      netrx-tune size --payload 1400 --burst 5000 --link veth
      netrx-tune size --rate 20000 --payload 300 --rcvbuf 416KiB
      netrx-tune size --accept-backlog 500 --stall 2s
      netrx-tune size --accept-backlog 500 --stall 2s --length 128
    """  # noqa: D301 - click reads the backspace
    from netrx_tune.cli.size_host import settings_for  # noqa: PLC0415 - not for --help
    from netrx_tune.reporters.size_text import render_size, size_json  # noqa: PLC0415 - likewise

    asked = Asked(**typed)  # type: ignore[arg-type]  # click checked each
    _check(asked)
    settings = settings_for(asked.kernel, root)
    answer = _answer(asked, settings)
    if output_format == "json":
        click.echo(json.dumps(size_json(answer, settings.place), indent=2))
        return 0
    colored = options.colored(color)
    text = render_size(answer, width=options.width(), color=colored)
    options.echo_plain(text, color=colored)
    return 0


def _check(asked: Asked) -> None:
    """Refuse what contradicts itself or asks for nothing.

    Raises:
        click.UsageError: with what is missing.
    """
    _exclusive("--burst", asked.burst, "--stall", asked.stall)
    _exclusive("--rcvbuf", asked.rcvbuf, "--so-rcvbuf", asked.so_rcvbuf)
    _exclusive("--truesize", asked.truesize, "--payload", asked.payload)
    if (asked.rcvbuf or asked.so_rcvbuf or 0) > _MOST_RCVBUF_BYTES:
        raise click.UsageError(f"the kernel's largest buffer is {_MOST_RCVBUF_BYTES} B")
    for missing in (*_missing(asked), *_idle(asked)):
        raise click.UsageError(missing)


def _exclusive(one: str, first: int | None, other: str, second: int | None) -> None:
    if first is not None and second is not None:
        raise click.UsageError(f"{one} and {other} exclude each other")


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


def _answer(asked: Asked, settings: Settings) -> Answer:
    from netrx_tune.planning.size import Load  # noqa: PLC0415 - not for --help
    from netrx_tune.planning.size_answer import (  # noqa: PLC0415 - likewise
        Answer,
        answer_buffer,
        answer_survival,
    )

    load = Load(asked.rate, asked.burst, asked.stall, asked.drain)
    question = _question(asked, load, settings.place)
    wanted = asked.burst is not None or (asked.rate is not None and asked.stall is not None)
    rcvbuf = _rcvbuf(asked, settings.place)
    return Answer(
        question,
        answer_buffer(question) if question and wanted and rcvbuf is None else None,
        answer_survival(question, rcvbuf, asked.so_rcvbuf) if question and rcvbuf else None,
        tuple(_queues(asked, load, question, settings)),
    )


def _question(asked: Asked, load: Load, place: Place) -> Question | None:
    from netrx_tune.planning.size import Charge, charge_for  # noqa: PLC0415 - not for --help
    from netrx_tune.planning.size_answer import Question  # noqa: PLC0415 - likewise

    if asked.truesize is not None:
        charge = Charge(asked.truesize, asked.truesize, "measured")
    elif asked.payload is not None:
        family = cast("Family", int(asked.family))
        link = cast("Link", asked.link)
        charge = charge_for(asked.payload, place.kernel, link, family=family, mtu=asked.mtu)
    else:
        return None
    return Question(load, charge, place, asked.sockets)


def _rcvbuf(asked: Asked, place: Place) -> int | None:
    """Return the effective buffer that is asked about."""
    from netrx_tune.rxpath.admission import effective_rcvbuf  # noqa: PLC0415 - not for --help

    if asked.so_rcvbuf is None:
        return asked.rcvbuf
    return effective_rcvbuf(asked.so_rcvbuf, place.rmem_max or asked.so_rcvbuf)


def _queues(
    asked: Asked, load: Load, question: Question | None, settings: Settings
) -> Iterator[QueueSize]:
    from netrx_tune.cli.size_host import QUEUES, packets_each  # noqa: PLC0415 - not for --help
    from netrx_tune.planning import size_queues  # noqa: PLC0415 - likewise

    now = settings.now
    if asked.backlog and question:
        each = packets_each(asked.payload, asked.link, asked.family, asked.mtu)
        length = asked.length or now.get(QUEUES.backlog)
        yield size_queues.backlog_for(load, each, question.charge, length)
    if asked.fragments is not None and question:
        if packets_each(asked.payload, asked.link, asked.family, asked.mtu) < 2:
            raise click.UsageError("a datagram of that payload is not fragmented on that link")
        wait = asked.timeout or now.get(QUEUES.fragment_time) or 30
        memory = now.get(QUEUES.fragments)
        yield size_queues.fragments_for(load, asked.fragments, question.charge, wait, memory)
    if asked.conntrack is not None:
        wait = asked.timeout or now.get(QUEUES.flow_time) or 120
        length = asked.length or now.get(QUEUES.conntrack)
        yield size_queues.conntrack_for(asked.conntrack, wait, length)
    if asked.accept_backlog is not None:
        stall = asked.stall or 0
        length = asked.length or now.get(QUEUES.listeners)
        yield size_queues.accept_for(asked.accept_backlog, stall, length)
