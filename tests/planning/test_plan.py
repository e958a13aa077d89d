"""The plan contradicts nothing, lowers nothing, fits into memory and does not grow."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netrx_tune.model.finding import Finding, Recommendation, SocketReport
from netrx_tune.model.snapshot import Delta
from netrx_tune.planning.diagnosis import measure
from netrx_tune.planning.plan import Plan, reconcile
from netrx_tune.planning.plan_values import Host, bytes_each, is_limit, values_of
from netrx_tune.rules import run_rules
from netrx_tune.rules.rule import Facts
from netrx_tune.rxpath.ledger import settle
from tests import scenario

Settings = Mapping[str, tuple[int, ...]]

ONE = ("net.core.rmem_max", "net.core.rmem_default", "net.core.netdev_max_backlog")
MORE = ("net.ipv4.ipfrag_high_thresh", "net.netfilter.nf_conntrack_max", "net.core.somaxconn")
THREE = ("net.ipv4.udp_mem", "net.ipv4.tcp_mem", "net.ipv4.tcp_rmem")
SWITCHES = ("net.ipv4.ipfrag_time", "net.ipv4.conf.eth0.rp_filter")
numbers = st.integers(1, 1 << 33)


def _sysctl(key: str, values: tuple[int, ...]) -> Recommendation:
    text = " ".join(map(str, values))
    word = f'{key}="{text}"' if len(values) > 1 else f"{key}={text}"
    proposed = values[0] if len(values) == 1 else text
    return Recommendation(
        "sysctl", key, "host", "why", "cost", proposed=proposed, command=f"sysctl -w {word}"
    )


def _request(value: int, current: int | None = None) -> Recommendation:
    command = f"setsockopt(fd, SOL_SOCKET, SO_RCVBUF, {value})"
    return Recommendation(
        "setsockopt", "SO_RCVBUF", "application", "why", "cost",
        current=current, proposed=value, command=command,
    )  # fmt: skip


def _socket(inode: int, process: str | None = None) -> SocketReport:
    return SocketReport(
        inode, "inet", "udp", f"0.0.0.0:{inode}", None, 7, process, 9, 212992, "app-request"
    )


def _finding(*items: Recommendation, **fields: object) -> Finding:
    usual = {"rule": "rule", "stage": "udp-rcvbuf-full", "severity": "warning", "lost": 9}
    given = {**usual, "confidence": "high", "summary": "text", **fields}
    return Finding(**given, recommendations=items)  # type: ignore[arg-type]


def _delta(
    settings: Settings, memory: int | None = 8 << 30, before: Settings | None = None
) -> Delta:
    case = {"kernel": "6.12.0", "before": {}, "after": {}}
    delta = measure(*_samples(case), live=True, netns=None)
    host = delta.after.host._replace(memory_bytes=memory, initial_netns=True)
    after = delta.after._replace(host=host, settings=settings)
    assert delta.before
    return delta._replace(
        after=after, before=delta.before._replace(settings=settings if before is None else before)
    )


def _samples(case: scenario.Case) -> tuple[object, object]:
    made = tuple(scenario._sample(case, {}, seconds=seconds) for seconds in (1000.0, 1005.0))
    return made[0], made[1]


ups = st.lists(numbers, min_size=3, max_size=3).map(lambda found: tuple(sorted(found)))
limits = st.one_of(
    st.builds(_sysctl, st.sampled_from(ONE + MORE), st.tuples(numbers)),
    st.builds(_sysctl, st.sampled_from(THREE), ups),
)
switches = st.builds(_sysctl, st.sampled_from(SWITCHES), st.tuples(st.integers(0, 60)))
requests = st.builds(_request, st.integers(1, 1 << 30), st.none() | st.integers(1, 1 << 30))
findings = st.lists(
    st.builds(
        lambda items, inodes, stage: _finding(
            *items, sockets=tuple(map(_socket, inodes)), stage=stage
        ),
        st.lists(st.one_of(limits, switches, requests), max_size=5),
        st.lists(st.integers(1, 20), max_size=4),
        st.sampled_from(["udp-rcvbuf-full", "cpu-backlog-overflow", "udp-proto-mem"]),
    ),
    max_size=5,
).map(tuple)
settings_now = st.fixed_dictionaries(
    {},
    optional={
        **{key: st.tuples(numbers) for key in ONE + MORE},
        **dict.fromkeys(THREE, ups),
        **{key: st.tuples(st.integers(0, 60)) for key in SWITCHES},
    },
)


def _sysctls(items: Plan | tuple[Recommendation, ...]) -> Iterator[tuple[str, tuple[int, ...]]]:
    for item in items:
        values = values_of(item)
        if values is not None:
            yield item.target, values


def _all(found: tuple[Finding, ...]) -> tuple[Recommendation, ...]:
    return tuple(item for one in found for item in one.recommendations)


@given(findings, settings_now)
def test_no_limit_is_lowered_and_each_has_one_value(
    found: tuple[Finding, ...], settings: Settings
) -> None:
    done, plan = reconcile(found, _delta(settings))
    values: dict[str, tuple[int, ...]] = {}
    for key, proposed in (*_sysctls(_all(done)), *_sysctls(plan)):
        assert values.setdefault(key, proposed) == proposed
        now = settings.get(key, ())
        if is_limit(key):
            assert all(new >= old for new, old in zip(proposed, now, strict=False))
        assert proposed != now
        assert list(proposed) == sorted(proposed)
    for item in _all(done):
        if item.kind == "setsockopt" and isinstance(item.current, int):
            assert isinstance(item.proposed, int)
            assert item.proposed > item.current


def test_no_program_is_told_to_ask_for_less_than_it_has() -> None:
    found = (_finding(_request(500_000, 200_000)),)
    settings = {"net.core.rmem_max": (100_000,)}
    assert not any(
        item.kind == "setsockopt" for item in _all(reconcile(found, _delta(settings))[0])
    )


def test_what_memory_cuts_is_not_proposed_where_nobody_knows_what_stands() -> None:
    found = (_finding(_sysctl("net.core.netdev_max_backlog", (1 << 33,))),)
    assert list(_sysctls(reconcile(found, _delta({}))[1])) == []


@given(findings, settings_now, st.integers(1 << 24, 1 << 38))
def test_what_is_raised_fits_into_its_share_of_memory(
    found: tuple[Finding, ...], settings: Settings, memory: int
) -> None:
    delta = _delta(settings, memory)
    _, plan = reconcile(found, delta)
    sockets = max(1, len({s.inode for one in found for s in one.sockets}))
    host = Host(settings, memory, 4096, delta.after.host.cpus or 1)
    taken = {}
    for key, values in dict(_sysctls(plan)).items():
        place = 2 if key in ("net.ipv4.tcp_mem", "net.ipv4.tcp_rmem") else 0
        smallest = 1 if "rmem_" in key and "core" in key else sockets
        taken[key] = values[place] * bytes_each(key, host, smallest)
    # A socket has one buffer, requested or by default.
    one_buffer = max(taken.pop(key, 0) for key in ("net.core.rmem_max", "net.core.rmem_default"))
    total = one_buffer + sum(taken.values())
    assert total <= host.bound_bytes
    asked = [item.proposed for item in plan if item.kind == "setsockopt"]
    assert all(isinstance(one, int) and 2 * one <= host.bound_bytes for one in asked)


@given(findings, settings_now, st.integers(1 << 24, 1 << 38))
def test_a_plan_that_was_applied_leaves_nothing_to_raise(
    found: tuple[Finding, ...], settings: Settings, memory: int
) -> None:
    _, plan = reconcile(found, _delta(settings, memory))
    applied = {**settings, **dict(_sysctls(plan))}
    _, again = reconcile(found, _delta(applied, memory))
    assert not [key for key, _ in _sysctls(again) if key not in SWITCHES]
    assert not {key for key, _ in _sysctls(again)} - {key for key, _ in _sysctls(plan)}


@given(findings, settings_now)
def test_what_a_program_asks_for_is_what_it_will_be_allowed(
    found: tuple[Finding, ...], settings: Settings
) -> None:
    done, _ = reconcile(found, _delta(settings))
    proposed = dict(_sysctls(_all(done))).get("net.core.rmem_max")
    top = proposed or settings.get("net.core.rmem_max")
    for item in _all(done):
        if item.kind == "setsockopt" and top is not None:
            assert isinstance(item.proposed, int)
            assert (item.current or 0) < item.proposed <= top[0]
            assert str(item.proposed) in (item.command or "")


@given(findings, settings_now)
def test_no_buffer_is_raised_while_the_pool_is_exhausted(
    found: tuple[Finding, ...], settings: Settings
) -> None:
    exhausted = any(one.stage == "udp-proto-mem" for one in found)
    done, plan = reconcile(found, _delta(settings))
    raises = [i for i in (*_all(done), *plan) if i.kind == "setsockopt" or "core.rmem" in i.target]
    assert not exhausted or not raises


def test_the_largest_need_serves_every_finding() -> None:
    small, large = _sysctl(ONE[0], (1 << 20,)), _sysctl(ONE[0], (4 << 20,))
    done, plan = reconcile((_finding(small), _finding(large)), _delta({ONE[0]: (212992,)}))
    assert [item.proposed for item in _all(done)] == [4 << 20, 4 << 20]
    assert _all(done)[0].command == f"sysctl -w {ONE[0]}={4 << 20}"
    assert [item.target for item in plan] == [ONE[0]]


def test_a_limit_that_was_raised_in_the_window_is_measured_again_first() -> None:
    item = _sysctl(ONE[2], (4000,))
    delta = _delta({ONE[2]: (2000,)}, before={ONE[2]: (1000,)})
    assert [item.kind for item in reconcile((_finding(item),), delta)[1]] == ["none"]


def test_totals_since_boot_raise_a_limit_once() -> None:
    found = (_finding(_sysctl(ONE[2], (4000,)), present=None),)
    once = _delta({ONE[2]: (1000,)})._replace(mode="since-boot", before=None)
    again = _delta({ONE[2]: (2000,)})._replace(mode="since-boot", before=None)
    assert [item.kind for item in reconcile(found, once)[1]] == ["sysctl"]
    assert [item.kind for item in reconcile(found, again)[1]] == ["none"]


def test_past_loss_is_not_planned_for() -> None:
    item = _sysctl(ONE[2], (4000,))
    done, plan = reconcile((_finding(item, present=False),), _delta({ONE[2]: (1000,)}))
    assert _all(done)
    assert not plan


def test_a_huge_default_is_not_raised_further() -> None:
    note = _finding(rule="default-buffer-huge", severity="note")
    found = _finding(_sysctl(ONE[1], (1 << 26,)))
    got = _all(reconcile((note, found), _delta({ONE[1]: (1 << 25,)}))[0])
    assert [item.target for item in got] == []


def test_a_value_of_the_host_is_set_on_the_host() -> None:
    delta = _delta({ONE[2]: (1000,)})
    host = delta.after.host._replace(initial_netns=False)
    delta = delta._replace(after=delta.after._replace(host=host))
    (item,) = reconcile((_finding(_sysctl(ONE[2], (2000,))),), delta)[1]
    assert "Run it on the host" in item.why


def test_the_default_of_all_is_left_alone_where_the_program_can_ask() -> None:
    found = _finding(_request(1 << 20), _sysctl(ONE[1], (1 << 21,)), _sysctl(ONE[0], (1 << 20,)))
    plan = reconcile((found,), _delta({ONE[0]: (212992,), ONE[1]: (212992,)}))[1]
    assert [item.target for item in plan] == ["SO_RCVBUF", ONE[0]]


@pytest.mark.parametrize(("name", "case"), list(scenario.load()))
def test_every_scenarios_advice_agrees(name: str, case: scenario.Case) -> None:
    if "before" not in case:
        return
    moments = (case["before"], case.get("after") or {})
    before, after = (
        scenario._sample(case, moment, seconds=1000.0 + 5 * number)
        for number, moment in enumerate(moments)
    )
    delta = measure(before, after, live=True, netns=case.get("netns"))
    found, _ = run_rules(Facts(delta, settle(delta)))
    done, plan = reconcile(found, delta)
    settings = delta.after.settings
    for key, proposed in _sysctls(plan):
        if is_limit(key):
            assert all(n >= o for n, o in zip(proposed, settings.get(key, ()), strict=False)), name
    applied = {**settings, **dict(_sysctls(plan))}
    again = reconcile(found, delta._replace(after=delta.after._replace(settings=applied)))[1]
    assert not list(_sysctls(again)), name
    assert len(done) == len(found)
