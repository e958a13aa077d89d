"""The firewall and traffic control of a text: what iptables, nft and tc printed, as one list.

A rule that two of them show is taken from one: of two prints of a table the exact one, else the
last; of iptables-nft's tables what iptables printed, since nft leaves out their policies' counters.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Protocol

from netrx_tune.collectors import iptables_table, tc_text
from netrx_tune.collectors.iptables_table import Table
from netrx_tune.collectors.iptables_text import parse_iptables
from netrx_tune.collectors.moments import TWO_MOMENTS
from netrx_tune.collectors.nft_text import parse_nft
from netrx_tune.collectors.paths import NETFILTER_DUMP, QDISC_DUMP
from netrx_tune.model.sample import Gap, RuleCounter

IPTABLES, NFT, TC = "iptables", "nft", "tc"
KINDS = frozenset({IPTABLES, NFT, TC})
_NOT_ALL = "not all of it is in the text: `nft list ruleset` shows it, or iptables-save -c"


class Printed(Protocol):
    """What one of the programs printed, and the command line where it is known."""

    @property
    def kind(self) -> str:
        """Return which program it is of."""

    @property
    def text(self) -> str:
        """Return what it printed."""

    @property
    def command(self) -> str:
        """Return how it was called, "" if nobody says it."""


def rules_of(parts: Iterable[Printed], gaps: list[Gap]) -> tuple[RuleCounter, ...] | None:
    """Return what all of them count of their discards, None where none of them printed anything.

    What is not shown goes to the gaps: rules that nobody sees may have dropped any packet.
    """
    printed = [part for part in parts if part.kind in KINDS]
    if not printed:
        return None
    found = list(_of_iptables_and_nft(printed, gaps))
    texts = [tc_text.parse_tc(one.text, one.command) for one in printed if one.kind == TC]
    if not any(one.kind == NFT and "ruleset" in one.command for one in printed):
        gaps.append(Gap(NETFILTER_DUMP, "absent", _NOT_ALL))
    if not tc_text.shows_qdiscs(texts):
        gaps.append(Gap(QDISC_DUMP, "absent", "not in the text: tc -s qdisc"))
    return (*found, *tc_text.counters(texts))


def _of_iptables_and_nft(printed: Sequence[Printed], gaps: list[Gap]) -> Iterator[RuleCounter]:
    """Yield what netfilter's rules count, those of one table once."""
    tables = list(_tables(printed, gaps))
    for table in tables:
        yield from iptables_table.counters(table)
    shown = {f"{table.family} {table.name}" for table in tables if "-legacy" not in table.program}
    listings = [parse_nft(one.text) for one in printed if one.kind == NFT]
    for name, rules in _nft_tables(listings, gaps).items():
        if name not in shown:
            yield from rules


def _nft_tables(
    listings: Iterable[Sequence[RuleCounter]], gaps: list[Gap]
) -> dict[str, list[RuleCounter]]:
    """Return each table of nft as one listing has it: the one with most counts, else the last."""
    tables: dict[str, list[RuleCounter]] = {}
    repeated = False
    for listing in listings:
        found: dict[str, list[RuleCounter]] = {}
        for rule in listing:
            found.setdefault(_table_of(rule), []).append(rule)
        for table, rules in found.items():
            before = tables.get(table, [])
            counts = {rule.place: rule.packets for rule in before if rule.verdict != "other"}
            repeated = repeated or any(
                counts.get(rule.place, rule.packets) < rule.packets for rule in rules
            )
            if _counted(rules) >= _counted(before):
                tables[table] = rules
    if repeated:
        gaps.append(Gap("nft", "unparsed", TWO_MOMENTS))
    return tables


def _table_of(rule: RuleCounter) -> str:
    return " ".join(rule.place.split()[:2])


def _counted(rules: Iterable[RuleCounter]) -> int:
    return sum(rule.verdict != "other" for rule in rules)


def _tables(printed: Iterable[Printed], gaps: list[Gap]) -> Iterator[Table]:
    """Yield each table of iptables once."""
    found: dict[tuple[str, str], Table] = {}
    for one in printed:
        for table in parse_iptables(one.text, one.command) if one.kind == IPTABLES else ():
            known = (table.program or "iptables", table.name)
            before = found.get(known)
            if before is None or table.is_exact or not before.is_exact:
                if before and before.is_exact == table.is_exact and _differ(before, table):
                    gaps.append(Gap(" ".join(known), "unparsed", TWO_MOMENTS))
                found[known] = table
    return iter(found.values())


def _differ(one: Table, two: Table) -> bool:
    """Tell whether two prints of a table, of the same form, show other counts."""
    places = {rule.place: rule.packets for rule in iptables_table.counters(one)}
    return any(
        places.get(rule.place, rule.packets) != rule.packets
        for rule in iptables_table.counters(two)
    )
