"""Ask this kernel for the rules of nftables, and for what the elements of their sets count.

Of the sets, those are read that decide what is discarded and whose elements have counters or
verdicts, up to a length that costs little: to list 100,000 elements takes the kernel half a
second, since it counts off those before for each part of its answer.
"""

from __future__ import annotations

import errno
from collections.abc import Sequence

from netrx_tune.collectors import nftables, nftables_hooks, nftables_rules, nftables_sets
from netrx_tune.collectors.netlink import Block
from netrx_tune.collectors.nftables_fields import PATH, Place
from netrx_tune.host.netlink_channel import NETFILTER, consistent_dump, gap_of
from netrx_tune.model.errors import ParseError
from netrx_tune.model.sample import Gap, RuleCounter

_MOST_BYTES = 256 << 10  # of a set: an address with a counter takes 60, with a chain's name 50
_MOST_BYTES_IN_ALL = 512 << 10  # 70 ms to read, at 2.5 GHz


def read_nftables(gaps: list[Gap]) -> tuple[RuleCounter, ...]:
    """Return what rules, sets and policies count; the sets that are not read go to the gaps.

    Raises:
        OSError: the kernel's refusal.
        ParseError: an answer that is not such a dump.
    """
    chains = nftables.parse_chains(_dump(nftables.chains_request()))
    if not chains:
        return ()
    rules = nftables_rules.parse_rules(_dump(nftables_rules.rules_request()))
    named: tuple[nftables.NamedCounter, ...] = ()
    if any(rule.discard and rule.discard.named for rule in rules):
        named = nftables.parse_named(_dump(nftables.named_request()))
    return nftables_hooks.counters(chains, rules, named, _elements(rules, gaps))


def _elements(
    rules: Sequence[nftables_rules.Rule], gaps: list[Gap]
) -> list[nftables_sets.Elements]:
    wanted = nftables_sets.worth_reading(rules)
    found: list[nftables_sets.Elements] = []
    if not wanted:
        return found
    left_bytes = _MOST_BYTES_IN_ALL
    for one in nftables_sets.parse_sets(_dump(nftables_sets.sets_request())):
        if one.place not in wanted or not one.tells:
            continue
        most_bytes = max(0, min(_MOST_BYTES, left_bytes))
        try:
            blocks = _dump(nftables_sets.elements_request(one.place), most_bytes=most_bytes)
            left_bytes -= sum(map(len, blocks))
            found.append(nftables_sets.parse_elements(one, blocks))
        except (OSError, ParseError) as error:
            left_bytes -= most_bytes
            gaps.append(_gap(one.place, error))
    return found


def _gap(place: Place, error: OSError | ParseError) -> Gap:
    path = f"nftables:elements {' '.join(place)}"
    if isinstance(error, OSError) and error.errno == errno.EFBIG:
        return Gap(path, "unparsed", "too many to read: what they count, or where they lead")
    return gap_of(path, error)


def _dump(request: bytes, *, most_bytes: int | None = None) -> list[Block]:
    return consistent_dump(NETFILTER, PATH, request, most_bytes=most_bytes)
