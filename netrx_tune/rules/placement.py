"""Where to put interrupts and readers: commands that name this host's CPUs, IRQs and processes.

Kernel: Documentation/core-api/irq/irq-affinity.rst; sched_setaffinity(2).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from netrx_tune.collectors.placement import Irq, cpus_of, placement_of
from netrx_tune.model.finding import Recommendation
from netrx_tune.model.sample import Process
from netrx_tune.rules.cpus import cpus_words, idle_cpus, list_words
from netrx_tune.rules.rule import Facts
from netrx_tune.rules.words import percent
from netrx_tune.rxpath.cpu_load import CpuLoad, cpu_loads

_LOCAL = "/sys/class/net/{}/device/local_cpulist"
_BUSY_SOFTIRQ = 0.3  # of a CPU: so much is taken from a reader that shares it
_MOST_IDLE = 8  # CPUs that a command names


def near_idle_cpu(facts: Facts, device: str, but: Collection[int]) -> int | None:
    """Return an idle CPU for a card's work, of the card's own NUMA node if it has one."""
    idle = idle_cpus(facts.delta, but=but)
    local = cpus_of(facts.delta.after.files.get(_LOCAL.format(device), ""))
    near = [cpu for cpu in idle if cpu in local]
    return next(iter(near or idle), None)


def move_irq(facts: Facts, device: str, irq: Irq, why: str) -> Recommendation | None:
    """Return the advice to let an idle CPU serve an interrupt; None where there is none."""
    to = near_idle_cpu(facts, device, irq.cpus)
    if to is None:
        return None
    path = f"/proc/irq/{irq.number}/smp_affinity_list"
    share = percent(cpu_loads(facts.delta)[to].idle)
    return Recommendation(
        kind="placement",
        target=path,
        scope="cpu",
        why=f"{why} CPU {to} was idle {share} of the window.{irqbalance_words(facts, irq.number)}",
        cost=f"the packets of {device}'s queue are handled on CPU {to}, off the old CPU's cache",
        current=irq.allowed,
        proposed=str(to),
        command=f"echo {to} > {path}",
        undo=f"echo {irq.allowed} > {path}" if irq.allowed else None,
    )


def irqbalance_words(facts: Facts, irq: int) -> str:
    """Say that irqbalance undoes what is set by hand, where it is known to run."""
    pid = placement_of(facts.delta.after.files).irqbalance
    if pid is None:
        return ""
    return (
        f" irqbalance runs (pid {pid}) and moves interrupts again: start it with"
        f" --banirq={irq}, or stop it."
    )


def move_reader(facts: Facts, process: Process, why: str, no_room: str) -> Recommendation | None:
    """Return the advice to let a reader use CPUs that idled; None where nothing would change.

    A reader that may use them already waits for something else than their permission.
    """
    place = placement_of(facts.delta.after.files).readers.get(process.pid)
    if place is None:
        return None
    allowed = set(cpus_of(place.allowed))
    idle = sorted(idle_cpus(facts.delta, but=allowed)[:_MOST_IDLE])
    if not idle:
        return None
    option = "-cp" if place.threads == 1 else "-acp"
    to = list_words(idle)
    return Recommendation(
        kind="placement",
        target=f"pid {process.pid}",
        scope="cpu",
        why=f"{why} {_shared_words(facts, allowed)}{cpus_words(idle)} idled"
        f" {_idle_words(facts, idle)} of the window; {process.name} may use"
        f" {cpus_words(sorted(allowed))} only. {no_room}",
        cost="its data leaves the old CPU's cache; a service's own CPUAffinity= or cpuset brings"
        " the old list back when it restarts",
        current=place.allowed,
        proposed=to,
        command=f"taskset {option} {to} {process.pid}",
        undo=f"taskset {option} {place.allowed} {process.pid}",
    )


def _shared_words(facts: Facts, allowed: Collection[int]) -> str:
    """Name the CPUs of a reader that softirq has a large part of."""
    loads = cpu_loads(facts.delta)
    shared: Mapping[int, CpuLoad] = {
        cpu: loads[cpu] for cpu in allowed if cpu in loads and loads[cpu].softirq >= _BUSY_SOFTIRQ
    }
    if not shared:
        return ""
    worst = max(shared, key=lambda cpu: shared[cpu].softirq)
    return (
        f"CPU {worst} is shared with the softirq that feeds it, which took"
        f" {percent(shared[worst].softirq)} of it. "
    )


def _idle_words(facts: Facts, cpus: Collection[int]) -> str:
    loads = cpu_loads(facts.delta)
    shares = sorted(loads[cpu].idle for cpu in cpus)
    if len(shares) == 1:
        return percent(shares[0])
    return f"{percent(shares[0])} to {percent(shares[-1])}"
