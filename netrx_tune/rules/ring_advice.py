"""Advice for a full ring beside its length: longer softirq runs, another CPU, another hash."""

from __future__ import annotations

from netrx_tune.model.finding import Recommendation
from netrx_tune.rules.advice import Need, look, quoted, sysctl_for
from netrx_tune.rules.cpus import cpus_words
from netrx_tune.rules.placement import move_irq
from netrx_tune.rules.ring_causes import BUDGET, RingState
from netrx_tune.rules.rule import Facts
from netrx_tune.rxpath.cpu_load import cpu_loads

_OTHER_WORK = 0.1  # of a CPU, beside softirq and idle
# One step from what the kernel has by default; counters do not show how long a run should be.
_PACKETS, _USECS = 600, 16_000


def longer_runs(facts: Facts, limit: str) -> Recommendation | None:
    """Return the advice to let a run of the receive softirq take more packets, or longer."""
    by_packets = limit == BUDGET
    need = Need((_PACKETS if by_packets else _USECS,), "")
    what = "packets (300 by default)" if by_packets else "microseconds (two ticks by default)"
    return sysctl_for(
        facts,
        limit,
        need,
        why=f"Runs end by their limit of {what} while frames wait and the CPU has time: one step"
        " up, then look whether time_squeeze and the loss go down together.",
        cost="each run keeps programs off the CPU for longer",
    )


def move_queue(facts: Facts, state: RingState) -> Recommendation | None:
    """Return the advice to serve the queue elsewhere, if its CPU has other queues or other work.

    A CPU that does nothing but this one queue would be as busy with it anywhere.
    """
    own = [irq for irq in state.irqs if state.queue is None or irq.queue == state.queue]
    if not own or len(own[0].cpus) != 1:
        return None
    irq, cpu = own[0], own[0].cpus[0]
    beside = [one for one in state.irqs if one.cpus == irq.cpus and one != irq]
    load = cpu_loads(facts.delta).get(cpu)
    rest = 1.0 - load.softirq - load.idle - load.stolen if load else 0.0
    if beside:
        why = (
            f"IRQ {irq.number} ({irq.name}) and {len(beside)} more of {state.device}'s queues are"
            f" served by {cpus_words(irq.cpus)}."
        )
    elif rest >= _OTHER_WORK:
        why = f"IRQ {irq.number} ({irq.name}) shares {cpus_words(irq.cpus)} with other work."
    else:
        return None
    return move_irq(facts, state.device, irq, why)


def flow_hash(facts: Facts, device: str) -> Recommendation:
    """Return the advice to see what the card hashes: many divide UDP by addresses only."""
    return look(
        facts,
        f"ethtool -n {quoted(device)} rx-flow-hash udp4",
        kind="ethtool",
        target=device,
        why="If it shows IP SA and IP DA only, all datagrams between two hosts share a queue:"
        f" ethtool -N {quoted(device)} rx-flow-hash udp4 sdfn divides them by ports, too (undo:"
        " sd). One flow stays on one queue.",
        cost="fragments of a datagram may take another queue than its first",
    )
