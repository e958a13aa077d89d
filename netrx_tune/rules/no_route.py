"""Packets that no route takes.

What it means: the packet was not for an address of this host, and no route says where it should go;
or a route says unreachable or blackhole on purpose.

How it is counted: IpExt.InNoRoutes and Ip6.InNoRoutes.
Kernel: net/ipv4/route.c, ip_error(); net/ipv6/route.c, ip6_pkt_drop().

Remedy: add the address or the route that is missing, or correct the sender.

When not to act: an unreachable or blackhole route that is meant.
"""

from __future__ import annotations

from netrx_tune.model.finding import Finding
from netrx_tune.model.ledger import Account
from netrx_tune.rules.advice import look
from netrx_tune.rules.outcome import found, loss_rule, stray_severity
from netrx_tune.rules.rule import Facts
from netrx_tune.rules.words import lost_of


def check(facts: Facts, account: Account) -> Finding:
    """Return the finding for packets without a route."""
    family = "-6 " if not facts.delta.increase("IpExt.InNoRoutes") else ""
    why = "Shows the addresses and routes that there are; add the one that is missing."
    command = f"ip {family}route show table all"
    return found(
        facts,
        account,
        f"{lost_of(facts, account, 'packets')} were for addresses that no route leads to",
        meaning="An address of this host or a route is missing, or they were sent here by mistake.",
        severity=stray_severity(facts, account),
        recommendations=(look(facts, command, kind="route", target="ip route", why=why),),
    )


RULE = loss_rule(("route-no-route",), check, requires=("IpExt.InNoRoutes|Ip6.InNoRoutes",))
