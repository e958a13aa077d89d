"""A reader that is bound to the CPU of its softirq is starved, if the time would do it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from netrx_tune.collectors.ticks import Counts, Tick, render_ticks
from netrx_tune.model.finding import Finding
from tests.scenario import diagnose

_LOOKS = 50
_SECONDS = 5.0
_READ = 200_000  # in the window


def _ticks(run: float, wait: float, lost: int) -> str:
    """A queue that is full at each look and read all the time."""
    moments, counts = [], {}
    for look in range(_LOOKS):
        now = look * _SECONDS / _LOOKS
        drops, unread = look * lost // _LOOKS, 200_000 - 1_280 * (look % 7)
        ran, waited = int(now * run * 1e9), int(now * wait * 1e9)
        line = Tick(now, 7, unread, 210_000, 212_992, drops, ran, waited, look, "R")
        moments.append((now, [line]))
        counts[now] = Counts(look * _READ // _LOOKS, drops)
    return render_ticks(moments, counts)


def _found(
    *,
    softirq: int = 110,
    idle: int = 0,
    run: float = 0.98,
    wait: float = 0.0,
    lost: int = 30_000,
    placement: str = "reader 4711 0 0 1\n",
    other: str = "cpu1 400 0 0 100 0 0 0 0\n",
) -> Finding:
    """Return the finding of a reader; CPU time is of 500 ticks."""
    udp = {"Udp.InDatagrams": _READ, "Udp.InErrors": lost, "Udp.RcvbufErrors": lost}
    sock = {"inode": 7, "rcvbuf_bytes": 212_992, "unread_bytes": 200_000}
    case: Mapping[str, Any] = {
        "cpus": 2,
        "settings": {"net.core.rmem_max": 212_992, "net.core.rmem_default": 212_992},
        "before": {
            "counters": dict.fromkeys(udp, 0),
            "sockets": [{**sock, "drops": 0}],
            "/proc/stat": "cpu0 0 0 0 0 0 0 0 0\n" + other.replace("400", "0").replace("100", "0"),
        },
        "after": {
            "counters": udp,
            "sockets": [{**sock, "drops": lost, "rmem_alloc_bytes": 210_000}],
            "processes": [{"inode": 7, "pid": 4711, "name": "r", "cgroup": "/a"}],
            "/proc/stat": f"cpu0 {500 - softirq - idle} 0 0 {idle} 0 0 {softirq} 0\n" + other,
            "/netrx/placement": placement,
            "/netrx/ticks": _ticks(run, wait, lost),
        },
    }
    (found,) = [one for one in diagnose(case).findings if one.rule == "socket-buffer-full"]
    return found


@pytest.mark.parametrize("run", [0.98, 0.78])
def test_it_would_keep_up_with_the_time_that_softirq_took(run: float) -> None:
    """With and without the time of softirq in the reader's own: CONFIG_IRQ_TIME_ACCOUNTING."""
    found = _found(run=run)
    assert found.cause == "reader-starved"
    assert "CPU 0, the only one that its reader may use, spent 22 % of the time" in found.meaning
    assert found.recommendations[0].kind == "placement"
    assert found.recommendations[0].command == "grep . /sys/class/net/*/queues/rx-*/rps_cpus"
    assert {one.kind for one in found.recommendations}.isdisjoint({"sysctl", "setsockopt"})


def test_an_idle_cpu_is_named() -> None:
    found = _found(other="cpu1 100 0 0 400 0 0 0 0\n")
    assert found.recommendations[0].command == "taskset -cp 1 4711"


def test_so_much_softirq_starves_whoever_is_there() -> None:
    assert _found(softirq=160, lost=400_000).cause == "reader-starved"


def test_waiting_and_softirq_add_up() -> None:
    kept_off = {"softirq": 90, "run": 0.65, "lost": 400_000}
    assert _found(**kept_off, wait=0.17).cause == "reader-starved"
    assert _found(**kept_off, wait=0.05).cause == "sustained-overload"


@pytest.mark.parametrize(
    "case",
    [
        {"lost": 100_000},  # even on a CPU of its own it would be behind
        {"softirq": 40, "lost": 1_000},  # too little to matter
        {"idle": 60},  # the CPU had time left
        {"run": 0.5},  # the reader slept, or others had the time
        {"placement": "reader 4711 0-1 0 1\n"},  # it may go elsewhere as it is
        {"placement": ""},
        {"other": ""},  # there is no other CPU
    ],
)
def test_else_it_is_behind_by_itself(case: Mapping[str, Any]) -> None:
    assert _found(**case).cause == "sustained-overload"
