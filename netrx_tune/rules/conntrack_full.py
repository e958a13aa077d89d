"""The connection table was full.

What it means: every new flow needs an entry, and net.netfilter.nf_conntrack_max entries existed.
The first packet of each new flow was dropped; flows that have an entry go on.

How it is counted: `drop` of /proc/net/stat/nf_conntrack while the table stands near its limit. The
kernel's log says "nf_conntrack: table full, dropping packet", at a limited rate.
Kernel: net/netfilter/nf_conntrack_core.c, __nf_conntrack_alloc().

Remedy: raise net.netfilter.nf_conntrack_max and nf_conntrack_buckets together; leave stateless UDP
(name service, syslog, flow export) out of tracking with a notrack rule; shorter UDP timeouts.

When not to act: a flood of forged sources fills any table. The limit is one number for the host,
held against each namespace's own count.

References: Documentation/networking/nf_conntrack-sysctl.rst.
"""

from __future__ import annotations

from collections.abc import Iterator

from netrx_tune.model.finding import Finding, Recommendation
from netrx_tune.rules.advice import Need, capped, do, setting, sysctl_for
from netrx_tune.rules.conntrack_advice import BUCKETS, entries_held
from netrx_tune.rules.memory_advice import memory_bytes
from netrx_tune.rules.outcome import found, lost_at
from netrx_tune.rules.rule import Facts, Rule
from netrx_tune.rules.words import count, lost_of, size
from netrx_tune.rxpath.queue_needs import (
    BUCKET_BYTES,
    ENTRIES_PER_BUCKET,
    ENTRY_BYTES,
    buckets,
    entries,
    power_of_two,
    up,
)

_MAX = "net.netfilter.nf_conntrack_max"
_UDP_STREAM = "net.netfilter.nf_conntrack_udp_timeout_stream"
_MEMORY_SHARE = 0.05  # of RAM, the most that the table may take
_BOUND = "memory bears no more"
_LASTS_SECONDS = 120  # nf_conntrack_udp_timeout_stream, by default
_SPARE_OF = 4  # one part in so many stays free: near the limit the kernel clears up early


def check(facts: Facts) -> Iterator[Finding]:
    """Yield a finding when new flows found no room."""
    account = lost_at(facts, "conntrack-table-full")
    if account is None:
        return
    limit = setting(facts, _MAX)
    held = entries_held(facts)
    full = ""
    if limit and held is not None:
        full = f" ({count(held)} of {count(limit)} entries)"
    yield found(
        facts,
        account,
        f"{lost_of(facts, account, 'packets')} found the connection table full{full}",
        meaning="The first packets of new flows are dropped; flows that have an entry go on."
        + _timeout_words(facts),
        recommendations=_advice(facts, account.lost or 0),
    )


def _timeout_words(facts: Facts) -> str:
    seconds = setting(facts, _UDP_STREAM)
    if seconds is None:
        return ""
    return f" A UDP flow that is over keeps its entry for up to {count(seconds)} s."


def _advice(facts: Facts, refused: int) -> Iterator[Recommendation | None]:
    need = _need(facts, refused)
    yield sysctl_for(
        facts,
        _MAX,
        need,
        why="For flows that are honest ones; it goes together with the number of hash buckets.",
        cost=f"up to {size(need.values[0] * ENTRY_BYTES)} of kernel memory",
    )
    if setting(facts, BUCKETS) is not None and setting(facts, _MAX) is not None:
        yield _buckets(facts, need.values[0])
    yield do(
        "netfilter",
        "notrack",
        why="Stateless UDP such as name service, syslog or flow export needs no entry: a notrack"
        " rule for its port, at prerouting and output with priority raw, keeps it out.",
        cost="rules that ask for the state of these packets no longer match",
    )


def _need(facts: Facts, refused: int) -> Need:
    """Return room for the entries there were and for those that were refused, while they last."""
    delta = facts.delta
    memory = int(memory_bytes(facts) * _MEMORY_SHARE) // (ENTRY_BYTES + BUCKET_BYTES)
    least = setting(facts, BUCKETS) or 0
    held = entries_held(facts) or 0
    if delta.mode == "since-boot" or not delta.seconds:
        room = max(least, power_of_two(2 * max(1, held)))
        text = f"One step, to twice the {count(held)} entries that there are"
        return capped(room, memory, f"{text}: {count(room)}", _BOUND)
    lasts = setting(facts, _UDP_STREAM) or _LASTS_SECONDS
    rate = up(refused, max(1, round(delta.seconds)))
    more = entries(rate, lasts)
    exact = up((held + more) * _SPARE_OF, _SPARE_OF - 1)
    room = max(least, power_of_two(exact))
    text = (
        f"{count(held)} entries and {count(rate)}/s refused x {count(lasts)} s (as long as"
        f" an entry of UDP lasts) = {count(held + more)}, a quarter kept free: {count(room)}"
    )
    return capped(room, memory, text, _BOUND)


def _buckets(facts: Facts, limit: int) -> Recommendation | None:
    """Return the advice to keep the chains as short as the kernel's own reckoning does."""
    wanted = buckets(limit)
    return sysctl_for(
        facts,
        BUCKETS,
        Need((wanted,), f"One bucket for each {ENTRIES_PER_BUCKET} entries: {count(wanted)}."),
        why="More entries in too few buckets make every look-up slower.",
        cost=f"{size(BUCKET_BYTES * wanted)} of kernel memory; the table is rebuilt once",
    )


RULE = Rule(("conntrack-table-full",), check, requires=("nf_conntrack.drop",))
