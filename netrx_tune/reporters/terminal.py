"""The diagnosis as text for people: a headline, the path, the findings, what to type next.

Words carry all of it; colour only repeats them. Nothing is drawn with boxes and no column is
cut, so it reads the same in a narrow window, in a file and through a screen reader.
"""

from __future__ import annotations

from collections.abc import Iterator

from netrx_tune.collectors.log_text import OTHER_LINE
from netrx_tune.collectors.moments import of_moments
from netrx_tune.model.finding import SEVERITIES, Diagnosis, Finding
from netrx_tune.model.ledger import Ledger
from netrx_tune.model.sample import GapReason
from netrx_tune.model.snapshot import HostFacts
from netrx_tune.reporters.drawn_path import draw, is_counted
from netrx_tune.reporters.finding_text import full, short
from netrx_tune.reporters.headline import headline
from netrx_tune.reporters.plain import BLANK, Block, Style, layout
from netrx_tune.rules.words import count, size

COMMANDS = ("diagnose", "explain", "path", "snapshot")

_MOST_NAMED = 3  # names in a summarising line, unless -v
_WHY_NOTHING: dict[GapReason, str] = {
    "absent": "not on this host",
    "denied": "no permission, run as root",
    "unparsed": "not in a form that is known",
}


def render(
    diagnosis: Diagnosis,
    *,
    width: int,
    color: bool,
    verbose: bool = False,
    commands: tuple[str, ...] = COMMANDS,
) -> str:
    """Return the report, ready to be written; every text in it may come from a hostile host.

    `verbose` lists what else is summarised, and draws the path of a healthy host too. No command
    is recommended that is not in `commands`.
    """
    blocks = _report(diagnosis, width=width, verbose=verbose, commands=commands)
    return layout(blocks, width=width, color=color)


def _report(
    diagnosis: Diagnosis, *, width: int, verbose: bool, commands: tuple[str, ...]
) -> Iterator[Block]:
    ledger = diagnosis.ledger
    quiet = not verbose and is_healthy(diagnosis)
    yield Block(headline(diagnosis), style=_mood(diagnosis))
    yield Block(_host_words(diagnosis.host), hang=2, label="Host:")
    for note in diagnosis.notes:
        yield Block(note, hang=2, label="Remark:", style="note")
    if quiet:
        yield Block(books(ledger), hang=2, label="Books:")
    else:
        yield BLANK
        yield from draw(ledger, width=width, verbose=verbose)
        yield Block(books(ledger), indent=2, hang=2, label="Books:")
        yield BLANK
    yield from _findings(diagnosis, verbose=verbose)
    if diagnosis.plan:
        from netrx_tune.reporters.plan_text import plan_blocks  # noqa: PLC0415 - on bad days

        yield from plan_blocks(diagnosis)
    yield from _blind(diagnosis, quiet=quiet, verbose=verbose)
    following = _next(diagnosis, commands)
    if following:
        yield Block(following, label="Next:", style="title", verbatim=True)


def is_healthy(diagnosis: Diagnosis) -> bool:
    """Tell whether nothing was lost, nothing asks for action, and the books could be read."""
    serious = any(finding.severity != "note" for finding in diagnosis.findings)
    blind = diagnosis.ledger.offered is None or diagnosis.host.sandbox is not None
    return not serious and not diagnosis.ledger.lost and not blind


def _mood(diagnosis: Diagnosis) -> Style:
    worst = max((SEVERITIES.index(f.severity) for f in diagnosis.findings), default=0)
    if is_healthy(diagnosis):
        return "good"
    return SEVERITIES[worst] if SEVERITIES[worst] != "note" else "title"


def _host_words(host: HostFacts) -> str:
    words = [host.distribution or "unknown distribution", f"kernel {host.release or 'unknown'}"]
    if host.cpus:
        words.append(f"{host.cpus} CPU" if host.cpus == 1 else f"{host.cpus} CPUs")
    if host.memory_bytes:
        words.append(f"{size(host.memory_bytes)} memory")
    if host.netns:
        words.append(f"network namespace {host.netns}")
    elif host.initial_netns is not None:
        words.append("host network" if host.initial_netns else "a network of its own")
    return ", ".join(words)


def books(ledger: Ledger) -> str:
    """Return the equation that accounts for every packet, and what of it has no name."""
    if ledger.delivered is None:
        return f"open: what was delivered is not wholly readable here; {count(ledger.lost)} lost."
    if ledger.offered is None:
        return (
            f"open: UDP delivered {count(ledger.delivered)}, TCP's segments are not shown;"
            f" {count(ledger.lost)} lost."
        )
    queued = "" if ledger.queued is None else f" + {count(ledger.queued)} queued"
    text = (
        f"{count(ledger.offered)} offered = {count(ledger.delivered)} delivered{queued}"
        f" + {count(ledger.lost)} lost."
    )
    if ledger.queued is None:
        text += " How many wait unread is not known."
    return text + _nameless(ledger)


def _nameless(ledger: Ledger) -> str:
    if ledger.unattributed is None:
        return " Whether some were lost without a counter cannot be told."
    if ledger.unattributed:
        return f" Of the lost, {count(ledger.unattributed)} are in no counter of a cause."
    return " Every loss has a counter that names it." if ledger.lost else ""


def _findings(diagnosis: Diagnosis, *, verbose: bool) -> Iterator[Block]:
    """Yield what asks for action first, then the notes, and what is over last."""
    notes = [finding for finding in diagnosis.findings if finding.severity == "note"]
    for finding in diagnosis.findings:
        if finding.severity != "note":
            yield from full(finding, diagnosis.host, verbose=verbose)
    for finding in sorted(notes, key=_is_past):
        if verbose:
            yield from full(finding, diagnosis.host, verbose=True)
        else:
            yield from short(finding, diagnosis.host)
    if notes and not verbose:
        yield BLANK


def _is_past(finding: Finding) -> bool:
    return finding.present is False


def _blind(diagnosis: Diagnosis, *, quiet: bool, verbose: bool) -> Iterator[Block]:
    """Yield the rules that could not judge and the sources that gave nothing."""
    if verbose:
        for skipped in diagnosis.skipped:
            needs = f", needs {', '.join(_either(skipped.needs))}" if skipped.needs else ""
            text = f"{skipped.rule}: {skipped.why}{needs}"
            yield Block(text, 0, 2, "Not judged:", "title")
        for gap in diagnosis.gaps:
            text = f"{gap.path}: {_WHY_NOTHING[gap.why]} ({gap.detail})"
            yield Block(text, 0, 2, "Not read:", "title")
        return
    parts = [*_skipped(diagnosis), *_gaps(diagnosis, absent=not quiet)]
    for line in ["; ".join(parts)] if quiet and parts else parts:
        yield Block(f"{line}; -v lists them.", hang=2)


def _skipped(diagnosis: Diagnosis) -> Iterator[str]:
    rules = [skipped.rule for skipped in diagnosis.skipped]
    if rules:
        needs = tuple(dict.fromkeys(n for s in diagnosis.skipped for n in s.needs))
        reasons = [f"needs {_named(_either(needs))}"] if needs else []
        reasons += dict.fromkeys(s.why for s in diagnosis.skipped if not s.needs)
        what = "1 rule" if len(rules) == 1 else f"{count(len(rules))} rules"
        yield f"{what} could not judge ({_named(rules)}): {'; '.join(reasons)}"


def _either(needs: tuple[str, ...]) -> list[str]:
    return [need.replace("|", " or ") for need in needs]


def _gaps(diagnosis: Diagnosis, *, absent: bool) -> Iterator[str]:
    """Yield the summary; what a host just does not have is no news on a good day."""
    reasons: list[str] = []
    total = 0
    # Notes say the others.
    gaps = [g for g in diagnosis.gaps if not of_moments(g) and g.path != OTHER_LINE]
    for why, words in _WHY_NOTHING.items():
        paths = [gap.path for gap in gaps if gap.why == why]
        if paths and (absent or why != "absent"):
            reasons.append(f"{_named(paths)} ({words})")
            total += len(paths)
    if reasons:
        what = "1 source" if total == 1 else f"{count(total)} sources"
        yield f"{what} could not be read: {', '.join(reasons)}"


def _named(names: list[str]) -> str:
    if len(names) <= _MOST_NAMED:
        return ", ".join(names)
    return f"{', '.join(names[:_MOST_NAMED])} and {count(len(names) - _MOST_NAMED)} more"


def _next(diagnosis: Diagnosis, commands: tuple[str, ...]) -> str:
    """Return the one command that helps most now, or nothing."""
    lossy = [a for a in diagnosis.ledger.accounts if is_counted(a)]
    if diagnosis.window.mode == "since-boot" and lossy and "diagnose" in commands:
        return f"netrx-tune diagnose{_where(diagnosis.host)} --interval 30"
    if diagnosis.findings and "explain" in commands:
        return f"netrx-tune explain {diagnosis.findings[0].rule}"
    if lossy and "path" in commands:
        return f"netrx-tune path {max(lossy, key=lambda a: a.lost or 0).stage}"
    return ""


def _where(host: HostFacts) -> str:
    if not host.netns:
        return ""
    from shlex import quote  # noqa: PLC0415 - only for other namespaces

    if host.netns.startswith("pid "):
        return f" --pid {quote(host.netns.removeprefix('pid '))}"
    return f" --netns {quote(host.netns)}"
