"""The ring between the two ends of a veth pair was full.

What it means: a veth end that polls (GRO is on, or an XDP program is attached) takes packets from a
ring of 256 that its other end fills. It was polled too late, so the sending end dropped them.

How it is counted: tx_dropped of the sending end, less what the receiving end counts as rx_dropped
(a full backlog moves both). The receiving end itself shows nothing. Where the link was down for a
while, all of it is charged to that.
Kernel: drivers/net/veth.c, veth_xmit(), veth_xdp_rx().

Remedy: find why the receiving end is polled late: a slow XDP program, a threaded NAPI without CPU.
GRO switched off on the receiving end takes the packets by another path.

When not to act: the ring cannot be enlarged, and the per-CPU backlog is not on this path.
"""

from __future__ import annotations

from collections.abc import Iterator

from netrx_tune.model.finding import Finding, Recommendation
from netrx_tune.model.ledger import Account
from netrx_tune.rules.advice import listed, look, quoted, run_in
from netrx_tune.rules.cpus import share_words
from netrx_tune.rules.outcome import by_device, found, loss_rule, worst_of
from netrx_tune.rules.rule import Facts
from netrx_tune.rules.words import lost_of


def check(facts: Facts, account: Account) -> Finding:
    """Return the finding when a veth ring overflowed."""
    losses = by_device(account)
    name = worst_of(losses)
    return found(
        facts,
        account,
        f"{lost_of(facts, account, 'packets')} found the veth ring full on {listed(losses)}",
        meaning="The receiving end was polled too late for what its other end sent."
        + share_words(facts.delta),
        recommendations=_advice(facts, name),
    )


def _advice(facts: Facts, name: str) -> Iterator[Recommendation]:
    device = facts.delta.after.devices[name]
    if device.threaded:
        why = "Shows whether the device's polling thread gets a CPU: raise its priority or move it."
        command = f"ps -eLo pid,psr,pcpu,comm | grep {quoted(f'napi/{name}')}"
    else:
        why = "Shows which CPU is all softirq; keep the sender or other work off it."
        command = "mpstat -P ALL 1 5"
    yield Recommendation(
        kind="placement",
        target=name,
        scope="cpu",
        why=why,
        cost="none",
        command=command,
    )
    if device.xdp != "none":
        why = "An XDP program runs for every packet here: it has to be fast, or go."
        yield look(facts, f"bpftool net show dev {quoted(name)}", target=name, why=why)
        return
    yield Recommendation(
        kind="ethtool",
        target=name,
        scope="device",
        why="Without GRO the packets go past this ring, by the CPU's backlog.",
        cost="TCP through this device needs more CPU",
        current="on",
        proposed="off",
        command=run_in(facts, f"ethtool -K {quoted(name)} gro off"),
        undo=run_in(facts, f"ethtool -K {quoted(name)} gro on"),
    )


RULE = loss_rule(("veth-ring-overflow",), check)
