"""The receive queue of a tunnel device was full.

What it means: packets that a tunnel unpacked (VXLAN, Geneve, GRE, IPsec, MACsec) wait in a queue
per CPU and device before they go on. It holds net.core.netdev_max_backlog packets.

How it is counted: rx_dropped of the tunnel device. Unlike a full backlog it does not move
softnet_stat. A protocol that nobody handles inside the tunnel counts the same ("at most").
Kernel: net/core/gro_cells.c, gro_cells_receive().

Remedy: spread the outer flows over more CPUs; for bursts a longer net.core.netdev_max_backlog.

When not to act: the drops stand on the physical device. Then this queue had no part in it.
"""

from __future__ import annotations

from netrx_tune.model.finding import Finding
from netrx_tune.model.ledger import Account
from netrx_tune.rules.advice import do, listed
from netrx_tune.rules.backlog_advice import longer_backlog
from netrx_tune.rules.cpus import judge_receivers, share_words
from netrx_tune.rules.outcome import by_device, found, loss_rule, worst_of
from netrx_tune.rules.rule import Facts
from netrx_tune.rules.words import lost_of


def check(facts: Facts, account: Account) -> Finding:
    """Return the finding when a tunnel's queue overflowed."""
    losses = by_device(account)
    name = worst_of(losses)
    saturated = judge_receivers(facts.delta).load == "saturated"
    longer = longer_backlog(
        facts,
        max(losses.values()),
        why="The tunnel's queue has the same limit; a longer one carries bursts. If the CPU is busy"
        " all the time it only moves the loss to the socket.",
    )
    spread = do(
        "placement",
        name,
        why="One outer flow is unpacked by one CPU: several outer source ports, more receive queues"
        " or threaded NAPI on the tunnel device divide the work.",
        cost="flows move to other CPUs",
    )
    return found(
        facts,
        account,
        f"{lost_of(facts, account, 'packets')} found the tunnel's own queue full on"
        f" {listed(losses)}",
        meaning="Unpacked packets waited for a CPU that did not get to them in time."
        + share_words(facts.delta),
        recommendations=(spread,) if saturated else (longer, spread),
    )


RULE = loss_rule(("gro-cells-overflow",), check)
