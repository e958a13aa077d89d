"""An XDP program dropped packets.

What it means: a BPF program attached to the device looked at the packets and said XDP_DROP. It did
what it was written for. Where it failed, drivers that count that apart (rx_xdp_aborted) tell.

How it is counted: in the driver's own per-queue counters (rx_queue_0_xdp_drops) for native mode.
Generic mode counts nothing: there the figure is what the device received and IP never saw, which
includes ARP and other protocols.
Kernel: drivers/net/veth.c, veth_xdp_rcv_skb(); net/core/dev.c, do_xdp_generic().

Remedy: none, if the program is meant to be there. Ask its owner if it is not.

When not to act: always, unless wanted traffic is missing. Nothing was full.
"""

from __future__ import annotations

from netrx_tune.model.finding import Finding
from netrx_tune.model.ledger import Account
from netrx_tune.rules.advice import listed, look, quoted
from netrx_tune.rules.outcome import by_device, found, loss_rule
from netrx_tune.rules.rule import Facts
from netrx_tune.rules.words import lost_of
from netrx_tune.rxpath.books.drivers import xdp_failures

_FAULT = (
    " (XDP_ABORTED, an action that does not exist, or a packet that could not be sent back): a"
    " fault of the program and not policy. The tracepoint xdp:xdp_exception shows each."
)

# In generic mode nothing tells what was dropped from what was sent on.
_OR = {"xdp-native-drop": "", "xdp-generic-drop": ", or sent elsewhere,"}


def check(facts: Facts, account: Account) -> Finding:
    """Return the note for a mode in which a program dropped packets."""
    losses = by_device(account)
    if account.stage == "xdp-generic-drop":
        devices = facts.delta.after.devices.values()
        generic = {d.name for d in devices if d.xdp == "generic"}
        losses = {name: n for name, n in losses.items() if name in generic}
    name = max(losses, key=lambda one: losses[one], default="")
    why = "Shows the program; its owner knows what it is meant to drop."
    command = f"bpftool net show dev {quoted(name)}" if name else "bpftool net show"
    return found(
        facts,
        account,
        f"{lost_of(facts, account, 'packets')} were dropped{_OR[account.stage]} by an XDP program"
        + (f" on {listed(losses)}" if losses else ""),
        meaning=_meaning(account),
        severity="note",
        recommendations=(look(facts, command, target=name or "xdp", why=why),),
    )


def _meaning(account: Account) -> str:
    """Return whose decision it was: the program's, or nobody's where it failed."""
    failed = xdp_failures(account.by)
    if failed == account.lost:
        return f"The program failed on them{_FAULT}"
    if failed:
        return f"The program failed on {failed:,} of them{_FAULT} The rest is policy."
    return "The program did what it was told: this is policy, and nothing was full."


RULE = loss_rule(("xdp-native-drop", "xdp-generic-drop"), check)
