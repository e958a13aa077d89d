"""A card's link went down and came up again.

What it means: a cable, a transceiver, the switch's port, or a driver that reset the card. What was
sent to this host meanwhile was lost on the way, and no counter of it says so: where numbers of
datagrams are missing and every stage here shows no loss, this is where they went.

How it is counted: the changes of the carrier that rtnetlink shows, for devices that are hardware.
Kernel: net/core/rtnetlink.c, rtnl_fill_ifinfo(), IFLA_CARRIER_CHANGES (from 3.15).

Remedy: find what ends the link; the kernel log names the time, and often the reason.

When not to act: it was you who took it down, or set its ring or its speed: many drivers restart.
"""

from __future__ import annotations

from collections.abc import Iterator

from netrx_tune.model.finding import Finding
from netrx_tune.rules.advice import listed, look, quoted
from netrx_tune.rules.judge import evidence
from netrx_tune.rules.rule import Facts, Rule, note
from netrx_tune.rules.words import when


def check(facts: Facts) -> Iterator[Finding]:
    """Yield a note for cards whose link changed in the window."""
    delta = facts.delta
    if delta.before is None:
        return
    cards = [name for name, device in delta.after.devices.items() if not device.kind]
    changes = {n: gain for n in cards if (gain := delta.increases.get(f"{n}.carrier_changes"))}
    if not changes:
        return
    name = max(changes, key=lambda one: changes[one])
    why = "Shows what the driver said of it: a cable, the other end, or a reset of the card."
    yield note(
        "nic-wire-error",
        f"the link of {listed(changes)} went down or came up{when(facts)}",
        present=True,
        meaning="What was sent to this host while it was down is lost and in no counter here.",
        evidence=evidence(delta, *(f"{one}.carrier_changes" for one in changes)),
        recommendations=(
            look(
                facts,
                f"dmesg -T | grep -iE 'link|reset' | grep -F {quoted(name)}",
                kind="hardware",
                target=name,
                why=why,
            ),
        ),
    )


RULE = Rule((), check)
