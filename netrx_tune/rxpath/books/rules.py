"""What firewall rules and traffic control say that they dropped themselves."""

from __future__ import annotations

from collections.abc import Iterator

from netrx_tune.collectors.paths import NETFILTER_DUMP, QDISC_DUMP
from netrx_tune.model.ledger import Account, Bound, Entry
from netrx_tune.model.sample import RuleCounter
from netrx_tune.model.snapshot import Delta, Snapshot
from netrx_tune.rxpath.books.entries import total

_STAGES = {
    "ingress": "nf-ingress-drop",
    "prerouting": "nf-prerouting-drop",
    "input": "nf-input-drop",
}
_MOST_NAMED = 3
_BEFORE_IP = ("arp ", "bridge ", "netdev ")  # families of rules
_UNCOUNTED = "netfilter counts no drop by itself: a rule needs a counter"
_OTHERS = "another rule there drops and does not count"
_ROUNDED = "iptables rounds large counts: with -x it shows them all"


def knows_netfilter(snap: Snapshot) -> bool:
    """Tell whether all of a moment's firewall rules were read."""
    return snap.rules is not None and all(gap.path != NETFILTER_DUMP for gap in snap.gaps)


def may_drop(snap: Snapshot) -> bool:
    """Tell whether a firewall rule may drop: one that can, or rules that nobody could read.

    A rule that drops without a counter is listed as "other", so no rule at all drops nothing.
    """
    return not knows_netfilter(snap) or any(rule.source == "nft" for rule in snap.rules or ())


def may_drop_uncounted(snap: Snapshot) -> bool:
    """Tell whether a firewall rule may drop more than the rules' counters say.

    Of a chain that several hooks use nobody knows at which it dropped; a rounded count is the
    least that it can be.
    """
    return not knows_netfilter(snap) or any(
        rule.verdict == "other" or rule.hook in ("shared", "other") or rule.at_most is not None
        for rule in snap.rules or ()
        if rule.source == "nft" and not rule.place.startswith(_BEFORE_IP)
    )


def knows_qdiscs(snap: Snapshot) -> bool:
    """Tell whether a moment's qdiscs were read."""
    return snap.rules is not None and all(gap.path != QDISC_DUMP for gap in snap.gaps)


def rule_increases(delta: Delta, source: str) -> Iterator[tuple[RuleCounter, int]]:
    """Yield the dropping rules of nft or tc that counted something, with what they counted.

    Where a text rounds, it is the least that they can have counted.
    """
    before = delta.before.rules if delta.before else ()
    blur = {r.place: r.at_most - r.packets for r in before or () if r.at_most is not None}
    for rule in delta.after.rules or ():
        if rule.source == source and rule.verdict in ("drop", "reject"):
            count = delta.increases.get(f"{source}:{rule.place}", 0) - blur.get(rule.place, 0)
            if count > 0:
                yield rule, count


def firewall_drops(delta: Delta, hooks: tuple[str, ...]) -> Iterator[tuple[str, Account]]:
    """Yield the account of each netfilter hook that has a rule which counts its drops."""
    for hook in hooks:
        hits = [(r, n) for r, n in rule_increases(delta, "nft") if r.hook == hook]
        stage = _STAGES[hook]
        if hits:
            by = tuple(Entry(f"nft {rule.place}", count) for rule, count in hits)
            why = _ROUNDED if any(rule.at_most is not None for rule, _ in hits) else ""
            if not why and _has_uncounted(delta.after, hook):
                why = _OTHERS
            bound: Bound = "at-least" if why else "exact"
            yield stage, Account(stage, total(by), bound, by, why=why)
        else:
            yield stage, Account(stage, None, "unseen", (), why=_UNCOUNTED)


def _has_uncounted(snap: Snapshot, hook: str) -> bool:
    """Tell whether a hook has a rule that drops and does not count."""
    return any(rule.hook == hook and rule.verdict == "other" for rule in snap.rules or ())


def shared_drops(delta: Delta, room: int) -> Iterator[Account]:
    """Yield what chains of several hooks dropped, as far as received packets are missing."""
    hits = [(r, n) for r, n in rule_increases(delta, "nft") if r.hook == "shared"]
    counted = sum(count for _, count in hits)
    lost = min(counted, room)
    if not lost:
        return
    by = tuple(Entry(f"nft {rule.place}", count) for rule, count in hits)
    bound: Bound = "exact" if counted == room else "at-most"
    why = "" if counted == room else "rules of chains that other hooks use, too"
    yield Account("nf-input-drop", lost, bound, by, why=why)


def tc_drops(delta: Delta) -> Account:
    """Return what ingress and clsact qdiscs dropped; a clsact may have done so on the way out."""
    stage = "tc-ingress-drop"
    hits = list(rule_increases(delta, "tc"))
    if not knows_qdiscs(delta.after) and not hits:
        why = "needs the qdiscs' counters (rtnetlink)"
        return Account(stage, None, "unseen", (), why=why)
    by = tuple(Entry(f"tc {rule.place}", count) for rule, count in hits)
    is_shared = any(rule.hook == "other" for rule, _ in hits)
    why = "a clsact qdisc has one counter for what arrives and what leaves" if is_shared else ""
    bound: Bound = "at-most" if is_shared else "exact"
    return Account(stage, total(by), bound, by, why=why)


def forward_drops(delta: Delta) -> list[tuple[RuleCounter, int]]:
    """Return the rules that dropped what this host forwards, with what they counted."""
    return [(r, n) for r, n in rule_increases(delta, "nft") if r.hook == "forward"]


def forwarded_notes(delta: Delta) -> Iterator[str]:
    """Yield what the firewall dropped of what this host forwards: no program here lost it."""
    hits = forward_drops(delta)
    if not hits:
        return
    hits.sort(key=lambda hit: -hit[1])
    least = "at least " if any(rule.at_most is not None for rule, _ in hits) else ""
    named = ", ".join(f"{rule.place} ({count:,})" for rule, count in hits[:_MOST_NAMED])
    more = f" and {len(hits) - _MOST_NAMED} more" if len(hits) > _MOST_NAMED else ""
    yield (
        f"{least}{sum(count for _, count in hits):,} forwarded packets were dropped by firewall"
        f" rules: {named}{more}; they were for other hosts or containers and are not counted as"
        " lost here"
    )
