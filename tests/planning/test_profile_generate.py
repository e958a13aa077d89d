"""A profile from a diagnosis: what evidence asks for, and nothing once it is applied."""

from __future__ import annotations

import pytest

from netrx_tune.model.finding import Diagnosis, Recommendation
from netrx_tune.model.profile import Profile, ProfileSetting
from netrx_tune.model.snapshot import Delta
from netrx_tune.planning.diagnosis import conclude
from netrx_tune.planning.plan_values import is_limit
from netrx_tune.planning.profile import Memory, resolve
from netrx_tune.planning.profile_generate import Origin, generate
from netrx_tune.planning.profile_written import parse_profile
from netrx_tune.reporters.profile_yaml import render_yaml
from tests import scenario

ORIGIN = Origin("made", {"from": "a test", "kernel": "6.12.0"})
MAX = "net.core.rmem_max"
BACKLOG = "net.core.netdev_max_backlog"
CASES = list(scenario.load())


def _quiet() -> Delta:
    return scenario.delta({"kernel": "6.12.0", "before": {}, "after": {}})


def _advised(*items: Recommendation) -> Diagnosis:
    return conclude(_quiet())._replace(plan=items)


def _raise(key: str, proposed: int | str) -> Recommendation:
    return Recommendation("sysctl", key, "host", "why", "cost", proposed=proposed, command="c")


def _base(**fields: object) -> Profile:
    usual = Profile("work", "s", "", None, (), (), (), None, {})
    return usual._replace(**fields)  # type: ignore[arg-type]


@pytest.mark.parametrize(("name", "case"), CASES, ids=[name for name, _ in CASES])
def test_after_it_was_applied_there_is_nothing_to_generate(name: str, case: scenario.Case) -> None:
    delta = scenario.delta(case)
    now = delta.after.settings
    made = generate(conclude(delta), now, ORIGIN)
    for one in made.settings:
        if one.mode == "at_least" and one.key in now:
            pairs = zip(one.values, now[one.key], strict=True)
            assert all(new >= old for new, old in pairs), name
        assert one.previous == now.get(one.key), name
        assert one.why, name
        assert one.source, name
        assert (one.mode == "at_least") == is_limit(one.key), name
    applied = {**now, **{one.key: one.values for one in made.settings}}
    again = delta._replace(after=delta.after._replace(settings=applied))
    left = generate(conclude(again), applied, ORIGIN).settings
    # A loss that goes on although one device was loosened is another one's.
    goes_on = name.endswith("of_two_the_log_tells_which")
    assert [one.key for one in left] == ["net.ipv4.conf.eth0.rp_filter"] * goes_on, name


@pytest.mark.parametrize(("name", "case"), CASES, ids=[name for name, _ in CASES])
def test_what_is_generated_reads_back_as_itself(name: str, case: scenario.Case) -> None:
    delta = scenario.delta(case)
    made = generate(conclude(delta), delta.after.settings, ORIGIN)
    read = resolve(parse_profile(render_yaml(made), ""), lambda _: None, Memory(None))
    assert read == made, name


def test_a_quiet_host_gets_a_valid_empty_profile_that_says_so() -> None:
    made = generate(conclude(_quiet()), {}, ORIGIN)
    assert made.settings == ()
    assert made.summary == "Nothing to set: no evidence asks for it"
    assert parse_profile(render_yaml(made), "p").settings == ()


def test_a_workload_profiles_own_parts_come_along() -> None:
    base = _base(keep=(BACKLOG,), application=("restart",), memory_share=0.125)
    made = generate(_advised(_raise(MAX, 1 << 20)), {MAX: (212992,)}, ORIGIN, base)
    assert [(one.key, one.values, one.previous) for one in made.settings] == [
        (MAX, (1 << 20,), (212992,))
    ]
    assert (made.keep, made.application, made.memory_share) == ((BACKLOG,), ("restart",), 0.125)


def test_an_exact_value_of_a_workload_profile_stays_exact() -> None:
    base = _base(settings=(ProfileSetting(MAX, "exactly", (1 << 20,), "w", "s"),))
    made = generate(_advised(_raise(MAX, 1 << 20)), {MAX: (212992,)}, ORIGIN, base)
    assert [(one.mode, one.values) for one in made.settings] == [("exactly", (1 << 20,))]
    assert generate(_advised(_raise(MAX, 1 << 20)), {MAX: (1 << 20,)}, ORIGIN, base).settings == ()


def test_what_is_no_sysctl_is_advice_that_begins_with_its_command() -> None:
    ring = Recommendation(
        "ethtool", "eth0", "device", "a longer\nring", "c", proposed=512,
        command="ethtool -G eth0 rx 512",
    )  # fmt: skip
    mask = _raise("net.core.rps_default_mask", "f")
    none = Recommendation("none", "x", "host", "wait", "none")
    made = generate(_advised(ring, mask, none), {}, ORIGIN)
    assert made.settings == ()
    assert made.application == ("ethtool -G eth0 rx 512: a longer ring", "c: why")


def test_a_value_that_the_kernel_would_refuse_is_no_setting() -> None:
    assert generate(_advised(_raise(MAX, 1 << 40)), {}, ORIGIN).settings == ()


def test_a_value_of_a_namespace_is_applied_in_there() -> None:
    found = _advised(_raise("net.core.somaxconn", 9000), _raise(MAX, 1 << 20))
    found = found._replace(host=found.host._replace(netns="blue"))
    own, of_host = generate(found, {}, ORIGIN).settings
    assert own.why == "why It is the own value of namespace blue: apply it in there."
    assert of_host.why == "why"
