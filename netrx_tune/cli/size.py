"""`netrx-tune size`: a buffer for traffic that does not run yet, or what a buffer survives."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, cast

import click

from netrx_tune.cli import options
from netrx_tune.cli.quantities import duration_usecs, share, size_bytes
from netrx_tune.cli.size_asked import Asked, check

if TYPE_CHECKING:
    from netrx_tune.cli.size_host import Settings
    from netrx_tune.planning.size import Load, Place
    from netrx_tune.planning.size_answer import Answer, Question
    from netrx_tune.planning.size_queues import QueueSize
    from netrx_tune.rxpath.truesize import Family, Link

_COUNT = options.Whole(1, 10**9)
_MOST_PAYLOAD_BYTES = 65507


@click.command("size")
@click.option("--rate", type=_COUNT, metavar="PER_SECOND", help="Datagrams for one socket.")
@click.option(
    "--payload",
    type=options.Whole(0, _MOST_PAYLOAD_BYTES),
    metavar="BYTES",
    help="Of one datagram, without headers.",
)
@click.option("--burst", type=_COUNT, metavar="DATAGRAMS", help="How many come at once.")
@click.option(
    "--stall", metavar="TIME", callback=duration_usecs, help="How long the reader pauses: 200ms."
)
@click.option("--drain", type=_COUNT, metavar="PER_SECOND", help="What the reader takes.")
@click.option(
    "--sockets",
    metavar="NUMBER",
    type=options.Whole(1, 10**6),
    default=1,
    show_default=True,
    help="How many of them, for the memory of all.",
)
@click.option(
    "--truesize",
    metavar="SIZE",
    callback=size_bytes,
    help="What a datagram costs, if measured: in place of --payload.",
)
@click.option(
    "--link",
    type=click.Choice(["nic", "veth", "loopback"]),
    default="nic",
    show_default=True,
    help="What they come in by.",
)
@click.option("--mtu", type=options.Whole(576, 65536), metavar="BYTES", help="That link's.")
@click.option(
    "--family", type=click.Choice(["4", "6"]), default="4", show_default=True, help="IPv4 or IPv6."
)
@click.option(
    "--rcvbuf",
    metavar="SIZE",
    callback=size_bytes,
    help="Tell what this buffer survives: rb of ss -m.",
)
@click.option(
    "--so-rcvbuf", metavar="SIZE", callback=size_bytes, help="Likewise, what a program asks for."
)
@click.option("--backlog", is_flag=True, help="Size netdev_max_backlog for it as well.")
@click.option(
    "--fragments",
    metavar="SHARE",
    callback=share,
    help="Datagrams that stay incomplete, such as 1%: size the memory for fragments.",
)
@click.option(
    "--conntrack", type=_COUNT, metavar="PER_SECOND", help="New flows: size the connection table."
)
@click.option(
    "--accept-backlog",
    type=_COUNT,
    metavar="PER_SECOND",
    help="New connections: size the queue of listen().",
)
@click.option(
    "--timeout",
    type=options.Whole(1, 10**6),
    metavar="SECONDS",
    help="How long a flow's entry or a fragment stays. [default: the host's]",
)
@click.option(
    "--length",
    type=_COUNT,
    metavar="PLACES",
    help="Tell what a queue of this length bears, instead.",
)
@click.option(
    "--kernel",
    default="this",
    metavar="VERSION|this",
    show_default=True,
    help="Reckon for this host, or with the defaults of 6.1 or so.",
)
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
    check(asked)
    settings = settings_for(asked.kernel, root)
    answer = _answer(asked, settings)
    if output_format == "json":
        options.echo_json(size_json(answer, settings.place))
        return 0
    colored = options.colored(color)
    text = render_size(answer, width=options.width(), color=colored)
    options.echo_plain(text, color=colored)
    return 0


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
