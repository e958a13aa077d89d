"""A fleet's report as JSON, schema netrx-tune/fleet-report/v1."""

from __future__ import annotations

from netrx_tune.planning.fleet_report import Difference, FleetReport, RuleRow

SCHEMA = "netrx-tune/fleet-report/v1"


def fleet_json(report: FleetReport) -> dict[str, object]:
    """Return the report, ready for json.dumps()."""
    limits = report.fence
    return {
        "schema": SCHEMA,
        "inputs": report.inputs,
        "outcomes": dict(report.outcomes),
        "judged": report.judged,
        "losing": report.losing,
        "rules": [_rule(row, report.judged) for row in report.rules],
        "fence": limits and {**limits._asdict(), "above": report.above_fence},
        "outliers": [one._asdict() for one in report.outliers],
        "comparisons": report.comparisons,
        "differences": [_difference(one) for one in report.differences],
        "not_compared": list(report.many_valued),
        "unreadable": [{"input": name, "reason": why} for name, why in report.unreadable],
    }


def _rule(row: RuleRow, judged: int) -> dict[str, object]:
    def parts(which: tuple[tuple[str, int, int], ...]) -> list[dict[str, object]]:
        return [{"name": name, "hosts": some, "of": all_} for name, some, all_ in which]

    return {
        "rule": row.rule,
        "severity": row.severity,
        "hosts": row.hosts,
        "share": round(row.hosts / judged, 6),
        "lost": row.lost,
        "roles": parts(row.roles),
        "kernels": parts(row.kernels),
    }


def _difference(one: Difference) -> dict[str, object]:
    return {
        "key": one.key,
        "value": one.value,
        **one.split._asdict(),
        "odds_ratio": round(one.odds_ratio, 3),
        "chance": one.chance,
    }
