"""Real cases: what a host showed, what must be said of it, and what must never be.

A file is one case, with the keys of tests/scenario.py for what the host showed, and:

    source: where the case was told in public; its numbers are facts, the rest is made up
    stage: udp-rcvbuf-full        the stage of the finding that is meant, or none
    severity: warning             of that finding; or severity_at_most
    cause, present, confidence, lost, limit    of that finding; limit of its first socket
    bound: at-most                of that stage's account
    accounts: {stage: lost, stage: [lost, bound], stage: unseen}
    advice_first: {kind: ..., target: ...}     its first recommendation
    advice_some: [{...}, ...]     each is among all recommendations
    advice_never: [{...}, ...]    none is among them, at any finding
    says, never_says: [text, ...] upper and lower case are the same
    notes_say: [text, ...]        among the notes of the report
    gaps: [path, ...]             files that are reported as missing or unreadable
    skipped, silent               as in tests/scenario.py

The samples are written as a folder and read back as `diagnose --from` reads it. In texts/ a case is
what somebody pasted: `text`, and with `later` a second one of the same host.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from netrx_tune.cli.inputs import Place, delta_of
from netrx_tune.cli.options import Later
from netrx_tune.model.finding import SEVERITIES, Diagnosis, Finding, Recommendation
from netrx_tune.planning.diagnosis import conclude
from netrx_tune.reporters.snapshot_files import render_snapshot, saved_snapshot
from netrx_tune.reporters.snapshot_records import render_records
from tests import scenario
from tests.scenario import Case

FOLDER = Path(__file__).parent
_OF_FINDING = ("severity", "cause", "present", "confidence", "lost")
_KEYS = (scenario.KEYS - {"mode", "netns", "expect"}) | {
    "source", "stage", "severity_at_most", "limit", "bound", "accounts", "advice_first",
    "advice_some", "advice_never", "notes_say", "gaps", "text", "later", *_OF_FINDING,
}  # fmt: skip


def load(folder: Path = FOLDER) -> Iterator[tuple[str, Case]]:
    """Yield (name, case) of every file in a folder."""
    for path in sorted(folder.glob("*.yaml")):
        case: Case = scenario.read(path)
        scenario.check_keys(case, _KEYS, path.name)
        yield path.stem, case


def write(case: Case, folder: Path) -> None:
    """Write a case's samples as people keep them: 0/ and 1/, or one tree.

    What no file of the kernel holds (sockets of sock_diag, ethtool) makes it a snapshot of ours.
    """
    samples = scenario.samples(case)
    if any(True for sample in samples for _ in render_records(sample)):
        files = dict(render_snapshot(saved_snapshot(samples), "0"))
    elif len(samples) == 1:
        files = {path.lstrip("/"): text for path, text in samples[0].files.items()}
    else:
        files = {
            f"{n}{path}": text for n, s in enumerate(samples) for path, text in s.files.items()
        }
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)


def diagnose(case: Case, folder: Path) -> Diagnosis:
    """Return what `diagnose --from` says of a case."""
    if "text" in case:
        return _diagnose_text(case, folder)
    write(case, folder)
    return conclude(delta_of(Place(saved=str(folder)), 0, quiet=True))


def _diagnose_text(case: Case, folder: Path) -> Diagnosis:
    first, second = folder / "first.txt", folder / "second.txt"
    first.write_text(case["text"])
    place = str(first)
    if "later" in case:
        second.write_text(case["later"])
        place = Later(str(first), str(second))
    return conclude(delta_of(Place(saved=place), 0, quiet=True))


def problems(case: Case, diagnosis: Diagnosis) -> Iterator[str]:
    """Yield what a diagnosis says other than the case demands, and what no case may say."""
    shared = {key: case[key] for key in ("skipped", "silent") if key in case}
    yield from scenario.problems(shared, diagnosis)
    yield from _of_finding(case, diagnosis)
    yield from _of_accounts(case, diagnosis)
    yield from _of_advice(case, diagnosis)
    text = "\n".join(scenario.words(diagnosis)).lower()
    yield from (
        f"does not say {part!r}" for part in case.get("says", ()) if _in(part, text) is False
    )
    yield from (f"says {part!r}" for part in case.get("never_says", ()) if _in(part, text))
    notes = "\n".join(diagnosis.notes).lower()
    yield from (f"no note {part!r}" for part in case.get("notes_say", ()) if not _in(part, notes))
    paths = {gap.path for gap in diagnosis.gaps}
    yield from (f"no gap {path}" for path in case.get("gaps", ()) if path not in paths)
    yield from never(diagnosis)


def _in(part: str, text: str) -> bool:
    return part.lower() in text


def _of_finding(case: Case, diagnosis: Diagnosis) -> Iterator[str]:
    if "stage" not in case:
        return
    found = [f for f in diagnosis.findings if f.stage == case["stage"]]
    if case["stage"] is None:
        yield from (f"{f.rule} is {f.severity}" for f in diagnosis.findings if f.severity != "note")
        return
    if not found:
        yield f"no finding at {case['stage']}"
        return
    first = found[0]
    for key in _OF_FINDING:
        if key in case and getattr(first, key) != case[key]:
            yield f"{key} is {getattr(first, key)}, not {case[key]}"
    most = case.get("severity_at_most", "critical")
    if SEVERITIES.index(first.severity) > SEVERITIES.index(most):
        yield f"severity is {first.severity}, at most {most}"
    if "limit" in case and (not first.sockets or first.sockets[0].limit != case["limit"]):
        yield f"the first of {first.sockets} has not the limit {case['limit']}"
    if "advice_first" in case and not _is(first.recommendations[:1], case["advice_first"]):
        yield f"its first advice is {[(a.kind, a.target) for a in first.recommendations]}"


def _is(advice: tuple[Recommendation, ...], want: Mapping[str, Any]) -> bool:
    return any(all(getattr(one, k) == v for k, v in want.items()) for one in advice)


def _of_accounts(case: Case, diagnosis: Diagnosis) -> Iterator[str]:
    wanted = dict(case.get("accounts", {}))
    if "bound" in case:
        account = diagnosis.ledger.account(case["stage"])
        if account is None or account.bound != case["bound"]:
            yield f"{account} is not {case['bound']}"
    for stage, want in wanted.items():
        account = diagnosis.ledger.account(stage)
        lost, bound = want if isinstance(want, list) else (want, None)
        if lost == "unseen":
            lost, bound = None, "unseen"
        if account is None or account.lost != lost or bound not in (None, account.bound):
            yield f"the account of {stage} is {account}, not {want}"


def _of_advice(case: Case, diagnosis: Diagnosis) -> Iterator[str]:
    everything = tuple(a for f in diagnosis.findings for a in f.recommendations)
    for want in case.get("advice_some", ()):
        if not _is(everything, want):
            yield f"no advice {want}"
    for unwanted in case.get("advice_never", ()):
        if _is(everything, unwanted):
            yield f"advises {unwanted}"


def never(diagnosis: Diagnosis) -> Iterator[str]:
    """Yield what must not be said of any host."""
    for finding in diagnosis.findings:
        yield from (f"{finding.rule}: {problem}" for problem in _wrong_judgement(finding))
        if diagnosis.window.mode == "since-boot":
            yield from (f"{finding.rule}: {problem}" for problem in _too_sure(finding))
        for advice in finding.recommendations:
            yield from (f"{finding.rule}: {problem}" for problem in _wrong_advice(finding, advice))
    for account in diagnosis.ledger.accounts:
        offered, lost = account.offered, account.lost
        if lost is not None and (lost < 0 or (offered is not None and lost > offered)):
            yield f"{account.stage} lost {lost} of {offered}"
        if (lost is None) != (account.bound == "unseen"):
            yield f"{account.stage} lost {lost}, {account.bound}"


def _wrong_judgement(finding: Finding) -> Iterator[str]:
    if not finding.lost and finding.severity != "note":
        yield "more than a note without loss"
    if finding.share is not None and not 0 <= finding.share <= 1:
        yield f"a share of {finding.share}"
    if finding.present is False and finding.severity != "note":
        yield "past loss is more than a note"


def _too_sure(finding: Finding) -> Iterator[str]:
    """Yield what totals since boot cannot support."""
    if finding.severity == "critical" or (finding.confidence == "high" and finding.lost):
        yield f"{finding.severity} with confidence {finding.confidence} of totals since boot"
    if finding.lost and finding.present:
        yield "totals since boot are no present loss"


def _wrong_advice(finding: Finding, advice: Recommendation) -> Iterator[str]:
    if finding.stage == "udp-rcvbuf-full" and advice.kind in ("ethtool", "netfilter"):
        yield f"{advice.kind} for a socket's loss"
    if advice.target == "net.core.netdev_max_backlog" and finding.stage.startswith("udp-"):
        yield "a longer backlog for a socket's loss"
    if _lowers(advice):
        yield f"lowers {advice.target} from {advice.current} to {advice.proposed}"


def _lowers(advice: Recommendation) -> bool:
    """Tell whether a limit goes down; udp_mem is restored where it was given in bytes."""
    if not isinstance(advice.current, int) or not isinstance(advice.proposed, int):
        return False
    return (
        advice.kind == "sysctl"
        and "ipfrag_time" not in advice.target
        and (advice.proposed < advice.current)
    )
