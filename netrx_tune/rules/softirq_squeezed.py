"""The receive softirq was cut short, again and again, and nothing was lost.

What it means: one run of the softirq ended because its share of packets or of time was used up; the
rest of the packets waited for the next run. That is pressure, not loss: it is said only for a
watched window, only when it happens many times a second, and only while no queue overflowed.

How it is counted: the time_squeeze column of /proc/net/softnet_stat, one for each interrupted run.
Threaded NAPI and busy polling do not count, so 0 proves nothing there.
Kernel: net/core/dev.c, net_rx_action().

Remedy: none while the CPU has time left. Where it has none, give some of its queues to another CPU
before the ring overflows. Loss at a ring or a backlog would be a finding of its own.

When not to act: totals since boot and a few per hour mean nothing at all. A larger share for the
softirq takes CPU from the program that empties the sockets.

References: Documentation/admin-guide/sysctl/net.rst.
"""

from __future__ import annotations

from collections.abc import Iterator

from netrx_tune.model.finding import Finding, Recommendation
from netrx_tune.rules.advice import setting
from netrx_tune.rules.judge import evidence
from netrx_tune.rules.rule import Facts, Rule, note
from netrx_tune.rules.words import count, when

_PER_SECOND = 10
_LEAST_SECONDS = 1.0
_SQUEEZES = "softnet.time_squeeze"
# Where one of these lost something, its rule speaks.
_LOSSES = ("nic-ring-overflow", "cpu-backlog-overflow", "rps-flow-limit")


def check(facts: Facts) -> Iterator[Finding]:
    """Yield a note for pressure without loss."""
    delta = facts.delta
    squeezes = delta.increases.get(_SQUEEZES, 0)
    if delta.before is None or not delta.seconds or delta.seconds < _LEAST_SECONDS:
        return
    if squeezes / delta.seconds <= _PER_SECOND or any(map(facts.ledger.lost_at, _LOSSES)):
        return
    rate = count(round(squeezes / delta.seconds))
    full, moves = _saturated(facts)
    yield note(
        "softirq-squeeze",
        f"the receive softirq was cut short {rate} times a second{when(facts)};"
        " nothing was lost by it",
        present=True,
        meaning=_which_limit(facts, squeezes) + full,
        evidence=evidence(delta, _SQUEEZES, "softnet.processed"),
        recommendations=moves or (_NOTHING,),
    )


def _saturated(facts: Facts) -> tuple[str, tuple[Recommendation, ...]]:
    """Return what there is to say and to do where the CPU that was cut short has no time left."""
    # On most hosts nothing is cut short so often: what follows is read when it is.
    from netrx_tune.rules.cpus import judge_cpu, squeezes_per_second  # noqa: PLC0415
    from netrx_tune.rules.relief import cheaper_packets, other_work, spread  # noqa: PLC0415
    from netrx_tune.rules.ring_advice import move_queue  # noqa: PLC0415
    from netrx_tune.rules.ring_causes import ring_state  # noqa: PLC0415

    squeezed = squeezes_per_second(facts.delta)
    worst = max(squeezed, key=lambda cpu: squeezed[cpu], default=None)
    judged = None if worst is None else judge_cpu(facts.delta, worst)
    if worst is None or judged is None or judged.load != "saturated":
        return "", ()
    received = {d: facts.delta.increase(f"{d}.rx_packets") or 0 for d in facts.delta.after.devices}
    received.pop("lo", None)
    device = max(received, key=lambda name: received[name], default=None)
    words = f" {judged.seen}: it is at its end, and the next loss is in the card's ring."
    state = None if device is None else ring_state(facts, device)
    relief = (
        move_queue(facts, state) if state else None,
        spread(facts, [worst], [state.device]) if state and not state.hot else None,
        other_work(facts, [worst], judged),
        cheaper_packets([worst], one_flow=bool(state and state.hot)),
    )
    return words, tuple([one for one in relief if one][:1])


def _which_limit(facts: Facts, squeezes: int) -> str:
    """Say which of the two limits ends the runs: packets, or time.

    Runs that ended by the limit of packets handled that many each, so fewer packets in all
    prove that time ended at least some of them.
    """
    packets = setting(facts, "net.core.netdev_budget")
    usecs = setting(facts, "net.core.netdev_budget_usecs")
    text = "The CPU had more packets waiting than one run may take."
    if packets is None:
        return text
    processed = facts.delta.increases.get("softnet.processed", 0)
    if processed >= squeezes * packets:
        return f"{text} The limit of packets for one run is {count(packets)}."
    time = "which this kernel has built in"
    if usecs is not None:
        time = f"net.core.netdev_budget_usecs ({count(usecs)})"
    return (
        f"{text} The limit that fires is the one of time, {time}: the one of packets"
        f" ({count(packets)}) was not reached."
    )


_NOTHING = Recommendation(
    kind="none",
    target="softirq",
    scope="cpu",
    why="Nothing overflowed. More time for the softirq would be taken from the programs that empty"
    " the sockets.",
    cost="none",
)

RULE = Rule((), check, requires=(_SQUEEZES,))
