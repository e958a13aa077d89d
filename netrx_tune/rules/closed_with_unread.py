"""Datagrams that were queued on a socket when it closed.

What it means: the kernel had delivered them and the program was gone before it read them, as when
a service restarts. They are counted nowhere: InDatagrams counts at the read.

How it is counted: what IP delivered, less TCP's and ICMP's part, less all that UDP's counters and
the queues hold. Protocols without a counter (IGMP) are among it, so it is a most.
Kernel: net/ipv4/udp.c, udp_destruct_common().

Remedy: have the service read its socket empty before it closes, or pass the socket on to its
successor (systemd socket units keep it open).

When not to act: a program that was stopped on purpose.
"""

from __future__ import annotations

from netrx_tune.model.finding import Finding
from netrx_tune.model.ledger import Account
from netrx_tune.rules.advice import do
from netrx_tune.rules.outcome import found, loss_rule
from netrx_tune.rules.rule import Facts
from netrx_tune.rules.words import lost_of


def check(facts: Facts, account: Account) -> Finding:
    """Return the note for datagrams that died with their socket."""
    return found(
        facts,
        account,
        f"{lost_of(facts, account)} were delivered to sockets and read by no one:"
        " their sockets closed first",
        severity="note",
        meaning="A service that stopped or restarted takes its queue with it.",
        recommendations=(
            do(
                "application",
                "service restart",
                why="Read the socket empty before closing it, or keep it open across restarts"
                " with a systemd socket unit.",
                cost="a change to the program or its unit",
            ),
        ),
    )


RULE = loss_rule(("udp-closed-unread",), check)
