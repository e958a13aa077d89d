"""Why a card's ring was full: the CPU of its queue, the softirq's budget, or a burst.

Which CPU that is, the interrupt of the queue tells; without it, where packets were handled.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Literal, NamedTuple

from netrx_tune.collectors.placement import Irq, device_irqs
from netrx_tune.model.finding import Cause
from netrx_tune.rules.advice import setting
from netrx_tune.rules.cpus import (
    Judgement,
    Load,
    cpus_words,
    judge_cpu,
    receivers,
    squeezes_per_second,
)
from netrx_tune.rules.rule import Facts
from netrx_tune.rules.words import count, percent
from netrx_tune.rxpath.cpu_load import packets_by_cpu
from netrx_tune.rxpath.nic_queues import queue_drops, queue_frames

Disease = Literal["cpu", "stolen", "budget", "burst", "pressed", "unknown"]
BUDGET, BUDGET_USECS = "net.core.netdev_budget", "net.core.netdev_budget_usecs"
CAUSES: Mapping[Disease, Cause] = {"cpu": "sustained-overload", "burst": "burst"}

_SQUEEZED_PER_SECOND = 10  # fewer mean nothing
_HOT = 0.9  # of the frames
_LEAST_FRAMES = 200
_DISEASES: Mapping[Load, Disease] = {
    "saturated": "cpu",
    "stolen": "stolen",
    "pressed": "pressed",
    "bursts": "burst",
    "free": "unknown",
    "unknown": "unknown",
}


class RingState(NamedTuple):
    """What is known of a card's queues and of the CPUs that serve them."""

    device: str
    disease: Disease
    seen: str  # a sentence without its full stop, or nothing
    queue: int | None  # the one that lost most, or that nearly all frames came by
    hot: bool  # nearly all frames came by one of several queues
    cpus: tuple[int, ...]  # that serve it, empty where nobody knows
    irqs: tuple[Irq, ...]  # of all queues
    limit: str = ""  # of the budget's two, the one that fires


def ring_state(facts: Facts, device: str) -> RingState:
    """Return what a card's full ring goes back to."""
    frames, drops = queue_frames(facts.delta, device), queue_drops(facts.delta, device)
    queue, hot = _queue(frames, drops)
    irqs = device_irqs(facts.delta.after.files, device)
    cpus = tuple(_serving(facts, device, irqs, queue))
    judged = _worst([judge_cpu(facts.delta, cpu) for cpu in cpus or receivers(facts.delta)])
    disease, seen, limit = _DISEASES[judged.load], judged.seen, ""
    if disease not in ("cpu", "stolen", "pressed"):
        limit, words = _budget(facts, cpus or receivers(facts.delta))
        if limit:
            disease, seen = "budget", words
    state = RingState(device, disease, seen, queue, hot, cpus, irqs, limit)
    return state._replace(seen=_with_queue(state, frames, drops))


def _queue(frames: Mapping[int, int], drops: Mapping[int, int]) -> tuple[int | None, bool]:
    """Return the queue that matters, and whether nearly all frames came by it."""
    total = sum(frames.values())
    busiest = max(frames, key=lambda queue: frames[queue], default=None)
    is_hot = (
        busiest is not None
        and len(frames) > 1
        and total >= _LEAST_FRAMES
        and frames[busiest] >= _HOT * total
    )
    lossy = max(drops, key=lambda queue: drops[queue], default=None)
    if lossy is not None:
        return lossy, is_hot and lossy == busiest
    return (busiest, True) if is_hot else (None, False)


def _serving(facts: Facts, device: str, irqs: tuple[Irq, ...], queue: int | None) -> Iterator[int]:
    """Yield the CPUs that the queue's interrupt goes to; polling threads run where they please."""
    if facts.delta.after.devices[device].threaded:
        return
    own = [irq for irq in irqs if queue is None or irq.queue == queue or len(irqs) == 1]
    yield from dict.fromkeys(irq.cpus[0] for irq in own if len(irq.cpus) == 1)


def _worst(judged: list[Judgement]) -> Judgement:
    order: tuple[Load, ...] = ("saturated", "stolen", "pressed", "unknown", "bursts", "free")
    return min(judged, key=lambda one: order.index(one.load), default=Judgement("unknown", ""))


def _budget(facts: Facts, cpus: tuple[int, ...]) -> tuple[str, str]:
    """Return the limit that cuts softirq runs short on a CPU that has time left, with words.

    Runs that the limit of packets ends handled that many each: fewer packets in all prove that
    time ended some. Kernel: net/core/dev.c, net_rx_action().
    """
    squeezed = squeezes_per_second(facts.delta)
    worst = max(cpus, key=lambda cpu: squeezed.get(cpu, 0.0), default=None)
    rate = squeezed.get(worst, 0.0) if worst is not None else 0.0
    if worst is None or rate < _SQUEEZED_PER_SECOND:
        return "", ""
    packets = setting(facts, BUDGET)
    handled = packets_by_cpu(facts.delta).get(worst, 0) / (facts.delta.seconds or 1.0)
    by_time = packets is not None and handled < rate * packets
    limit = BUDGET_USECS if by_time and setting(facts, BUDGET_USECS) is not None else BUDGET
    return limit, (
        f"the receive softirq of CPU {worst} was cut short {count(round(rate))} times a second"
        f" though the CPU had time left: {limit} ends its runs"
    )


def _with_queue(state: RingState, frames: Mapping[int, int], drops: Mapping[int, int]) -> str:
    """Return what was seen, with the queue and its interrupt where they are known."""
    parts = [state.seen] if state.seen else []
    total = sum(frames.values())
    if state.queue is not None and state.queue in drops:
        parts.append(f"queue {state.queue} dropped {count(drops[state.queue])} of them")
    if state.hot and state.queue is not None:
        share = percent(frames[state.queue] / total)
        parts.append(
            f"{share} of the frames came by queue {state.queue} of {len(frames)}: one flow, or few"
            " that share a hash; one flow cannot be spread by RSS or RPS"
        )
    irq = next((irq for irq in state.irqs if irq.queue == state.queue), None)
    if irq and irq.cpus:
        parts.append(f"IRQ {irq.number} ({irq.name}) is served by {cpus_words(irq.cpus)}")
    return ". ".join(f"{part[0].upper()}{part[1:]}" for part in parts)
