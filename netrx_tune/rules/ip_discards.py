"""IP discarded good packets.

What it means: IPv4 had no memory to copy or trim a packet. IPv6 counts here as well what came for a
multicast group that nobody joined, and what came while IPv6 was disabled on the device.

How it is counted: Ip.InDiscards and Ip6.InDiscards.
Kernel: net/ipv4/ip_input.c, ip_rcv_core(); net/ipv6/ip6_input.c, ip6_rcv_core(), ip6_mc_input().

Remedy: end the memory pressure; for IPv6 look at the groups and at disable_ipv6.

When not to act: IPv6 discards alone are mostly multicast that no program wants.
"""

from __future__ import annotations

from netrx_tune.model.finding import Finding
from netrx_tune.model.ledger import Account
from netrx_tune.rules.advice import look
from netrx_tune.rules.memory_advice import end_pressure, keep_more_free
from netrx_tune.rules.outcome import found, loss_rule
from netrx_tune.rules.rule import Facts
from netrx_tune.rules.words import lost_of


def check(facts: Facts, account: Account) -> Finding:
    """Return the finding for good packets that IP discarded."""
    summary = f"{lost_of(facts, account, 'packets')} were discarded by IP"
    if not facts.delta.increase("Ip.InDiscards"):
        why = "Shows which groups are joined on which device, and whether IPv6 is on there."
        return found(
            facts,
            account,
            f"{summary}, all of them IPv6",
            meaning="Multicast of groups that nobody here joined counts like this, and packets that"
            " came while IPv6 was off on the device. Lack of memory would, too.",
            severity="note",
            recommendations=(look(facts, "ip -6 maddr show", target="multicast", why=why),),
        )
    return found(
        facts,
        account,
        f"{summary} for want of memory",
        meaning="The packets were good; the kernel had no memory to prepare them.",
        recommendations=(keep_more_free(facts), end_pressure(facts)),
    )


RULE = loss_rule(("ip-internal-discard",), check, requires=("Ip.InDiscards|Ip6.InDiscards",))
