"""Advice that several TCP rules share."""

from __future__ import annotations

from netrx_tune.model.finding import Recommendation
from netrx_tune.rules.advice import raise_sysctl, setting
from netrx_tune.rules.rule import Facts
from netrx_tune.rules.words import size

_RMEM = "net.ipv4.tcp_rmem"
_MEM = "net.ipv4.tcp_mem"
_MOST_BYTES = 32 << 20  # the kernel's own from 6.17 on
_MEMORY_SHARE = 0.01  # of RAM, the most that one connection may take


def memory_is_short(facts: Facts) -> bool:
    """Tell whether all TCP sockets together are in the range where the kernel saves memory."""
    pressure = setting(facts, _MEM, 1)
    used = [
        s.levels.get("sockstat.TCP.mem", 0) for s in (facts.delta.before, facts.delta.after) if s
    ]
    return bool(pressure) and max(used) >= (pressure or 0)


def larger_window(facts: Facts, why: str, *, at_most: int = _MOST_BYTES) -> Recommendation | None:
    """Return the advice to let auto-tuning go further; None where TCP's memory is the limit."""
    current = facts.delta.after.settings.get(_RMEM, ())
    if len(current) != 3 or memory_is_short(facts):
        return None
    memory = facts.delta.after.host.memory_bytes or 1 << 32
    most = min(at_most, int(memory * _MEMORY_SHARE))
    proposed = min(2 * current[2], most)
    return raise_sysctl(
        facts,
        _RMEM,
        (current[0], current[1], proposed),
        why=f"{why} Auto-tuning may then go up to {size(proposed)}; a program that sets SO_RCVBUF"
        " itself switches it off.",
        cost=f"up to {size(max(0, proposed - current[2]))} more for a connection that needs it",
    )
