"""The plan is shown where findings share a change, and nowhere else."""

from __future__ import annotations

from netrx_tune.model.finding import Finding, Recommendation
from netrx_tune.reporters.plain import layout
from netrx_tune.reporters.plan_text import plan_blocks
from tests import scenario

BACKLOG = Recommendation(
    "sysctl", "net.core.netdev_max_backlog", "host", "why", "cost",
    current=1000, proposed=2000, command="sysctl -w net.core.netdev_max_backlog=2000",
)  # fmt: skip
THREADED = Recommendation("placement", "eth0", "cpu", "why", "cost")


def _text(*findings: Finding) -> str:
    quiet = scenario.diagnose({"before": {}, "after": {}})
    told = quiet._replace(findings=findings, plan=(BACKLOG, THREADED))
    return layout(plan_blocks(told), width=80, color=False)


def _finding(rule: str, *items: Recommendation) -> Finding:
    stage = "cpu-backlog-overflow"
    return Finding(rule, stage, "warning", "high", "text", recommendations=items)


def test_a_change_that_two_findings_want_is_shown_once() -> None:
    text = _text(_finding("a", BACKLOG), _finding("b", BACKLOG, THREADED))
    assert text.splitlines()[0].startswith("Plan: all findings together")
    assert text.count("sysctl -w net.core.netdev_max_backlog=2000") == 1
    assert "2. Place the work on other CPUs: eth0." in text


def test_findings_that_share_nothing_need_no_plan() -> None:
    assert _text(_finding("a", BACKLOG), _finding("b", THREADED)) == ""
