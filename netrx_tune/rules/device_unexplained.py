"""Packets that devices took in and IP never saw.

What it means: something between the device and IP took them: a tc or XDP program or a firewall rule
at ingress without a counter; or they are no IP at all (ARP, LLDP, a capture's loop). What a tunnel
without a queue (WireGuard, tun and tap, sit, vti) counts as rx_dropped it refused itself, or the
stack behind it did.

How it is counted: rx_packets of the devices less InReceives of IPv4 and IPv6 and less what is
known, only where no device is stacked on another. It is an upper bound: frames that are not IP are
among them. Of those tunnels rx_dropped, less what full backlogs explain.
Kernel: net/core/dev.c, __netif_receive_skb_core(); drivers/net/tun.c, tun_get_user();
drivers/net/wireguard/receive.c, wg_packet_consume_data_done().

Remedy: look for programs and rules at the devices, and at what is written into a tunnel.

When not to act: a network with much ARP or other protocols.
"""

from __future__ import annotations

from collections.abc import Iterator

from netrx_tune.model.finding import SEVERITIES, Finding, Recommendation
from netrx_tune.model.ledger import Account
from netrx_tune.rules.advice import listed, look, quoted
from netrx_tune.rules.outcome import by_device, found, lost_at, stray_severity, worst_of
from netrx_tune.rules.rule import Facts, Rule
from netrx_tune.rules.words import lost_of
from netrx_tune.rxpath.books.entries import total

_OF_KIND = {
    "tun": "The program that writes into it gave what is neither IPv4 nor IPv6, wrote while it was"
    " down, or memory was short; on a tap frames that no protocol wants are among them.",
    "wireguard": "WireGuard hands on what it decrypted and itself drops nothing so from 5.8 on: the"
    " stack behind it refused them.",
}
_OF_OTHERS = "The tunnel refused what it unpacked, or the stack behind it did."


def check(facts: Facts) -> Iterator[Finding]:
    """Yield a note for packets between device and IP, and a finding for what tunnels dropped."""
    account = lost_at(facts, "device-unattributed")
    if account is None or facts.delta.after.host.sandbox:
        return
    missing = tuple(entry for entry in account.by if entry.counter.endswith(".rx_packets"))
    dropped = tuple(entry for entry in account.by if not entry.counter.endswith(".rx_packets"))
    of_tunnels = total(dropped)
    if dropped:
        yield _of_tunnels(facts, account._replace(lost=of_tunnels, by=dropped))
    if missing:
        yield _missing(facts, account._replace(lost=(account.lost or 0) - of_tunnels, by=missing))


def _of_tunnels(facts: Facts, account: Account) -> Finding:
    losses = by_device(account)
    name = worst_of(losses)
    device = facts.delta.after.devices.get(name)
    why = "Shows the tunnel's own counters; while it grows, look at what is sent into the tunnel."
    return found(
        facts,
        account,
        f"{lost_of(facts, account, 'packets')} were dropped by {listed(losses)} on the way out of"
        " the tunnel",
        meaning=_OF_KIND.get(device.kind if device else "", _OF_OTHERS)
        + " Nothing was full, and no buffer helps.",
        severity=min(stray_severity(facts, account), "warning", key=SEVERITIES.index),
        recommendations=(
            look(
                facts,
                f"ip -s -s -d link show dev {quoted(name)}",
                kind="sender",
                target=name,
                why=why,
            ),
        ),
    )


def _missing(facts: Facts, account: Account) -> Finding:
    received = by_device(account)
    received.pop("lo", None)
    return found(
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
        yield look(facts, command, target=name, why=kind_why)


RULE = Rule(("device-unattributed",), check)
