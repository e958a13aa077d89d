"""How long the backlog of a CPU should be: the same for its packets and for a tunnel's."""

from __future__ import annotations

from netrx_tune.model.finding import Recommendation
from netrx_tune.rules.advice import Need, capped, shows_moments, sysctl_for
from netrx_tune.rules.memory_advice import memory_bound, memory_bytes
from netrx_tune.rules.rule import Facts
from netrx_tune.rules.words import count
from netrx_tune.rxpath.queue_needs import FRAME_BYTES, bridged_usecs, power_of_two

_KEY = "net.core.netdev_max_backlog"
_KERNEL_DEFAULT = 1000
_STEP = 2 * _KERNEL_DEFAULT
_MOST = 32768
_BOUND = "memory bears no more"
_MEMORY_SHARE = 0.02  # of RAM, the most that the queues of all CPUs may pin
_PASSED_PER_SECOND = 50_000  # by a CPU that runs the reading program as well


def longer_backlog(facts: Facts, refused: int, *, why: str) -> Recommendation | None:
    """Return the advice for the backlog of a CPU that refused so many packets in the window."""
    need = _need(facts, refused)
    late = bridged_usecs(need.values[0], _PASSED_PER_SECOND) // 1000
    return sysctl_for(
        facts,
        _KEY,
        need,
        why=why,
        cost=f"up to {need.values[0] * FRAME_BYTES >> 20} MiB for each CPU while it is full, and"
        f" packets that wait up to {late} ms where a CPU passes {count(_PASSED_PER_SECOND)}/s",
    )


def _need(facts: Facts, refused: int) -> Need:
    """Return what the largest burst asks for that the counters allow.

    It was no larger than what was refused on top of a full queue. For the queue the kernel's
    default is taken and not the value of today: a longer one that still overflows is no matter
    of bursts.
    """
    if not shows_moments(facts):
        return Need(
            (_STEP,),
            f"Totals of a long time show no burst, so one step, from the kernel's"
            f" {count(_KERNEL_DEFAULT)} to {count(_STEP)}; a watched window shows what is needed.",
        )
    exact = _KERNEL_DEFAULT + refused
    text = (
        f"No burst was larger than the {count(_KERNEL_DEFAULT)} packets of the kernel's default and"
        f" the {count(refused)} that one queue refused at worst: {count(exact)}, as a power of two"
        f" {count(power_of_two(exact))}"
    )
    of_memory = int(memory_bytes(facts) * _MEMORY_SHARE)
    of_memory //= FRAME_BYTES * (facts.delta.after.host.cpus or 1)
    if of_memory < _MOST:
        return capped(power_of_two(exact), of_memory, text, memory_bound(facts, _BOUND))
    return capped(power_of_two(exact), _MOST, text, "beyond that packets only become late")
