"""The connection table was full.

What it means: every new flow needs an entry, and net.netfilter.nf_conntrack_max entries existed.
The first packet of each new flow was dropped; flows that have an entry go on.

How it is counted: `drop` of /proc/net/stat/nf_conntrack while the table stands near its limit. The
kernel's log says "nf_conntrack: table full, dropping packet", at a limited rate: where a text shows
those lines and no statistics, each stands for one packet at least.
Kernel: net/netfilter/nf_conntrack_core.c, __nf_conntrack_alloc().

Remedy: raise net.netfilter.nf_conntrack_max and nf_conntrack_buckets together; leave stateless UDP
(name service, syslog, flow export) out of tracking with a notrack rule; shorter UDP timeouts.

When not to act: a flood of forged sources fills any table. The limit is one number for the host,
held against each namespace's own count.

References: Documentation/networking/nf_conntrack-sysctl.rst.
"""

from __future__ import annotations

from netrx_tune.collectors.log_text import TABLE_FULL
from netrx_tune.model.finding import Finding
from netrx_tune.model.ledger import Account
from netrx_tune.rules.advice import setting
from netrx_tune.rules.conntrack_advice import MAX, UDP_STREAM, entries_held
from netrx_tune.rules.conntrack_room import room_for_flows
from netrx_tune.rules.outcome import found, loss_rule
from netrx_tune.rules.rule import Facts
from netrx_tune.rules.words import count, lost_of


def check(facts: Facts, account: Account) -> Finding:
    """Return the finding when new flows found no room."""
    limit = setting(facts, MAX)
    held = entries_held(facts)
    full = ""
    if limit and held is not None:
        full = f" ({count(held)} of {count(limit)} entries)"
    return found(
        facts,
        account,
        f"{lost_of(facts, account, 'packets')} found the connection table full{full}",
        meaning="The first packets of new flows are dropped; flows that have an entry go on."
        + _timeout_words(facts),
        recommendations=room_for_flows(facts, account.lost or 0),
    )


def _timeout_words(facts: Facts) -> str:
    seconds = setting(facts, UDP_STREAM)
    if seconds is None:
        return ""
    return f" A UDP flow that is over keeps its entry for up to {count(seconds)} s."


RULE = loss_rule(("conntrack-table-full",), check, requires=(f"nf_conntrack.drop|{TABLE_FULL}",))
