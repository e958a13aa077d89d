"""A CPU's backlog queue was full.

What it means: packets of loopback, veth and other devices without polling, and those that RPS
steers to another CPU, wait in that CPU's backlog. More than net.core.netdev_max_backlog were
waiting.

How it is counted: the dropped column of /proc/net/softnet_stat on the CPU whose queue was full; the
same packet is in rx_dropped of its device and, on veth, in the sender's tx_dropped, and is charged
once. The file shows the whole host in every namespace.
Kernel: net/core/dev.c, enqueue_to_backlog().

Two diseases: a live run looks at the queues ten times a second, and at what their CPUs did
meanwhile (softirq, idle). A CPU that spent at least 85 % of a long overflow in softirq, or had no
idle time left, is saturated: cause sustained-overload, the CPU being what reads this queue. One
that had time left met bursts: cause burst. Two samples tell by the averages of /proc/stat; where
those leave it open the cause is null.

Remedy: for bursts a net.core.netdev_max_backlog that holds the largest which the counters allow,
then look again. For a saturated CPU spread its flows over more CPUs (RPS), move programs off it, or
make packets cheaper (firewall rules, captures).

When not to act: the CPU has no time left. Then a longer queue makes packets late and moves the loss
to the socket. One flow stays on one CPU, whatever RPS is told. Up to 6.9 a device that is taken
down looks the same.

References: Documentation/networking/scaling.rst.
"""

from __future__ import annotations

from collections.abc import Iterator

from netrx_tune.model.finding import Cause, Evidence, Finding, Recommendation
from netrx_tune.model.ledger import Account
from netrx_tune.rules.advice import listed
from netrx_tune.rules.backlog_advice import longer_backlog
from netrx_tune.rules.cpus import Judgement, cpu_evidence, judge_cpu
from netrx_tune.rules.one_flow import one_flow_words
from netrx_tune.rules.outcome import found, loss_rule
from netrx_tune.rules.relief import cheaper_packets, given_cpu, other_work, spread
from netrx_tune.rules.rule import Facts
from netrx_tune.rules.words import lost_of
from netrx_tune.rxpath.cpu_load import cpu_numbers, cpu_times, overflows
from netrx_tune.rxpath.delta import grown, softnet_pairs
from netrx_tune.rxpath.kernel_features import softnet_counts_dev_down

_STAGE = "cpu-backlog-overflow"
_MOST_CPUS = 8
_CAUSES: dict[str, Cause] = {"bursts": "burst", "saturated": "sustained-overload"}
_SAID = {
    "bursts": ": bursts exceed the queue",
    "saturated": ": the CPU has no time left",
    "stolen": ": the hypervisor keeps the CPU away",
}


def check(facts: Facts, account: Account) -> Finding:
    """Return the finding when backlogs overflowed."""
    dropped = _dropped(facts)
    devices = _devices(facts)
    cpu = next(iter(dropped), None)
    judged = Judgement("unknown", "") if cpu is None else judge_cpu(facts.delta, cpu)
    summary = f"{lost_of(facts, account, 'packets')} found the backlog queue of "
    finding = found(
        facts,
        account,
        summary + (_names(facts, dropped) or "a CPU") + " full" + _SAID.get(judged.load, ""),
        meaning=_meaning(facts, judged, devices, cpu),
        evidence=tuple(_evidence(facts, dropped)),
        recommendations=_advice(facts, judged, dropped, devices),
    )
    return finding._replace(cause=_CAUSES.get(judged.load))


def _dropped(facts: Facts) -> dict[int, int]:
    """Return what each CPU's queue refused, the largest first; row numbers where CPUs are unknown.

    Kernel: net/core/net-procfs.c, softnet_seq_show(): rows say their CPU from 5.10.
    """
    numbers = cpu_numbers(facts.delta)
    rows = {}
    for row, before, after in softnet_pairs(facts.delta):
        gone = grown(before.dropped, after.dropped, bits=32)
        if gone:
            rows[numbers[row]] = gone
    return {cpu: rows[cpu] for cpu in sorted(rows, key=lambda cpu: -rows[cpu])}


def _names(facts: Facts, dropped: dict[int, int]) -> str:
    softnet = facts.delta.after.softnet or ()
    known = all(row.cpu is not None for row in softnet) or bool(cpu_times(facts.delta.after))
    word = "CPU" if known else "online CPU number"
    return listed({f"{word} {cpu}": gone for cpu, gone in dropped.items()})


def _devices(facts: Facts) -> dict[str, int]:
    """Return the devices whose rx_dropped moved: those packets were theirs."""
    gains = {
        name: facts.delta.increase(f"{name}.rx_dropped") or 0 for name in facts.delta.after.devices
    }
    return {name: gain for name, gain in gains.items() if gain}


def _evidence(facts: Facts, dropped: dict[int, int]) -> Iterator[Evidence]:
    seconds = facts.delta.seconds
    for cpu, gone in list(dropped.items())[:_MOST_CPUS]:
        rate = round(gone / seconds, 3) if seconds else None
        yield Evidence(f"softnet.dropped cpu{cpu}", None, None, gone, rate)
    for cpu in list(dropped)[:_MOST_CPUS]:
        yield from cpu_evidence(facts.delta, cpu)


def _meaning(facts: Facts, judged: Judgement, devices: dict[str, int], cpu: int | None) -> str:
    text = "Packets waited for a CPU that did not get to them in time"
    text += f"; they came by {listed(devices)}." if devices else "."
    if judged.seen:
        text += f" {judged.seen[0].upper()}{judged.seen[1:]}."
    if judged.load == "saturated":
        text += " A longer queue only moves the loss to the socket, and makes packets late."
    text += _one_flow(facts, devices, cpu)
    if facts.delta.after.host.initial_netns is False:
        text += " The queue is the host's: other namespaces fill it, too."
    if softnet_counts_dev_down(facts.delta.after.host.kernel) and facts.delta.before:
        text += " On this kernel a device that was just taken down counts here as well."
    return text


def _one_flow(facts: Facts, devices: dict[str, int], cpu: int | None) -> str:
    """Return a sentence where RPS could use more CPUs and all packets stay on one."""
    if cpu is None or len(devices) != 1:
        return ""
    return one_flow_words(facts, next(iter(devices)), cpu)


def _advice(
    facts: Facts, judged: Judgement, dropped: dict[int, int], devices: dict[str, int]
) -> Iterator[Recommendation | None]:
    """Yield a longer queue for bursts, relief for a CPU that has no more to give."""
    cpus = list(dropped)
    is_one_flow = bool(cpus and _one_flow(facts, devices, cpus[0]))
    divide = None if is_one_flow else spread(facts, cpus, list(devices))
    if judged.load == "stolen":
        yield given_cpu(facts, cpus)
    if judged.load in ("saturated", "pressed"):
        yield divide
        yield other_work(facts, cpus, judged)
        yield cheaper_packets(cpus, one_flow=is_one_flow)
    if judged.load == "saturated":
        return
    yield longer_backlog(
        facts,
        _refused(facts, dropped),
        why="A longer queue carries bursts. If the CPU is busy all the time it only moves the"
        " loss to the socket: look again after the change.",
    )
    if judged.load != "pressed":
        yield divide


def _refused(facts: Facts, dropped: dict[int, int]) -> int:
    """Return what the worst burst found no room for, or all that one queue refused."""
    watched = [one.dropped for each in overflows(facts.delta).values() for one in each]
    lost = facts.ledger.lost_at(_STAGE)  # the flow limit's part is in the rows, too
    return max(watched) if watched else min(max(dropped.values(), default=lost), lost)


RULE = loss_rule((_STAGE,), check, requires=("softnet.dropped",))
