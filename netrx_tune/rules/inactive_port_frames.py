"""Frames that a standby link delivered.

What it means: the frames came in by a device that is not meant to receive now, such as the inactive
member of a bond or team. Its partner delivers what this host needs.

How it is counted: rx_nohandler of the device; before 4.6 they were part of rx_dropped.
Kernel: net/core/dev.c, __netif_receive_skb_core().

Remedy: none. It is what a standby link does with flooded and broadcast frames.

When not to act: always, unless the link should be the active one.
"""

from __future__ import annotations

from netrx_tune.model.finding import Finding
from netrx_tune.model.ledger import Account
from netrx_tune.rules.advice import listed, look, quoted
from netrx_tune.rules.outcome import by_device, found, loss_rule, worst_of
from netrx_tune.rules.rule import Facts
from netrx_tune.rules.words import lost_of


def check(facts: Facts, account: Account) -> Finding:
    """Return the note for frames on a standby link."""
    losses = by_device(account)
    name = worst_of(losses)
    why = "Shows whether the link is the standby one, as it is meant to be."
    command = f"ip -d link show dev {quoted(name)}"
    return found(
        facts,
        account,
        f"{lost_of(facts, account, 'frames')} came in by a standby link: {listed(losses)}",
        meaning="The active link delivers what this host needs; nothing is missing.",
        severity="note",
        recommendations=(look(facts, command, target=name, why=why),),
    )


RULE = loss_rule(("rx-nohandler",), check)
