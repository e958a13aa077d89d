"""Advice for kernels that had no page to give: the same for drivers, IP and reserves."""

from __future__ import annotations

from math import isqrt

from netrx_tune.model.finding import Recommendation
from netrx_tune.rules.advice import capped, look, setting, sysctl_for
from netrx_tune.rules.rule import Facts
from netrx_tune.rules.words import count, size

_KEY = "vm.min_free_kbytes"
_MOST_SHARE = 0.02  # of RAM: more free pages than that are wasted
_STEP_SHARE = 0.01
_MOST_STEP_KBYTES = 1 << 20  # a hundredth of a very large RAM is no measure for packets
_RECLAIM_PARTS = 10  # of a second, until the kernel has freed pages in the background
_CHARGE = 1.5  # truesize of a full frame over its bytes
_UNKNOWN_MEMORY_BYTES = 1 << 30


def memory_bytes(facts: Facts) -> int:
    """Return the host's memory, or little where nobody knows."""
    return facts.delta.after.host.memory_bytes or _UNKNOWN_MEMORY_BYTES


def memory_bound(facts: Facts, words: str) -> str:
    """Return why memory bounds a value: in those words, or since nobody knows how much there is."""
    return words if facts.delta.after.host.memory_bytes else "this host's memory is not known"


def keep_more_free(facts: Facts) -> Recommendation | None:
    """Return the advice to keep more pages free for allocations that may not wait."""
    memory = facts.delta.after.host.memory_bytes
    if memory is None or setting(facts, _KEY) is None:
        return None
    kbytes = memory >> 10
    step = min(int(kbytes * _STEP_SHARE), _MOST_STEP_KBYTES)
    frames = int(_link_bytes(facts) * _CHARGE) // _RECLAIM_PARTS >> 10
    arithmetic = f"{count(step)} KiB are a hundredth of RAM"
    if step == _MOST_STEP_KBYTES:
        arithmetic = f"{count(step)} KiB"
    arithmetic += f" (the kernel's own reckoning is {count(isqrt(16 * kbytes))})"
    if frames:
        arithmetic += (
            f", and the cards can fill {count(frames)} KiB at full speed in the"
            f" {1000 // _RECLAIM_PARTS} ms until pages are freed"
        )
    need = capped(
        max(step, frames), int(kbytes * _MOST_SHARE), arithmetic, "more free pages are wasted"
    )
    return sysctl_for(
        facts,
        _KEY,
        need,
        why="Packets arrive where the kernel cannot wait for memory: it needs free pages in stock.",
        cost=f"{size(need.values[0] << 10)} of RAM that stay free",
    )


def _link_bytes(facts: Facts) -> int:
    """Return what the cards that are up can receive in a second."""
    devices = facts.delta.after.devices.values()
    speeds = [one.speed_mbits or 0 for one in devices if not one.kind and one.up is not False]
    return sum(speed for speed in speeds if speed > 0) * 1_000_000 // 8


def end_pressure(facts: Facts) -> Recommendation:
    """Return the advice to see what fills memory."""
    why = "Shows how short memory is and for how long tasks stood still for it: find what fills it."
    command = "grep -H -e '' /proc/pressure/memory && free -m"
    return look(facts, command, kind="application", target="memory", why=why)
