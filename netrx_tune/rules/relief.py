"""What relieves a CPU that has too many packets: other CPUs, less other work, cheaper packets."""

from __future__ import annotations

from collections.abc import Sequence

from netrx_tune.model.finding import Recommendation
from netrx_tune.model.snapshot import Device
from netrx_tune.rules.advice import do, quoted, write_file
from netrx_tune.rules.cpus import Judgement, cpus_words, idle_cpus, mask_words
from netrx_tune.rules.rule import Facts
from netrx_tune.rules.words import percent
from netrx_tune.rxpath.cpu_load import CpuLoad, cpu_loads

_PROGRAMS = 0.1  # of a CPU: so much work of programs is worth a move


def spread(facts: Facts, cpus: Sequence[int], devices: Sequence[str]) -> Recommendation | None:
    """Return the advice to let RPS divide one device's packets among all CPUs."""
    every = facts.delta.after.host.cpus or 1
    if every < 2 or len(cpus) != 1 or len(devices) != 1:
        return None
    device: Device = facts.delta.after.devices[devices[0]]
    if not device.rps_cpus:
        return None
    old = device.rps_cpus[0]
    new = mask_words((1 << every) - 1)
    if device.name == "lo" or mask_bits(old).bit_count() >= every:
        return None
    path = f"/sys/class/net/{device.name}/queues/rx-0/rps_cpus"
    return Recommendation(
        kind="sysfs",
        target=path,
        scope="device",
        why=f"One CPU takes all packets of {device.name}; RPS divides the flows among {every}. A"
        " single flow stays on one.",
        cost="an interrupt between CPUs for each batch of packets",
        current=old,
        proposed=new,
        command=write_file(facts, quoted(path), new),
        undo=write_file(facts, quoted(path), old),
    )


def mask_bits(mask: str) -> int:
    """Return a CPU mask's bits; it was checked when it was read."""
    return int(mask.replace(",", "") or "0", 16)


def other_work(facts: Facts, cpus: Sequence[int], judged: Judgement) -> Recommendation | None:
    """Return the advice to move programs off a CPU, where they have a part of it."""
    loads = cpu_loads(facts.delta)
    busy = [cpu for cpu in cpus if cpu in loads and _programs(loads[cpu]) >= _PROGRAMS]
    if loads and not busy:
        return None
    cpu = (busy or list(cpus) or [0])[0]
    idle = idle_cpus(facts.delta, but=cpus)
    free = f" {cpus_words(idle)} had time left." if idle else ""
    return Recommendation(
        kind="placement",
        target=f"cpu {cpu}",
        scope="cpu",
        why=f"CPU {cpu} has more to do than it can"
        + (f" ({judged.seen})" if judged.load == "pressed" else "")
        + f"; move the reading program or other busy work off it (the command lists it).{free}"
        " A longer queue would only make packets late.",
        cost="the work runs elsewhere",
        command=f"ps -eLo psr,pcpu,pid,tid,comm --sort=-pcpu | grep '^ *{cpu} ' | head",
    )


def _programs(load: CpuLoad) -> float:
    return 1.0 - load.softirq - load.idle - load.stolen


def given_cpu(facts: Facts, cpus: Sequence[int]) -> Recommendation | None:
    """Return the advice to have the hypervisor give the CPU that is stolen, None where none is."""
    loads = cpu_loads(facts.delta)
    worst = max(cpus, key=lambda cpu: loads[cpu].stolen if cpu in loads else 0.0, default=None)
    if worst is None or worst not in loads or not loads[worst].stolen:
        return None
    return do(
        "platform",
        f"cpu {worst}",
        why=f"CPU {worst} had work and did not run {percent(loads[worst].stolen)} of the window:"
        " the host of this machine has too many guests on too few CPUs. Reserved CPUs, fewer"
        " virtual CPUs than there are real ones, or another host; no setting in here ends it.",
        cost="the platform's price list",
    )


def cheaper_packets(cpus: Sequence[int], *, one_flow: bool) -> Recommendation:
    """Return the advice to find what each packet costs a CPU that does nothing else."""
    cpu = next(iter(cpus), 0)
    split = (
        " To use other CPUs, the sender has to divide the traffic among several flows (source"
        " ports or addresses)."
        if one_flow
        else ""
    )
    return Recommendation(
        kind="sender" if one_flow else "placement",
        target=f"cpu {cpu}",
        scope="cpu",
        why="Fewer packets, or cheaper ones: long firewall chains, captures, connection tracking"
        f" and small datagrams cost CPU {cpu} most; the command shows what.{split}",
        cost="none",
        command=f"perf top -C {cpu}",
    )
