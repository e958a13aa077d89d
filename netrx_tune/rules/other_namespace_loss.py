"""Another network namespace of this host is losing datagrams.

What it means: counters of UDP are each namespace's own, so a container's loss shows nowhere on the
host. This names the namespace; its own diagnosis names the cause.

How it is counted: InErrors of Udp, Udp6 and UDP-Lite in /proc/PID/net/snmp of one process for each
namespace, and the backlog's drops that none of this namespace's devices has.
Kernel: net/ipv4/proc.c, snmp_seq_show(); net/core/net-procfs.c, softnet_seq_show().

Remedy: run the diagnosis there.

When not to act: whose namespace it is may know better.
"""

from __future__ import annotations

from collections.abc import Iterator

from netrx_tune.collectors.neighbours import Neighbour, neighbours
from netrx_tune.model.finding import Finding, Recommendation
from netrx_tune.model.snapshot import Snapshot
from netrx_tune.rules.judge import evidence, present
from netrx_tune.rules.rule import Facts, Rule, note
from netrx_tune.rules.words import count, counted, were, when
from netrx_tune.rxpath.books.device import backlog_drops_here

_MOST = 10
_NOISE_SHARE = 1e-5  # of what the CPUs took since boot, as for other totals


def check(facts: Facts) -> Iterator[Finding]:
    """Yield a note for each namespace that loses, the worst first, and one for the backlog."""
    if facts.delta.before is not None:
        yield from _neighbours(facts, facts.delta.before)
    yield from _backlog(facts)


def _neighbours(facts: Facts, before: Snapshot) -> Iterator[Finding]:
    later = [*neighbours(facts.delta.after.files)]
    earlier = {n.inode: n for n in neighbours(before.files)} if later else {}
    losses = [(_gain(earlier[n.inode], n, "InErrors"), n) for n in later if n.inode in earlier]
    losses.sort(key=lambda pair: -pair[0])
    for lost, neighbour in losses[:_MOST]:
        if lost > 0:
            yield _finding(facts, neighbour, lost, earlier[neighbour.inode])


def _gain(before: Neighbour, after: Neighbour, field: str) -> int:
    names = [name for name in after.counters if name.endswith(f".{field}")]
    return sum(max(0, after.counters[n] - before.counters.get(n, 0)) for n in names)


def _finding(facts: Facts, neighbour: Neighbour, lost: int, before: Neighbour) -> Finding:
    full = _gain(before, neighbour, "RcvbufErrors")
    what = f", {count(full)} of them at full buffers" if full else ""
    return note(
        "udp-rcvbuf-full" if full * 2 > lost else "udp-unattributed",
        f"{counted(lost, 'datagram')}{when(facts)} {were(lost)} lost in another network"
        f" namespace: {neighbour.name}{what}",
        lost=lost,
        present=True,
        meaning="Its counters are its own; none of this is in the books above.",
        recommendations=(
            Recommendation(
                kind="none",
                target=f"pid {neighbour.pid}",
                scope="netns",
                why="diagnose that namespace to learn which socket and why",
                cost="none",
                command=f"netrx-tune diagnose --pid {neighbour.pid}",
            ),
        ),
    )


def _backlog(facts: Facts) -> Iterator[Finding]:
    """Yield a note when CPUs dropped what no device of this namespace received."""
    total = facts.delta.increase("softnet.dropped")
    elsewhere = (total or 0) - (backlog_drops_here(facts.delta) or 0)
    is_boot = facts.delta.before is None
    handled = facts.delta.increase("softnet.processed") or 0
    if elsewhere <= 0 or (is_boot and elsewhere < _NOISE_SHARE * handled):
        return
    gone = ", or on devices that are gone or not shown" if is_boot else ""
    yield note(
        "cpu-backlog-overflow",
        f"{counted(elsewhere, 'packet')}{when(facts)} met a full CPU backlog in other"
        f" network namespaces of this host{gone}",
        lost=elsewhere,
        present=present(facts),
        confidence="low" if is_boot else "medium",
        meaning="softnet_stat counts for the whole host; no device of this namespace"
        f" {'that is shown ' if is_boot else ''}has them.",
        evidence=evidence(facts.delta, "softnet.dropped"),
        recommendations=(
            Recommendation(
                kind="none",
                target="netrx-tune diagnose",
                scope="host",
                why="look into every namespace to find whose devices they came by",
                cost="none",
                command="netrx-tune diagnose --all-netns",
            ),
        ),
    )


RULE = Rule((), check)
