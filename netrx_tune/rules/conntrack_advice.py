"""What the rules of connection tracking share."""

from __future__ import annotations

from netrx_tune.rules.rule import Facts

MAX = "net.netfilter.nf_conntrack_max"
BUCKETS = "net.netfilter.nf_conntrack_buckets"
UDP_STREAM = "net.netfilter.nf_conntrack_udp_timeout_stream"


def entries_held(facts: Facts) -> int | None:
    """Return how many entries the table held: nf_conntrack_count, else the statistics' own."""
    levels = facts.delta.after.levels
    return levels.get("nf_conntrack.count", levels.get("nf_conntrack.entries"))
