"""The cloud or the hypervisor limits what this machine receives.

What it means: a virtual machine has allowances: bandwidth, packets per second, tracked
connections, packets to the platform's own services. Above them the platform queues or drops before
the machine sees a frame.

How it is counted: the driver's own counters, *_allowance_exceeded of ena. "Exceeded" holds what
was only delayed as well, so the figure is an upper bound.
Kernel: drivers/net/ethernet/amazon/ena/ena_ethtool.c, ena_stats_eni_strings.

Remedy: a larger machine, less traffic, fewer and larger packets, fewer tracked flows; for the
platform's name service a cache on this host, another resolver, or more network interfaces.

When not to act: a few thousand at the start of a large transfer are shaping at work. No setting of
the guest has a part in it.
"""

from __future__ import annotations

from collections.abc import Iterator

from netrx_tune.model.finding import Finding, Recommendation
from netrx_tune.model.ledger import Account
from netrx_tune.rules.advice import do, listed, look, quoted
from netrx_tune.rules.judge import severity
from netrx_tune.rules.outcome import by_device, found, loss_rule
from netrx_tune.rules.rule import Facts
from netrx_tune.rules.words import count, lost_of

# By a part of the counter's name: what is limited, and what helps.
_LIMITS = {
    "linklocal_allowance": (
        "packets to the platform's own services (name service, time, metadata)",
        "Cache names on this host, use another resolver, or spread queries over more interfaces.",
    ),
    "conntrack_allowance": (
        "connections that the platform's firewall tracks",
        "Fewer short flows, platform firewall rules that need no tracking, or a larger machine.",
    ),
    "pps_allowance": (
        "packets per second",
        "Fewer and larger packets, a larger machine, or several machines.",
    ),
    "bw_in_allowance": (
        "inbound bandwidth",
        "Less traffic, a larger machine, or several machines.",
    ),
}


def check(facts: Facts, account: Account) -> Finding:
    """Return the finding when the platform held packets back."""
    losses: dict[str, int] = {}
    for entry in account.by:
        name = entry.counter.partition(".ethtool.")[2]
        losses[name] = losses.get(name, 0) + entry.increase
    names = sorted(losses, key=lambda name: -losses[name])
    devices = by_device(account)
    limit, _ = _limit(names[0])
    parts = ", ".join(f"{name} {count(losses[name])}" for name in names)
    return found(
        facts,
        account,
        f"{lost_of(facts, account, 'packets')} were above what the platform allows on"
        f" {listed(devices)}: {limit}",
        meaning=f"{parts}. The platform queued or dropped them before this machine saw them, so"
        " nothing that is set here changes it.",
        severity=severity(facts, account, worst="warning"),
        recommendations=_advice(facts, names, next(iter(devices))),
    )


def _limit(name: str) -> tuple[str, str]:
    return next(words for part, words in _LIMITS.items() if part in name)


def _advice(facts: Facts, names: list[str], device: str) -> Iterator[Recommendation]:
    for name in names:
        limit, helps = _limit(name)
        yield do(
            "platform",
            name,
            why=f"The allowance for {limit} is used up. {helps}",
            cost="the platform's price list",
        )
    why = "Run it twice, a few seconds apart: it shows which allowance is used up now."
    command = f"ethtool -S {quoted(device)} | grep allowance"
    yield look(facts, command, kind="platform", target=device, why=why)


RULE = loss_rule(("nic-host-shaping",), check)
