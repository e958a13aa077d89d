"""Datagrams were given up because a fragment never came.

What it means: all fragments of a datagram must arrive within net.ipv4.ipfrag_time seconds. One was
lost earlier: in the network, in the card's ring, in a backlog; the others waited in vain.

How it is counted: Ip.ReasmTimeout and Ip6.ReasmTimeout, once per datagram, that many seconds after
the loss.
Kernel: net/ipv4/ip_fragment.c, ip_expire(); include/net/ipv6_frag.h, ip6frag_expire_frag_queue().

Remedy: end the loss before this stage; make the sender's datagrams fit the MTU, so that one lost
packet costs one packet.

When not to act: a few are normal on lossy paths. Waiting longer and more reassembly memory bring no
fragment back; at high rates waiting longer joins fragments of different datagrams.

References: RFC 8900.
"""

from __future__ import annotations

from netrx_tune.model.finding import Finding
from netrx_tune.model.ledger import Account
from netrx_tune.rules.advice import do
from netrx_tune.rules.outcome import found, loss_rule, stray_severity
from netrx_tune.rules.rule import Facts
from netrx_tune.rules.words import count, counted, were, when
from netrx_tune.rxpath.stages import stage

_EARLIER = (
    "nic-wire-error",
    "nic-ring-overflow",
    "nic-host-shaping",
    "cpu-backlog-overflow",
    "gro-cells-overflow",
    "veth-ring-overflow",
    "defrag-memory",
)


def check(facts: Facts, account: Account) -> Finding:
    """Return the finding for datagrams that stayed incomplete."""
    lost = account.lost or 0
    fragments = f" ({count(account.offered)} fragments came)" if account.offered else ""
    return found(
        facts,
        account,
        f"{counted(lost, 'datagram')}{when(facts)} {were(lost)} given up because a fragment"
        f" never came{fragments}",
        meaning=_where_lost(facts),
        severity=stray_severity(facts, account),
        recommendations=(
            do(
                "sender",
                "sender",
                why="Send datagrams that fit the MTU: then one lost packet costs one packet, and"
                " nothing waits.",
                cost="more, smaller datagrams",
            ),
        ),
    )


def _where_lost(facts: Facts) -> str:
    earlier = [name for name in _EARLIER if facts.ledger.lost_at(name)]
    if earlier:
        named = ", ".join(f"{name} ({stage(name).title})" for name in earlier)
        return f"This host lost packets before this stage: {named}. Fragments may be among them."
    return (
        "No stage of this host before reassembly lost anything in the window, so the fragments were"
        " lost in the network or at the sender."
    )


RULE = loss_rule(("defrag-timeout",), check, requires=("Ip.ReasmTimeout|Ip6.ReasmTimeout",))
