"""Packets of an IP protocol that nobody handles.

What it means: they were for this host, and no module handles their protocol number (SCTP, GRE, ESP
...). The sender gets an ICMP protocol unreachable.

How it is counted: Ip.InUnknownProtos and Ip6.InUnknownProtos; they are not in InDelivers.
Kernel: net/ipv4/ip_input.c, ip_protocol_deliver_rcu(); net/ipv6/ip6_input.c,
ip6_protocol_deliver_rcu().

Remedy: load the protocol's module, or stop the sender.

When not to act: scans.
"""

from __future__ import annotations

from netrx_tune.model.finding import Finding
from netrx_tune.model.ledger import Account
from netrx_tune.rules.advice import look
from netrx_tune.rules.outcome import found, loss_rule, stray_severity
from netrx_tune.rules.rule import Facts
from netrx_tune.rules.words import lost_of


def check(facts: Facts, account: Account) -> Finding:
    """Return the finding for protocols without a handler."""
    why = (
        "Shows their protocol number: load its module (modprobe sctp, ip_gre, esp4), or stop them."
    )
    command = (
        "tcpdump -nnv -c 20 -i any"
        " 'ip and not (ip proto 1 or ip proto 2 or ip proto 6 or ip proto 17)'"
    )
    return found(
        facts,
        account,
        f"{lost_of(facts, account, 'packets')} had an IP protocol that nobody handles here",
        meaning="They were for this host; the module of their protocol is not loaded.",
        severity=stray_severity(facts, account),
        recommendations=(look(facts, command, kind="sender", target="protocol", why=why),),
    )


RULE = loss_rule(("proto-unknown",), check, requires=("Ip.InUnknownProtos|Ip6.InUnknownProtos",))
