"""A table of iptables as a text shows it, and what its rules and policies discard.

Source: iptables 1.8.9, libxtables/xtables.c, xtables_print_num().
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from netrx_tune.collectors.iptables import CHAINS, HOOKS, Family
from netrx_tune.collectors.nftables import Chain, Hook
from netrx_tune.collectors.nftables_fields import Place
from netrx_tune.collectors.nftables_hooks import resolve
from netrx_tune.collectors.nftables_rules import TARGETS, Discard, Rule, Verdict
from netrx_tune.model.sample import RuleCounter

_HOOKS: dict[str, Hook] = dict(zip(CHAINS, HOOKS, strict=True))
_LARGEST_PLAIN = 99_999  # packets; above it is rounded
_LARGEST_IN_UNIT = 9_999  # thousands, then millions


class Count(NamedTuple):
    """A number of packets; `at_most` where it was rounded, `packets` being the least then."""

    packets: int
    at_most: int | None


class Listed(NamedTuple):
    """A rule as a text shows it; `mark` is the same for the same rule, wherever it stands."""

    chain: str
    number: int
    target: str
    counted: Count | None
    mark: int


class Table:
    """One table of one program; `references` holds how often a chain is jumped to."""

    def __init__(self, program: str, name: str) -> None:
        self.program = program  # "iptables", "ip6tables-legacy", or "" if nothing says it
        self.name = name
        self.policies: dict[str, tuple[str, Count | None]] = {}
        self.references: dict[str, int | None] = {}
        self.rules: list[Listed] = []

    @property
    def family(self) -> Family:
        """Return whose packets it sees."""
        return "ip6" if self.program.startswith("ip6") else "ip"

    @property
    def is_exact(self) -> bool:
        """Tell whether all that count show how much."""
        counts = [count for _, count in self.policies.values()]
        counts += [rule.counted for rule in self.rules]
        return all(count is not None and count.at_most is None for count in counts)


def count_of(word: str) -> Count:
    """Return how many packets "235K" may be: iptables rounds each thousand to the nearest."""
    digits = word.rstrip("KMGT")
    least = most = int(digits)
    if digits == word:
        return Count(least, None)
    floor = _LARGEST_PLAIN + 1
    for at in range("KMGT".index(word[-1]) + 1):
        least, most = least * 1000 - 500, most * 1000 + 499
        floor = floor if not at else ((_LARGEST_IN_UNIT + 1) * 1000 - 500) * 1000 ** (at - 1)
    return Count(max(least, floor) if least <= floor <= most else least, most)


def counters(table: Table) -> Iterator[RuleCounter]:
    """Yield what a table's rules and policies count of the packets that they discard."""
    program = table.program or "iptables"
    targets = {*table.policies, *table.references, *(rule.chain for rule in table.rules)}
    family = table.family
    rules = [
        Rule(
            Place(family, table.name, rule.chain),
            rule.number,
            _discard(rule),
            (rule.target,) if rule.target in targets else (),
        )
        for rule in table.rules
    ]
    hooks = resolve(_chains(table, rules), rules)
    for read, rule in zip(table.rules, rules, strict=True):
        if rule.discard:
            name = f"rule {read.number} #{read.mark:08x}"
            hook = hooks.get(rule.place, "other")
            yield _counter(
                f"{program} {table.name} {read.chain} {name}",
                hook,
                rule.discard.verdict,
                read.counted,
            )
    for chain, (policy, count) in table.policies.items():
        if policy == "DROP":
            hook = _HOOKS.get(chain, "other")
            yield _counter(f"{program} {table.name} {chain} policy", hook, "drop", count)


def _counter(place: str, hook: Hook, verdict: Verdict, count: Count | None) -> RuleCounter:
    """Return what was counted; what shows no count may have dropped any."""
    if count is None:
        return RuleCounter("nft", place, hook, "other", 0)
    return RuleCounter("nft", place, hook, verdict, count.packets, count.at_most)


def _discard(rule: Listed) -> Discard | None:
    verdict: Verdict | None = "drop" if rule.target == "DROP" else TARGETS.get(rule.target)
    return Discard(verdict, rule.counted.packets if rule.counted else 0) if verdict else None


def _chains(table: Table, rules: Sequence[Rule]) -> list[Chain]:
    """Return the chains; how often each is used is shown, or all its uses are."""
    own = Counter(rule.place.chain for rule in rules)
    jumps = Counter(target for rule in rules for target in rule.jumps)
    chains = []
    for name in {*table.policies, *table.references, *own}:
        shown = table.references.get(name)
        used = own[name] + (jumps[name] if shown is None else shown)
        place = Place(table.family, table.name, name)
        chains.append(Chain(place, _HOOKS.get(name), used, None))
    return chains
