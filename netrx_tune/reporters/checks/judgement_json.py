"""A judgement as JSON, schema netrx-tune/judgement/v1, written and read.

One line of it is what `--format jsonl` writes and `--resume` reads.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from netrx_tune.model.errors import ParseError
from netrx_tune.model.finding import Evidence, Recommendation, Skipped, Window
from netrx_tune.model.judgement import (
    OUTCOMES,
    JudgedFinding,
    JudgedHost,
    Judgement,
    Spot,
    StageLoss,
    Totals,
)
from netrx_tune.model.sample import Gap

SCHEMA = "netrx-tune/judgement/v1"


def judgement_json(judgement: Judgement) -> dict[str, object]:
    """Return a judgement, ready for json.dumps()."""
    window, totals = judgement.window, judgement.totals
    return {
        "schema": SCHEMA,
        "input": judgement.name,
        "namespace": judgement.namespace,
        "host": judgement.host,
        "outcome": judgement.outcome,
        "reason": judgement.reason,
        "findings": [_finding(one) for one in judgement.findings],
        "skipped": [
            {"rule": one.rule, "needs": one.needs, "why": one.why} for one in judgement.skipped
        ],
        "about": judgement.about._asdict(),
        "window": window and window._asdict(),
        "totals": totals and totals._asdict(),
        "stages": [one._asdict() for one in judgement.ledger],
        "settings": judgement.settings,
        "gaps": [gap._asdict() for gap in judgement.gaps],
        "stamp": judgement.stamp,
        "policy": judgement.policy,
        "is_folder": judgement.is_folder,
        "namespaces": judgement.namespaces,
    }


def line(judgement: Judgement) -> str:
    """Return a judgement as one line, its end included; ASCII, so any encoding carries it."""
    return json.dumps(judgement_json(judgement), separators=(",", ":")) + "\n"


def parse_line(text: str, place: str) -> Judgement:
    """Return the judgement of a line.

    Raises:
        ParseError: it is none.
    """
    try:
        return parse_judgement(json.loads(text))
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise ParseError(place, f"expected a judgement of {SCHEMA} ({error})", text) from None


def parse_judgement(found: Any) -> Judgement:  # noqa: ANN401 - whatever JSON holds
    """Return the judgement of a document.

    Raises:
        KeyError, TypeError, ValueError: it is none.
    """
    if found["schema"] != SCHEMA or found["outcome"] not in OUTCOMES:
        raise ValueError("another schema or outcome")
    window, totals = found["window"], found["totals"]
    return Judgement(
        name=_text(found["input"]),
        host=_text(found["host"]),
        outcome=found["outcome"],
        reason=_text(found["reason"]),
        findings=tuple(_parsed(one) for one in found["findings"]),
        skipped=tuple(
            Skipped(one["rule"], tuple(one["needs"]), one["why"]) for one in found["skipped"]
        ),
        about=JudgedHost(**found["about"]),
        window=Window(**window) if window else None,
        totals=Totals(**totals) if totals else None,
        ledger=tuple(StageLoss(**one) for one in found["stages"]),
        settings={key: tuple(values) for key, values in found["settings"].items()},
        gaps=tuple(Gap(**one) for one in found["gaps"]),
        stamp=found["stamp"],
        policy=found["policy"],
        is_folder=found["is_folder"],
        namespace=None if found.get("namespace") is None else _text(found["namespace"]),
        namespaces=tuple(map(_text, found.get("namespaces", ()))),
    )


def _finding(finding: JudgedFinding) -> dict[str, object]:
    return {
        **finding._asdict(),
        "stage": finding.stage or None,
        "share": None if finding.share is None else round(finding.share, 6),
        "spot": finding.spot._asdict(),
        "evidence": [item._asdict() for item in finding.evidence],
        "advice": finding.advice and finding.advice._asdict(),
    }


def _parsed(found: Mapping[str, Any]) -> JudgedFinding:
    advice = found["advice"]
    return JudgedFinding(
        **{
            **found,
            "stage": found["stage"] or "",
            "spot": Spot(**found["spot"]),
            "evidence": tuple(Evidence(**item) for item in found["evidence"]),
            "advice": Recommendation(**advice) if advice else None,
        }
    )


def _text(found: object) -> str:
    if not isinstance(found, str):
        raise TypeError("expected text")
    return found
