"""Packets for an address that is not this host's.

What it means: the frame came to this host's MAC, its IP address is not one of this host's, and this
host does not forward. A virtual address moved away, a neighbour's ARP entry is old, or a load
balancer sends to a host that lacks the address.

How it is counted: Ip.InAddrErrors (from 3.14) and Ip6.InAddrErrors.
Kernel: net/ipv4/route.c, ip_error(); net/ipv6/ip6_output.c, ip6_forward().

Remedy: put the address on this host, or correct the sender's route or ARP entry.

When not to act: a few after an address has moved. No buffer has a part in it.
"""

from __future__ import annotations

from netrx_tune.model.finding import Finding
from netrx_tune.model.ledger import Account
from netrx_tune.rules.advice import look
from netrx_tune.rules.outcome import found, loss_rule, stray_severity
from netrx_tune.rules.rule import Facts
from netrx_tune.rules.words import lost_of


def check(facts: Facts, account: Account) -> Finding:
    """Return the finding for packets that are another host's."""
    why = "Shows the addresses that this host has; the capture below shows those that are asked."
    command = "ip -br address show"
    capture = "tcpdump -enn -c 50 -i any ip or ip6"
    return found(
        facts,
        account,
        f"{lost_of(facts, account, 'packets')} were for addresses that this host does not have",
        meaning="They came to this host's MAC address, and it does not forward: an address that"
        " moved, an old ARP entry, or a load balancer's target without the address.",
        severity=stray_severity(facts, account),
        recommendations=(
            look(facts, command, kind="route", target="ip address", why=why),
            look(
                facts,
                capture,
                kind="sender",
                target="sender",
                why="Shows who sends to which address.",
            ),
        ),
    )


RULE = loss_rule(("route-not-local",), check, requires=("Ip.InAddrErrors|Ip6.InAddrErrors",))
