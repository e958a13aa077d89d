"""What to do for a reader that is ready to run and gets no CPU: a quota, or neighbours."""

from __future__ import annotations

from collections.abc import Iterator

from netrx_tune.model.finding import Recommendation
from netrx_tune.model.sample import Process, Socket
from netrx_tune.rules.advice import quoted
from netrx_tune.rules.buffers import name_of
from netrx_tune.rules.cpus import idle_cpus
from netrx_tune.rules.placement import move_reader
from netrx_tune.rules.queue_causes import THROTTLED, WAITING, Verdict
from netrx_tune.rules.rule import Facts
from netrx_tune.rules.shared_cpu import beside_softirq
from netrx_tune.rxpath.cpu_load import cpu_loads


def give_a_cpu(
    facts: Facts, sock: Socket, verdict: Verdict, no_room: str
) -> Iterator[Recommendation]:
    """Yield the way to a CPU: no quota, an idle CPU by its number, or lighter neighbours."""
    process = facts.delta.after.processes.get(sock.inode)
    who = name_of(facts.delta, sock)
    why = f"give the reader a CPU: {verdict.seen}."
    shape = facts.shapes.get(sock.inode)
    if shape is not None and (shape.throttled_share or 0.0) >= THROTTLED:
        yield _lift_quota(who, process, f"{why} Lift its quota. {no_room}")
        return
    moved = move_reader(facts, process, why, no_room) if process else None
    if moved:
        yield moved
    waits = shape is None or (shape.wait_share or 0.0) >= WAITING
    if shape is not None and not waits and beside_softirq(facts, sock, shape):
        yield _hand_packets_on(who, f"{why} No other CPU had half its time left. {no_room}")
        return
    busy = ""
    if cpu_loads(facts.delta) and not idle_cpus(facts.delta):
        busy = " No CPU of this host had much time left in the window."
    yield Recommendation(
        kind="placement",
        target=who,
        scope="cpu",
        why=f"{why}{busy} Move its neighbours, which the command lists by CPU, or raise its weight."
        + (f" {no_room}" if not moved else ""),
        cost="the CPU time that it needs",
        command="ps -eLo psr,pcpu,pid,tid,ni,comm --sort=-pcpu | head -20",
    )


def _hand_packets_on(who: str, why: str) -> Recommendation:
    return Recommendation(
        kind="placement",
        target=who,
        scope="cpu",
        why=f"{why} Bind it to the least busy one, or have its packets handled there: the command"
        " shows the masks of RPS, 0 where the CPU of the interrupt handles them"
        " (/proc/irq/N/smp_affinity_list).",
        cost="CPU time there, off what runs there now",
        command="grep . /sys/class/net/*/queues/rx-*/rps_cpus",
    )


def _lift_quota(who: str, process: Process | None, why: str) -> Recommendation:
    command = None
    shows = "quota and period in microseconds"
    if process and process.cgroup not in ("", "/"):
        command = f"cat {quoted(f'/sys/fs/cgroup{process.cgroup}/cpu.max')}"
    elif process:  # the root has no quota, so it is one of version 1
        command = f"cat /proc/{process.pid}/cgroup"
        shows = (
            "its groups: the quota is cpu.cfs_quota_us of that of cpu, below /sys/fs/cgroup/cpu"
            " (-1 lifts it)"
        )
    return Recommendation(
        kind="placement",
        target=who,
        scope="cpu",
        why=f"{why} The command shows {shows}.",
        cost="the CPU time that it needs",
        command=command,
    )
