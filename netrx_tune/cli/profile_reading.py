"""`profile list`, `show` and `validate`."""

from __future__ import annotations

import click

from netrx_tune import TOOL
from netrx_tune.cli import options
from netrx_tune.host import profiles
from netrx_tune.host.source import Tree
from netrx_tune.model.errors import NetrxError
from netrx_tune.model.profile import Profile
from netrx_tune.reporters.plain import Block, escape, layout

_NAMES = 18  # columns
root_option = click.option(
    "--root",
    type=click.Path(exists=True, file_okay=False),
    help="Read /proc and /etc below this folder.",
)


def tree_of(root: str | None) -> Tree:
    """Return the file system that --root names."""
    return Tree((root or "").rstrip("/"))


def _echo_document(schema: str, **fields: object) -> None:
    options.echo_json({"schema": f"netrx-tune/{schema}/v1", "tool": TOOL, **fields})


def shelf_of(tree: Tree) -> profiles.Shelf:
    """Return where names of profiles are looked up: in that file system first."""
    return profiles.shelf(root=tree.root)


@click.command("list")
@root_option
@options.output_options
def list_command(
    root: str | None,
    output_format: str,
    color: str,
    quiet: bool,  # noqa: ARG001 - every command takes it
) -> int:
    """List the profiles that come along, and those in /etc/netrx-tune/profiles.

    \b
    Example:
      netrx-tune profile list
    """  # noqa: D301 - click reads the backspace
    where = shelf_of(tree_of(root))
    found, failed = [], False
    for name, path in profiles.names(where):
        try:
            found.append((name, profiles.written(path, where).summary, path))
        except NetrxError as error:
            options.complain(str(error))
            failed = True
    if output_format == "json":
        rows = [{"name": name, "summary": text, "path": path} for name, text, path in found]
        _echo_document("profiles", profiles=rows)
    else:
        blocks = [Block(text, 0, _NAMES, name.ljust(_NAMES), "title") for name, text, _ in found]
        paint = options.colored(color)
        options.echo_plain(layout(blocks, width=options.width(), color=paint), color=paint)
    return 2 if failed else 0


@click.command("show")
@click.argument("profile")
@click.option(
    "--format",
    "output_format",
    type=click.Choice(["text", "yaml", "json"]),
    default="text",
    show_default=True,
)
@root_option
@options.color_option
@options.quiet_option
def show_command(
    profile: str,
    output_format: str,
    root: str | None,
    color: str,
    quiet: bool,  # noqa: ARG001 - every command takes it
) -> int:
    """Show PROFILE, a name or a file, with its bases and beside this host's values.

    \b
    Examples:
      netrx-tune profile show quic-http3
      netrx-tune profile show quic-http3 --format yaml > mine.yaml
    """  # noqa: D301 - click reads the backspace
    tree = tree_of(root)
    print_profile(
        profiles.load(profile, profiles.memory(tree), shelf_of(tree)),
        tree,
        output_format,
        color=options.colored(color),
    )
    return 0


def print_profile(profile: Profile, tree: Tree, output_format: str, *, color: bool) -> None:
    """Write a profile to standard output as text, YAML or JSON."""
    from netrx_tune.reporters.profile_text import (  # noqa: PLC0415 - not for --help
        profile_json,
        render_profile,
    )
    from netrx_tune.reporters.profile_yaml import render_yaml  # noqa: PLC0415 - likewise

    if output_format == "yaml":
        options.echo_plain(render_yaml(profile))
        return
    now = profiles.current(tree, profile)
    if output_format == "json":
        options.echo_json(profile_json(profile, now))
    else:
        text = render_profile(profile, now, width=options.width(), color=color)
        options.echo_plain(text, color=color)


@click.command("validate")
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@root_option
@options.output_options
def validate_command(
    files: tuple[str, ...],
    root: str | None,
    output_format: str,
    color: str,  # noqa: ARG001 - every command takes it
    quiet: bool,
) -> int:
    """Check each FILE with its bases; exit code 2 if one is wrong.

    \b
    Example:
      netrx-tune profile validate mine.yaml
    """  # noqa: D301 - click reads the backspace
    tree = tree_of(root)
    memory = profiles.memory(tree)
    rows: list[dict[str, object]] = []
    for file in files:
        wrong: str | None = None
        try:
            profiles.load(file, memory, shelf_of(tree))
        except NetrxError as error:
            wrong = str(error)
            options.complain(wrong)
        rows.append({"file": file, "valid": wrong is None, "error": wrong})
        if output_format == "text" and wrong is None and not quiet:
            options.echo_plain(f"{escape(file)}: valid\n")
    if output_format == "json":
        _echo_document("profile-validation", files=rows)
    return 0 if all(row["valid"] for row in rows) else 2
