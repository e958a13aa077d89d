"""The command line: one module per command, imported only when it is called.

Errors end here. A user's mistake or an unreadable input is one line on standard error and exit
code 2; too little data to judge is 3; a bug of ours is 2 and says how to report it.
"""

from __future__ import annotations

import errno
import gc
import importlib
import sys
from collections.abc import Sequence
from typing import cast

import click

from netrx_tune import __version__
from netrx_tune.cli.group import Group
from netrx_tune.model.errors import NetrxError, NotEnoughData

# Objects between two looks for garbage; a run makes little of it, and a start many objects.
_FEW_COLLECTIONS = 50_000
# What writing to a full or broken device gives.
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO}
# Name of the command -> what it does, by what one is about, in the order of --help.
SECTIONS = {
    "Find the loss": {
        "diagnose": "Say where packets are lost, why, and what to change.",
        "path": "Show the receive path with this host's counters and settings.",
        "explain": "Explain a finding, a stage, a counter or a tunable.",
    },
    "Save, compare, judge": {
        "snapshot": "Save two samples that a later diagnosis can judge.",
        "diff": "Say what changed between two snapshots: counters, settings, verdicts.",
        "check": "Judge saved snapshots by a policy: the gate for CI jobs and fleets.",
        "fleet": "Playbooks for many hosts, and one report of what they lose.",
    },
    "Choose settings, apply, undo": {
        "size": "Compute a buffer for a rate, a payload and a pause, or what a buffer survives.",
        "profile": "Show, check, generate and export profiles for workloads and other tools.",
        "apply": "Apply a profile: show, ask, set, verify by the counters, or undo.",
        "status": "Tell what is applied, and whether it is in force now and after boot.",
        "rollback": "Put back the values and files of the last apply.",
    },
}
COMMANDS = {name: does for section in SECTIONS.values() for name, does in section.items()}


class _Lazy(Group):
    """A group that imports a command's module when the command is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"netrx_tune.cli.{cmd_name}")
        return cast("click.Command", module.command)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        widest = max(map(len, COMMANDS))
        for title, commands in SECTIONS.items():
            with formatter.section(title):
                formatter.write_dl([(name.ljust(widest), does) for name, does in commands.items()])


@click.group(cls=_Lazy, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="netrx-tune")
def netrx_tune() -> None:
    """Find where Linux loses received packets, why, and exactly what to change.

    \b
    Example:
      sudo netrx-tune diagnose --interval 10
    """  # noqa: D301 - click reads the backspace


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command and exit with its code."""
    gc.set_threshold(_FEW_COLLECTIONS)
    try:
        code = netrx_tune.main(arguments, prog_name="netrx-tune", standalone_mode=False)
    except click.exceptions.Exit as stop:
        code = stop.exit_code
    except SystemExit:
        code = 0  # so click ends where nobody reads --help to its end
    except click.exceptions.NoArgsIsHelpError as error:
        code = _show(error)
    except click.ClickException as error:
        code = _refuse(_usage(error), 2)
    except (click.Abort, KeyboardInterrupt):
        _heed_once()
        code = _refuse("interrupted", 2)
    except NotEnoughData as error:
        code = _refuse(str(error), 3)
    except NetrxError as error:
        code = _refuse(str(error), 2)
    except Exception as bug:  # noqa: BLE001 - a traceback helps no operator
        full = isinstance(bug, OSError) and bug.filename is None and bug.errno in _FULL
        code = _refuse(f"standard output: {bug.args[1]}", 2) if full else _report(bug)
    gc.freeze()  # what is left goes with the process
    sys.exit(code if isinstance(code, int) else 0)


def _show(help_page: click.exceptions.NoArgsIsHelpError) -> int:
    """Show what there is to type, as for a mistake, and return the exit code."""
    from netrx_tune.cli.options import progress  # noqa: PLC0415 - only where it ends so

    progress(help_page.format_message(), quiet=False)
    return 2


def _heed_once() -> None:
    """Ignore the interrupt key from now on: who presses it twice has been heard."""
    while True:
        try:
            import signal  # noqa: PLC0415 - only where it ends so

            signal.signal(signal.SIGINT, signal.SIG_IGN)
        except KeyboardInterrupt:
            continue
        return


def _refuse(why: str, code: int) -> int:
    """Say in one line why it ends, and return the exit code."""
    from netrx_tune.cli.options import complain  # noqa: PLC0415 - only where it ends so

    complain(why)
    return code


def _usage(error: click.ClickException) -> str:
    """Return what is wrong with the arguments, and where the right ones stand."""
    said = " ".join(error.format_message().split())
    context = error.ctx if isinstance(error, click.UsageError) else None
    if context is None:
        return said
    return f"{said}{'' if said[-1] in '.?' else '.'} See `{context.command_path} --help`."


def _report(bug: Exception) -> int:
    """Say in one line that this is our mistake, and how to send what we need."""
    import os  # noqa: PLC0415
    import traceback  # noqa: PLC0415

    if os.environ.get("NETRX_TUNE_TRACEBACK"):
        traceback.print_exception(bug)
    place = traceback.extract_tb(bug.__traceback__)[-1]
    click.echo(
        f"netrx-tune: bug in {place.name} ({place.filename.rpartition('/')[2]}:{place.lineno}):"
        f" {type(bug).__name__}: {str(bug)[:200]!r}. Run again with NETRX_TUNE_TRACEBACK=1 and"
        " report what it prints.",
        err=True,
    )
    return 2
