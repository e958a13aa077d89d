"""`netrx-tune diff`: what changed between two snapshots of one host."""

from __future__ import annotations

from typing import cast

import click

from netrx_tune.cli import options
from netrx_tune.cli.diagnose import refuse_emptiness
from netrx_tune.cli.inputs import HAS_WINDOW, Place, delta_of, saved_delta
from netrx_tune.model.errors import NotEnoughData
from netrx_tune.model.finding import Severity
from netrx_tune.planning.diagnosis import why_unproven
from netrx_tune.planning.difference import Difference, Side, compare, is_worse, side


@click.command("diff")
@click.argument("a", metavar="A")
@click.argument("b", metavar="[B]", required=False)
@options.interval_option("Without B: how long to watch; 0 takes totals since boot.")
@options.place_options
@options.fail_on_option("Exit with 1 when a finding this bad or worse is new in B, or got worse.")
@click.option("-v", "--verbose", is_flag=True, help="List every counter and setting.")
@options.output_options
def command(
    a: str,
    b: str | None,
    interval: float,
    saved: str | None,
    netns: str | None,
    pid: int | None,
    root: str | None,
    fail_on: str,
    verbose: bool,
    output_format: str,
    color: str,
    quiet: bool,
) -> int:
    """Say what changed from snapshot A to snapshot B, or to this host as it is now.

    Counters, settings and verdicts; each input may be a snapshot, a sosreport or a folder of
    /proc files. `--from SNAPSHOT` is another way to name B; two of it are one window. --netns is
    the namespace of this host, or the one in both reports.

    \b
    Examples:
      netrx-tune diff before.tar.gz after.tar.gz
      netrx-tune diff before.tar.gz after.tar.gz --fail-on warning
      sudo netrx-tune diff yesterday.tar.gz --interval 30
    """  # noqa: D301 - click reads the backspace
    if b is not None and (saved or root or pid):
        raise click.UsageError("B is given: --from, --root and --pid name another")
    place = Place(saved if b is None else b, root, netns, pid)
    place.check()
    if place.saved is not None:
        options.say_unused("interval", HAS_WINDOW, quiet=quiet)
    before = _side(Place(a, netns=netns if place.saved else None), 0, quiet=quiet)
    after = _side(place, interval, quiet=quiet)
    if fail_on != "never":
        for one in (before, after):
            refuse_emptiness(one.diagnosis)
    found = compare(before, after)
    if output_format == "json":
        from netrx_tune.reporters.diff_json import diff_json  # noqa: PLC0415 - one of the two

        options.echo_json(diff_json(found))
    else:
        _echo_text(found, color, verbose=verbose)
    return _exit_code(found, fail_on)


def _exit_code(found: Difference, fail_on: str) -> int:
    """Return 1 for what is new in B or worse.

    Raises:
        NotEnoughData: nothing is, which proves nothing as B's counters of UDP were not all read.
    """
    if fail_on == "never":
        return 0
    if is_worse(found, cast("Severity", fail_on)):
        return 1
    if why := why_unproven(found.b.diagnosis):
        raise NotEnoughData(f"{found.b.name}: {why}")
    return 0


def _side(place: Place, interval: float, *, quiet: bool) -> Side:
    if place.saved is None:
        return side(place.name, delta_of(place, interval, quiet=quiet))
    delta, redactions = saved_delta(place.saved, place.netns)
    return side(place.name, delta, is_redacted=bool(redactions))


def _echo_text(found: Difference, color: str, *, verbose: bool) -> None:
    from netrx_tune.reporters.diff_text import render_diff  # noqa: PLC0415 - one of the two

    paint = options.colored(color)
    text = render_diff(found, width=options.width(), color=paint, verbose=verbose)
    options.echo_plain(text, color=paint)
