"""Multicast or broadcast datagrams that no socket of this host wanted.

What it means: the host receives the group or broadcast, since another program joined it or the
network floods it, and no socket is bound to that port and group. Announcements of other machines
are the usual ones.

How it is counted: Udp.IgnoredMulti (3.19 and later), neither NoPorts nor InErrors.
Kernel: net/ipv4/udp.c, __udp4_lib_mcast_deliver().

Remedy: none, unless a program on this host should get them: then it has not joined the group on
this interface, or is bound to another address.

When not to act: nearly always; no program of this host lost anything.
"""

from __future__ import annotations

from netrx_tune.model.finding import Finding
from netrx_tune.model.ledger import Account
from netrx_tune.rules.advice import look
from netrx_tune.rules.outcome import found, loss_rule
from netrx_tune.rules.rule import Facts
from netrx_tune.rules.words import lost_of


def check(facts: Facts, account: Account) -> Finding:
    """Return the note for multicast that nobody took."""
    return found(
        facts,
        account,
        f"{lost_of(facts, account)} were multicast or broadcast for which no socket listens",
        severity="note",
        meaning="Announcements of other machines, as a rule. Only a program that should get them"
        " and does not has a fault: it joined on another interface or is bound elsewhere.",
        recommendations=(
            look(
                facts,
                "ip maddress show",
                target="multicast groups",
                why="Shows which groups are joined on which interface.",
            ),
        ),
    )


RULE = loss_rule(("udp-mcast-nolistener",), check, requires=("Udp.IgnoredMulti|Udp6.IgnoredMulti",))
