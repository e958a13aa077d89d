"""A workload profile's say in a diagnosis: floors, limits, and what it keeps."""

from __future__ import annotations

import pytest

from netrx_tune.model.finding import Diagnosis, Finding, Recommendation
from netrx_tune.model.profile import Profile, ProfileSetting
from netrx_tune.model.snapshot import Delta
from netrx_tune.planning.diagnosis import conclude
from netrx_tune.planning.plan import reconcile
from netrx_tune.planning.plan_values import values_of
from netrx_tune.planning.preferences import preferred
from tests import scenario

MAX = "net.core.rmem_max"
TIME = "net.ipv4.ipfrag_time"
CASES = list(scenario.load())
EMPTY = Profile("work", "s", "", None, (), (), (), None, {})


def _quiet() -> Delta:
    return scenario.delta({"kernel": "6.12.0", "before": {}, "after": {}})


def _finding(key: str, proposed: int) -> Finding:
    item = Recommendation(
        "sysctl", key, "host", "why", "cost", current=1, proposed=proposed,
        command=f"sysctl -w {key}={proposed}",
    )  # fmt: skip
    return Finding("r", "s", "warning", "high", "summary", 9, recommendations=(item,))


def _said(profile: Profile, key: str, proposed: int, **now: tuple[int, ...]) -> Recommendation:
    delta = _quiet()
    host = delta.after.host._replace(memory_bytes=1 << 30)
    settings = {key: (1,), **now}
    delta = delta._replace(after=delta.after._replace(settings=settings, host=host))
    share = profile.memory_share or 0.25
    found, plan = reconcile(preferred((_finding(key, proposed),), profile), delta, share)
    assert plan == found[0].recommendations
    return plan[0]


def _asked(diagnosis: Diagnosis) -> dict[str, tuple[int, ...]]:
    pairs = [(one.target, values_of(one)) for one in diagnosis.plan]
    return {key: values for key, values in pairs if values is not None}


def test_a_floor_raises_what_evidence_asks_for_in_the_command_too() -> None:
    work = EMPTY._replace(settings=(ProfileSetting(MAX, "at_least", (8 << 20,), "bursts", "s"),))
    got = _said(work, MAX, 1 << 20)
    assert (got.proposed, got.command) == (8 << 20, f"sysctl -w {MAX}={8 << 20}")
    assert got.why == "why Profile work wants at least 8,388,608: bursts."
    assert got.cost.startswith("cost; that is of the computed value")
    assert _said(work, MAX, 16 << 20).proposed == 16 << 20


def test_an_exact_value_takes_the_place_of_the_computed_one() -> None:
    work = EMPTY._replace(settings=(ProfileSetting(TIME, "exactly", (3,), "w", "s"),))
    assert _said(work, TIME, 10).proposed == 3


def test_what_is_kept_is_not_proposed_and_said_so() -> None:
    got = _said(EMPTY._replace(keep=(MAX,)), MAX, 1 << 20)
    assert (got.kind, got.proposed, got.command) == ("none", None, None)
    assert got.why.startswith(f"Profile work has {MAX} kept as it is; else it would be proposed at")


def test_a_share_of_memory_bounds_the_plan_and_a_floor_in_it() -> None:
    work = EMPTY._replace(
        settings=(ProfileSetting(MAX, "at_least", (512 << 20,), "w", "s"),), memory_share=0.125
    )
    got = _said(work, MAX, 1 << 20)
    assert got.proposed == 64 << 20  # doubled by the kernel: an eighth of 1 GiB
    assert "may take 12.5 % of memory" in got.why


@pytest.mark.parametrize(("name", "case"), CASES, ids=[name for name, _ in CASES])
def test_a_profile_never_adds_a_key_nor_lowers_a_proposal(name: str, case: scenario.Case) -> None:
    delta = scenario.delta(case)
    without = _asked(conclude(delta))
    floors = tuple(
        ProfileSetting(key, "at_least", (number,), "w", "s")
        for key, number in ((MAX, 9 << 20), ("net.core.netdev_max_backlog", 3000), (TIME, 3))
    )
    wanted = conclude(delta, EMPTY._replace(settings=floors))
    asked = _asked(wanted)
    assert set(asked) <= set(without), name
    assert [one.rule for one in wanted.findings] == [one.rule for one in conclude(delta).findings]
    assert all(asked[key] >= without[key] for key in asked), name
    kept = conclude(delta, EMPTY._replace(keep=tuple(without)))
    assert _asked(kept) == {}, name
    told = [item for one in kept.findings for item in one.recommendations if item.kind == "sysctl"]
    assert {item.target for item in told}.isdisjoint(without), name
