"""Words that several forms use of a judgement."""

from __future__ import annotations

from collections.abc import Iterator

from netrx_tune.model.finding import Recommendation
from netrx_tune.model.judgement import JudgedFinding, JudgedHost, Judgement, Outcome, Spot
from netrx_tune.planning.tally import Tally
from netrx_tune.reporters.finding_text import change_words, evidence_words, why_words
from netrx_tune.reporters.plain import escape
from netrx_tune.rules.words import count, counted, size

OUTCOME_WORDS: dict[Outcome, str] = {
    "passed": "passed",
    "failed": "failed",
    "unreadable": "unreadable",
    "not-judged": "not judged",
}


def spot_words(spot: Spot) -> str:
    """Return "1/proc/net/snmp:8", "line 8" of a text, "" where nothing is known."""
    if spot.line is None:
        return spot.file
    return f"{spot.file}:{spot.line}" if spot.file else f"line {spot.line}"


def host_words(about: JudgedHost) -> str:
    """Return "debian-12, kernel 6.1.0, 4 CPUs, 8 GiB memory", as far as it is known."""
    words = [about.distribution] if about.distribution else []
    if about.kernel:
        words.append(f"kernel {about.kernel}")
    if about.cpus:
        words.append("1 CPU" if about.cpus == 1 else f"{about.cpus} CPUs")
    if about.memory_bytes:
        words.append(f"{size(about.memory_bytes)} memory")
    return ", ".join(words)


def advice_words(finding: JudgedFinding) -> str:
    """Return what to do, why, with which command, at which cost, and how to undo it."""
    advice = finding.advice
    if advice is None:
        return ""
    words = [escape(change_words(advice)), escape(why_words(advice))]
    return "\n".join((*words, *advice_steps(advice)))


def advice_steps(advice: Recommendation) -> Iterator[str]:
    """Yield the command of an advice, its cost and the way back."""
    for label, said in (("Type", advice.command), ("Costs", advice.cost), ("Undo", advice.undo)):
        if said:
            yield escape(f"{label}: {said}")


def evidence_lines(finding: JudgedFinding) -> list[str]:
    """Return each counter's movement, the first with its place."""
    lines = [escape(evidence_words(item)) for item in finding.evidence]
    place = escape(spot_words(finding.spot))
    if place and lines:
        lines[0] += f" [{place}]"
    return lines or ([place] if place else [])


def standing(finding: JudgedFinding) -> str:
    """Return why a finding that is here does not fail, or that its acceptance is over."""
    if finding.expired:
        return f"was accepted {finding.expired}"
    return f"accepted: {finding.accepted}" if finding.accepted else ""


def tally_words(tally: Tally) -> str:
    """Return "3 inputs: 1 passed, 1 failed, 1 unreadable"."""
    what = counted(tally.inputs, "input")
    if tally.namespaces:
        what += f" with {counted(tally.namespaces, 'further network namespace')}"
    parts = [f"{count(n)} {OUTCOME_WORDS[one]}" for one, n in tally.outcomes.items() if n]
    return f"{what}: {', '.join(parts)}" if parts else what


def input_words(judgement: Judgement) -> str:
    """Return the input as it was given, and which of its network namespaces is meant."""
    if judgement.namespace is None:
        return judgement.name
    return f"{judgement.name} (netns {judgement.namespace})"


def problem(judgement: Judgement) -> str:
    """Return why an input has no verdict."""
    return judgement.reason or OUTCOME_WORDS[judgement.outcome]
