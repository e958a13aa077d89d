"""Advice for kernels that had no page to give: the same for drivers, IP and reserves."""

from __future__ import annotations

from netrx_tune.model.finding import Recommendation
from netrx_tune.rules.advice import double_sysctl, look, setting
from netrx_tune.rules.rule import Facts
from netrx_tune.rules.words import size

_KEY = "vm.min_free_kbytes"
_SHARE = 0.02  # of RAM: more free pages than that are wasted


def keep_more_free(facts: Facts) -> Recommendation | None:
    """Return the advice to keep more pages free for allocations that may not wait."""
    memory = facts.delta.after.host.memory_bytes
    current = setting(facts, _KEY)
    if memory is None or current is None:
        return None
    most = int(memory * _SHARE) >> 10
    return double_sysctl(
        facts,
        _KEY,
        at_most=most,
        why="Packets arrive where the kernel cannot wait for memory: it needs free pages in stock.",
        cost=f"{size(min(current, max(0, most - current)) << 10)} of RAM that stay free",
    )


def end_pressure(facts: Facts) -> Recommendation:
    """Return the advice to see what fills memory."""
    why = "Shows how short memory is and for how long tasks stood still for it: find what fills it."
    command = "grep -H -e '' /proc/pressure/memory && free -m"
    return look(facts, command, kind="application", target="memory", why=why)
