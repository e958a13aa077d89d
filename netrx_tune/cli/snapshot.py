"""`netrx-tune snapshot`: save two samples and all that a later diagnosis needs."""

from __future__ import annotations

import json
import secrets
from shlex import quote

import click

from netrx_tune import __version__
from netrx_tune.cli import options
from netrx_tune.cli.inputs import Place, sampled
from netrx_tune.host.save import check_target, write_snapshot
from netrx_tune.model.errors import InputError, NotEnoughData
from netrx_tune.reporters.plain import escape
from netrx_tune.reporters.snapshot_files import SavedSnapshot, saved_snapshot


@click.command("snapshot", context_settings={"allow_interspersed_args": False})
@click.option(
    "-o",
    "--output",
    required=True,
    metavar="FILE",
    help="A .tar.gz file, a new folder, or - for standard output.",
)
@options.interval_option("Time between the two samples; 0 takes one.")
@click.option(
    "--during",
    is_flag=True,
    help="Run COMMAND between the samples instead, and exit with its code.",
)
@options.live_place_options
@click.option(
    "--redact", is_flag=True, help="Replace addresses, host and process names by stand-ins."
)
@options.output_options
@click.argument("words", nargs=-1, type=click.UNPROCESSED, metavar="[COMMAND [ARGUMENT]...]")
def command(
    output: str,
    interval: float,
    during: bool,
    netns: str | None,
    pid: int | None,
    root: str | None,
    redact: bool,
    output_format: str,
    color: str,  # noqa: ARG001 - every command takes it
    quiet: bool,
    words: tuple[str, ...],
) -> int:
    """Save what a later `diagnose --from` needs: the kernel's own files, twice.

    With --during the second sample is taken when COMMAND ends: all that follows --during (or --)
    and is no option is the command with its arguments. No shell is involved.

    \b
    Examples:
      sudo netrx-tune snapshot -o before.tar.gz
      sudo netrx-tune snapshot -o ticket.tar.gz --interval 30 --redact
      sudo netrx-tune snapshot -o run.tar.gz --during -- ./load-test --rate 50000
    """  # noqa: D301 - click reads the backspace
    place = Place(None, root, netns, pid)
    place.check()
    _check_words(output, words, during=during)
    check_target(output)
    if during:
        from netrx_tune.cli.during import sampled_during  # noqa: PLC0415 - seldom

        where, samples, code = sampled_during(place, words, quiet=quiet)
    else:
        where, samples = sampled(place, interval, quiet=quiet, full=True)
        if not samples[-1].files:
            raise NotEnoughData(f"{place.name}: no file of it could be read, so nothing was saved")
        code = 0
    saved = saved_snapshot(samples, netns=where)
    if redact:
        saved = _redacted(saved)
    if during:
        _save_after(code, output, saved)
    else:
        write_snapshot(output, saved, __version__)
    if not (during and quiet):
        _tell(output, saved, output_format, code if during else None)
    return code


def _check_words(output: str, words: tuple[str, ...], *, during: bool) -> None:
    """Refuse words without --during, and what does not go with a command.

    Raises:
        click.UsageError: always then.
    """
    if not during:
        if words:
            raise click.UsageError(f"unexpected {words[0]!r}: a command to run follows --during")
        return
    if not words:
        raise click.UsageError("--during needs a COMMAND: netrx-tune snapshot -o FILE --during CMD")
    if output == "-":
        raise click.UsageError("--during leaves standard output to COMMAND: name a file for -o")
    if options.is_typed("interval"):
        raise click.UsageError("--during lasts as long as COMMAND; it goes with no --interval")


def _save_after(code: int, output: str, saved: SavedSnapshot) -> None:
    """Save; if that fails, tell the command's code too, since ours hides it."""
    try:
        write_snapshot(output, saved, __version__)
    except InputError as error:
        raise InputError(f"{error}; COMMAND had ended with {code}") from None


def _redacted(saved: SavedSnapshot) -> SavedSnapshot:
    from netrx_tune.host.redaction import redact  # noqa: PLC0415

    return redact(saved, secrets.token_bytes(16))


def _tell(output: str, saved: SavedSnapshot, output_format: str, code: int | None) -> None:
    """Say what was saved: on standard error if a command ran, whose standard output is its own."""
    if output == "-":
        return
    ran = code is not None
    if output_format == "json":
        summary = {
            "schema": "netrx-tune/snapshot-written/v1",
            "path": output,
            "samples": len(saved.samples),
            "seconds": saved.seconds,
            "redactions": list(saved.redactions),
            **({"command_exit_code": code} if ran else {}),
        }
        text = json.dumps(summary, indent=2)
    else:
        said = f"saved {output}; judge it with: netrx-tune diagnose --from {quote(output)}"
        text = escape(said)
    if ran:
        click.echo(text, err=True)
    else:
        options.echo_plain(f"{text}\n")
