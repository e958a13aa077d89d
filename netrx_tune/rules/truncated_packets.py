"""Packets shorter than their IP header says.

What it means: something on the way cut them: a tunnel or a card with a smaller MTU than it admits,
or a sender that writes wrong lengths.

How it is counted: IpExt.InTruncatedPkts and Ip6.InTruncatedPkts. They are not in InHdrErrors.
Kernel: net/ipv4/ip_input.c, ip_rcv_core(); net/ipv6/ip6_input.c, ip6_rcv_core().

Remedy: compare MTUs along the way; look at the last tunnel or card.

When not to act: a few since boot. No buffer has a part in it.
"""

from __future__ import annotations

from netrx_tune.model.finding import Finding
from netrx_tune.model.ledger import Account
from netrx_tune.rules.advice import look
from netrx_tune.rules.outcome import found, loss_rule, stray_severity
from netrx_tune.rules.rule import Facts
from netrx_tune.rules.words import lost_of


def check(facts: Facts, account: Account) -> Finding:
    """Return the finding for packets that were cut."""
    why = "Shows packets that end before their length says, and by which device they come."
    command = "tcpdump -nnv -i any -c 2000 | grep -i truncated"
    return found(
        facts,
        account,
        f"{lost_of(facts, account, 'packets')} were shorter than their IP header says",
        meaning="Something on the way cuts packets, or their sender writes wrong lengths.",
        severity=stray_severity(facts, account),
        recommendations=(look(facts, command, kind="sender", target="sender", why=why),),
    )


RULE = loss_rule(("ip-truncated",), check, requires=("IpExt.InTruncatedPkts|Ip6.InTruncatedPkts",))
