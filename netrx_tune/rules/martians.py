"""Packets with an address that cannot be right.

What it means: the source is multicast, broadcast, loopback or this host's own, or the destination
is loopback or zero. No such packet should come from a network.

How it is counted: in_martian_src and in_martian_dst of /proc/net/stat/rt_cache, less what the
reverse-path filter refused. That file counts for the whole host, so the figure is bounded by what
IP received here and nobody got.
Kernel: net/ipv4/route.c, ip_route_input_slow(), ip_handle_martian_source().

Remedy: correct the sender. accept_local allows this host's own address as a source (a test with two
ports of one host), route_localnet the loopback net as a destination.

When not to act: a trickle on a large or badly kept network.
"""

from __future__ import annotations

from netrx_tune.model.finding import Finding, Recommendation
from netrx_tune.model.ledger import Account
from netrx_tune.rules.advice import look, set_sysctl, setting
from netrx_tune.rules.outcome import found, loss_rule, stray_severity
from netrx_tune.rules.rule import Facts
from netrx_tune.rules.words import lost_of

_LOG = "net.ipv4.conf.all.log_martians"


def check(facts: Facts, account: Account) -> Finding:
    """Return the finding for impossible addresses."""
    return found(
        facts,
        account,
        f"{lost_of(facts, account, 'packets')} had an address that cannot come from a network",
        meaning="Source or destination is loopback, zero, or this host's own; or the source is a"
        " group. IP drops such packets.",
        severity=stray_severity(facts, account),
        recommendations=(_find_them(facts),),
    )


def _find_them(facts: Facts) -> Recommendation:
    if setting(facts, _LOG):
        why = "The kernel log names the addresses and the device."
        return look(facts, "dmesg | grep -i martian", kind="sender", target="sender", why=why)
    return set_sysctl(
        facts,
        _LOG,
        (1,),
        why="The kernel log then names the addresses and the device; set it back afterwards.",
        cost="lines in the log, at a limited rate",
    )


RULE = loss_rule(("route-martian",), check)
