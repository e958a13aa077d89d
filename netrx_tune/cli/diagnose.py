"""`netrx-tune diagnose`: watch a host, or read a snapshot, and say where packets are lost."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import click

from netrx_tune.cli import options
from netrx_tune.cli.inputs import Place, delta_of
from netrx_tune.model.errors import NotEnoughData
from netrx_tune.model.finding import SEVERITIES, Diagnosis
from netrx_tune.model.snapshot import Delta
from netrx_tune.planning.diagnosis import conclude, why_empty, why_unproven
from netrx_tune.reporters.json_v1 import diagnosis_json

if TYPE_CHECKING:
    from netrx_tune.planning.profile import Memory


@click.command("diagnose")
@options.interval_option("How long to watch; 0 judges totals since boot.")
@options.place_options
@click.option("--profile", metavar="NAME|FILE", help="Propose within this profile's limits.")
@click.option("--all-netns", is_flag=True, help="Look into every network namespace.")
@click.option("--save", metavar="FILE", help="Keep what was judged, as a snapshot.")
@options.fail_on_option("Exit with 1 when a finding is this bad or worse.")
@click.option("-v", "--verbose", is_flag=True, help="List what could not be judged or read.")
@options.output_options
def command(
    interval: float,
    saved: str | None,
    netns: str | None,
    pid: int | None,
    root: str | None,
    profile: str | None,
    all_netns: bool,
    save: str | None,
    fail_on: str,
    verbose: bool,
    output_format: str,
    color: str,
    quiet: bool,
) -> int:
    """Say where received packets are lost, why, and what to change.

    \b
    Examples:
      sudo netrx-tune diagnose
      sudo netrx-tune diagnose --netns blue --interval 30
      netrx-tune diagnose --from snapshot.tar.gz
    """  # noqa: D301 - click reads the backspace
    place = Place(saved, root, netns, pid)
    if save and (saved or all_netns):
        raise click.UsageError("--save keeps the samples of one live place")
    if all_netns and place != Place():
        raise click.UsageError("--all-netns looks everywhere; it goes with no other place")
    judge = judging(profile, (root or "").rstrip("/"))
    if saved is None:
        _note_interrupted_apply(root, quiet=quiet)
    if all_netns:
        diagnoses = tuple(_everywhere(interval, judge, quiet=quiet))
    else:
        diagnoses = (judge(delta_of(place, interval, quiet=quiet, keep=save)),)
    if not diagnoses[0].findings:
        refuse_emptiness(diagnoses[0])
    if output_format == "json":
        options.echo_json(_document(diagnoses) | {"profile": profile})
    else:
        for number, diagnosis in enumerate(diagnoses):
            if number:
                options.echo_plain("\n")
            options.echo_text(diagnosis, color, verbose=verbose)
    refuse_emptiness(diagnoses[0])
    return _exit_code(diagnoses, fail_on)


def _note_interrupted_apply(root: str | None, *, quiet: bool) -> None:
    """Say that settings may stand half changed, since that is what gets judged."""
    from netrx_tune.host.interrupted import interrupted_apply  # noqa: PLC0415 - only for live hosts

    if why := interrupted_apply((root or "").rstrip("/")):
        from netrx_tune.reporters.plain import escape  # noqa: PLC0415 - seldom

        options.progress(f"note: {escape(why)}", quiet=quiet)


def judging(profile: str | None, root: str = "") -> Callable[[Delta], Diagnosis]:
    """Return what judges a window, with the say of a profile that is read now.

    It is a file, or a name that is looked up below `root` first.

    Raises:
        NetrxError: there is no such profile, or it is refused.
    """
    if profile is None:
        return conclude
    from netrx_tune.host.profiles import opened, shelf  # noqa: PLC0415 - only with a profile

    resolved = opened(profile, shelf(root=root))
    return lambda delta: conclude(delta, resolved(memory_of(delta)))


def memory_of(delta: Delta) -> Memory:
    """Return the memory of the host that was watched, which may be another than this one."""
    from netrx_tune.planning.profile import Memory  # noqa: PLC0415 - only with a profile

    return Memory(delta.after.host.memory_bytes, delta.after.host.page_bytes)


def _everywhere(
    interval: float, judge: Callable[[Delta], Diagnosis], *, quiet: bool
) -> Iterator[Diagnosis]:
    """Yield each namespace's diagnosis; what each says of its neighbours is left out."""
    from netrx_tune.cli.everywhere import all_namespaces  # noqa: PLC0415 - seldom

    for delta in all_namespaces(interval, quiet=quiet):
        found = judge(delta)
        own = tuple(f for f in found.findings if f.rule != "other-namespace-loss")
        yield found._replace(findings=own)


def _document(diagnoses: tuple[Diagnosis, ...]) -> dict[str, object]:
    """Return one document: the first diagnosis, and the others' beside and among its own."""
    document = diagnosis_json(diagnoses[0])
    if len(diagnoses) > 1:
        others = [diagnosis_json(diagnosis) for diagnosis in diagnoses[1:]]
        document["namespaces"] = others
        findings = document["findings"]
        for one, diagnosis in zip(others, diagnoses[1:], strict=True):
            if isinstance(findings, list) and isinstance(one["findings"], list):
                findings.extend({**f, "netns": diagnosis.host.netns} for f in one["findings"])
    return document


def refuse_emptiness(diagnosis: Diagnosis) -> None:
    """Stop where there is nothing to judge: no counter of IP or UDP could be read.

    A sandbox, whose counters prove nothing, is a verdict of its own.

    Raises:
        NotEnoughData: always where the books have no figure at all.
    """
    why = why_empty(diagnosis)
    if why and not diagnosis.host.sandbox:
        raise NotEnoughData(why)


def _exit_code(diagnoses: tuple[Diagnosis, ...], fail_on: str) -> int:
    """Return 1 for findings at or above the bar.

    Raises:
        NotEnoughData: there are none, which proves nothing as UDP's counters were not read.
    """
    if fail_on == "never":
        return 0
    bar = SEVERITIES.index(fail_on)
    if any(SEVERITIES.index(f.severity) >= bar for one in diagnoses for f in one.findings):
        return 1
    for one in diagnoses:
        if why := why_unproven(one):
            raise NotEnoughData(why)
    return 0
