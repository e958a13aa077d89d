"""What changed between two snapshots of one host: books, counters, settings, verdicts.

Two windows are compared by rate and by share. Totals are subtracted only within one boot and one
namespace; what grew between the two ends is a window of its own, with a diagnosis of its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from netrx_tune.model.errors import NotEnoughData
from netrx_tune.model.finding import Diagnosis, Evidence, Severity
from netrx_tune.model.ledger import Account, Bound
from netrx_tune.model.snapshot import Delta
from netrx_tune.planning.diagnosis import conclude
from netrx_tune.planning.difference_findings import (
    FindingChange,
    Judged,
    finding_changes,
    got_worse,
)
from netrx_tune.planning.difference_settings import SettingChange, setting_changes
from netrx_tune.planning.kinship import Kinship, kinship
from netrx_tune.rules.judge import evidence
from netrx_tune.rxpath.delta import between

_LEAST_PER_SECOND = 1.0
_SILENT = 0.1  # of the traffic before: so little proves no cure


class Side(NamedTuple):
    """One snapshot: what the user called it, and what it tells of its own window.

    In a redacted one the names of host, boot and namespace are stand-ins, which equal no others.
    """

    name: str
    delta: Delta
    diagnosis: Diagnosis
    is_redacted: bool = False


class Loss(NamedTuple):
    """What one stage lost in one window; None where that window does not tell."""

    lost: int | None
    bound: Bound
    offered: int | None
    share: float | None
    per_second: float | None


class StageChange(NamedTuple):
    """One stage that lost something in either window."""

    stage: str
    a: Loss
    b: Loss


class Rate(NamedTuple):
    """How fast one counter grew in each window; None where it is not there, or restarted."""

    counter: str
    a_per_second: float | None
    b_per_second: float | None


class Meanwhile(NamedTuple):
    """From the end of A to the end of B."""

    delta: Delta
    diagnosis: Diagnosis
    growth: tuple[Evidence, ...]


class Difference(NamedTuple):
    """All that changed; `meanwhile` is None where nothing may be subtracted."""

    a: Side
    b: Side
    kinship: Kinship
    meanwhile: Meanwhile | None
    stages: tuple[StageChange, ...]
    rates: tuple[Rate, ...]
    settings: tuple[SettingChange, ...]
    findings: tuple[FindingChange, ...]
    notes: tuple[str, ...]


def side(name: str, delta: Delta, *, is_redacted: bool = False) -> Side:
    """Return a snapshot with its own diagnosis.

    Raises:
        NotEnoughData: there is no counter in it.
    """
    diagnosis = conclude(delta)
    blind = diagnosis.ledger.is_blank
    if blind and not delta.after.settings:
        raise NotEnoughData(f"{name}: neither a counter nor a setting could be read")
    return Side(name, delta, diagnosis, is_redacted)


def compare(a: Side, b: Side) -> Difference:
    """Return what changed from A to B."""
    kin = kinship(a.delta.after, b.delta.after, redacted=a.is_redacted or b.is_redacted)
    meanwhile = _meanwhile(a, b) if kin.kin == "same-boot" else None
    return Difference(
        a=a,
        b=b,
        kinship=kin,
        meanwhile=meanwhile,
        stages=tuple(_stages(a, b)),
        rates=tuple(_rates(a.delta, b.delta)),
        settings=setting_changes(a.delta.after, b.delta.after),
        findings=finding_changes(
            Judged(a.diagnosis, a.delta.after), Judged(b.diagnosis, b.delta.after)
        ),
        notes=tuple(_notes(a, b, kin, meanwhile)),
    )


def is_worse(found: Difference, bar: Severity) -> bool:
    """Tell whether B is worse by a finding of that severity.

    Of totals of one boot, what the time between the two ends lost is what is new.
    """
    totals = {found.a.delta.mode, found.b.delta.mode} == {"since-boot"}
    if found.meanwhile is None or not totals:
        return got_worse(found.findings, bar)
    here = Judged(found.meanwhile.diagnosis, found.b.delta.after)
    nothing = Judged(here.diagnosis._replace(findings=()), here.snapshot)
    return got_worse(finding_changes(nothing, here), bar)


def _meanwhile(a: Side, b: Side) -> Meanwhile | None:
    """Return the window between the two ends, if they are in order and of one namespace."""
    first, last = a.delta.after, b.delta.after
    one_boot = last.host._replace(boot_id=first.host.boot_id)
    delta = between(first, last._replace(host=one_boot), live=False)
    if delta.before is None or not delta.seconds:
        return None
    return Meanwhile(delta, conclude(delta), evidence(delta, *sorted(delta.increases)))


def _stages(a: Side, b: Side) -> Iterator[StageChange]:
    ledgers = a.diagnosis.ledger, b.diagnosis.ledger
    names = dict.fromkeys(acc.stage for led in ledgers for acc in led.accounts if acc.lost)
    in_order = [acc.stage for acc in ledgers[1].accounts if acc.stage in names]
    for name in dict.fromkeys((*in_order, *names)):
        yield StageChange(
            name,
            _loss(ledgers[0].account(name), a.delta),
            _loss(ledgers[1].account(name), b.delta),
        )


def _loss(account: Account | None, delta: Delta) -> Loss:
    if account is None or account.lost is None:
        return Loss(None, "unseen", None, None, None)
    is_window = bool(delta.seconds) and delta.mode != "since-boot"
    rate = account.lost / (delta.seconds or 1.0) if is_window else None
    return Loss(account.lost, account.bound, account.offered, account.share, rate)


def _rates(a: Delta, b: Delta) -> Iterator[Rate]:
    """Yield the counters that grew in either of two real windows."""
    if "since-boot" in (a.mode, b.mode) or not a.seconds or not b.seconds:
        return
    for name in sorted(a.increases.keys() | b.increases.keys()):
        grown = a.increases.get(name), b.increases.get(name)
        if any(grown):
            yield Rate(
                name,
                None if grown[0] is None else round(grown[0] / a.seconds, 3),
                None if grown[1] is None else round(grown[1] / b.seconds, 3),
            )


def _notes(a: Side, b: Side, kin: Kinship, meanwhile: Meanwhile | None) -> Iterator[str]:
    """Yield what makes the comparison special."""
    yield from (f"A: {note}" for note in a.diagnosis.notes)
    yield from (f"B: {note}" for note in b.diagnosis.notes)
    if kin.kin == "same-boot" and meanwhile is None:
        yield _why_not_subtracted(a, b)
    elif kin.kin != "same-boot":
        yield f"totals are not subtracted: {kin.why}"
    if meanwhile is not None:
        yield from (f"between them: {note}" for note in meanwhile.diagnosis.notes)
    if (a.delta.mode == "since-boot") != (b.delta.mode == "since-boot"):
        one = "A" if a.delta.mode == "since-boot" else "B"
        yield (
            f"{one} holds totals since boot, the other a window: shares compare, rates do not,"
            " and what is gone may only not have happened in that window"
        )
    yield from _too_quiet(a, b)


def _why_not_subtracted(a: Side, b: Side) -> str:
    places = {snap.files.get("/netrx/namespace", "") for snap in (a.delta.after, b.delta.after)}
    if len(places - {""}) > 1:
        what = "two network namespaces of one host"
        if a.is_redacted or b.is_redacted:
            what = "redacted names do not tell whether both are of one network namespace"
        return f"{what}: totals are not subtracted"
    ends = a.delta.after.host.uptime_seconds, b.delta.after.host.uptime_seconds
    if None in ends:
        return "no clock in one of them: totals are not subtracted"
    if ends[0] == ends[1]:
        return "both end at the same moment: nothing lies between them"
    return "A was taken after B: give the earlier one first to see what lies between them"


def _too_quiet(a: Side, b: Side) -> Iterator[str]:
    if "since-boot" in (a.delta.mode, b.delta.mode):
        return
    was, now = _offered_per_second(a), _offered_per_second(b)
    if was is None or now is None or was < _LEAST_PER_SECOND:
        return
    if now < was * _SILENT:
        yield (
            f"{now:,.0f} packets per second came in B and {was:,.0f} in A:"
            " what is gone may only be idle"
        )


def _offered_per_second(one: Side) -> float | None:
    offered, seconds = one.diagnosis.ledger.offered, one.delta.seconds
    return None if offered is None or not seconds else offered / seconds
