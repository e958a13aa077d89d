"""Packets that no route takes.

What it means: the packet was not for an address of this host, and no route says where it should go;
or a route says unreachable or blackhole on purpose.

How it is counted: IpExt.InNoRoutes and Ip6.InNoRoutes.
Kernel: net/ipv4/route.c, ip_error(); net/ipv6/route.c, ip6_pkt_drop().

Remedy: add the address or the route that is missing, or correct the sender.

When not to act: an unreachable or blackhole route that is meant.
"""

from __future__ import annotations

from collections.abc import Iterator

from netrx_tune.model.finding import Finding
from netrx_tune.rules.advice import look
from netrx_tune.rules.outcome import found, lost_at, stray_severity
from netrx_tune.rules.rule import Facts, Rule
from netrx_tune.rules.words import lost_of


def check(facts: Facts) -> Iterator[Finding]:
    """Yield a finding for packets without a route."""
    account = lost_at(facts, "route-no-route")
    if account is None:
        return
    family = "-6 " if not facts.delta.increase("IpExt.InNoRoutes") else ""
    why = "Shows the addresses and routes that there are; add the one that is missing."
    command = f"ip {family}route show table all"
    yield found(
        facts,
        account,
        f"{lost_of(facts, account, 'packets')} were for addresses that no route leads to",
        meaning="An address of this host or a route is missing, or they were sent here by mistake.",
        severity=stray_severity(facts, account),
        recommendations=(look(facts, command, kind="route", target="ip route", why=why),),
    )


RULE = Rule(("route-no-route",), check, requires=("IpExt.InNoRoutes|Ip6.InNoRoutes",))
