"""Packets that devices took in and IP never saw.

What it means: something between the device and IP took them: a tc or XDP program or a firewall rule
at ingress without a counter; or they are no IP at all (ARP, LLDP, a capture's loop).

How it is counted: rx_packets of the devices less InReceives of IPv4 and IPv6 and less what is
known, only where no device is stacked on another. It is an upper bound: frames that are not IP are
among them.
Kernel: net/core/dev.c, __netif_receive_skb_core().

Remedy: look for programs and rules at the devices.

When not to act: a network with much ARP or other protocols.
"""

from __future__ import annotations

from collections.abc import Iterator

from netrx_tune.model.finding import Finding, Recommendation
from netrx_tune.rules.advice import listed, look, quoted
from netrx_tune.rules.outcome import by_device, found, lost_at
from netrx_tune.rules.rule import Facts, Rule
from netrx_tune.rules.words import lost_of


def check(facts: Facts) -> Iterator[Finding]:
    """Yield a note for packets between device and IP."""
    account = lost_at(facts, "device-unattributed")
    if account is None or facts.delta.after.host.sandbox:
        return
    received = by_device(account)
    received.pop("lo", None)
    yield found(
        facts,
        account,
        f"{lost_of(facts, account, 'packets')} left a device and did not reach IP",
        meaning="A program or rule at the device may have dropped them without a counter. ARP and"
        " other protocols are among them. Packets came by " + (listed(received) or "lo") + ".",
        severity="note",
        recommendations=_advice(facts, max(received, key=lambda one: received[one], default="lo")),
    )


def _advice(facts: Facts, name: str) -> Iterator[Recommendation]:
    device = quoted(name)
    for command, kind_why in (
        (f"bpftool net show dev {device}", "Shows XDP, tc and tcx programs on the device."),
        (f"tc -s filter show dev {device} ingress", "Shows traffic control's filters at ingress."),
        ("nft list ruleset netdev", "Shows firewall rules at ingress; give them a `counter`."),
    ):
        yield look(facts, command, kind="none", target=name, why=kind_why)


RULE = Rule(("device-unattributed",), check)
