"""Frames for another host's MAC address.

What it means: the device is promiscuous, the switch floods, or frames carry a VLAN tag that no VLAN
device of this host takes. IP ignores them before it counts anything.

How it is counted: rx_otherhost_dropped of the device (rtnetlink only), from 5.19 on.
Kernel: net/ipv4/ip_input.c, ip_rcv_core(); net/ipv6/ip6_input.c, ip6_rcv_core().

Remedy: none for strangers' frames. If tagged frames are wanted, create the VLAN device; if nobody
captures, switch promiscuous mode off.

When not to act: always, unless wanted traffic is missing.
"""

from __future__ import annotations

from netrx_tune.model.finding import Finding
from netrx_tune.model.ledger import Account
from netrx_tune.rules.advice import listed, look, quoted
from netrx_tune.rules.outcome import by_device, found, loss_rule, worst_of
from netrx_tune.rules.rule import Facts
from netrx_tune.rules.words import lost_of


def check(facts: Facts, account: Account) -> Finding:
    """Return the note for frames that were not for this host."""
    losses = by_device(account)
    name = worst_of(losses)
    why = (
        "Shows destination MAC and VLAN tag: strangers' frames, or a VLAN that has no device here."
    )
    command = f"tcpdump -enn -c 20 -i {quoted(name)}"
    return found(
        facts,
        account,
        f"{lost_of(facts, account, 'frames')} were for another MAC address or an unknown VLAN on"
        f" {listed(losses)}",
        meaning="They were not for this host, unless a VLAN that it should have is missing.",
        severity="note",
        recommendations=(look(facts, command, target=name, why=why),),
    )


RULE = loss_rule(("ip-otherhost",), check)
