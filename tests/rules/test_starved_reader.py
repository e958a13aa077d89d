"""A reader without a CPU is told where one is: by number, with what it costs and how to undo it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from netrx_tune.collectors.ticks import Counts, Tick, render_ticks
from netrx_tune.model.finding import Recommendation
from tests.scenario import diagnose

_LOOKS = 50
_STAT = "cpu0 {} 0 0 {} 0 0 {} 0\ncpu1 {} 0 0 {} 0 0 {} 0\n"
_SPENT = {"idle": (0, 500, 0), "softirq": (0, 10, 490), "programs": (450, 0, 50)}


def _ticks(throttled_ns: int = 0) -> str:
    """A full queue whose reader waits for a CPU nearly all the time."""
    step = 5.0 / _LOOKS
    moments, counts = [], {}
    for look in range(_LOOKS):
        now = look * step
        waited = int(look * step * 0.9e9)
        line = Tick(now, 7, 200_000, 210_000, 212_992, 90 * look, look * 1000, waited, look, "R")
        moments.append((now, [line._replace(throttled_ns=throttled_ns * look)]))
        counts[now] = Counts(10 * look, 90 * look)
    return render_ticks(moments, counts)


def _case(cpu0: str, cpu1: str, placement: str, *, throttled_ns: int = 0) -> Mapping[str, Any]:
    udp = {"Udp.InDatagrams": 500, "Udp.InErrors": 4410, "Udp.RcvbufErrors": 4410}
    sock = {"inode": 7, "rcvbuf_bytes": 212_992, "unread_bytes": 200_000}
    return {
        "cpus": 2,
        "settings": {"net.core.rmem_max": 212_992, "net.core.rmem_default": 212_992},
        "before": {
            "counters": dict.fromkeys(udp, 0),
            "sockets": [{**sock, "drops": 0}],
            "/proc/stat": _STAT.format(*[0, 1000, 0] * 2),
        },
        "after": {
            "counters": udp,
            "sockets": [{**sock, "drops": 4410, "rmem_alloc_bytes": 210_000}],
            "processes": [{"inode": 7, "pid": 4711, "name": "r", "cgroup": "/a b"}],
            "/proc/stat": _STAT.format(*_after(cpu0), *_after(cpu1)),
            "/netrx/placement": placement,
            "/netrx/ticks": _ticks(throttled_ns),
        },
    }


def _after(spent: str) -> tuple[int, int, int]:
    user, idle, softirq = _SPENT[spent]
    return user, 1000 + idle, softirq


def _advice(case: Mapping[str, Any]) -> tuple[Recommendation, ...]:
    (found,) = [one for one in diagnose(case).findings if one.rule == "socket-buffer-full"]
    assert found.cause == "reader-starved"
    return found.recommendations


def test_it_is_moved_from_the_cpu_of_the_softirq_to_an_idle_one() -> None:
    first, *_ = _advice(_case("idle", "softirq", "reader 4711 1 1 1\n"))
    assert first.command == "taskset -cp 0 4711"
    assert first.undo == "taskset -cp 1 4711"
    assert (first.kind, first.scope) == ("placement", "cpu")
    assert (first.current, first.proposed) == ("1", "0")
    assert "CPU 1 is shared with the softirq that feeds it, which took 98 % of it." in first.why
    assert "CPU 0 idled 100 % of the window; r may use CPU 1 only." in first.why


def test_all_threads_of_a_program_move() -> None:
    first, *_ = _advice(_case("idle", "programs", "reader 4711 1 1 5\n"))
    assert first.command == "taskset -acp 0 4711"
    assert "shared with the softirq" not in first.why


def test_one_that_may_use_the_idle_cpu_already_is_not_moved() -> None:
    first, *_ = _advice(_case("idle", "programs", "reader 4711 0-1 1 1\n"))
    assert first.command
    assert "taskset" not in first.command


def test_where_no_cpu_idles_none_is_named() -> None:
    first, *_ = _advice(_case("programs", "programs", "reader 4711 1 1 1\n"))
    assert first.command
    assert "taskset" not in first.command
    assert "No CPU of this host had much time left" in first.why


def test_a_quota_is_lifted_and_nothing_moved() -> None:
    case = _case("idle", "programs", "reader 4711 1 1 1\n", throttled_ns=90_000_000)
    first, *rest = _advice(case)
    assert first.command == "cat '/sys/fs/cgroup/a b/cpu.max'"
    assert rest == []


def test_a_quota_of_version_1_is_of_no_group_of_version_2() -> None:
    case = _case("idle", "programs", "reader 4711 1 1 1\n", throttled_ns=90_000_000)
    case["after"]["processes"][0]["cgroup"] = "/"
    first, *_ = _advice(case)
    assert first.command == "cat /proc/4711/cgroup"
    assert "cpu.cfs_quota_us" in first.why


def test_what_is_not_known_is_not_advised() -> None:
    first, *_ = _advice(_case("idle", "programs", ""))
    assert first.command
    assert "taskset" not in first.command
