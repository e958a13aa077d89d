"""How much room a table of connections needs, and what else need not be in it."""

from __future__ import annotations

from collections.abc import Iterator

from netrx_tune.model.finding import Recommendation
from netrx_tune.rules.advice import Need, capped, do, setting, sysctl_for
from netrx_tune.rules.conntrack_advice import BUCKETS, MAX, UDP_STREAM, entries_held
from netrx_tune.rules.memory_advice import memory_bound, memory_bytes
from netrx_tune.rules.rule import Facts
from netrx_tune.rules.words import count, size
from netrx_tune.rxpath.queue_needs import (
    BUCKET_BYTES,
    ENTRIES_PER_BUCKET,
    ENTRY_BYTES,
    buckets,
    entries,
    power_of_two,
    up,
)

_MEMORY_SHARE = 0.05  # of RAM, the most that the table may take
_USUAL = 262144  # net/netfilter/nf_conntrack_core.c, nf_conntrack_init_start()
_BOUND = "memory bears no more"
_LASTS_SECONDS = 120  # nf_conntrack_udp_timeout_stream, by default
_SPARE_OF = 4  # one part in so many stays free: near the limit the kernel clears up early


def room_for_flows(facts: Facts, refused: int) -> Iterator[Recommendation | None]:
    """Yield a larger table with its buckets, and less to put in it."""
    need = _need(facts, refused)
    yield sysctl_for(
        facts,
        MAX,
        need,
        why="For flows that are honest ones; it goes together with the number of hash buckets.",
        cost=f"up to {size(need.values[0] * ENTRY_BYTES)} of kernel memory",
    )
    if setting(facts, BUCKETS) is not None and setting(facts, MAX) is not None:
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
    bound = memory_bound(facts, _BOUND)
    if delta.after.host.memory_bytes is None:
        memory = max(memory, 2 * power_of_two(max(1, held or setting(facts, MAX) or 1)))
    if delta.mode == "since-boot" or not delta.seconds:
        there = held or setting(facts, MAX)
        if not there:
            text = f"One step, to {count(_USUAL)}: the kernel's own with 4 GiB and more."
            return Need((_USUAL,), text)
        room = max(least, power_of_two(2 * there))
        text = f"One step, to twice the {count(there)} entries that there"
        text += " are" if held else " may be"
        return capped(room, memory, f"{text}: {count(room)}", bound)
    lasts = setting(facts, UDP_STREAM) or _LASTS_SECONDS
    rate = up(refused, max(1, round(delta.seconds)))
    more = entries(rate, lasts)
    exact = up((held + more) * _SPARE_OF, _SPARE_OF - 1)
    room = max(least, power_of_two(exact))
    refusals = (
        f" and {count(rate)}/s refused x {count(lasts)} s (as long as an entry of UDP lasts)"
        f" = {count(held + more)}"
    )
    text = f"{count(held)} entries{refusals if rate else ''}, a quarter kept free: {count(room)}"
    return capped(room, memory, text, bound)


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
