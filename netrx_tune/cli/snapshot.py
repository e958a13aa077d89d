"""`netrx-tune snapshot`: save two samples and all that a later diagnosis needs."""

from __future__ import annotations

import json
import secrets

import click

from netrx_tune.cli import options
from netrx_tune.cli.inputs import Place, sampled
from netrx_tune.cli.saving import save
from netrx_tune.reporters.snapshot_files import SavedSnapshot, saved_snapshot


@click.command("snapshot")
@click.option(
    "-o",
    "--output",
    required=True,
    metavar="FILE",
    help="A .tar.gz file, a new folder, or - for standard output.",
)
@click.option(
    "--interval",
    type=click.FloatRange(0, 86400),
    default=5.0,
    show_default=True,
    metavar="SECONDS",
    help="Time between the two samples; 0 takes one.",
)
@options.live_place_options
@click.option(
    "--redact", is_flag=True, help="Replace addresses, host and process names by stand-ins."
)
@options.output_options
def command(
    output: str,
    interval: float,
    netns: str | None,
    pid: int | None,
    root: str | None,
    redact: bool,
    output_format: str,
    color: str,  # noqa: ARG001 - every command takes it
    quiet: bool,
) -> int:
    """Save what a later `diagnose --from` needs: the kernel's own files, twice.

    \b
    Examples:
      sudo netrx-tune snapshot -o before.tar.gz
      sudo netrx-tune snapshot -o ticket.tar.gz --interval 30 --redact
    """  # noqa: D301 - click reads the backspace
    place = Place(None, root, netns, pid)
    place.check()
    where, samples = sampled(place, interval, quiet=quiet, full=True)
    saved = saved_snapshot(samples, netns=where)
    if redact:
        saved = _redacted(saved)
    save(output, saved)
    _tell(output, saved, output_format)
    return 0


def _redacted(saved: SavedSnapshot) -> SavedSnapshot:
    from netrx_tune.host.redaction import redact  # noqa: PLC0415

    return redact(saved, secrets.token_bytes(16))


def _tell(output: str, saved: SavedSnapshot, output_format: str) -> None:
    if output == "-":
        return
    if output_format == "json":
        summary = {
            "schema": "netrx-tune/snapshot-written/v1",
            "path": output,
            "samples": len(saved.samples),
            "seconds": saved.seconds,
            "redactions": list(saved.redactions),
        }
        click.echo(json.dumps(summary, indent=2))
    else:
        click.echo(f"saved {output}; judge it with: netrx-tune diagnose --from {output}")
