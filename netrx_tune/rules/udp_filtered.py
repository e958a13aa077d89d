"""Datagrams that a socket's filter refused.

What it means: the program attached a filter (SO_ATTACH_FILTER, SO_ATTACH_BPF), or a BPF program of
its cgroup or a security module decides what it may receive. It did what it was told.

How it is counted: InErrors and the socket's drops, with no counter of its own; up to 4.8 not even
the drops. Kernel: net/ipv4/udp.c, udp_queue_rcv_one_skb(); net/core/filter.c, sk_filter_trim_cap().

Remedy: none, if the filter is meant. `ss -uabp` shows classic filters, `bpftool cgroup tree` those
of cgroups.

When not to act: it is not overload; no buffer is involved.
"""

from __future__ import annotations

from netrx_tune.model.finding import Finding
from netrx_tune.model.ledger import Account
from netrx_tune.rules.advice import look
from netrx_tune.rules.buffers import report
from netrx_tune.rules.lossy_sockets import other_losers
from netrx_tune.rules.outcome import found, loss_rule
from netrx_tune.rules.rule import Facts
from netrx_tune.rules.words import lost_of


def check(facts: Facts, account: Account) -> Finding:
    """Return the note for datagrams that a filter refused."""
    return found(
        facts,
        account,
        f"{lost_of(facts, account)} were refused by a socket filter, a cgroup's BPF program"
        " or a security module",
        severity="note",
        meaning="InErrors and a socket's drops rose together, and neither its buffer, a checksum"
        " nor an IPsec policy accounts for it. That is policy, not overload.",
        sockets=tuple(report(facts.delta, s, n) for s, n in other_losers(facts)[:20]),
        recommendations=(
            look(
                facts,
                "ss -uabp",
                target="socket filters",
                why="Shows classic socket filters; for those of cgroups: bpftool cgroup tree.",
            ),
        ),
    )


RULE = loss_rule(("udp-sk-filter",), check)
