"""What firewall rules and traffic control say that they dropped themselves."""

from __future__ import annotations

from collections.abc import Iterator

from netrx_tune.model.ledger import Account, Entry
from netrx_tune.model.sample import RuleCounter
from netrx_tune.model.snapshot import Delta

_STAGES = {
    "ingress": "nf-ingress-drop",
    "prerouting": "nf-prerouting-drop",
    "input": "nf-input-drop",
}


def rule_increases(delta: Delta, source: str) -> Iterator[tuple[RuleCounter, int]]:
    """Yield the dropping rules of nft or tc that counted something, with what they counted."""
    for rule in delta.after.rules or ():
        count = delta.increases.get(f"{rule.source}:{rule.place}")
        if rule.source == source and rule.verdict in ("drop", "reject") and count:
            yield rule, count


def firewall_drops(delta: Delta, hooks: tuple[str, ...]) -> Iterator[tuple[str, Account]]:
    """Yield the account of each netfilter hook that has a rule which counts its drops."""
    for hook in hooks:
        hits = [(r, n) for r, n in rule_increases(delta, "nft") if r.hook == hook]
        stage = _STAGES[hook]
        if hits:
            by = tuple(Entry(f"nft {rule.place}", count) for rule, count in hits)
            yield stage, Account(stage, sum(e.increase for e in by), "exact", by)
        else:
            why = "netfilter counts no drop by itself: a rule needs a counter"
            yield stage, Account(stage, None, "unseen", (), why=why)
