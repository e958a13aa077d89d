"""net.ipv4.udp_mem was set as if it were bytes.

What it means: its three values are pages, usually of 4,096 B. Values copied as bytes allow UDP many
times the memory that the host has, so the limit that should protect it is gone. Only the first
value limits anything.

How it is counted: no counter; the first or last value, in pages, is more than this host's RAM.
Kernel: net/ipv4/udp.c, udp_init(); net/core/sock.c, __sk_mem_raise_allocated().

Remedy: remove the line that sets it; at the next boot the kernel reckons its own values: three
quarters of an eighth of RAM, an eighth, and twice the first.

When not to act: nothing is lost by it today; UDP could use up all memory one day.

References: Documentation/networking/ip-sysctl.rst.
"""

from __future__ import annotations

from collections.abc import Iterator

from netrx_tune.model.finding import Finding, Recommendation
from netrx_tune.rules.advice import look
from netrx_tune.rules.rule import Facts, Rule, note
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
    yield note(
        "udp-proto-mem",
        f"{_KEY} is in pages: {' '.join(map(count, pages))} lets UDP have {lowest} to"
        f" {highest} of this host{ram}",
        confidence="high" if host.memory_bytes else "medium",
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
    """Return where to look for the line: a limit is not lowered under sockets that live."""
    own = ""
    if memory:
        middle = max(128, memory // page_bytes // 8)
        lowest = middle // 4 * 3
        own = f" (about {count(lowest)} {count(middle)} {count(2 * lowest)} for this much RAM)"
    return (
        look(
            facts,
            "grep -rns udp_mem /etc/sysctl.conf /etc/sysctl.d /run/sysctl.d /usr/lib/sysctl.d",
            kind="sysctl",
            target=_KEY,
            why="Remove the line that sets it and reboot: the kernel then reckons its own values,"
            f" in pages{own}. Lowering it while sockets hold more would refuse datagrams at once.",
        )._replace(scope="host", takes_effect="boot"),
    )


RULE = Rule((), check, requires=(_KEY,))
