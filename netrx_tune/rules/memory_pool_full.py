"""All sockets of a protocol together hold as much memory as they may, though no loss is counted.

What it means: UDP gets no more above the first value of net.ipv4.udp_mem, except for sockets that
hold less than a page or so; TCP saves memory above the second value of net.ipv4.tcp_mem and gives
connections up above the third. Both pools serve every container of the host.

How it is counted: `mem` of /proc/net/sockstat, in pages, against those values; in a window at both
ends. Kernels 6.18 and 6.19 count what the UDP pool refuses nowhere but in the socket's own drops,
so nothing else may tell of it there.
Kernel: net/core/sock.c, __sk_mem_raise_allocated(); net/ipv4/udp.c, udp_rmem_release().

Remedy: find who holds it (the largest r in skmem), and make it read or give it smaller buffers.

When not to act: where no socket holds that much, the kernel lost count: before 6.15 and its stable
kin, closing a UDP socket with nearly 2 GiB in its queue adds as much for ever. No value of udp_mem
mends that, only a reboot with a mended kernel, and buffers below 1 GiB until then.
"""

from __future__ import annotations

from collections.abc import Iterator

from netrx_tune.model.finding import Finding
from netrx_tune.rules.advice import look, setting
from netrx_tune.rules.rule import Facts, Rule, note
from netrx_tune.rules.words import count, size

_WRAPPED = 1 << 31  # bytes: what an int does not hold
_LARGEST_PAGES = 17  # a datagram of 64 KiB asks for so many: nearer to its limit no pool comes
_UDP = ("UDP", "net.ipv4.udp_mem", 0, "udp-proto-mem", "ss -uamp")
_TCP = ("TCP", "net.ipv4.tcp_mem", 1, "tcp-memory", "ss -tamp")


def check(facts: Facts) -> Iterator[Finding]:
    """Yield a note for each pool that is used up."""
    for pool in (_UDP, _TCP):
        protocol, key, place, stage, _ = pool
        limit = setting(facts, key, place)
        pages = _pages(facts, protocol)
        near = min(_LARGEST_PAGES, (limit or 0) // 100) if pool is _UDP else 0
        if limit and pages >= limit - near and not facts.ledger.lost_at(stage):
            yield _note(facts, pool, pages, limit)


def _pages(facts: Facts, protocol: str) -> int:
    """Return what a protocol holds, the least of the samples; 0 where it is not shown."""
    ends = (facts.delta.before, facts.delta.after)
    return min(snap.levels.get(f"sockstat.{protocol}.mem", 0) for snap in ends if snap)


def _note(facts: Facts, pool: tuple[str, str, int, str, str], pages: int, limit: int) -> Finding:
    protocol, key, place, stage, command = pool
    page = facts.delta.after.host.page_bytes
    value = ("first", "second", "third")[place]
    meaning = f"Above the {value} value of {key} ({count(limit)} pages, {size(limit * page)})"
    meaning += (
        " datagrams are refused, whatever room a socket has left of its own."
        if protocol == "UDP"
        else " windows shrink, and above the third connections are given up."
    )
    if protocol == "UDP" and pages * page >= _WRAPPED:
        meaning += (
            " If no socket holds that much, the kernel lost count: before 6.15 closing a socket"
            " with nearly 2 GiB queued does that, and only a reboot mends it."
        )
    return note(
        stage,
        f"all {protocol} sockets together hold {count(pages)} pages ({size(pages * page)}),"
        f" as much as {key} allows",
        confidence="medium",
        meaning=meaning,
        recommendations=(
            look(
                facts,
                command,
                kind="application",
                target=f"{protocol} sockets",
                why="The largest r in skmem holds the memory: its reader is behind or has stopped."
                " A larger pool fills as well while it does not read.",
            ),
        ),
    )


RULE = Rule((), check, requires=("net.ipv4.udp_mem|net.ipv4.tcp_mem",))
