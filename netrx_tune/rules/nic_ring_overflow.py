"""The card had no free buffer in its receive ring.

What it means: good frames arrived faster than the CPU that polls the card's queue took them out.
Either that CPU was busy or asleep, or a burst was longer than the ring.

How it is counted: rx_missed_errors or rx_fifo_errors of the device, or the driver's own counter
(rx_no_dma_resources, rx_out_of_buffer, "pkts rx OOB"), whichever the driver keeps; a frame in two
of them is charged once.
Kernel: include/uapi/linux/if_link.h, struct rtnl_link_stats64; each driver's statistics function.

Three diseases: the CPU that serves the queue (its interrupt tells which) spent at least 85 % of the
window in softirq or had no idle time: cause sustained-overload, and no ring helps. Its softirq was
cut short ten times a second though it had time left: the budget (net.core.netdev_budget and
netdev_budget_usecs), cause null. Neither: a burst, cause burst. A hypervisor that gave a tenth of
the CPU or more to others (steal) is said to have done so, cause null. What cannot be told is said.

Remedy: for bursts a longer ring; for the CPU more queues (ethtool -L), an idle CPU for the queue's
interrupt (smp_affinity_list), or other work moved off; for the budget longer runs.

When not to act: a ring at its maximum cannot grow, a saturated CPU loses as much with any ring, and
one single flow cannot be spread by RSS. mlx5's rx_discards_phy, bnx2x's rx_brb_discard and their
like are the port's own buffer: PCIe or pause frames, not the ring.

References: Documentation/networking/scaling.rst.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from netrx_tune.model.finding import Finding, Recommendation
from netrx_tune.model.ledger import Account
from netrx_tune.model.sample import Nic
from netrx_tune.rules.advice import listed, look, quoted, run_in, shows_moments
from netrx_tune.rules.cpus import Judgement, cpu_evidence, receivers
from netrx_tune.rules.outcome import by_device, found, loss_rule
from netrx_tune.rules.relief import cheaper_packets, given_cpu, other_work, spread
from netrx_tune.rules.ring_advice import flow_hash, longer_runs, move_queue
from netrx_tune.rules.ring_causes import CAUSES, RingState, ring_state
from netrx_tune.rules.rule import Facts
from netrx_tune.rules.words import count, lost_of, size
from netrx_tune.rxpath.books.entries import total
from netrx_tune.rxpath.nic_queues import queue_drops
from netrx_tune.rxpath.queue_needs import power_of_two

# Of the port's own memory, before any ring.
_PORT_BUFFER = re.compile(
    r".*\.(?:rx_discards_phy|rx_prio\d_discards|rx_brb_discard|rx_drops_no_pbuf|RxBG\dFramesDropped"
    r"|rx_bg\d_frames_dropped|port\.rx_(?:discards|dropped)|rx_dropped\.nic) *"
)
# Where a snapshot does not tell: drivers whose receive queues are set apart from those that send.
# Their get_channels functions fill max_rx and leave max_combined at 0 (read at 6.1). Two fill it,
# too, and have no set_channels.
_APART = frozenset(
    {"bnx2", "gve", "ibmvnic", "mlx4_en", "nicvf", "qlcnic", "rvu-nicpf", "rvu-nicvf", "st_gmac",
     "st_mac100", "st_xgmac", "stmmac", "tg3"}
)  # fmt: skip
_FIXED = frozenset({"enic", "hns"})
_BYTES_PER_BUFFER = 4096  # at most: one page for each place in the ring
_MOST_DEVICES = 3
_MOST_CPUS = 4
_LEAST_RING = 512
_SAID = {
    "cpu": ": the CPU has no time left",
    "stolen": ": the hypervisor keeps the CPU away",
    "budget": ": the softirq's budget ends its runs",
    "burst": ": bursts exceed the ring",
}


def check(facts: Facts, account: Account) -> Finding:
    """Return the finding when frames found no buffer in a ring."""
    losses = by_device(account)
    names = sorted(losses, key=lambda name: -losses[name])[:_MOST_DEVICES]
    at_port = total(one for one in account.by if _PORT_BUFFER.fullmatch(one.counter))
    if 2 * at_port > (account.lost or 0):
        return found(
            facts,
            account,
            f"{lost_of(facts, account, 'frames')} found no room in the port buffer of"
            f" {listed(losses)}",
            meaning="The card's own buffer was full before the ring was: it could not write to"
            " memory fast enough (PCIe), or many frames came at once.",
            recommendations=_port(facts, names[0]),
        )
    state = ring_state(facts, names[0])
    finding = found(
        facts,
        account,
        f"{lost_of(facts, account, 'frames')} found no room in the receive ring of"
        f" {listed(losses)}{_SAID.get(state.disease, '')}",
        meaning=_meaning(facts, names, state),
        evidence=tuple(
            one for cpu in state.cpus[:_MOST_CPUS] for one in cpu_evidence(facts.delta, cpu)
        ),
        recommendations=_advice(facts, names, state),
    )
    return finding._replace(cause=CAUSES.get(state.disease))


def _meaning(facts: Facts, names: list[str], state: RingState) -> str:
    text = "The CPU that polls the queue came too late."
    if state.disease == "unknown":
        text += " This input does not tell whether it was busy or a burst was too long."
    if state.seen:
        text += f" {state.seen}."
    for name in names:
        nic = _nic(facts, name)
        if nic and _at_maximum(nic):
            text += f" The ring of {name} is at its maximum ({count(nic.ring_rx or 0)})."
    return text


def _nic(facts: Facts, name: str) -> Nic | None:
    device = facts.delta.after.devices.get(name)
    return device.nic if device else None


def _at_maximum(nic: Nic) -> bool:
    return (
        nic.ring_rx is not None and nic.ring_rx_max is not None and nic.ring_rx >= nic.ring_rx_max
    )


def _advice(facts: Facts, names: list[str], state: RingState) -> Iterator[Recommendation | None]:
    """Yield what the disease asks for, best first."""
    queues = () if state.hot else tuple(_more_queues(facts, name) for name in names)
    longer = tuple(longer_ring(facts, name) for name in names)
    hashing = (flow_hash(facts, state.device),) if state.hot else ()
    match state.disease:
        case "cpu":
            yield from _relief(facts, state, [one for one in queues if one])
            yield from hashing
            return
        case "stolen":
            yield given_cpu(facts, state.cpus or receivers(facts.delta))
            yield from longer + queues
        case "budget":
            yield longer_runs(facts, state.limit)
            yield from longer + queues
        case "pressed":
            yield from queues + longer
        case _:
            yield from longer + queues
    yield from hashing
    if not any(queues) and not state.hot:
        yield _other_work(facts, names[0])


def _relief(
    facts: Facts, state: RingState, queues: list[Recommendation]
) -> Iterator[Recommendation | None]:
    """Yield relief for a saturated CPU: a ring of any length would lose as much."""
    cpus = state.cpus or receivers(facts.delta)
    moved = move_queue(facts, state)
    busy = other_work(facts, cpus, Judgement("saturated", "")) if state.cpus else None
    divided = None if state.hot else spread(facts, cpus, [state.device])
    yield moved
    yield from queues
    yield busy
    yield divided if not queues else None
    if state.hot:
        yield cheaper_packets(cpus, one_flow=True)
    elif not (moved or queues or busy or divided):
        yield _other_work(facts, state.device)


def longer_ring(facts: Facts, name: str) -> Recommendation | None:
    """Return the advice for a ring's length, None where it is as long as may be."""
    nic = _nic(facts, name)
    device = quoted(name)
    if nic is None or nic.ring_rx is None or nic.ring_rx_max is None:
        why = "Shows how long the ring is and may become; a longer one carries bursts, no more."
        return look(facts, f"ethtool -g {device}", kind="ethtool", target=name, why=why)
    if _at_maximum(nic):
        return None
    longer = _need(facts, name, nic.ring_rx_max)
    if longer <= nic.ring_rx:
        return None
    added = (longer - nic.ring_rx) * (nic.channels_rx or 1) * _BYTES_PER_BUFFER
    return Recommendation(
        kind="ethtool",
        target=name,
        scope="device",
        why="A longer ring carries bursts while the CPU is late; it helps against nothing else."
        f" The card allows {count(nic.ring_rx_max)}.",
        cost=f"up to {size(added)} of memory; the link may pause for a moment",
        current=nic.ring_rx,
        proposed=longer,
        command=run_in(facts, f"ethtool -G {device} rx {longer}"),
        undo=run_in(facts, f"ethtool -G {device} rx {nic.ring_rx}"),
    )


def _need(facts: Facts, name: str, most: int) -> int:
    """Return the ring that the largest burst asks for which the counters allow.

    It was no larger than what was refused on top of a ring as drivers have them by default, a
    quarter of the most. Today's length is left out of it, so that the same counters never ask for
    more again.
    """
    usual = max(_LEAST_RING, most // 4)
    account = facts.ledger.account("nic-ring-overflow")
    refused = by_device(account).get(name, 0) if account else 0
    worst = max(queue_drops(facts.delta, name).values(), default=refused)
    return min(most, power_of_two(usual + worst) if shows_moments(facts) else 2 * usual)


def _more_queues(facts: Facts, name: str) -> Recommendation | None:
    nic = _nic(facts, name)
    cpus = facts.delta.after.host.cpus
    if nic is None or not nic.channels_rx or not nic.channels_rx_max or not cpus:
        return None
    kind = nic.channels_kind or ("rx" if nic.driver in _APART else "combined")
    if nic.driver in _FIXED or kind == "both":  # of the latter nobody can tell which to raise
        return None
    queues = min(nic.channels_rx_max, cpus)
    if queues <= nic.channels_rx:
        return None
    change = f"ethtool -L {quoted(name)} {kind}"
    return Recommendation(
        kind="ethtool",
        target=name,
        scope="device",
        why=f"{nic.channels_rx} of {cpus} CPUs poll this card; more queues divide the flows among"
        " more CPUs. A single flow stays on one.",
        cost="an interrupt more for each queue; the link may pause for a moment",
        current=nic.channels_rx,
        proposed=queues,
        command=run_in(facts, f"{change} {queues}"),
        undo=run_in(facts, f"{change} {nic.channels_rx}"),
    )


def _other_work(facts: Facts, name: str) -> Recommendation:
    why = (
        "Shows which CPU takes this card's interrupts; move other busy work off it, or this"
        " interrupt to a CPU with time left (/proc/irq/N/smp_affinity_list)."
    )
    command = f"grep -e CPU0 -e {quoted(name)} /proc/interrupts"
    return look(facts, command, kind="placement", target=name, why=why)


def _port(facts: Facts, name: str) -> Iterator[Recommendation]:
    why = "Shows whether PCIe stalls or pause frames grow with it; check the card's PCIe slot."
    command = f"ethtool -S {quoted(name)} | grep -E 'pause|pci|discard'"
    yield look(facts, command, kind="hardware", target=name, why=why)


RULE = loss_rule(("nic-ring-overflow",), check)
