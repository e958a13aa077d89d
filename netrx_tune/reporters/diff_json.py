"""What changed between two snapshots as JSON, schema netrx-tune/diff/v1.

Written by hand, field by field, as json_v1 is: others depend on these names.
"""

from __future__ import annotations

from netrx_tune import TOOL
from netrx_tune.model.finding import Finding
from netrx_tune.planning.difference import Difference, Loss, Meanwhile, Side
from netrx_tune.planning.difference_findings import FindingChange
from netrx_tune.reporters.json_v1 import diagnosis_json, host_json, ledger_json

SCHEMA = "netrx-tune/diff/v1"


def diff_json(found: Difference) -> dict[str, object]:
    """Return the whole difference, ready for json.dumps()."""
    return {
        "schema": SCHEMA,
        "tool": TOOL,
        "kinship": found.kinship.kin,
        "why": found.kinship.why,
        "a": _side(found.a),
        "b": _side(found.b),
        "stages": [
            {"stage": one.stage, "a": _loss(one.a), "b": _loss(one.b)} for one in found.stages
        ],
        "counters": [one._asdict() for one in found.rates],
        "between": None if found.meanwhile is None else _meanwhile(found.meanwhile),
        "settings": [one._asdict() for one in found.settings],
        "findings": [_finding(one) for one in found.findings],
        "notes": list(found.notes),
    }


def _side(side: Side) -> dict[str, object]:
    return {
        "input": side.name,
        "host": host_json(side.diagnosis.host),
        "window": side.diagnosis.window._asdict(),
        "ledger": ledger_json(side.diagnosis.ledger),
    }


def _loss(loss: Loss) -> dict[str, object]:
    rate, share = loss.per_second, loss.share
    return {
        **loss._asdict(),
        "share": None if share is None else round(share, 6),
        "per_second": None if rate is None else round(rate, 3),
    }


def _meanwhile(meanwhile: Meanwhile) -> dict[str, object]:
    whole = diagnosis_json(meanwhile.diagnosis)
    return {
        "seconds": meanwhile.delta.seconds,
        "ledger": whole["ledger"],
        "findings": whole["findings"],
        "counters": [one._asdict() for one in meanwhile.growth],
        "restarted": list(meanwhile.delta.restarted),
    }


def _finding(change: FindingChange) -> dict[str, object]:
    last = change.finding
    return {
        "change": change.turn,
        "rule": last.rule,
        "stage": last.stage,
        "a": _figures(change.a),
        "b": _figures(change.b),
    }


def _figures(finding: Finding | None) -> dict[str, object] | None:
    if finding is None:
        return None
    return {
        "severity": finding.severity,
        "confidence": finding.confidence,
        "cause": finding.cause,
        "lost": finding.lost,
        "share": None if finding.share is None else round(finding.share, 6),
        "present": finding.present,
        "summary": finding.summary,
    }
