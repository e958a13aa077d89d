"""IP received packets that no counter names and nobody got.

What it means: they reached IP and neither a named loss nor a delivery accounts for them. Firewall
rules without a counter, connection tracking, multicast of groups that nobody here joined, IPsec,
source-routed packets and a router's routes that discard (blackhole, prohibit, unreachable) all
vanish like that.

How it is counted: InReceives less every IP counter, delivery, forwarded packet and fragment that
was put together; less what rules, conntrack, IPsec and martians explain. Differences as small as
counters of several CPUs may be apart are not mentioned.
Kernel: net/ipv4/ip_input.c, ip_rcv_core(), ip_protocol_deliver_rcu(); net/netfilter/core.c,
nf_hook_slow(); net/ipv4/route.c, ip_error().

Remedy: find out which it is: rules with counters, the joined groups, the IPsec policies.

When not to act: a firewall that keeps out what it should looks exactly like this. No buffer has a
part in it.
"""

from __future__ import annotations

from collections.abc import Iterator

from netrx_tune.model.finding import Finding, Recommendation, Severity
from netrx_tune.model.ledger import Account
from netrx_tune.rules.advice import look
from netrx_tune.rules.outcome import found, loss_rule
from netrx_tune.rules.rule import Facts
from netrx_tune.rules.words import count, lost_of
from netrx_tune.rxpath.books.entries import noise, total
from netrx_tune.rxpath.books.multicast import may_be_multicast
from netrx_tune.rxpath.books.rules import knows_netfilter, may_drop

_LARGE_SHARE = 0.01
_NEARLY_ALL = 0.9


def check(facts: Facts, account: Account) -> Finding | None:
    """Return the finding for packets that vanished within IP."""
    if facts.delta.after.host.sandbox:
        return None
    if (account.lost or 0) <= noise(facts.delta):
        return None
    return found(
        facts,
        account,
        f"{lost_of(facts, account, 'packets')} reached IP, and no counter says where they went",
        meaning=_meaning(facts, account),
        severity=_severity(facts, account),
        recommendations=_advice(facts, account),
    )


def _severity(facts: Facts, account: Account) -> Severity:
    if (
        may_drop(facts.delta.after)
        or may_be_multicast(facts.delta, account.lost or 0)
        or _are_routes(facts, account)
    ):
        return "note"
    large = (account.share or 0) >= _LARGE_SHARE
    return "warning" if large and facts.delta.before else "note"


def _of(account: Account, version: str) -> int:
    """Return the part of IPv4 ("Ip.") or of IPv6 ("Ip6.")."""
    return total(entry for entry in account.by if entry.counter.startswith(version))


def _are_routes(facts: Facts, account: Account) -> bool:
    """Tell whether half of them or more may have met a route that discards.

    rt_cache counts lookups without a usable route for all namespaces; what the two named counters
    have had none at all.
    """
    if facts.delta.before is None:
        return False
    failed, *named = (
        facts.delta.increase(name) or 0
        for name in ("rt_cache.in_no_route", "IpExt.InNoRoutes", "Ip.InAddrErrors")
    )
    return 2 * (failed - sum(named)) >= (account.lost or 0)


def _counts_ipsec(facts: Facts) -> bool:
    return any(name.startswith("xfrm.") for name in facts.delta.increases)


def _meaning(facts: Facts, account: Account) -> str:
    causes = []
    known = ""
    snap = facts.delta.after
    if _are_routes(facts, account):
        causes.append("a route that discards (blackhole, prohibit, unreachable)")
    if not knows_netfilter(snap):
        unread = "the rules could not be read" if snap.rules is None else "not all could be read"
        causes.append(f"a firewall rule ({unread})")
    elif may_drop(snap):
        causes.append("a firewall rule without a counter")
    else:
        known = " No firewall rule of this namespace drops."
    if heard := _multicast_of_ipv6(facts, account):
        causes.insert(0, f"multicast of groups that nobody here joined (IPv6 had {count(heard)})")
    elif may_be_multicast(facts.delta, account.lost or 0):
        causes.append("multicast of groups that nobody here joined")
    if not _counts_ipsec(facts):
        causes.append("an IPsec policy (this kernel does not count them)")
    four = _of(account, "Ip.")
    if four:
        causes.append("packets with IP options that this host refuses (source routes)")
    six = _of(account, "Ip6.")
    families = f" IPv4 {count(four)}, IPv6 {count(six)}." if four and six else ""
    either = f"{', '.join(causes[:-1])}, or " if causes[1:] else ""
    told = f"It can be {either}{causes[-1]}." if causes else "What took them is not to be seen."
    return f"{told}{known}{families}"


def _multicast_of_ipv6(facts: Facts, account: Account) -> int:
    """Return IPv6's multicast packets if nearly all of the account may be those, else 0.

    IPv6 counts them before it looks whether the group is joined.
    """
    six = _of(account, "Ip6.")
    heard = facts.delta.increase("Ip6.InMcastPkts") or 0
    return heard if min(six, heard) >= _NEARLY_ALL * (account.lost or 0) else 0


def _groups(facts: Facts) -> Recommendation:
    return look(
        facts,
        "ip maddr show",
        target="multicast",
        why="Shows the groups that are joined on each device; a program may have joined on the"
        " wrong one.",
    )


def _advice(facts: Facts, account: Account) -> Iterator[Recommendation]:
    is_heard = bool(_multicast_of_ipv6(facts, account))
    if is_heard:
        yield _groups(facts)
    if _are_routes(facts, account):
        yield look(
            facts,
            "ip route show table all | grep -E '^(blackhole|prohibit|unreachable)'",
            kind="route",
            target="ip route",
            why="Shows the routes that discard; take away one that is not meant.",
        )
    if may_drop(facts.delta.after):
        yield look(
            facts,
            "nft -a list ruleset",
            kind="netfilter",
            target="nft ruleset",
            why="Shows rules and policies that drop; give them a `counter`, and the next run names"
            " the one. Where iptables is the old kind: iptables-save -c.",
        )
    if not is_heard and may_be_multicast(facts.delta, account.lost or 0):
        yield _groups(facts)
    if not _counts_ipsec(facts):
        yield look(
            facts,
            "ip -s xfrm policy",
            kind="route",
            target="ip xfrm policy",
            why="Shows whether an IPsec policy blocks.",
        )
    if _of(account, "Ip."):
        yield look(
            facts,
            "tcpdump -nnv -i any -c 20 'ip[0] & 0x0f > 5'",
            kind="sender",
            target="IP options",
            why="Shows packets with IP options; a source route is refused by default.",
        )


RULE = loss_rule(("ip-unattributed",), check, requires=("Ip.InReceives|Ip6.InReceives",))
