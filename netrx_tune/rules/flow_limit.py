"""The flow limit refused packets of one dominating flow.

What it means: somebody switched the flow limit on. When a CPU's backlog is more than half full it
refuses packets of a flow that made up over half of the last 128, so that the others keep their
room.

How it is counted: flow_limit_count of /proc/net/softnet_stat, on the CPU that enqueues; the same
packet is in `dropped` on the CPU it was meant for, so sums are compared, never rows.
Kernel: net/core/dev.c, skb_flow_limit().

Remedy: if that one flow is what the host is for, clear net.core.flow_limit_cpu_bitmap.

When not to act: the flow is an attack or a runaway sender: the limit protects the others from it.

References: Documentation/networking/scaling.rst, "RPS Flow Limit".
"""

from __future__ import annotations

from netrx_tune.model.finding import Finding, Recommendation
from netrx_tune.model.ledger import Account
from netrx_tune.rules.advice import look, setting, where_to_run
from netrx_tune.rules.cpus import mask_words
from netrx_tune.rules.judge import severity
from netrx_tune.rules.outcome import found, loss_rule
from netrx_tune.rules.rule import Facts
from netrx_tune.rules.words import lost_of

_KEY = "net.core.flow_limit_cpu_bitmap"


def check(facts: Facts, account: Account) -> Finding:
    """Return the finding when one flow was limited."""
    why = "Shows the busiest sender: a wanted stream, or one that runs away."
    command = "tcpdump -nn -q -c 200 -i any udp"
    return found(
        facts,
        account,
        f"{lost_of(facts, account, 'packets')} were refused by the flow limit: one flow dominates",
        meaning="The limit is switched on here and kept room for the other flows.",
        severity=severity(facts, account),
        recommendations=(
            look(facts, command, kind="sender", target="flow", why=why),
            _switch_off(facts),
        ),
    )


def _switch_off(facts: Facts) -> Recommendation | None:
    bits = setting(facts, _KEY)
    if bits is None:
        return _read_first(facts)
    if not bits:
        return None
    return Recommendation(
        kind="sysctl",
        target=_KEY,
        scope="host",
        why="Only if that flow is wanted: without the limit it takes the room it needs."
        + where_to_run(facts, _KEY),
        cost="one flow can fill the queue for all others again",
        current=mask_words(bits),
        proposed="0",
        command=f"sysctl -w {_KEY}=0",
        undo=f"sysctl -w {_KEY}={mask_words(bits)}",
    )


def _read_first(facts: Facts) -> Recommendation:
    return Recommendation(
        kind="sysctl",
        target=_KEY,
        scope="host",
        why="Shows the CPUs that limit flows; 0 switches it off, if that flow is wanted."
        + where_to_run(facts, _KEY),
        cost="none",
        command=f"sysctl {_KEY}",
    )


RULE = loss_rule(("rps-flow-limit",), check, requires=("softnet.flow_limit_count",))
