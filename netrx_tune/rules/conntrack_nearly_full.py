"""The connection table is nearly full, and refused nobody yet.

What it means: every new flow needs an entry, and nearly net.netfilter.nf_conntrack_max of them
exist. One more burst of flows and first packets are dropped. Where the statistics of connection
tracking could not be read, they may be dropped already.

How it is counted: net.netfilter.nf_conntrack_count against nf_conntrack_max, from 95 % on; there
the kernel begins to clear up early. `drop` of /proc/net/stat/nf_conntrack did not move.
Kernel: net/netfilter/nf_conntrack_core.c, __nf_conntrack_alloc(), gc_worker().

Remedy: as for a full table: leave stateless UDP out of tracking, shorter timeouts, or more entries
together with buckets.

When not to act: a table that is kept full by forged sources stays full at any size.
"""

from __future__ import annotations

from collections.abc import Iterator

from netrx_tune.model.finding import Finding
from netrx_tune.rules.advice import setting
from netrx_tune.rules.conntrack_advice import MAX, entries_held
from netrx_tune.rules.rule import Facts, Rule, note
from netrx_tune.rules.words import count, percent

_NEARLY = 0.95


def check(facts: Facts) -> Iterator[Finding]:
    """Yield a note while the table has hardly any room left."""
    limit, held = setting(facts, MAX), entries_held(facts)
    if not limit or held is None or held < _NEARLY * limit:
        return
    if facts.ledger.lost_at("conntrack-table-full"):
        return
    from netrx_tune.rules.conntrack_room import room_for_flows  # noqa: PLC0415 - seldom

    counted = "nf_conntrack.drop" in facts.delta.increases
    refused = (
        "It refused nobody so far."
        if counted
        else "Whether it refuses packets already, /proc/net/stat/nf_conntrack (conntrack -S) tells;"
        " the kernel's log then says table full, dropping packet."
    )
    yield note(
        "conntrack-table-full",
        f"the connection table holds {count(held)} of {count(limit)} entries"
        f" ({percent(min(1.0, held / limit))})",
        confidence="high" if counted else "medium",
        meaning=f"When it is full, the first packets of new flows are dropped. {refused}",
        recommendations=room_for_flows(facts, 0),
    )


RULE = Rule((), check, requires=(MAX,))
