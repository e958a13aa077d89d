"""UDP datagrams whose header does not fit the packet.

What it means: the length field says less than a header or more than came. A broken sender, or a
packet cut short on the way.

How it is counted: InErrors, with no counter of its own and no socket's drops; what is left of
InErrors when all that is named and all that sockets counted is taken off.
Kernel: net/ipv4/udp.c, __udp4_lib_rcv().

Remedy: find the sender.

When not to act: scans send such packets on purpose; a trickle is nothing.
"""

from __future__ import annotations

from netrx_tune.model.finding import Finding
from netrx_tune.model.ledger import Account
from netrx_tune.rules.advice import look
from netrx_tune.rules.outcome import found, loss_rule, stray_severity
from netrx_tune.rules.rule import Facts
from netrx_tune.rules.words import lost_of


def check(facts: Facts, account: Account) -> Finding:
    """Return the finding for datagrams with a bad length."""
    return found(
        facts,
        account,
        f"{lost_of(facts, account)} had a UDP length that does not fit the packet",
        severity=stray_severity(facts, account),
        meaning="InErrors rose by as many without a named cause, and no socket counted them:"
        " they were refused before any socket was looked up.",
        recommendations=(
            look(
                facts,
                "tcpdump -ni any -v -c 200 udp | grep -i 'bad length\\|truncated'",
                kind="sender",
                target="senders of malformed datagrams",
                why="Shows who sends them.",
            ),
        ),
    )


RULE = loss_rule(("udp-short",), check)
