"""`netrx-tune fleet`: many hosts: playbooks that ask them, and one report of what they said."""

from __future__ import annotations

import shlex
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from netrx_tune.cli import options
from netrx_tune.cli.group import Group
from netrx_tune.model.errors import NotEnoughData

if TYPE_CHECKING:
    from netrx_tune.planning.fleet_report import FleetReport


@click.group("fleet", cls=Group, context_settings={"help_option_names": ["-h", "--help"]})
def command() -> None:
    """Look at many hosts, apply to them in batches, and report on them together.

    \b
    Examples:
      netrx-tune fleet init playbooks
      netrx-tune fleet report snapshots/
    """  # noqa: D301 - click reads the backspace


@command.command("init", short_help="Write an Ansible role and playbooks for many hosts.")
@click.argument("folder", metavar="DIR")
@options.output_options
def init_command(folder: str, output_format: str, color: str, quiet: bool) -> int:  # noqa: ARG001 - every command takes these
    """Write an Ansible role and playbooks to DIR: diagnose, apply in batches, roll back.

    What stands there is never overwritten.

    \b
    Example:
      netrx-tune fleet init playbooks
    """  # noqa: D301 - click reads the backspace
    from netrx_tune.host.playbooks import write_playbooks  # noqa: PLC0415 - not for a report
    from netrx_tune.reporters.plain import escape  # noqa: PLC0415 - likewise

    names = write_playbooks(folder)
    if output_format == "json":
        document = {"schema": "netrx-tune/fleet-init/v1", "path": folder, "files": list(names)}
        options.echo_json(document)
        return 0
    place = escape(folder)
    options.echo_plain(
        f"Wrote {len(names)} files to {place}. Name your hosts in {place}/inventory.ini, then:\n"
        f"  cd {escape(shlex.quote(folder))} && ansible-playbook -i inventory.ini diagnose.yml\n"
    )
    return 0


@command.command("report", short_help="Report on many hosts together, from what check wrote.")
@click.argument("given", nargs=-1, required=True, metavar="INPUT...")
@click.option(
    "--role-from",
    metavar="N|FILE",
    help="A host's role: part N of its input's path, counted from the end (1 is the name itself,"
    " 2 its folder), or its group in an Ansible inventory.",
)
@options.jobs_option
@options.format_option("text", "json", "markdown")
@options.color_option
@options.quiet_option
def report_command(
    given: tuple[str, ...],
    role_from: str | None,
    jobs: int | None,
    output_format: str,
    color: str,
    quiet: bool,  # noqa: ARG001 - every command takes it
) -> int:
    """Report on many hosts together: findings, outliers, settings that losing hosts share.

    INPUT is what check wrote as jsonl, - for that on standard input, or snapshots, folders and
    patterns, which are then judged without a policy. Exit code 2 if no host could be judged and
    an input could not be read, else 3 if no host could be judged.

    \b
    Examples:
      netrx-tune check reports/ --format jsonl | netrx-tune fleet report -
      netrx-tune fleet report fleet.jsonl --role-from inventory.ini
      netrx-tune fleet report fetched/20261101T120000Z --role-from 3
    """  # noqa: D301 - click reads the backspace
    from netrx_tune.host.fleet_inputs import judgements  # noqa: PLC0415 - not for init
    from netrx_tune.host.fleet_roles import role_of  # noqa: PLC0415 - likewise
    from netrx_tune.planning.fleet_report import fleet_report  # noqa: PLC0415 - likewise

    role = role_of(role_from)
    today = datetime.now(tz=UTC).astimezone().date()
    listed = sys.stdin.buffer if sys.stdin is not None else None
    report = fleet_report((one, role(one)) for one in judgements(given, listed, today, jobs))
    if not report.inputs:
        raise NotEnoughData("no input was given, so there is nothing to report on")
    _write(report, output_format, color)
    return 0 if report.judged else _without_verdict(report)


def _without_verdict(report: FleetReport) -> int:
    """Say why no host could be judged, and return 2 where that is what could not be read."""
    name, why = report.unreadable[0]
    options.complain(f"no host could be judged: {name}: {why}")
    return 2 if dict(report.outcomes).get("unreadable") else 3


def _write(report: FleetReport, output_format: str, color: str) -> None:
    """Write the report in the form that was asked for."""
    if output_format == "json":
        from netrx_tune.reporters.fleet_json import fleet_json  # noqa: PLC0415 - one of three

        options.echo_json(fleet_json(report))
    elif output_format == "markdown":
        from netrx_tune.reporters.fleet_markdown import (  # noqa: PLC0415 - likewise
            render_fleet_markdown,
        )

        options.echo_plain(render_fleet_markdown(report))
    else:
        from netrx_tune.reporters.fleet_text import render_fleet  # noqa: PLC0415 - likewise

        colored = options.colored(color)
        options.echo_plain(
            render_fleet(report, width=options.width(), color=colored), color=colored
        )
