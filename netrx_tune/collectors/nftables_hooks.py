"""Where in the receive path nftables discards: the hook of each rule that counts.

A rule of a base chain is where its chain hooks in. A rule of another chain is where all that
jump to it are; if they differ, or some cannot be seen, nobody can tell where it dropped. What
the elements of a set or verdict map count is where the rules are that look it up.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType

from netrx_tune.collectors.nftables import Chain, Hook, NamedCounter
from netrx_tune.collectors.nftables_fields import Place
from netrx_tune.collectors.nftables_rules import Discard, Rule, Verdict
from netrx_tune.collectors.nftables_sets import Elements
from netrx_tune.model.sample import RuleCounter

_ON_THE_WAY_IN: frozenset[Hook] = frozenset({"prerouting", "input", "shared"})
_UNCOUNTED = Discard("other", 0)


def counters(
    chains: Iterable[Chain],
    rules: Sequence[Rule],
    named: Iterable[NamedCounter] = (),
    elements: Iterable[Elements] = (),
) -> tuple[RuleCounter, ...]:
    """Return what rules, sets, verdict maps and policies count, each with its hook."""
    chains, sets = tuple(chains), {one.source.place: one for one in elements}
    hooks = resolve(chains, rules, sets)
    by_name = {counter.place: counter for counter in named}
    by_set = dict(_of_sets(rules, hooks, sets))
    return (
        *_of_rules(rules, hooks, by_name, by_set),
        *by_set.values(),
        *_of_verdict_maps(rules, hooks, sets),
        *_of_policies(chains),
    )


def _of_rules(
    rules: Iterable[Rule],
    hooks: Mapping[Place, Hook],
    named: Mapping[Place, NamedCounter],
    by_set: Container[Place],
) -> Iterator[RuleCounter]:
    """Yield what each rule counts itself, or that it may have dropped any."""
    for rule in rules:
        discard = rule.discard
        if discard and discard.by_set:
            discard = None if _beside(rule, discard.by_set) in by_set else _UNCOUNTED
        elif discard and discard.named:
            discard = _by_name(discard, named.get(_beside(rule, discard.named)))
        if discard:
            yield _counter(rule, hooks, discard)


def _by_name(discard: Discard, counter: NamedCounter | None) -> Discard:
    """Return what a rule discards; what several share a counter for, nobody can tell apart."""
    if counter is None:
        return _UNCOUNTED
    return Discard(discard.verdict if counter.used == 1 else "other", counter.packets)


def _of_sets(
    rules: Iterable[Rule], hooks: Mapping[Place, Hook], sets: Mapping[Place, Elements]
) -> Iterator[tuple[Place, RuleCounter]]:
    """Yield the sets whose elements tell what was dropped: no rule uses them for another end."""
    references = Counter(_beside(rule, used) for rule in rules for used in rule.sets)
    users: dict[Place, list[Rule]] = {}
    for rule in rules:
        if rule.discard and rule.discard.by_set:
            users.setdefault(_beside(rule, rule.discard.by_set), []).append(rule)
    for place, by in users.items():
        found, at = sets.get(place), {hooks.get(rule.place, "other") for rule in by}
        hook = _joint(at)
        is_told = hook != "other" or len(at) == 1
        if found and found.packets is not None and is_told and references[place] == len(by):
            verdicts = {rule.discard.verdict for rule in by if rule.discard}
            verdict = verdicts.pop() if len(verdicts) == 1 else "drop"
            yield place, RuleCounter("nft", _name(found, by[0]), hook, verdict, found.packets)


def _of_verdict_maps(
    rules: Iterable[Rule], hooks: Mapping[Place, Hook], sets: Mapping[Place, Elements]
) -> Iterator[RuleCounter]:
    """Yield what the elements that drop count; it is a drop, whichever rule came upon it."""
    users: dict[Place, list[Rule]] = {}
    for rule in rules:
        for used in rule.verdict_maps:
            users.setdefault(_beside(rule, used), []).append(rule)
    for place, by in users.items():
        found = sets.get(place)
        if found and not found.discards:
            continue
        if found and found.packets is not None:
            hook = _joint({hooks.get(rule.place, "other") for rule in by})
            yield RuleCounter("nft", _name(found, by[0]), hook, "drop", found.packets)
        else:
            yield from (_counter(rule, hooks, _UNCOUNTED) for rule in by if not rule.discard)


def _of_policies(chains: Iterable[Chain]) -> Iterator[RuleCounter]:
    """Yield what policies of drop count, or that they may have dropped any."""
    for chain in chains:
        if chain.policy_drops is not None or chain.drops_uncounted:
            place, hook = f"{' '.join(chain.place)} policy", chain.hook or "other"
            verdict: Verdict = "other" if chain.drops_uncounted else "drop"
            yield RuleCounter("nft", place, hook, verdict, chain.policy_drops or 0)


def _counter(rule: Rule, hooks: Mapping[Place, Hook], discard: Discard) -> RuleCounter:
    hook = hooks.get(rule.place, "other")
    return RuleCounter("nft", _handle(rule), hook, discard.verdict, discard.packets)


def _handle(rule: Rule) -> str:
    return f"{' '.join(rule.place)} {rule.label or f'handle {rule.handle}'}"


def _name(elements: Elements, rule: Rule) -> str:
    """Return what to call a set: "inet filter set @bad", or its one rule where it has no name."""
    place, is_anonymous, gives_verdicts, _ = elements.source
    if is_anonymous:
        return _handle(rule)
    kind = "map" if gives_verdicts else "set"
    return f"{place.family} {place.table} {kind} @{place.chain}"


def _beside(rule: Rule, name: str) -> Place:
    """Return the place of what a rule refers to: it is of the rule's table."""
    return rule.place._replace(chain=name)


def resolve(
    chains: Sequence[Chain],
    rules: Sequence[Rule],
    sets: Mapping[Place, Elements] = MappingProxyType({}),
) -> dict[Place, Hook]:
    """Return the hook of each chain, "shared" or "other" where its callers differ or are not known.

    The kernel counts how often a chain is used, by its own rules, by jumps and by the elements
    of verdict maps. What is left after those is a map that was not read.

    Kernel: net/netfilter/nf_tables_api.c, nf_tables_newrule() and
    nft_data_hold() (read at v6.18).
    """
    jumps = [(rule.place, _beside(rule, target)) for rule in rules for target in rule.jumps]
    asked = {(rule.place, _beside(rule, name)) for rule in rules for name in rule.verdict_maps}
    mapped = [
        (place, place._replace(chain=target))
        for place in {place for _, place in asked if place in sets}
        for target in sets[place].jumps
    ]
    used = Counter(rule.place for rule in rules)
    used.update(target for _, target in (*jumps, *mapped))
    by_map: dict[Place, set[Place]] = {}
    for place, target in mapped:
        by_map.setdefault(place, set()).add(target)
    jumps += [(caller, to) for caller, place in asked for to in by_map.get(place, ())]
    callers: dict[Place, list[Place]] = {}
    for caller, target in jumps:
        callers.setdefault(target, []).append(caller)
    known: dict[Place, Hook] = {}
    pending: list[Chain] = []
    for chain in chains:
        if chain.hook is not None:
            known[chain.place] = chain.hook
        elif chain.used == used[chain.place]:
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
        known |= {place: _joint(by) for place, by in ready.items()}


def _joint(hooks: set[Hook]) -> Hook:
    """Return the hook of what is used at these."""
    if len(hooks) == 1:
        return next(iter(hooks))
    return "other" if hooks.isdisjoint(_ON_THE_WAY_IN) else "shared"
