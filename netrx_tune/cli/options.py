"""Options that commands share, and the few things they do with them."""

from __future__ import annotations

import math
import os
import sys
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Self, TextIO, TypeVar

import click
from click.core import ParameterSource

if TYPE_CHECKING:
    from netrx_tune.model.finding import Diagnosis
    from netrx_tune.reporters.plain import Block

_F = TypeVar("_F", bound=Callable[..., Any])

FAIL_ON = ("note", "warning", "critical", "never")


class Whole(click.IntRange):
    """A whole number within bounds, in errors called so."""

    name = "whole number"


color_option = click.option(
    "--color",
    type=click.Choice(["auto", "always", "never"]),
    default="auto",
    show_default=True,
    help="Colour the text. NO_COLOR is honoured by auto.",
)
quiet_option = click.option("-q", "--quiet", is_flag=True, help="No progress on standard error.")
jobs_option = click.option(
    "--jobs", type=Whole(1), metavar="N", help="Processes. [default: all cores]"
)

root_option = click.option(
    "--root",
    type=click.Path(exists=True, file_okay=False),
    help="Read /proc, /sys and /etc below this folder.",
)


def format_option(*forms: str) -> Callable[[_F], _F]:
    """Return the option for the form of the output, text by default."""
    return click.option(
        "--format",
        "output_format",
        type=click.Choice(forms),
        default="text",
        show_default=True,
    )


def output_options(command: _F) -> _F:
    """Add --format, --color and --quiet."""
    return _with(command, format_option("text", "json"), color_option, quiet_option)


class Later(str):
    """The path of the later of two inputs, which knows the earlier one's."""

    __slots__ = ("earlier",)
    earlier: str

    def __new__(cls, earlier: str, path: str) -> Self:
        """Return `path`, with what came before it."""
        made = super().__new__(cls, path)
        made.earlier = earlier
        return made


def _one_or_two(_: click.Context, __: click.Parameter, values: tuple[str, ...]) -> str | None:
    """Return the input that was given, the later one where it is a window between two."""
    if len(values) > 2 or values.count("-") > 1:
        raise click.UsageError("--from is given once, or twice for two reports of one host")
    if len(values) == 2:
        return Later(*values)
    return values[0] if values else None


def place_options(command: _F) -> _F:
    """Add --from, --netns, --pid and --root: where to look."""
    return _with(
        command,
        click.option(
            "--from",
            "saved",
            metavar="SNAPSHOT",
            multiple=True,
            callback=_one_or_two,
            help="Judge a snapshot, a sosreport, a folder of /proc files, or a text of netstat -s, "
            "nstat or ss; - is standard input. Twice: from one report of a host to another.",
        ),
        *_live_places(),
    )


def live_place_options(command: _F) -> _F:
    """Add --netns, --pid and --root."""
    return _with(command, *_live_places())


def _live_places() -> tuple[Callable[[_F], _F], ...]:
    return (
        click.option("--netns", metavar="NAME|PATH", help="Look into this network namespace."),
        click.option("--pid", type=Whole(1), metavar="PID", help="Look where this process lives."),
        root_option,
    )


class Seconds(click.FloatRange):
    """A time from `least` to a day; "nan" is none, though Python takes it for a number."""

    def __init__(self, least: float) -> None:
        """Take the shortest time that makes sense."""
        super().__init__(least, 86400)

    def convert(
        self,
        value: Any,  # noqa: ANN401 - as click has it
        param: click.Parameter | None,
        ctx: click.Context | None,
    ) -> float:
        """Return the number of seconds."""
        try:
            seconds = float(value)
        except ValueError:
            seconds = math.nan
        if math.isnan(seconds):
            self.fail(f"{value!r} is not a number of seconds, such as 5 or 0.5", param, ctx)
        return float(super().convert(seconds, param, ctx))


def interval_option(words: str) -> Callable[[_F], _F]:
    """Return the option for the length of a watch, in seconds, with its line of help."""
    return click.option(
        "--interval",
        type=Seconds(0),
        default=5.0,
        show_default=True,
        metavar="SECONDS",
        help=words,
    )


def fail_on_option(words: str) -> Callable[[_F], _F]:
    """Return the option for the findings that make the exit code 1, with its line of help."""
    return click.option(
        "--fail-on",
        type=click.Choice(FAIL_ON),
        default="never",
        show_default=True,
        help=words,
    )


def _with(command: _F, *options: Callable[[_F], _F]) -> _F:
    for option in reversed(options):
        command = option(command)
    return command


def progress(text: str, *, quiet: bool) -> None:
    """Write a line of progress to standard error."""
    if not quiet:
        with suppress(BrokenPipeError):  # who reads it has enough
            click.echo(text, err=True)


def flag(name: str) -> str:
    """Return an option as it is typed."""
    return f"--{name.replace('_', '-')}"


def is_typed(name: str) -> bool:
    """Tell whether an option of the command that runs was given, not taken from its default."""
    context = click.get_current_context(silent=True)
    return bool(context and context.get_parameter_source(name) is ParameterSource.COMMANDLINE)


def say_unused(name: str, why: str, *, quiet: bool) -> None:
    """Say of an option that it was given for nothing."""
    if is_typed(name):
        progress(f"note: {flag(name)} is not used: {why}", quiet=quiet)


def complain(text: str) -> None:
    """Write an error to standard error: one line, with what a terminal would act on escaped."""
    from netrx_tune.reporters.plain import escape  # noqa: PLC0415 - only on errors

    progress(f"netrx-tune: {escape(text)}", quiet=False)


def width() -> int:
    """Return the columns to write for: the terminal's, or 80."""
    import shutil  # noqa: PLC0415 - JSON needs none of this

    return shutil.get_terminal_size().columns


def is_terminal(stream: TextIO | None) -> bool:
    """Tell whether somebody looks at a stream; Python has None for one that is closed."""
    return stream is not None and stream.isatty()


def colored(choice: str, *, on_errors: bool = False) -> bool:
    """Return whether to colour standard output, or standard error, for --color."""
    from netrx_tune.reporters.plain import wants_color  # noqa: PLC0415 - JSON needs none of this

    stream = sys.stderr if on_errors else sys.stdout
    return wants_color(choice, os.environ, is_terminal=is_terminal(stream))


def echo_plain(text: str, *, color: bool = False) -> None:
    """Write text to standard output, with what its encoding lacks shown escaped."""
    from netrx_tune.reporters.plain import encodable  # noqa: PLC0415

    if sys.stdout is not None:  # closed by the caller: `>&-`
        _put(encodable(text, sys.stdout.encoding), color=color)


def echo_blocks(blocks: Iterable[Block], *, on_errors: bool = False) -> None:
    """Write paragraphs without colour, wrapped, to standard output or standard error."""
    from netrx_tune.reporters.plain import layout  # noqa: PLC0415 - JSON needs none of this

    text = layout(blocks, width=width(), color=False)
    if on_errors:
        progress(text.rstrip("\n"), quiet=False)
    else:
        echo_plain(text)


def agrees(question: str) -> bool:
    """Tell whether somebody at a terminal says yes; ^C and the end of the input end the command."""
    try:
        return click.confirm(question, err=True)
    except click.Abort:
        progress("", quiet=False)  # what is said of it stands below the question
        raise


def echo_json(document: Mapping[str, object]) -> None:
    """Write a document to standard output."""
    import json  # noqa: PLC0415 - not for text

    _put(json.dumps(document, indent=2) + "\n")


def _put(text: str, *, color: bool = False) -> None:
    """Write text; who reads it may have enough, and the exit code counts all the same."""
    try:
        click.echo(text, nl=False, color=color)
    except BrokenPipeError:
        mute()


def mute() -> None:
    """Let what is still written to standard output go nowhere."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def echo_text(diagnosis: Diagnosis, color: str, *, verbose: bool) -> None:
    """Write a diagnosis for people."""
    from netrx_tune.cli import COMMANDS  # noqa: PLC0415
    from netrx_tune.reporters.terminal import render  # noqa: PLC0415

    paint, commands = colored(color), tuple(COMMANDS)
    text = render(diagnosis, width=width(), color=paint, verbose=verbose, commands=commands)
    echo_plain(text, color=paint)
