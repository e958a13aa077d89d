"""All UDP sockets of the host together hit net.ipv4.udp_mem, or a memory cgroup's limit.

What it means: no socket's own buffer was full; the pool that all share was. It is counted in
pages, only its first value limits, and it is one pool for every container of the host. One
program that stopped reading from many or very large buffers starves all others.

How it is counted: up to 5.10 in InErrors without a name; from 5.11 to 6.17 as Udp.MemErrors; on
6.18 and 6.19 in nothing but the socket's drops. sockstat's `UDP: mem` is short of the truth by up
to net.core.mem_pcpu_rsv pages for each CPU.
Kernel: net/core/sock.c, __sk_mem_raise_allocated(); net/ipv4/udp.c, __udp_enqueue_schedule_skb().

Remedy: find who holds the memory, and make it read or give it smaller buffers; raise udp_mem where
the sum of the buffers is really needed. In a cgroup, its memory.max is what limits.

When not to act: never enlarge socket buffers for this: that fills the pool sooner.
"""

from __future__ import annotations

from collections.abc import Iterator

from netrx_tune.model.finding import Finding, Recommendation
from netrx_tune.model.ledger import Account
from netrx_tune.model.sample import Socket
from netrx_tune.rules.advice import Need, look, setting, sysctl_for
from netrx_tune.rules.buffers import name_of, report
from netrx_tune.rules.lossy_sockets import other_losers
from netrx_tune.rules.outcome import found, loss_rule
from netrx_tune.rules.rule import Facts
from netrx_tune.rules.words import count, lost_of, size
from netrx_tune.rxpath.books.udp_errors import memory_is_short

_KEY = "net.ipv4.udp_mem"
_MEMORY_SHARE = 0.20  # of RAM, the most that the plan gives to UDP
_KERNEL_SHARE = 3 / 32  # of RAM, what the kernel gives it at boot: udp_init()


def check(facts: Facts, account: Account) -> Finding:
    """Return the finding when the pool refused datagrams."""
    short = memory_is_short(facts.delta)
    return found(
        facts,
        account,
        f"{lost_of(facts, account)} were refused for want of memory that all UDP sockets share",
        meaning=_meaning(facts, short=short),
        sockets=tuple(report(facts.delta, s, n) for s, n in other_losers(facts)[:20]),
        recommendations=_advice(facts, short=short),
    )


def _meaning(facts: Facts, *, short: bool) -> str:
    used, limit = facts.delta.after.levels.get("sockstat.UDP.mem"), setting(facts, _KEY)
    page = facts.delta.after.host.page_bytes
    if used is None or limit is None:
        return "The pool's size and limit cannot both be seen from here (udp_mem is the host's)."
    held = (
        f"UDP holds {count(used)} pages ({size(used * page)}) of {count(limit)} allowed"
        f" ({size(limit * page)}); above that a socket gets nothing more."
    )
    one = _holder(facts)
    if one is not None:
        holds = size(one.rmem_alloc_bytes or 0)
        held += (
            f" {holds} of it lie in one queue, {name_of(facts.delta, one)}: its reader is behind."
        )
    if short or one is not None:
        return held
    return f"{held} That is below the limit, so a memory cgroup of the readers may be what refuses."


def _advice(facts: Facts, *, short: bool) -> Iterator[Recommendation | None]:
    yield look(
        facts,
        "ss -uamp",
        kind="application",
        target="UDP sockets",
        why="The largest r in skmem holds the memory: a reader that stopped or has too large a"
        " buffer. Make it read, or restart it. Larger socket buffers would fill the pool sooner.",
    )
    if _holder(facts) is None:  # a larger pool would fill as well
        yield _raise_pool(facts, short=short)


def _holder(facts: Facts) -> Socket | None:
    """Return the one socket whose queue holds most of what all may have together."""
    table, limit = facts.delta.after.sockets, setting(facts, _KEY)
    udp = [one for one in (table.sockets if table else ()) if one.protocol in ("udp", "udplite")]
    if not udp or limit is None:
        return None
    most = max(udp, key=lambda one: one.rmem_alloc_bytes or 0)
    half = limit * facts.delta.after.host.page_bytes // 2
    return most if (most.rmem_alloc_bytes or 0) > half else None


def _raise_pool(facts: Facts, *, short: bool) -> Recommendation | None:
    """Return the advice for a pool of twice what was in use, within a fifth of RAM."""
    host = facts.delta.after.host
    values = facts.delta.after.settings.get(_KEY, ())
    if len(values) != 3 or host.memory_bytes is None:
        return None
    ram = host.memory_bytes // host.page_bytes
    levels = [snap.levels for snap in (facts.delta.before, facts.delta.after) if snap]
    used = max((level.get("sockstat.UDP.mem", 0) for level in levels), default=0)
    low = min(2 * max(used, int(ram * _KERNEL_SHARE)), int(ram * _MEMORY_SHARE))
    low = low if short else min(low, values[0])
    need = Need(
        (low, max(values[1], low), max(values[2], low)),
        f"Twice the {count(used)} pages in use, or twice the kernel's own reckoning if that is"
        f" more, within a fifth of RAM: {count(low)} pages, {size(low * host.page_bytes)}.",
    )
    return sysctl_for(
        facts,
        _KEY,
        need,
        why="The first value is the limit and the unit is pages. Only where the sum of the buffers"
        " is really needed.",
        cost=f"up to {size(low * host.page_bytes)} of kernel memory for UDP",
    )


RULE = loss_rule(("udp-proto-mem",), check)
