"""Where in the receive path nftables discards: the hook of each rule that counts.

A rule of a base chain is where its chain hooks in. A rule of another chain is where all that
jump to it are; if they differ, or some cannot be seen, nobody can tell where it dropped.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from netrx_tune.collectors.nftables import Chain, Discard, Hook, NamedCounter, Place, Rule
from netrx_tune.model.sample import RuleCounter


def counters(
    chains: Iterable[Chain], rules: Sequence[Rule], named: Iterable[NamedCounter] = ()
) -> tuple[RuleCounter, ...]:
    """Return what rules and policies count, each with its hook."""
    chains = tuple(chains)
    hooks = resolve(chains, rules)
    by_name = {counter.place: counter for counter in named}
    found = [
        RuleCounter(
            source="nft",
            place=f"{' '.join(rule.place)} handle {rule.handle}",
            hook=hooks.get(rule.place, "other"),
            verdict=discard.verdict,
            packets=discard.packets,
        )
        for rule in rules
        if (discard := _counted(rule, by_name)) is not None
    ]
    found += [
        RuleCounter(
            source="nft",
            place=f"{' '.join(chain.place)} policy",
            hook=chain.hook or "other",
            verdict="drop",
            packets=chain.policy_drops,
        )
        for chain in chains
        if chain.policy_drops is not None
    ]
    found += [
        RuleCounter("nft", f"{' '.join(chain.place)} policy", chain.hook or "other", "other", 0)
        for chain in chains
        if chain.drops_uncounted
    ]
    return tuple(found)


def _counted(rule: Rule, named: Mapping[Place, NamedCounter]) -> Discard | None:
    """Return what a rule discards; what several share a counter for, nobody can tell apart."""
    discard = rule.discard
    if discard is None or not discard.named:
        return discard
    counter = named.get(rule.place._replace(chain=discard.named))
    if counter is None:
        return Discard("other", 0)
    return Discard(discard.verdict if counter.used == 1 else "other", counter.packets)


def resolve(chains: Sequence[Chain], rules: Iterable[Rule]) -> dict[Place, Hook]:
    """Return the hook of each chain, "other" where its callers differ or are not all known.

    The kernel counts how often a chain is used, by its own rules, by jumps and by verdict
    maps. What is left after rules and jumps is a verdict map, which is not read.

    Kernel: net/netfilter/nf_tables_api.c, nf_tables_newrule() and
    nft_data_hold() (read at v6.18).
    """
    own: Counter[Place] = Counter()
    callers: dict[Place, list[Place]] = {}
    for rule in rules:
        own[rule.place] += 1
        for target in rule.jumps:
            callers.setdefault(rule.place._replace(chain=target), []).append(rule.place)
    known: dict[Place, Hook] = {}
    pending: list[Chain] = []
    for chain in chains:
        seen = own[chain.place] + len(callers.get(chain.place, ()))
        if chain.hook is not None:
            known[chain.place] = chain.hook
        elif chain.used == seen:
            pending.append(chain)
        else:
            known[chain.place] = "other"
    return _settle(known, {chain.place: callers.get(chain.place, []) for chain in pending})


def _settle(known: dict[Place, Hook], callers: dict[Place, list[Place]]) -> dict[Place, Hook]:
    """Add the hooks of chains whose callers are all known, until no more can be added."""
    while True:
        ready = {
            place: {known[caller] for caller in by}
            for place, by in callers.items()
            if place not in known and by and all(caller in known for caller in by)
        }
        if not ready:
            return known
        known |= {place: next(iter(by)) if len(by) == 1 else "other" for place, by in ready.items()}
