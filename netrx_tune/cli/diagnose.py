"""`netrx-tune diagnose`: watch a host, or read a snapshot, and say where packets are lost."""

from __future__ import annotations

import json
import os
import sys

import click

from netrx_tune.cli import options
from netrx_tune.host import namespaces
from netrx_tune.host.source import Tree
from netrx_tune.host.watch import watch
from netrx_tune.model.finding import SEVERITIES, Diagnosis
from netrx_tune.model.snapshot import Delta
from netrx_tune.planning.diagnosis import conclude, measure
from netrx_tune.reporters.json_v1 import diagnosis_json


@click.command("diagnose")
@click.option(
    "--interval",
    type=click.FloatRange(0, 86400),
    default=5.0,
    show_default=True,
    metavar="SECONDS",
    help="How long to watch; 0 judges totals since boot.",
)
@options.host_options
@click.option(
    "--fail-on",
    type=click.Choice(options.FAIL_ON),
    default="never",
    show_default=True,
    help="Exit with 1 when a finding is this bad or worse.",
)
@options.output_options
def command(
    interval: float,
    netns: str | None,
    pid: int | None,
    root: str | None,
    fail_on: str,
    output_format: str,
    color: str,
    quiet: bool,
) -> int:
    r"""Say where received packets are lost, why, and what to change.

    \b
    Examples:
      sudo netrx-tune diagnose
      sudo netrx-tune diagnose --netns blue --interval 30
    """
    if root and (netns or pid):
        raise click.UsageError("--root reads files; it goes with neither --netns nor --pid")
    where = _enter(netns, pid)
    delta = _look(Tree(root or ""), interval, where, quiet=quiet)
    diagnosis = conclude(delta)
    _print(diagnosis, output_format, color)
    return _exit_code(diagnosis, fail_on)


def _enter(netns: str | None, pid: int | None) -> str | None:
    if netns and pid:
        raise click.UsageError("give --netns or --pid, not both")
    if netns:
        namespaces.enter(namespaces.path_of(netns))
        return netns
    if pid:
        namespaces.enter(namespaces.path_of_pid(pid))
        return f"pid {pid}"
    return None


def _look(tree: Tree, interval: float, netns: str | None, *, quiet: bool) -> Delta:
    samples = watch(
        tree,
        interval,
        started=lambda: options.progress(f"watching for {interval:g} s", quiet=quiet),
    )
    before = samples[0] if len(samples) > 1 else None
    return measure(before, samples[-1], live=True, netns=netns)


def _print(diagnosis: Diagnosis, output_format: str, color: str) -> None:
    if output_format == "json":
        click.echo(json.dumps(diagnosis_json(diagnosis), indent=2))
        return
    import shutil  # noqa: PLC0415 - JSON needs none of these

    from netrx_tune.cli import COMMANDS  # noqa: PLC0415
    from netrx_tune.reporters.plain import encodable, wants_color  # noqa: PLC0415
    from netrx_tune.reporters.terminal import render  # noqa: PLC0415

    colored = wants_color(color, os.environ, is_terminal=sys.stdout.isatty())
    width = shutil.get_terminal_size().columns
    text = render(diagnosis, width=width, color=colored, commands=tuple(COMMANDS))
    click.echo(encodable(text, sys.stdout.encoding), nl=False, color=colored)


def _exit_code(diagnosis: Diagnosis, fail_on: str) -> int:
    if fail_on == "never":
        return 0
    bar = SEVERITIES.index(fail_on)
    return int(any(SEVERITIES.index(f.severity) >= bar for f in diagnosis.findings))
