"""What changed between two snapshots, for people: the verdict first, then what moved, and why."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from netrx_tune.model.finding import Diagnosis
from netrx_tune.planning.difference import Difference, Loss, Rate, StageChange
from netrx_tune.planning.difference_findings import FindingChange, Turn
from netrx_tune.planning.difference_settings import SettingChange
from netrx_tune.reporters.headline import headline
from netrx_tune.reporters.plain import BLANK, Block, Style, layout
from netrx_tune.reporters.terminal import books
from netrx_tune.rules.words import BOUND_WORDS, count, percent, rate
from netrx_tune.rxpath.stages import STAGES

_STYLES: dict[Turn, Style] = {
    "new": "critical",
    "worse": "critical",
    "changed": "warning",
    "unjudged": "warning",
    "same": "note",
    "better": "good",
    "gone": "good",
}
_MOST_ONE_SIDED = 8
_LOSS_COUNTERS = frozenset(
    name for stage in STAGES if stage.kind in ("loss", "policy") for name in stage.counters
)


def render_diff(found: Difference, *, width: int, color: bool, verbose: bool = False) -> str:
    """Return the comparison, ready to be written; every text in it may come from a hostile host.

    `verbose` lists every counter that moved and every setting that only one of them has.
    """
    text = layout(_report(found, verbose=verbose), width=width, color=color)
    return text.rstrip("\n") + "\n"


def _report(found: Difference, *, verbose: bool) -> Iterator[Block]:
    yield Block(_verdict(found), style=_mood(found))
    yield Block(f"{found.kinship.why}.", 0, 2, "Host:")
    for label, side in (("A:", found.a), ("B:", found.b)):
        yield Block(f"{side.name}: {headline(side.diagnosis)}", 0, 2, label, "title")
    for note in found.notes:
        yield Block(note, 0, 2, "Remark:", "note")
    yield BLANK
    yield from _findings(found.findings)
    yield from _settings(found, verbose=verbose)
    yield from _stages(found.stages)
    yield from _rates(found.rates, verbose=verbose)
    if found.meanwhile is not None:
        yield from _meanwhile(found.meanwhile.diagnosis, found.meanwhile.delta.seconds or 0.0)


def _verdict(found: Difference) -> str:
    """Return how many findings took which turn."""
    counts: dict[Turn, int] = {}
    for one in found.findings:
        counts[one.turn] = counts.get(one.turn, 0) + 1
    words = [f"{number} {turn}" for turn, number in counts.items()]
    findings = f"Findings: {', '.join(words)}." if words else "No finding in either."
    settings = f" Settings changed: {count(len(_both(found.settings)))}."
    return findings + settings


def _mood(found: Difference) -> Style:
    if any(one.turn in ("new", "worse") and one.finding.lost for one in found.findings):
        return "critical"
    if any(one.turn in ("gone", "better") and one.finding.lost for one in found.findings):
        return "good"
    return "title"


def _findings(changes: tuple[FindingChange, ...]) -> Iterator[Block]:
    moved = [one for one in changes if one.turn != "same"]
    for one in moved:
        last = one.finding
        label = f"{one.turn.upper()}:"
        yield Block(f"{last.summary} ({last.rule})", 0, 2, label, _STYLES[one.turn])
        yield from (Block(text, 2, 2) for text in _before(one))
    same = ", ".join(dict.fromkeys(one.finding.rule for one in changes if one.turn == "same"))
    if same:
        yield Block(same, 0, 2, "As before:", "note")
    if changes:
        yield BLANK


def _before(change: FindingChange) -> Iterator[str]:
    """Yield what A said of a finding that B tells otherwise."""
    a, b = change.a, change.b
    if change.turn == "unjudged":
        yield "B lacks what this rule needs, so nothing tells whether it is gone."
    if a is None or b is None:
        return
    yield f"Before: {a.summary}."
    if a.severity != b.severity:
        yield f"Severity: {a.severity} -> {b.severity}."
    if a.cause != b.cause:
        yield f"Cause: {a.cause or 'none'} -> {b.cause or 'none'}."


def _both(settings: Iterable[SettingChange]) -> list[SettingChange]:
    return [one for one in settings if one.a is not None and one.b is not None]


def _settings(found: Difference, *, verbose: bool) -> Iterator[Block]:
    changed = _both(found.settings)
    if changed:
        yield Block("Settings", style="title")
    for one in changed:
        yield Block(f"{one.a} -> {one.b}{_origin(one)}", 2, 4, one.name)
    single = [one for one in found.settings if one not in changed]
    if single and verbose:
        for one in single:
            yield Block(f"{one.a or 'not told'} -> {one.b or 'not told'}", 2, 4, one.name)
    elif single:
        names = ", ".join(one.name for one in single[:_MOST_ONE_SIDED])
        more = len(single) - _MOST_ONE_SIDED
        names += f" and {count(more)} more; -v lists them" if more > 0 else ""
        yield Block(names, 2, 4, "Only one of the two has:")
    if found.settings:
        yield BLANK


def _origin(change: SettingChange) -> str:
    if change.file is not None:
        return f" (set by {change.file})"
    if change.at_boot is not None:
        return f" (at boot: {change.at_boot})"
    return ""


def _stages(stages: tuple[StageChange, ...]) -> Iterator[Block]:
    if not stages:
        return
    yield Block("Lost by stage, A -> B", style="title")
    for one in stages:
        yield Block(f"{_loss(one.a)} -> {_loss(one.b)}", 2, 4, one.stage)
    yield BLANK


def _loss(loss: Loss) -> str:
    """Return "834 of 4,000 (21 %, 328 per second)"."""
    if loss.lost is None:
        return "not visible"
    text = BOUND_WORDS[loss.bound] + count(loss.lost)
    if loss.offered:
        text += f" of {count(loss.offered)}"
    more = [percent(loss.share)] if loss.share is not None else []
    if loss.per_second:
        more.append(f"{rate(loss.per_second)} per second")
    return text + (f" ({', '.join(more)})" if more and loss.lost else "")


def _rates(rates: tuple[Rate, ...], *, verbose: bool) -> Iterator[Block]:
    shown = [one for one in rates if verbose or _is_loss(one.counter)]
    if not shown:
        return
    yield Block("Counters per second, A -> B", style="title")
    for one in shown:
        text = f"{_rate(one.a_per_second)} -> {_rate(one.b_per_second)}"
        yield Block(text, 2, 4, one.counter)
    yield BLANK


def _is_loss(name: str) -> bool:
    """Tell a counter of loss; a device's stands in the table without the device."""
    return name in _LOSS_COUNTERS or name.partition(".")[2] in _LOSS_COUNTERS


def _rate(per_second: float | None) -> str:
    return "unknown" if per_second is None else rate(per_second)


def _meanwhile(diagnosis: Diagnosis, seconds: float) -> Iterator[Block]:
    """Yield what the time between the two ends lost, the windows' own included."""
    yield Block(f"From the end of A to the end of B, {seconds:,.1f} s", style="title")
    yield Block(headline(diagnosis), 2, 2)
    yield Block(books(diagnosis.ledger), 2, 2, "Books:")
    for account in diagnosis.ledger.accounts:
        if account.lost:
            moved = ", ".join(f"{one.counter} +{count(one.increase)}" for one in account.by)
            text = f"{BOUND_WORDS[account.bound]}{count(account.lost)}" + (
                f" ({moved})" if moved else ""
            )
            yield Block(text, 4, 2, account.stage)
