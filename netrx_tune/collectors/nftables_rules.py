"""What each rule of nftables discards, who counts it, and where the rule leads.

Only a counter says what a rule dropped, and only if nothing between the counter and the verdict
lets packets go. iptables-nft writes such rules too, always with a counter. A named counter says
it if no other rule uses it; the elements of a set say it if they have counters and no rule
looks the set up for another end. What is discarded uncounted stands as "other" with 0 packets:
it may have been any.

Kernel: net/netfilter/nf_tables_api.c, nf_tables_fill_rule_info(); nft_objref.c; nft_lookup.c,
nft_lookup_eval(); nft_dynset.c, nft_dynset_eval(); nf_tables_core.c, nft_do_chain() (read at
v6.18).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, NamedTuple

from netrx_tune.collectors import netlink
from netrx_tune.collectors import nftables_fields as nft
from netrx_tune.collectors.netlink import Block

Verdict = Literal["drop", "reject", "other"]

_NEWRULE, _GETRULE = nft.SUBSYSTEM | 6, nft.SUBSYSTEM | 7
_RULE_TABLE, _RULE_CHAIN, _RULE_HANDLE, _RULE_EXPRESSIONS = 1, 2, 3, 4
_IMMEDIATE_DATA, _TARGET_NAME = 2, 1
_LOOKUP_SET, _LOOKUP_REGISTER, _LOOKUP_FLAGS = 1, 3, 5
_DYNSET_SET, _DYNSET_OPERATION, _DYNSET_FLAGS = 1, 3, 9
_OBJREF_TYPE, _OBJREF_NAME, _OBJREF_SET = 1, 2, 4
_INVERTED = 1  # NFT_LOOKUP_F_INV, NFT_DYNSET_F_INV
_DELETE = 2  # NFT_DYNSET_OP_DELETE; to add and to update count
OBJECT_COUNTER = 1
# Targets of iptables, and of iptables-nft where they have no expression of their own.
TARGETS: dict[str, Verdict] = {"REJECT": "reject", "NFQUEUE": "other", "SYNPROXY": "other"}


class Discard(NamedTuple):
    """A verdict that ends a rule, and how many packets met it; "other" may be any of them."""

    verdict: Verdict
    packets: int
    named: str = ""  # the named counter that knows how many
    by_set: str = ""  # the set whose elements know it, where they have counters


class Rule(NamedTuple):
    """What matters of a rule: what it discards and counts, and where it jumps."""

    place: nft.Place
    handle: int
    discard: Discard | None
    jumps: tuple[str, ...]
    sets: tuple[str, ...] = ()  # those it refers to, in whatever way
    verdict_maps: tuple[str, ...] = ()  # those among them that give the verdict
    label: str = ""  # where a text shows no handle


def rules_request() -> bytes:
    """Return the request for the rules of all families."""
    return netlink.request(_GETRULE, bytes(4))


def parse_rules(blocks: Iterable[Block]) -> tuple[Rule, ...]:
    """Return all rules of a dump."""
    return tuple(_rule(family, fields) for family, fields in nft.objects(blocks, _NEWRULE))


def _rule(family: str, fields: dict[int, Block]) -> Rule:
    place = nft.Place(family, nft.name(fields, _RULE_TABLE), nft.name(fields, _RULE_CHAIN))
    handle = nft.number(fields.get(_RULE_HANDLE, b""), nft.U64)
    expressions = [
        (kind, nft.nested(content) if kind in _READ else {})
        for kind, content in map(nft.expression_of, nft.listed(fields.get(_RULE_EXPRESSIONS, b"")))
    ]
    discard, jumps = _judge(expressions)
    return Rule(place, handle, discard, jumps, _sets(expressions), _verdict_maps(expressions))


def _judge(
    expressions: Iterable[tuple[str, dict[int, Block]]],
) -> tuple[Discard | None, tuple[str, ...]]:
    """Return what a rule discards and counts, and the chains it may jump to.

    A counter counts the packets that reach it, an element of a set those that match it. What is
    counted is what the verdict met, if no expression between the two can end the rule.
    """
    counted = Discard("other", 0)
    is_exact = False
    jumps: list[str] = []
    for kind, fields in expressions:
        if kind in _COUNTING:
            found = _counting(kind, fields)
            is_exact = found is not None
            counted = found or counted
        elif kind in _DECIDING:
            decided, chain = _decided(kind, fields)
            jumps += [chain] if chain else []
            if decided is not None:
                exactly = counted._replace(verdict=decided)
                vaguely = counted._replace(by_set="")
                return exactly if is_exact else vaguely, tuple(jumps)
        else:
            is_exact = is_exact and kind in nft.PASSING
    return None, tuple(jumps)


def _counting(kind: str, fields: dict[int, Block]) -> Discard | None:
    """Return who counts from here on, None where it is nobody and the rule may end."""
    if kind == "counter":
        return Discard("other", nft.number(fields.get(nft.COUNTER_PACKETS, b""), nft.U64))
    if kind == "objref":  # quotas and limits end a rule, as a map of objects may
        is_counter = (
            _OBJREF_TYPE in fields and nft.number(fields[_OBJREF_TYPE], nft.U32) == OBJECT_COUNTER
        )
        counter = netlink.text(fields.get(_OBJREF_NAME, b"")) if is_counter else ""
        return Discard("other", 0, named=counter) if counter else None
    by_set = _looked_up(fields) if kind == "lookup" else _added(fields)
    return Discard("other", 0, by_set=by_set) if by_set else None


def _looked_up(fields: dict[int, Block]) -> str:
    """Return the set whose elements count what goes on, "" for maps and for what is not in it."""
    if _LOOKUP_REGISTER in fields or _flags(fields, _LOOKUP_FLAGS) & _INVERTED:
        return ""
    return netlink.text(fields.get(_LOOKUP_SET, b""))


def _added(fields: dict[int, Block]) -> str:
    """Return the set whose elements count what a rule adds to it and lets on."""
    deletes = _flags(fields, _DYNSET_OPERATION) == _DELETE
    if deletes or _flags(fields, _DYNSET_FLAGS) & _INVERTED:
        return ""
    return netlink.text(fields.get(_DYNSET_SET, b""))


def _flags(fields: dict[int, Block], kind: int) -> int:
    return nft.number(fields[kind], nft.U32) if kind in fields else 0


def _decided(kind: str, fields: dict[int, Block]) -> tuple[Verdict | None, str]:
    """Return the verdict that discards, if it is one, and the chain that a jump leads to."""
    match kind:
        case "immediate":
            code, chain = nft.verdict(fields.get(_IMMEDIATE_DATA, b""))
            leads = code in (nft.NFT_JUMP, nft.NFT_GOTO)
            return ("drop" if code == nft.NF_DROP else None), chain if leads else ""
        case "reject":
            return "reject", ""
        case "target":
            return TARGETS.get(netlink.text(fields.get(_TARGET_NAME, b""))), ""
        case _:  # queue, synproxy: another program decides, or the kernel answers itself
            return "other", ""


def _sets(expressions: Iterable[tuple[str, dict[int, Block]]]) -> tuple[str, ...]:
    named = {"lookup": _LOOKUP_SET, "dynset": _DYNSET_SET, "objref": _OBJREF_SET}
    return tuple(
        netlink.text(fields[named[kind]])
        for kind, fields in expressions
        if kind in named and named[kind] in fields
    )


def _verdict_maps(expressions: Iterable[tuple[str, dict[int, Block]]]) -> tuple[str, ...]:
    """Return the verdict maps: what they give goes to the register of verdicts, number 0."""
    return tuple(
        netlink.text(fields.get(_LOOKUP_SET, b""))
        for kind, fields in expressions
        if kind == "lookup"
        and _LOOKUP_REGISTER in fields
        and not nft.number(fields[_LOOKUP_REGISTER], nft.U32)
    )


_COUNTING = frozenset({"counter", "objref", "lookup", "dynset"})
_DECIDING = frozenset({"immediate", "reject", "target", "queue", "synproxy"})
_READ = _COUNTING | _DECIDING
