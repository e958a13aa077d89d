"""A veth's end did not take in what its other end sent.

What it means: the device was down when the packets came, or they are longer than its own MTU
allows: the other end has a larger one. The sending end counts them as its drops.

How it is counted: tx_dropped of the other end together with rx_dropped of this one, less what met a
full backlog. Kernel: net/core/dev.c, __dev_forward_skb2(); is_skb_forwardable() in
include/linux/netdevice.h.

Remedy: the same MTU at both ends. A device that was taken down and is up again needs none.

When not to act: it was you who took the device down.
"""

from __future__ import annotations

from collections.abc import Iterator

from netrx_tune.model.finding import Finding, Recommendation
from netrx_tune.model.ledger import Account
from netrx_tune.rules.advice import listed, look, quoted
from netrx_tune.rules.outcome import by_device, found, loss_rule, stray_severity, worst_of
from netrx_tune.rules.rule import Facts
from netrx_tune.rules.words import lost_of
from netrx_tune.rxpath.books.device import was_down


def check(facts: Facts, account: Account) -> Finding:
    """Return the finding when a veth's end refused packets."""
    losses = by_device(account)
    name = worst_of(losses)
    return found(
        facts,
        account,
        f"{lost_of(facts, account, 'packets')} were sent to {listed(losses)}, which did not take"
        " them in",
        meaning=_meaning(facts, name),
        severity=stray_severity(facts, account),
        recommendations=_advice(facts, name),
    )


def _meaning(facts: Facts, name: str) -> str:
    device = facts.delta.after.devices[name]
    if device.up is False:
        return f"{name} is down, and what its other end sends is dropped."
    if was_down(facts.delta, device):
        return f"{name} was down for a while in this time, and what was sent to it was dropped."
    mtu = facts.delta.after.files.get(f"/sys/class/net/{name}/mtu", "").strip()
    known = f" of {mtu} bytes" if mtu.isdigit() else ""
    return (
        f"They were longer than its MTU{known} allows, while the other end has a larger one, or"
        f" {name} was down when they came."
    )


def _advice(facts: Facts, name: str) -> Iterator[Recommendation]:
    if was_down(facts.delta, facts.delta.after.devices[name]):
        yield look(
            facts,
            f"ip -d link show dev {quoted(name)}",
            target=name,
            why="Shows whether it is up, and whose it is; `ip monitor link` shows who takes it"
            " down.",
        )
        return
    yield look(
        facts,
        f"ip -d link show dev {quoted(name)}",
        kind="route",
        target=name,
        why="Shows its MTU and where its other end is. Give both ends the same:"
        " `ip link set dev NAME mtu BYTES`, here or there, and in what sets them up.",
        cost="while ends differ, long packets are lost one way only",
    )


RULE = loss_rule(("backlog-dev-down",), check)
