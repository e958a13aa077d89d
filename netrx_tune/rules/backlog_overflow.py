"""A CPU's backlog queue was full.

What it means: packets of loopback, veth and other devices without polling, and those that RPS
steers to another CPU, wait in that CPU's backlog. More than net.core.netdev_max_backlog were
waiting.

How it is counted: the dropped column of /proc/net/softnet_stat on the CPU whose queue was full; the
same packet is in rx_dropped of its device and, on veth, in the sender's tx_dropped, and is charged
once. The file shows the whole host in every namespace.
Kernel: net/core/dev.c, enqueue_to_backlog().

Remedy: for bursts a net.core.netdev_max_backlog that holds the largest which the counters allow,
then look again. Where one CPU takes all of it, spread the packets over more CPUs (RPS) or stop
steering to that one.

When not to act: the CPU has no time left. Then a longer queue makes packets late and moves the loss
to the socket. Up to 6.9 a device that is taken down looks the same.

References: Documentation/networking/scaling.rst.
"""

from __future__ import annotations

from collections.abc import Iterator

from netrx_tune.model.finding import Evidence, Finding, Recommendation
from netrx_tune.model.snapshot import Device
from netrx_tune.rules.advice import listed, quoted, write_file
from netrx_tune.rules.backlog_advice import longer_backlog
from netrx_tune.rules.cpus import load_of, mask_words, share_words
from netrx_tune.rules.outcome import found, lost_at
from netrx_tune.rules.rule import Facts, Rule
from netrx_tune.rules.words import lost_of
from netrx_tune.rxpath.delta import grown, softnet_pairs
from netrx_tune.rxpath.kernel_features import softnet_counts_dev_down

_STAGE = "cpu-backlog-overflow"
_MOST_CPUS = 8


def check(facts: Facts) -> Iterator[Finding]:
    """Yield a finding when backlogs overflowed."""
    account = lost_at(facts, _STAGE)
    if account is None:
        return
    rows = _rows(facts)
    cpus = [cpu for cpu, _ in rows]
    devices = _devices(facts)
    summary = f"{lost_of(facts, account, 'packets')} found the backlog queue of "
    yield found(
        facts,
        account,
        summary + (_names(facts, rows) or "a CPU") + " full",
        meaning=_meaning(facts, cpus, devices),
        evidence=tuple(_evidence(facts, rows)),
        recommendations=_advice(facts, cpus, devices),
    )


def _rows(facts: Facts) -> list[tuple[int, int]]:
    """Return CPUs (or row numbers) with what each dropped, the largest first."""
    rows = []
    for cpu, before, after in softnet_pairs(facts.delta):
        dropped = grown(before.dropped, after.dropped, bits=32)
        if dropped:
            rows.append((cpu, dropped))
    return sorted(rows, key=lambda row: -row[1])


def _names(facts: Facts, rows: list[tuple[int, int]]) -> str:
    softnet = facts.delta.after.softnet or ()
    word = "CPU" if all(row.cpu is not None for row in softnet) else "online CPU number"
    named = {f"{word} {cpu}": dropped for cpu, dropped in rows}
    return listed(named)


def _devices(facts: Facts) -> dict[str, int]:
    """Return the devices whose rx_dropped moved: those packets were theirs."""
    gains = {
        name: facts.delta.increase(f"{name}.rx_dropped") or 0 for name in facts.delta.after.devices
    }
    return {name: gain for name, gain in gains.items() if gain}


def _evidence(facts: Facts, rows: list[tuple[int, int]]) -> Iterator[Evidence]:
    seconds = facts.delta.seconds
    for cpu, dropped in rows[:_MOST_CPUS]:
        rate = round(dropped / seconds, 3) if seconds else None
        yield Evidence(f"softnet.dropped cpu{cpu}", None, None, dropped, rate)


def _meaning(facts: Facts, cpus: list[int], devices: dict[str, int]) -> str:
    text = "Packets waited for a CPU that did not get to them in time"
    text += f"; they came by {listed(devices)}." if devices else "."
    text += share_words(facts.delta, cpus)
    if facts.delta.after.host.initial_netns is False:
        text += " The queue is the host's: other namespaces fill it, too."
    if softnet_counts_dev_down(facts.delta.after.host.kernel) and facts.delta.before:
        text += " On this kernel a device that was just taken down counts here as well."
    return text


def _advice(
    facts: Facts, cpus: list[int], devices: dict[str, int]
) -> Iterator[Recommendation | None]:
    """Yield a longer queue for bursts, spreading for a CPU that has no more to give."""
    load = load_of(facts.delta, cpus)
    spread = _spread(facts, cpus, devices)
    if load in ("saturated", "pressed"):
        yield spread or _relieve(cpus)
    if load != "saturated":
        yield longer_backlog(
            facts,
            max((refused for _, refused in _rows(facts)), default=facts.ledger.lost_at(_STAGE)),
            why="A longer queue carries bursts. If the CPU is busy all the time it only moves the"
            " loss to the socket: look again after the change.",
        )
    if load in ("free", "unknown"):
        yield spread


def _spread(facts: Facts, cpus: list[int], devices: dict[str, int]) -> Recommendation | None:
    """Return the advice to let RPS divide one device's packets among all CPUs."""
    every = facts.delta.after.host.cpus or 1
    if every < 2 or len(cpus) != 1 or len(devices) != 1:
        return None
    device: Device = facts.delta.after.devices[next(iter(devices))]
    if not device.rps_cpus:
        return None
    old = device.rps_cpus[0]
    new = mask_words((1 << every) - 1)
    if device.name == "lo" or _bits(old) >= _bits(new):
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


def _bits(mask: str) -> int:
    return int(mask.replace(",", "") or "0", 16).bit_count()


def _relieve(cpus: list[int]) -> Recommendation:
    which = ", ".join(map(str, cpus[:_MOST_CPUS])) or "of the queue"
    return Recommendation(
        kind="placement",
        target=f"cpu {which}",
        scope="cpu",
        why=f"CPU {which} has more to do than it can; move the reading program or other busy work"
        " off it. A longer queue would only make packets late.",
        cost="the work runs elsewhere",
        command="mpstat -P ALL 1 5",
    )


RULE = Rule((_STAGE,), check, requires=("softnet.dropped",))
