"""Traffic control dropped packets at ingress.

What it means: a filter or a policer on the device's ingress said drop. It did what it was told;
a policer drops what is above its rate.

How it is counted: `dropped` of the ingress or clsact qdisc. A clsact counts for both directions, so
where something may filter what leaves, the figure is at most. Programs attached as tcx count
nothing.
Kernel: net/core/dev.c, sch_handle_ingress().

Remedy: none, if the rate or the rule is meant. Else raise the policer's rate or remove the filter.

When not to act: always, unless wanted traffic is missing. Nothing was full.
"""

from __future__ import annotations

from netrx_tune.model.finding import Finding, Recommendation
from netrx_tune.model.ledger import Account
from netrx_tune.rules.advice import look, quoted
from netrx_tune.rules.outcome import found, loss_rule
from netrx_tune.rules.rule import Facts
from netrx_tune.rules.words import lost_of

_MOST = 4


def check(facts: Facts, account: Account) -> Finding:
    """Return the note when tc dropped packets."""
    places = [entry.counter.removeprefix("tc ") for entry in account.by]
    return found(
        facts,
        account,
        f"{lost_of(facts, account, 'packets')} were dropped by traffic control:"
        f" {', '.join(places[:_MOST])}",
        meaning="A filter or policer did what it was told: this is policy, and nothing was full.",
        severity="note",
        recommendations=[_show(facts, place) for place in places[:_MOST]],
    )


def _show(facts: Facts, place: str) -> Recommendation:
    _, _, device = place.partition(" dev ")
    why = "Shows the filters with their counters: a policer above its rate, or a rule that drops."
    command = f"tc -s filter show dev {quoted(device or 'lo')} ingress"
    return look(facts, command, kind="netfilter", target=place, why=why)


RULE = loss_rule(("tc-ingress-drop",), check)
