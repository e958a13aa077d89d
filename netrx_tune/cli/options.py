"""Options that commands share, and the few things they do with them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

_F = TypeVar("_F", bound=Callable[..., Any])

FAIL_ON = ("note", "warning", "critical", "never")


def output_options(command: _F) -> _F:
    """Add --format, --color and --quiet."""
    for option in (
        click.option("-q", "--quiet", is_flag=True, help="No progress on standard error."),
        click.option(
            "--color",
            type=click.Choice(["auto", "always", "never"]),
            default="auto",
            show_default=True,
            help="Colour the text. NO_COLOR is honoured by auto.",
        ),
        click.option(
            "--format",
            "output_format",
            type=click.Choice(["text", "json"]),
            default="text",
            show_default=True,
        ),
    ):
        command = option(command)
    return command


def host_options(command: _F) -> _F:
    """Add --netns, --pid and --root: where to look."""
    for option in (
        click.option(
            "--root",
            type=click.Path(exists=True, file_okay=False),
            help="Read /proc, /sys and /etc below this folder.",
        ),
        click.option("--pid", type=click.IntRange(1), help="Look where this process lives."),
        click.option("--netns", metavar="NAME|PATH", help="Look into this network namespace."),
    ):
        command = option(command)
    return command


def progress(text: str, *, quiet: bool) -> None:
    """Write a line of progress to standard error."""
    if not quiet:
        click.echo(text, err=True)
