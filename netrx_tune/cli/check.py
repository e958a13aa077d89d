"""`netrx-tune check`: judge saved snapshots by a policy, one or a hundred thousand."""

from __future__ import annotations

import os
import sys
import time
from contextlib import nullcontext
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, cast

import click

from netrx_tune.cli import options
from netrx_tune.model.errors import NotEnoughData
from netrx_tune.reporters.checks import FORMATS, Setup
from netrx_tune.reporters.plain import escape
from netrx_tune.rules.words import counted

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager

    from netrx_tune.cli.check_outputs import Output
    from netrx_tune.host.parquet import Tables
    from netrx_tune.host.policies import Wanted
    from netrx_tune.host.resuming import Earlier
    from netrx_tune.model.judgement import Judgement
    from netrx_tune.planning.baseline import Update
    from netrx_tune.planning.policy import Policy
    from netrx_tune.planning.policy_fields import Bar
    from netrx_tune.planning.tally import Tally

_DAYS = 90  # that a finding is accepted for, unless --until says otherwise
_PROGRESS_SECONDS = 10.0
_TABLES = "parquet="


@click.command("check")
@click.argument("snapshots", nargs=-1, required=True, metavar="SNAPSHOT...")
@click.option("--policy", metavar="FILE", help="What to judge by; see the README.")
@click.option("--baseline", metavar="FILE", help="Findings that are accepted, each until a day.")
@click.option(
    "--update-baseline", is_flag=True, help="Accept what fails now: write the --baseline file."
)
@click.option("--reason", metavar="TEXT", help="Why it is accepted, with --update-baseline.")
@click.option(
    "--until", metavar="YYYY-MM-DD", help="Until when, with --update-baseline. [default: 90 days]"
)
@click.option(
    "--fail-on",
    type=click.Choice(options.FAIL_ON),
    help="Exit with 1 when a finding is this bad or worse. [default: the policy's, or warning]",
)
@options.format_option(*FORMATS)
@click.option(
    "-o",
    "--output",
    "given",
    multiple=True,
    metavar="FILE|FORMAT=FILE",
    help="Write to FILE instead of standard output; FORMAT=FILE writes another format beside it"
    " and can be repeated; parquet=DIR writes tables.",
)
@options.jobs_option
@click.option(
    "--scheduler",
    metavar="ADDRESS|local",
    help="Judge on this Dask cluster, or one of this machine's processes.",
)
@click.option(
    "--resume",
    metavar="FILE",
    help="Take over what this jsonl of an earlier run says of inputs that did not change.",
)
@click.option("-v", "--verbose", is_flag=True, help="Show notes, and what could not be judged.")
@options.color_option
@click.option(
    "-q", "--quiet", is_flag=True, help="No progress, and in text nothing of what passed."
)
def command(
    snapshots: tuple[str, ...],
    policy: str | None,
    baseline: str | None,
    update_baseline: bool,
    reason: str | None,
    until: str | None,
    fail_on: str | None,
    output_format: str,
    given: tuple[str, ...],
    jobs: int | None,
    scheduler: str | None,
    resume: str | None,
    verbose: bool,
    color: str,
    quiet: bool,
) -> int:
    """Judge saved snapshots, sosreports and folders of them; nothing of this host is read.

    SNAPSHOT is a file, a folder, a pattern in quotes such as '**/*.tar.gz', an address such as
    's3://bucket/*.tar.gz', or - for a list on standard input. Exit code 1 if one fails, else 2
    if one cannot be read, else 3 if one cannot be judged, else 0.

    \b
    Examples:
      netrx-tune check run.tar.gz
      netrx-tune check reports/ --policy policy.yaml --output junit=report.xml
      find . -name 'sosreport-*' -print0 | netrx-tune check - --format jsonl
      netrx-tune check a/ --baseline a.yaml --update-baseline --reason 'old NICs'
    """  # noqa: D301 - click reads the backspace
    from netrx_tune.cli.check_outputs import outputs  # noqa: PLC0415 - not for --help
    from netrx_tune.host import policies  # noqa: PLC0415 - likewise

    today = datetime.now(tz=UTC).astimezone().date()
    end = _check_update(baseline, reason, until, today, is_asked=update_baseline)
    table, *more = [one.removeprefix(_TABLES) for one in given if one.startswith(_TABLES)] or [""]
    if more or _TABLES in given:
        raise click.UsageError(f"--output {_TABLES}DIR: give one folder")
    found = outputs(output_format, [one for one in given if not one.startswith(_TABLES)])
    wanted = policies.Wanted(
        policy, baseline, cast("Bar | None", fail_on), new_baseline=update_baseline
    )
    run = _Run(wanted, today, jobs, resume, quiet=quiet)
    run.scheduler, run.table = scheduler, table
    setup = Setup(run.policy, options.width(), options.colored(color), verbose, quiet)
    if update_baseline and reason and end and baseline:
        run.accept(reason, end)
    tally = run.write(found, setup, snapshots)
    if run.update and baseline:
        _write_baseline(baseline, run.update, quiet=quiet)
        return tally.without_verdict()
    return tally.exit_code()


class _Run:
    """One run: what it judges by, and what it gathers."""

    def __init__(
        self, wanted: Wanted, today: date, jobs: int | None, resume: str | None, *, quiet: bool
    ) -> None:
        from netrx_tune.host import policies  # noqa: PLC0415 - not for --help

        self.today = today
        self.policy: Policy = policies.load(wanted, today)
        self.update: Update | None = None
        self.scheduler: str | None = None
        self.table = ""  # folder for Parquet, "" for none
        self._jobs = jobs
        self._resume = resume
        self._quiet = quiet
        self._told = time.monotonic()

    def accept(self, reason: str, until: date) -> None:
        """Gather a new baseline as well."""
        from netrx_tune.planning.baseline import Update  # noqa: PLC0415 - seldom

        self.update = Update(self.policy.baseline, reason, self.today, until)

    def write(self, found: tuple[Output, ...], setup: Setup, snapshots: tuple[str, ...]) -> Tally:
        """Judge all inputs, write what comes of it, and return the sum."""
        from netrx_tune.cli.check_outputs import writing  # noqa: PLC0415 - not for --help
        from netrx_tune.reporters.checks.words import input_words  # noqa: PLC0415 - likewise

        shown = any(
            one.path is None and one.form == "text" for one in found
        ) and options.is_terminal(sys.stdout)
        earlier = self._earlier({one.path for one in found})
        with writing(found, setup, self._resume) as writer, self._tables() as tables:
            for one in self._judged(snapshots, earlier):
                writer.add(one)
                if tables:
                    tables.add(one)
                if self.update:
                    self.update.add(one)
                if one.outcome in {"unreadable", "not-judged"} and not shown:
                    told = escape(f"{input_words(one)}: {one.reason}")
                    click.echo(f"netrx-tune: {told}", err=True)
                self._tell(writer.tally.inputs)
        if not writer.tally.inputs:
            raise NotEnoughData("no input was given, so nothing was judged")
        return writer.tally

    def _tables(self) -> AbstractContextManager[Tables | None]:
        if not self.table:
            return nullcontext()
        from netrx_tune.host.parquet import tables  # noqa: PLC0415 - of an extra

        return tables(self.table)

    def _earlier(self, written: set[str | None]) -> Earlier | None:
        if self._resume is None:
            return None
        from netrx_tune.host.resuming import earlier_of  # noqa: PLC0415 - seldom

        earlier = earlier_of(self._resume, self.policy.digest)
        is_empty = not os.fstat(earlier.descriptor).st_size
        if not earlier.lines and not (is_empty and self._resume in written):  # as in a first run
            why = (
                "nothing stands there"
                if is_empty
                else "no line of it is a judgement by this policy"
            )
            said = f"{escape(self._resume)}: {why}, so all inputs are judged anew"
            options.progress(said, quiet=self._quiet)
        return earlier

    def _judged(self, snapshots: tuple[str, ...], earlier: Earlier | None) -> Iterator[Judgement]:
        from netrx_tune.host.check_inputs import inputs  # noqa: PLC0415 - not for --help
        from netrx_tune.host.checking import judge_all  # noqa: PLC0415 - likewise

        listed = sys.stdin.buffer if sys.stdin is not None else None
        paths = inputs(snapshots, listed)
        if self.scheduler:
            from netrx_tune.host.dask_engine import judge_on_dask  # noqa: PLC0415 - of an extra

            at, jobs = self.scheduler, self._jobs
            return judge_on_dask(
                paths, self.policy, self.today, scheduler=at, jobs=jobs, earlier=earlier
            )
        return judge_all(paths, self.policy, self.today, jobs=self._jobs, earlier=earlier)

    def _tell(self, number: int) -> None:
        """Say how far it is, every ten seconds."""
        now = time.monotonic()
        if now - self._told >= _PROGRESS_SECONDS:
            self._told = now
            what = "input" if number == 1 else "inputs"
            options.progress(f"{number:,} {what} judged", quiet=self._quiet)


def _check_update(
    baseline: str | None, reason: str | None, until: str | None, today: date, *, is_asked: bool
) -> date | None:
    """Return until when findings are accepted, None where none is to be.

    Raises:
        click.UsageError: the options do not go together.
    """
    if not is_asked:
        if reason or until:
            raise click.UsageError("--reason and --until go with --update-baseline")
        return None
    if not baseline:
        raise click.UsageError("--update-baseline writes the file of --baseline FILE; name one")
    if not reason or not reason.strip() or not reason.isprintable():
        raise click.UsageError("--update-baseline needs --reason TEXT, one printable line")
    from netrx_tune.host.save import check_folder  # noqa: PLC0415 - seldom

    check_folder(baseline)
    if until is None:
        return today + timedelta(days=_DAYS)
    try:
        end = date.fromisoformat(until)
    except ValueError:
        raise click.UsageError(f"--until: expected a day as 2027-03-31, got {until!r}") from None
    if end < today:
        raise click.UsageError(f"--until: {until} is over")
    return end


def _write_baseline(path: str, update: Update, *, quiet: bool) -> None:
    from netrx_tune.host.policies import write_baseline  # noqa: PLC0415 - seldom
    from netrx_tune.planning.baseline import render_baseline  # noqa: PLC0415 - likewise

    kept = update.kept()
    write_baseline(path, render_baseline(kept))
    removed = update.before + update.added - len(kept)
    accepted = counted(len(kept), "accepted finding")
    options.progress(
        f"{escape(path)}: {accepted} ({update.added} new, {update.renewed} renewed,"
        f" {removed} gone)",
        quiet=quiet,
    )
