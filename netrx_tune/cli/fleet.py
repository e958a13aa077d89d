"""`netrx-tune fleet`: many hosts: playbooks that ask them, and one report of what they said."""

from __future__ import annotations

import json
import shlex

import click

from netrx_tune.cli import options


@click.group("fleet", context_settings={"help_option_names": ["-h", "--help"]})
def command() -> None:
    """Look at many hosts, apply to them in batches, and report on them together.

    \b
    Examples:
      netrx-tune fleet init playbooks
      netrx-tune fleet report snapshots/
    """  # noqa: D301 - click reads the backspace


@command.command("init")
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
        click.echo(json.dumps(document, indent=2))
        return 0
    place = escape(folder)
    options.echo_plain(
        f"Wrote {len(names)} files to {place}. Name your hosts in {place}/inventory.ini, then:\n"
        f"  cd {escape(shlex.quote(folder))} && ansible-playbook -i inventory.ini diagnose.yml\n"
    )
    return 0
