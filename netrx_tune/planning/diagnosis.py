"""The pipeline: two samples in, one diagnosis out. Live and saved inputs take the same way."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from netrx_tune.collectors.assemble import assemble
from netrx_tune.collectors.log_text import OTHER_LINE
from netrx_tune.collectors.moments import of_moments
from netrx_tune.collectors.paths import TICKS
from netrx_tune.model.errors import ParseError
from netrx_tune.model.finding import Diagnosis, Finding, Recommendation, Window
from netrx_tune.model.sample import Gap, Sample
from netrx_tune.model.snapshot import Delta
from netrx_tune.rules import run_rules
from netrx_tune.rules.rule import Facts
from netrx_tune.rxpath.books.guests import untaken
from netrx_tune.rxpath.books.rules import forwarded_notes
from netrx_tune.rxpath.books.tcp import bad_segments
from netrx_tune.rxpath.books.udp_errors import contradictions
from netrx_tune.rxpath.books.udp_split import uncounted_drops
from netrx_tune.rxpath.books.unnamed import unnamed_drops
from netrx_tune.rxpath.delta import between, since_boot
from netrx_tune.rxpath.ledger import settle

_MOST_NAMED = 3

if TYPE_CHECKING:
    from netrx_tune.model.profile import Profile
    from netrx_tune.rxpath.queue_shape import QueueShape


def measure(before: Sample | None, after: Sample, *, live: bool, netns: str | None) -> Delta:
    """Return what grew between two samples, or the totals since boot of one."""
    earlier = None if before is None else assemble(before, is_start=True)
    later = assemble(after)
    later = later._replace(host=later.host._replace(netns=netns))
    if earlier is None:
        return since_boot(later)
    return between(earlier, later, live=live)


def conclude(delta: Delta, profile: Profile | None = None) -> Diagnosis:
    """Return the books and the findings of a window; a profile has a say in what is advised."""
    ledger = settle(delta)
    findings, skipped = run_rules(Facts(delta, ledger, _shapes(delta)))
    findings, plan = _planned(findings, delta, profile)
    return Diagnosis(
        host=delta.after.host,
        window=Window(delta.mode, delta.seconds),
        ledger=ledger,
        findings=findings,
        skipped=skipped,
        gaps=delta.after.gaps,
        notes=(*delta.notes, *contradictions(delta), *forwarded_notes(delta), *_remarks(delta)),
        plan=plan,
        unbooked=tuple(delta.increases) if ledger.is_blank else (),
    )


def _remarks(delta: Delta) -> Iterator[str]:
    """Yield what is in no figure, and that a text would be a window, were it two."""
    yield from bad_segments(delta)
    yield from unnamed_drops(delta)
    yield from uncounted_drops(delta)
    yield from untaken(delta)
    for gap in dict.fromkeys(filter(of_moments, delta.after.gaps)):
        yield f"{gap.path.removeprefix('/netrx/')}: {gap.detail}"
    yield from _of_logs(delta.after.gaps)


def _of_logs(gaps: Iterable[Gap]) -> Iterator[str]:
    """Yield where each line of a log among the counters is explained."""
    for gap in gaps:
        if gap.path == OTHER_LINE:
            yield f"the text holds a line of a log, of which tells: {gap.detail}"


def why_empty(diagnosis: Diagnosis) -> str:
    """Return why there is nothing to judge, "" where some stage's figure is known."""
    if not diagnosis.ledger.is_blank:
        return ""
    said = "".join(f"; {finding.summary} ({finding.rule})" for finding in diagnosis.findings)
    said = said or "".join(f"; {line}" for line in _of_logs(diagnosis.gaps))
    if diagnosis.unbooked:
        there = tuple(gap for gap in diagnosis.gaps if gap.why != "absent")
        broken = _gaps(diagnosis._replace(gaps=there))
        unread = f"; not read: {broken}" if broken else ""
        return f"{_alone(diagnosis.unbooked)}{unread}{said}"
    return f"no counter of the receive path could be read: {_gaps(diagnosis) or 'no files'}{said}"


def _alone(names: tuple[str, ...]) -> str:
    """Return that counters were read which tell of no loss without others."""
    rules = [name.removeprefix("nft:").partition(" #")[0] for name in names if ":" in name]
    if len(rules) == len(names):
        return (
            "all that was read is rules of a firewall that do not say what all of them dropped"
            f" ({', '.join(rules[:_MOST_NAMED])}): show iptables-save -c, or nft list ruleset once"
            " they have a `counter`; and show all of netstat -s or nstat -az"
        )
    more = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
    return (
        f"all that was read is {', '.join(names[:_MOST_NAMED])}{more}, which alone tells neither of"
        f" loss nor of health (netrx-tune explain {names[0]}): show all of netstat -s or nstat -az"
    )


def why_unproven(diagnosis: Diagnosis) -> str:
    """Return why a diagnosis without findings is no proof of health, "" where it is one."""
    if diagnosis.ledger.delivered is not None:
        return ""
    if diagnosis.host.sandbox:
        return f"a {diagnosis.host.sandbox} sandbox, whose counters are no evidence"
    unread = "the UDP counters could not all be read, so loss there would not show"
    gaps = _gaps(diagnosis)
    return why_empty(diagnosis) or (f"{unread}: {gaps}" if gaps else unread)


def _gaps(diagnosis: Diagnosis) -> str:
    """Return what is not known, first what was there and could not be read."""
    files = [gap for gap in diagnosis.gaps if gap.path != OTHER_LINE and not of_moments(gap)]
    files.sort(key=lambda gap: gap.why != "unparsed")
    return ", ".join(map(_told, files[:4]))


def _told(gap: Gap) -> str:
    if gap.why == "unparsed" and gap.detail.startswith(gap.path):
        return gap.detail  # file, line and what stands there
    return f"{gap.path} ({gap.detail if gap.why == 'unparsed' else gap.why})"


def _planned(
    findings: tuple[Finding, ...], delta: Delta, profile: Profile | None
) -> tuple[tuple[Finding, ...], tuple[Recommendation, ...]]:
    """Return the findings with advice that agrees, and all of it as one plan."""
    if not any(finding.recommendations for finding in findings):
        return findings, ()
    from netrx_tune.planning.plan import reconcile  # noqa: PLC0415 - not on a good day

    if profile is None:
        return reconcile(findings, delta)
    from netrx_tune.planning.plan_values import MEMORY_SHARE  # noqa: PLC0415 - likewise
    from netrx_tune.planning.preferences import preferred  # noqa: PLC0415 - only with a profile

    share = min(MEMORY_SHARE, profile.memory_share or MEMORY_SHARE)
    return reconcile(preferred(findings, profile), delta, share)


def _shapes(delta: Delta) -> Mapping[int, QueueShape]:
    """Return how the watched queues moved; a watch that does not read is none."""
    text = delta.after.files.get(TICKS)
    if not text:
        return {}
    from netrx_tune.collectors.ticks import parse_ticks  # noqa: PLC0415 - only after a watch
    from netrx_tune.rxpath.queue_shape import queue_shapes  # noqa: PLC0415 - likewise

    try:
        return queue_shapes(parse_ticks(text))
    except ParseError:
        return {}
