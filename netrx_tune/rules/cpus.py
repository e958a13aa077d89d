"""How busy CPUs were with packets, and how their lists and masks are written.

Measured where /proc/stat is in both samples, closer where a live run watched; else guessed from
interrupted softirq runs. Kernel: net/core/dev.c, net_rx_action().
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Literal, NamedTuple

from netrx_tune.model.finding import Evidence
from netrx_tune.model.snapshot import Delta
from netrx_tune.rules.words import about, count, percent
from netrx_tune.rxpath.cpu_load import (
    IDLE,
    SOFTIRQ,
    CpuLoad,
    Overflow,
    cpu_loads,
    cpu_numbers,
    cpu_times,
    overflows,
    packets_by_cpu,
)
from netrx_tune.rxpath.delta import grown, softnet_pairs

Load = Literal["saturated", "stolen", "pressed", "bursts", "free", "unknown"]

_NO_IDLE = 0.05
_ALL_SOFTIRQ = 0.85
_MUCH_SOFTIRQ = 0.4  # without idle time: ksoftirqd shares the CPU with programs
_CALM_SOFTIRQ = 0.5  # of a window: the CPU kept up on average
_STOLEN = 0.1  # of a window: such gaps are longer than a ring
_LONG_SECONDS = 0.3  # on end, that no single burst lasts
_MOST = 0.5  # of the drops
_MEANS_SECONDS = 60.0  # of a longer window, averages tell nothing of moments
# A softirq run that is cut short took milliseconds: so many a second leave little else.
_IDLE = 0.5  # of the window
_PRESSED_PER_SECOND = 100
_TAKES_PART = 0.1  # of all packets: so much makes a CPU one that receives


class Judgement(NamedTuple):
    """How busy a CPU was, with a sentence on what was seen of it, if anything was.

    "saturated", "stolen" and "bursts" are measured, "pressed" is a guess from interrupted softirq
    runs; "free" had time left on average, which leaves open what single moments were like.
    """

    load: Load
    seen: str


def judge_cpu(delta: Delta, cpu: int) -> Judgement:
    """Return how busy one CPU was while its backlog dropped, or in the window."""
    watched = overflows(delta).get(cpu, ())
    if watched:
        return _by_watch(cpu, watched, delta.seconds)
    load = cpu_loads(delta).get(cpu)
    if load is not None:
        return _by_average(cpu, load, delta.seconds)
    return _by_squeezes(delta, cpu)


def judge_receivers(delta: Delta) -> Judgement:
    """Return how busy the busiest of the CPUs that received packets was."""
    found = [judge_cpu(delta, cpu) for cpu in receivers(delta)]
    order: tuple[Load, ...] = ("saturated", "stolen", "pressed", "unknown", "bursts", "free")
    return min(found, key=lambda one: order.index(one.load), default=Judgement("unknown", ""))


def receivers(delta: Delta) -> tuple[int, ...]:
    """Return the CPUs that handled a good part of the packets, the busiest first."""
    handled: Mapping[int, float] = packets_by_cpu(delta)
    if not any(handled.values()):
        handled = {cpu: load.softirq for cpu, load in cpu_loads(delta).items()}
    part = _TAKES_PART * sum(handled.values())
    taking_part = [cpu for cpu, packets in handled.items() if packets and packets >= part]
    return tuple(sorted(taking_part, key=lambda cpu: -handled[cpu]))


def _by_watch(cpu: int, watched: tuple[Overflow, ...], seconds: float | None) -> Judgement:
    """Judge the times in which the backlog dropped: was the CPU at its end in the long ones?"""
    dropped = sum(one.dropped for one in watched)
    behind = [one for one in watched if one.seconds >= _LONG_SECONDS and _is_full(one)]
    if sum(one.dropped for one in behind) >= _MOST * dropped:
        worst = max(behind, key=lambda one: one.seconds)
        part = f"for {about(worst.seconds)} s on end"
        if seconds and worst.seconds >= 0.8 * seconds:
            part = "all through the window"
        seen = f"CPU {cpu} was behind {part}: {_spent(worst)} while it dropped"
        return Judgement("saturated", seen)
    longest = max(one.seconds for one in watched)
    arrived = max(one.most_at_once for one in watched)
    times = "once" if len(watched) == 1 else f"{count(len(watched))} times"
    seen = (
        f"CPU {cpu} had time left ({_spent(max(watched, key=lambda one: one.dropped))} while it"
        f" dropped), but bursts of up to {count(arrived)} packets were too long for its queue,"
        f" {times}, for at most {about(longest)} s"
    )
    return Judgement("bursts", seen)


def _is_full(load: CpuLoad | Overflow) -> bool:
    """Tell whether the CPU could not do more, alone or because programs had the rest of it."""
    shared = load.idle <= _NO_IDLE and load.softirq >= _MUCH_SOFTIRQ
    return load.softirq >= _ALL_SOFTIRQ or shared


def _by_average(cpu: int, load: CpuLoad, seconds: float | None) -> Judgement:
    spent = f"CPU {cpu}: {_spent(load)} in the window"
    if load.stolen >= _STOLEN:
        seen = f"{spent}; the hypervisor gave {percent(load.stolen)} of it to others (steal)"
        return Judgement("stolen", seen)
    if _is_full(load):
        return Judgement("saturated", spent)
    if load.softirq >= _CALM_SOFTIRQ:
        return Judgement("unknown", f"{spent}, which leaves open whether it was behind at times")
    if (seconds or 0.0) > _MEANS_SECONDS:
        return Judgement("free", f"{spent}, too long a time to tell of moments")
    return Judgement("bursts", f"{spent}, so it kept up on average and bursts were too long")


def _by_squeezes(delta: Delta, cpu: int) -> Judgement:
    """Guess from softirq runs that were cut short, where nobody knows the times."""
    squeezed = squeezes_per_second(delta).get(cpu)
    if squeezed is None:
        return Judgement("unknown", "")
    if squeezed >= _PRESSED_PER_SECOND:
        seen = f"receive softirq of CPU {cpu} was cut short {count(round(squeezed))} times a second"
        return Judgement("pressed", f"the {seen}: it is near its limit")
    return Judgement("free", "")


def squeezes_per_second(delta: Delta) -> dict[int, float]:
    """Return how often each CPU's receive softirq was cut short; empty without a window."""
    if delta.before is None or not delta.seconds:
        return {}
    numbers = cpu_numbers(delta)
    return {
        numbers[row]: (grown(before.time_squeeze, after.time_squeeze, bits=32) or 0) / delta.seconds
        for row, before, after in softnet_pairs(delta)
    }


def _spent(load: CpuLoad | Overflow) -> str:
    stolen = load.stolen if isinstance(load, CpuLoad) else 0.0
    rest = max(0.0, 1.0 - load.softirq - load.idle - stolen)
    text = f"{percent(load.softirq)} of its time in softirq, {percent(max(0.0, load.idle))} idle"
    return f"{text}, {percent(rest)} on other work" if rest >= _NO_IDLE else text


def idle_cpus(delta: Delta, *, but: Iterable[int] = ()) -> tuple[int, ...]:
    """Return the CPUs that had much time left in the window, the idlest first."""
    loads, others = cpu_loads(delta), set(but)
    free = [cpu for cpu, load in loads.items() if load.idle >= _IDLE and cpu not in others]
    return tuple(sorted(free, key=lambda cpu: -loads[cpu].idle))


def cpu_evidence(delta: Delta, cpu: int) -> Iterator[Evidence]:
    """Yield a CPU's time in softirq and idle, in hundredths of a second of /proc/stat."""
    if delta.before is None:
        return
    was, now = cpu_times(delta.before).get(cpu, ()), cpu_times(delta.after).get(cpu, ())
    for column, name in ((SOFTIRQ, "softirq"), (IDLE, "idle")):
        if len(was) > column and len(now) > column and now[column] >= was[column]:
            gone = now[column] - was[column]
            rate = round(gone / delta.seconds, 3) if delta.seconds else None
            yield Evidence(f"stat.cpu{cpu}.{name}", was[column], now[column], gone, rate)


def share_words(delta: Delta) -> str:
    """Return a sentence on how busy the receiving CPUs were, or nothing where it is not known."""
    judged = judge_receivers(delta)
    if judged.load == "saturated":
        return f" {judged.seen}: a longer queue only moves the loss."
    return f" {judged.seen[0].upper()}{judged.seen[1:]}." if judged.load == "pressed" else ""


def mask_words(bits: int) -> str:
    """Return a CPU mask as sysfs and sysctl take it: words of 32 bits, the highest first."""
    digits = f"{bits:x}"
    words: list[str] = []
    while digits:
        words.insert(0, digits[-8:])
        digits = digits[:-8]
    return ",".join(words)


def list_words(cpus: Iterable[int]) -> str:
    """Return a CPU list as taskset and smp_affinity_list take it: "0-3,8"."""
    parts: list[list[int]] = []
    for cpu in sorted(set(cpus)):
        if parts and parts[-1][-1] == cpu - 1:
            parts[-1][1:] = [cpu]
        else:
            parts.append([cpu])
    return ",".join("-".join(map(str, part)) for part in parts)


def cpus_words(cpus: Collection[int]) -> str:
    """Return "CPU 3" or "CPUs 0-3,8"."""
    return f"CPU{'s' if len(cpus) > 1 else ''} {list_words(cpus)}"
