"""Two packets raced for one connection entry.

What it means: two first packets of one flow were tracked at the same time, typically the two
questions (A and AAAA) of a name lookup from one port, and the second could not be entered. Or two
connections were given one port by source address translation at the same time. Or the hash chain of
the entry had become too long.

How it is counted: insert_failed of /proc/net/stat/nf_conntrack, as far as it is in `drop` too. From
4.9 to 5.4 it also rises for clashes that were resolved, so there `drop` alone is charged.
Kernel: net/netfilter/nf_conntrack_core.c, __nf_conntrack_confirm(), nf_ct_resolve_clash().

Remedy: leave that traffic out of tracking, or let resolvers send one question after the other.
Where this host translates source addresses, let it choose their ports at random. More hash buckets
only where chains are too long (chaintoolong).

When not to act: a few an hour cost a repeated lookup each. The size of the table is not the matter.
"""

from __future__ import annotations

from netrx_tune.model.finding import Finding, Recommendation
from netrx_tune.model.ledger import Account
from netrx_tune.rules.advice import capped, do, look, sysctl_for
from netrx_tune.rules.conntrack_advice import BUCKETS, entries_held
from netrx_tune.rules.judge import evidence
from netrx_tune.rules.memory_advice import memory_bound, memory_bytes
from netrx_tune.rules.outcome import found, loss_rule
from netrx_tune.rules.rule import Facts
from netrx_tune.rules.words import count, lost_of, size
from netrx_tune.rxpath.queue_needs import BUCKET_BYTES, power_of_two

_TOO_LONG = "nf_conntrack.chaintoolong"
_MEMORY_SHARE = 0.001  # of RAM, the most that the buckets may take


def check(facts: Facts, account: Account) -> Finding:
    """Return the finding when entries could not be inserted."""
    long_chains = 2 * (facts.delta.increase(_TOO_LONG) or 0) > (account.lost or 0)
    return found(
        facts,
        account,
        f"{lost_of(facts, account, 'packets')} could not be entered into the connection table",
        meaning="Their hash chains were too long."
        if long_chains
        else "Two packets of one new flow were tracked at once, and the second had to go: typical"
        " of name lookups that ask two questions from one port, and of source address translation"
        " that gives two connections one port.",
        evidence=evidence(facts.delta, "nf_conntrack.insert_failed", _TOO_LONG),
        recommendations=(_more_buckets(facts) if long_chains else None, *_RACES),
    )


def _more_buckets(facts: Facts) -> Recommendation | None:
    held = entries_held(facts)
    if not held:
        why = "As many buckets as entries keep the chains short: shows both."
        command = f"sysctl net.netfilter.nf_conntrack_count {BUCKETS}"
        return look(facts, command, kind="netfilter", target=BUCKETS, why=why)
    wanted = power_of_two(max(1, held))
    text = f"A bucket for each of {count(held)} entries: {count(wanted)}"
    most = int(memory_bytes(facts) * _MEMORY_SHARE) // BUCKET_BYTES
    need = capped(wanted, most, text, memory_bound(facts, "a thousandth of RAM"))
    return sysctl_for(
        facts,
        BUCKETS,
        need,
        why="More buckets make the chains shorter. Where there are as many already, flows were"
        " made to meet in one chain.",
        cost=f"{size(BUCKET_BYTES * need.values[0])} of kernel memory; the table is rebuilt once",
    )


_RACES = (
    do(
        "netfilter",
        "notrack",
        why="Name service needs no tracking: a notrack rule for UDP port 53, at prerouting and"
        " output with priority raw, ends the race.",
        cost="rules that ask for the state of these packets no longer match",
    ),
    do(
        "application",
        "resolver",
        why='Or let clients ask one question after the other: "options single-request-reopen" in'
        " /etc/resolv.conf (glibc), or a caching resolver on each host.",
        cost="a lookup of both kinds takes a little longer",
    ),
    do(
        "netfilter",
        "masquerade",
        why="Where this host translates source addresses for others (containers, a gateway): random"
        " ports keep new connections apart, with --random-fully at MASQUERADE or SNAT, or"
        " fully-random in nft.",
        cost="ports are no longer kept as the client chose them",
    ),
)

RULE = loss_rule(("conntrack-insert-fail",), check, requires=("nf_conntrack.drop",))
