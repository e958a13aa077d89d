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
from netrx_tune.rules.advice import do, double_sysctl, set_sysctl, setting
from netrx_tune.rules.outcome import found, lost_at
from netrx_tune.rules.rule import Facts, Rule
from netrx_tune.rules.words import count, lost_of, size

_MAX = "net.netfilter.nf_conntrack_max"
_BUCKETS = "net.netfilter.nf_conntrack_buckets"
_UDP_STREAM = "net.netfilter.nf_conntrack_udp_timeout_stream"
_ENTRY_BYTES = 320  # struct nf_conn with its extensions
_BUCKET_BYTES = 8
_MEMORY_SHARE = 0.05  # of RAM, the most that the table may take


def check(facts: Facts) -> Iterator[Finding]:
    """Yield a finding when new flows found no room."""
    account = lost_at(facts, "conntrack-table-full")
    if account is None:
        return
    limit = setting(facts, _MAX)
    entries = facts.delta.after.levels.get("nf_conntrack.count")
    full = ""
    if limit and entries is not None:
        full = f" ({count(entries)} of {count(limit)} entries)"
    yield found(
        facts,
        account,
        f"{lost_of(facts, account, 'packets')} found the connection table full{full}",
        meaning="The first packets of new flows are dropped; flows that have an entry go on."
        + _timeout_words(facts),
        recommendations=_advice(facts, limit),
    )


def _timeout_words(facts: Facts) -> str:
    seconds = setting(facts, _UDP_STREAM)
    if seconds is None:
        return ""
    return f" A UDP flow that is over keeps its entry for up to {count(seconds)} s."


def _advice(facts: Facts, limit: int | None) -> Iterator[Recommendation | None]:
    memory = facts.delta.after.host.memory_bytes
    most = int(memory * _MEMORY_SHARE) // _ENTRY_BYTES if memory else 2 * (limit or 0)
    larger = double_sysctl(
        facts,
        _MAX,
        at_least=setting(facts, _BUCKETS) or 0,
        at_most=most,
        why="Room for more flows, if they are honest ones; it goes together with the number of hash"
        " buckets.",
        cost=f"up to {size(_ENTRY_BYTES)} of kernel memory for each flow",
    )
    yield larger
    if larger and isinstance(larger.proposed, int) and limit:
        yield _buckets(facts, larger.proposed, limit)
    yield do(
        "netfilter",
        "notrack",
        why="Stateless UDP such as name service, syslog or flow export needs no entry: a notrack"
        " rule for its port, at prerouting and output with priority raw, keeps it out.",
        cost="rules that ask for the state of these packets no longer match",
    )


def _buckets(facts: Facts, entries: int, limit: int) -> Recommendation | None:
    """Return the advice to keep the chains as short as they may be now."""
    buckets = setting(facts, _BUCKETS)
    if not buckets:
        return None
    wanted = entries // max(1, limit // buckets)
    if wanted <= buckets:
        return None
    return set_sysctl(
        facts,
        _BUCKETS,
        (wanted,),
        why="More entries in as many buckets make every look-up slower.",
        cost=f"{size(_BUCKET_BYTES * (wanted - buckets))} of kernel memory; the table is rebuilt"
        " once",
    )


RULE = Rule(("conntrack-table-full",), check, requires=("nf_conntrack.drop",))
