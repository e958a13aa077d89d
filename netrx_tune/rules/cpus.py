"""How busy each CPU was with packets: from /proc/stat where a sample has it, else from softnet.

Kernel: fs/proc/stat.c, show_stat(); net/core/dev.c, net_rx_action().
"""

from __future__ import annotations

from typing import Literal

from netrx_tune.model.snapshot import Delta, Snapshot
from netrx_tune.rxpath.delta import softnet_pairs

Load = Literal["saturated", "pressed", "free", "unknown"]

_STAT = "/proc/stat"
_IDLE, _IOWAIT = 3, 4  # columns behind the CPU's name
_SATURATED_IDLE = 0.05
# A softirq run that is cut short took milliseconds: so many a second leave little else.
_PRESSED_PER_SECOND = 100


def load_of(delta: Delta, cpus: list[int]) -> Load:
    """Return how busy the busiest of these CPUs was in the window; all CPUs if none is named.

    "saturated" is measured, "pressed" is a guess from interrupted softirq runs.
    """
    idle = idle_shares(delta)
    known = [idle[cpu] for cpu in cpus or idle if cpu in idle]
    if known:
        return "saturated" if min(known) <= _SATURATED_IDLE else "free"
    if delta.before is None or not delta.seconds:
        return "unknown"
    squeezes = [
        (after.time_squeeze - before.time_squeeze) % (1 << 32)
        for cpu, before, after in softnet_pairs(delta)
        if not cpus or cpu in cpus
    ]
    if not squeezes:
        return "unknown"
    return "pressed" if max(squeezes) / delta.seconds >= _PRESSED_PER_SECOND else "free"


def idle_shares(delta: Delta) -> dict[int, float]:
    """Return the share of the window that each CPU idled; empty where nobody knows."""
    if delta.before is None:
        return {}
    before, after = _ticks(delta.before), _ticks(delta.after)
    shares = {}
    for cpu, now in after.items():
        gone = [b - a for a, b in zip(before.get(cpu, ()), now, strict=False)]
        if len(gone) > _IOWAIT and sum(gone) > 0:
            shares[cpu] = (gone[_IDLE] + gone[_IOWAIT]) / sum(gone)
    return shares


def _ticks(snap: Snapshot) -> dict[int, tuple[int, ...]]:
    """Return each CPU's time by kind, guest time (which is in user time) left out."""
    found = {}
    for line in snap.files.get(_STAT, "").split("\n"):
        name, *words = line.split()[:9] or [""]
        if name.startswith("cpu") and name[3:].isdecimal():
            found[int(name[3:])] = tuple(int(word) for word in words if word.isdecimal())
    return found


def share_words(delta: Delta, cpus: list[int]) -> str:
    """Return a sentence on how busy these CPUs were, or nothing where it is not known."""
    load = load_of(delta, cpus)
    if load == "saturated":
        return " The CPU had no idle time left in the window: a longer queue only moves the loss."
    if load == "pressed":
        return " Its receive softirq was cut short again and again: it is near its limit."
    return ""


def mask_words(bits: int) -> str:
    """Return a CPU mask as sysfs and sysctl take it: words of 32 bits, the highest first."""
    digits = f"{bits:x}"
    words: list[str] = []
    while digits:
        words.insert(0, digits[-8:])
        digits = digits[:-8]
    return ",".join(words)
