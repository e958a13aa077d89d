"""`netrx-tune profile`: workload profiles, one made from a diagnosis, exports for other tools."""

from __future__ import annotations

import importlib
from typing import cast

import click

from netrx_tune.cli.group import Group

# Name of the subcommand -> what it does, in the order of --help.
SUBCOMMANDS = {
    "list": "List the profiles that there are.",
    "show": "Show a profile beside this host's values.",
    "validate": "Check profiles: names file, line and key of what is wrong.",
    "generate": "Write a profile from a diagnosis: only what evidence asks for.",
    "export": "Write a profile for sysctl.d, tuned, Ansible, OpenShift, systemd, Nix or a shell.",
}
_MODULES = {"generate": "profile_generate", "export": "profile_export"}


class _Lazy(Group):
    """A group that imports a subcommand's module when it is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return list(SUBCOMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in SUBCOMMANDS:
            return None
        name = _MODULES.get(cmd_name, "profile_reading")
        module = importlib.import_module(f"netrx_tune.cli.{name}")
        return cast("click.Command", getattr(module, f"{cmd_name}_command"))

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        with formatter.section("Commands"):
            formatter.write_dl(list(SUBCOMMANDS.items()))


@click.group("profile", cls=_Lazy, context_settings={"help_option_names": ["-h", "--help"]})
def command() -> None:
    """Show, check, generate and export profiles: limits that a workload needs, and why.

    A profile is named (see `profile list`) or a file. Its values are floors: what stands
    higher on a host is never lowered.

    \b
    Examples:
      netrx-tune profile show syslog-collector
      sudo netrx-tune profile generate --profile syslog-collector -o here.yaml
      netrx-tune profile export here.yaml --format ansible -o tasks/main.yml
    """  # noqa: D301 - click reads the backspace
