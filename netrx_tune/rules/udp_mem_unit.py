"""net.ipv4.udp_mem was set as if it were bytes.

What it means: its three values are pages, usually of 4,096 B. Values copied as bytes allow UDP many
times the memory that the host has, so the limit that should protect it is gone. Only the first
value limits anything.

How it is counted: no counter; the first or last value, in pages, is more than this host's RAM.
Kernel: net/ipv4/udp.c, udp_init(); net/core/sock.c, __sk_mem_raise_allocated().

Remedy: give the kernel's own values back: three quarters of an eighth of RAM, an eighth, and twice
the first.

When not to act: nothing is lost by it today; UDP could use up all memory one day.

References: Documentation/networking/ip-sysctl.rst.
"""

from __future__ import annotations

from collections.abc import Iterator

from netrx_tune.model.finding import Finding, Recommendation
from netrx_tune.rules.advice import look, set_sysctl
from netrx_tune.rules.rule import Facts, Rule
from netrx_tune.rules.words import count, size

_KEY = "net.ipv4.udp_mem"
_MIB = 1 << 20
# Without the host's RAM: round numbers of MiB that make more than this look like bytes.
_SUSPECT_BYTES = 16 << 30


def check(facts: Facts) -> Iterator[Finding]:
    """Yield a note for a limit that no memory can reach."""
    pages = facts.delta.after.settings.get(_KEY, ())
    host = facts.delta.after.host
    if len(pages) != 3 or not _is_beyond(pages, host.page_bytes, host.memory_bytes):
        return
    lowest, highest = (size(pages[place] * host.page_bytes) for place in (0, 2))
    ram = f", more than its RAM ({size(host.memory_bytes)})" if host.memory_bytes else ""
    yield Finding(
        rule="",
        stage="udp-proto-mem",
        severity="note",
        confidence="high" if host.memory_bytes else "medium",
        summary=f"{_KEY} is in pages: {' '.join(map(count, pages))} lets UDP have {lowest} to"
        f" {highest} of this host{ram}",
        lost=0,
        present=None,
        meaning="Such values are bytes put where pages belong. The limit that should protect the"
        " host from its sockets is gone; nothing is lost by it now.",
        recommendations=_restore(facts, host.memory_bytes, host.page_bytes),
    )


def _is_beyond(pages: tuple[int, ...], page_bytes: int, memory: int | None) -> bool:
    round_mib = all(value and value % _MIB == 0 for value in pages)
    if memory is None:
        return round_mib and pages[0] * page_bytes >= _SUSPECT_BYTES
    if max(pages[0], pages[2]) * page_bytes > memory:
        return True
    return round_mib and 2 * pages[0] * page_bytes > memory


def _restore(facts: Facts, memory: int | None, page_bytes: int) -> tuple[Recommendation, ...]:
    if not memory:
        return (_reckon(facts),)
    middle = max(128, memory // page_bytes // 8)
    lowest = middle // 4 * 3
    return (
        set_sysctl(
            facts,
            _KEY,
            (lowest, middle, 2 * lowest),
            why="These are the kernel's own values for this much RAM, in pages.",
            cost=f"all UDP sockets together get at most {size(lowest * page_bytes)}",
        ),
    )


def _reckon(facts: Facts) -> Recommendation:
    """Return the advice to reckon the values on the host, whose RAM this input does not hold."""
    return look(
        facts,
        "awk '/MemTotal/ {m=int($2/32); l=int(m/4)*3; print l, m, 2*l}' /proc/meminfo",
        kind="sysctl",
        target=_KEY,
        why="Prints the kernel's own values for the host's RAM, in pages of 4 KiB; set those.",
    )


RULE = Rule((), check, requires=(_KEY,))
