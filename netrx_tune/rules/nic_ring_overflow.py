"""The card had no free buffer in its receive ring.

What it means: good frames arrived faster than the CPU that polls the card's queue took them out.
Either that CPU was busy or asleep, or a burst was longer than the ring.

How it is counted: rx_missed_errors or rx_fifo_errors of the device, or the driver's own counter
(rx_no_dma_resources, rx_out_of_buffer, "pkts rx OOB"), whichever the driver keeps; a frame in two
of them is charged once.
Kernel: include/uapi/linux/if_link.h, struct rtnl_link_stats64; each driver's statistics function.

Remedy: look at the polling CPU first. Where it has time left, a longer ring carries bursts; where
it has none, more queues (ethtool -L), or other work moved off that CPU.

When not to act: a ring at its maximum cannot grow, a saturated CPU loses as much with any ring, and
one single flow cannot be spread by RSS. mlx5's rx_discards_phy is the port's own buffer: PCIe or
pause frames, not the ring.

References: Documentation/networking/scaling.rst.
"""

from __future__ import annotations

from collections.abc import Iterator

from netrx_tune.model.finding import Finding, Recommendation
from netrx_tune.model.ledger import Account
from netrx_tune.model.sample import Nic
from netrx_tune.rules.advice import listed, look, quoted, run_in
from netrx_tune.rules.cpus import judge_receivers, share_words
from netrx_tune.rules.outcome import by_device, found, lost_at
from netrx_tune.rules.rule import Facts, Rule
from netrx_tune.rules.words import count, lost_of, size

_PORT_BUFFER = ".rx_discards_phy"
_BYTES_PER_BUFFER = 4096  # at most: one page for each place in the ring
_MOST_DEVICES = 3


def check(facts: Facts) -> Iterator[Finding]:
    """Yield a finding when frames found no buffer in a ring."""
    account = lost_at(facts, "nic-ring-overflow")
    if account is None:
        return
    losses = by_device(account)
    names = sorted(losses, key=lambda name: -losses[name])[:_MOST_DEVICES]
    at_port = sum(e.increase for e in account.by if e.counter.endswith(_PORT_BUFFER))
    port_only = 2 * at_port > (account.lost or 0)
    where = "the port buffer" if port_only else "the receive ring"
    yield found(
        facts,
        account,
        f"{lost_of(facts, account, 'frames')} found no room in {where} of {listed(losses)}",
        meaning=_meaning_port() if port_only else _meaning(facts, names),
        recommendations=_port(facts, names[0]) if port_only else _advice(facts, account, names),
    )


def _meaning_port() -> str:
    return (
        "The card's own buffer was full before the ring was: it could not write to memory fast"
        " enough (PCIe), or many frames came at once."
    )


def _meaning(facts: Facts, names: list[str]) -> str:
    text = "The CPU that polls the queue came too late: it was busy, or a burst was too long."
    text += share_words(facts.delta)
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


def _advice(facts: Facts, account: Account, names: list[str]) -> Iterator[Recommendation]:
    """Yield more queues and longer rings, in the order that the CPU's load asks for."""
    del account
    load = judge_receivers(facts.delta).load
    spread = [one for name in names if (one := _more_queues(facts, name))]
    longer = [one for name in names if (one := _longer_ring(facts, name))]
    if load == "saturated":
        yield from spread or [_other_work(facts, names[0])]
        return
    yield from (spread + longer) if load == "pressed" else (longer + spread)
    if not spread:
        yield _other_work(facts, names[0])


def _longer_ring(facts: Facts, name: str) -> Recommendation | None:
    nic = _nic(facts, name)
    device = quoted(name)
    if nic is None or nic.ring_rx is None or nic.ring_rx_max is None:
        why = "Shows how long the ring is and may become; a longer one carries bursts, no more."
        return look(facts, f"ethtool -g {device}", kind="ethtool", target=name, why=why)
    if _at_maximum(nic):
        return None
    longer = min(2 * nic.ring_rx, nic.ring_rx_max)
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


def _more_queues(facts: Facts, name: str) -> Recommendation | None:
    nic = _nic(facts, name)
    cpus = facts.delta.after.host.cpus
    if nic is None or not nic.channels_rx or not nic.channels_rx_max or not cpus:
        return None
    queues = min(nic.channels_rx_max, cpus)
    if queues <= nic.channels_rx:
        return None
    device = quoted(name)
    return Recommendation(
        kind="ethtool",
        target=name,
        scope="device",
        why=f"{nic.channels_rx} of {cpus} CPUs poll this card; more queues divide the flows among"
        " more CPUs. A single flow stays on one.",
        cost="an interrupt more for each queue; the link may pause for a moment",
        current=nic.channels_rx,
        proposed=queues,
        command=run_in(facts, f"ethtool -L {device} combined {queues}"),
        undo=run_in(facts, f"ethtool -L {device} combined {nic.channels_rx}"),
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


RULE = Rule(("nic-ring-overflow",), check)
