"""Every scenario holds; tests/scenario.py says how they are written."""

from __future__ import annotations

import pytest

from tests.scenario import Case, diagnose, load, problems, shown

_CASES = dict(load())


@pytest.mark.parametrize("name", _CASES)
def test_a_scenario_holds(name: str) -> None:
    case: Case = _CASES[name]
    diagnosis = diagnose(case)
    found = list(problems(case, diagnosis))
    assert not found, "\n".join([*found, "", shown(diagnosis)])


# A time to wait is no limit, and a unit that was mistaken has to come down.
_MAY_FALL = ("ipfrag_time", "ip6frag_time", "udp_mem", "flow_limit_cpu_bitmap")


@pytest.mark.parametrize("name", _CASES)
def test_findings_keep_the_contract(name: str) -> None:
    for finding in diagnose(_CASES[name]).findings:
        if not finding.lost:
            assert finding.severity == "note"
        assert "consider" not in finding.summary + finding.meaning
        assert len(set(finding.evidence)) == len(finding.evidence), "evidence is said twice"
        for advice in finding.recommendations:
            assert advice.why
            assert advice.cost
            assert "consider" not in advice.why
            assert " 0/s" not in advice.why, "nothing is added"
            if advice.kind != "sysctl":
                continue
            if advice.proposed is not None:
                assert advice.undo, "a change that can be made can be undone"
            if not advice.target.endswith(_MAY_FALL):
                assert _numbers(advice.proposed) >= _numbers(advice.current), "a limit falls"


def _numbers(value: float | str | None) -> list[int]:
    return [int(word) for word in str(value or "").split()]
