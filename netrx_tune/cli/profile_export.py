"""`profile export`: a profile in the form that other tools take."""

from __future__ import annotations

import click

from netrx_tune.cli import options
from netrx_tune.cli.profile_reading import root_option, shelf_of, tree_of
from netrx_tune.host import profiles
from netrx_tune.reporters.exports import FORMATS, SEVERAL, export, joined
from netrx_tune.reporters.plain import escape


@click.command("export")
@click.argument("profile")
@click.option(
    "--format",
    "output_format",
    type=click.Choice(list(FORMATS)),
    default="sysctl",
    show_default=True,
    help="Whose form it is to have.",
)
@click.option(
    "-o", "--output", metavar="FILE|FOLDER", help="Write there; networkd and systemd fill a folder."
)
@click.option(
    "--for-other-hosts",
    is_flag=True,
    help="Do not compare with this host: the floors as they are.",
)
@root_option
@options.color_option
@options.quiet_option
def export_command(
    profile: str,
    output_format: str,
    output: str | None,
    for_other_hosts: bool,
    root: str | None,
    color: str,  # noqa: ARG001 - every command takes it
    quiet: bool,
) -> int:
    """Write PROFILE, a name or a file, in the form that another tool takes.

    Values are floors. Where the format has none, the file holds the larger of the floor and
    this host's value. Shares of memory are computed for this host.

    \b
    Examples:
      netrx-tune profile export quic-http3 > 90-netrx-tune.conf
      netrx-tune profile export here.yaml --format tuned -o tuned.conf
      netrx-tune profile export here.yaml --format systemd -o files/
    """  # noqa: D301 - click reads the backspace
    tree = tree_of(root)
    found = profiles.load(profile, profiles.memory(tree), shelf_of(tree))
    now = {} if for_other_hosts else profiles.current(tree, found)
    files = export(found, now, output_format)
    if output is None or output == "-":
        options.echo_plain(joined(files))
        return 0
    several = output_format in SEVERAL
    below = [(one.path.lstrip("/"), one.text) for one in files]
    profiles.write(output, below, folder=several)
    for one in files:
        options.progress(f"{escape(output)}: for {one.path}", quiet=quiet)
    return 0
