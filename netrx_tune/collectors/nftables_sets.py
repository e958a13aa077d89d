"""What the elements of nftables' sets and verdict maps count, and where maps lead.

An element that has a counter counts each packet that matches it. In a verdict map it also says
what became of them. An element that goes takes its count with it, so the sum of a set whose
elements time out is at times too low, and never too high.

Kernel: net/netfilter/nf_tables_api.c, nf_tables_fill_set() and nf_tables_fill_setelem();
include/net/netfilter/nf_tables.h, nft_set_elem_update_expr(), which nft_lookup.c calls since
v5.7 and nft_dynset.c always did (read at v6.18).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from struct import Struct
from typing import NamedTuple

from netrx_tune.collectors import netlink
from netrx_tune.collectors import nftables_fields as nft
from netrx_tune.collectors.netlink import Block
from netrx_tune.collectors.nftables_rules import Rule

_NEWSET, _GETSET, _NEWELEMENTS, _GETELEMENTS = (nft.SUBSYSTEM | kind for kind in (9, 10, 12, 13))
_SET_TABLE, _SET_NAME, _SET_FLAGS, _SET_DATA_TYPE = 1, 2, 3, 6
_SET_EXPRESSION, _SET_EXPRESSIONS = 17, 18
_ANONYMOUS, _DYNAMIC = 0x1, 0x20  # NFT_SET_ANONYMOUS, NFT_SET_EVAL
_DATA_VERDICT = 0xFFFFFF00  # NFT_DATA_VERDICT
_LIST_TABLE, _LIST_SET, _LIST_ELEMENTS = 1, 2, 3
_ELEMENT_DATA, _ELEMENT_FLAGS, _ELEMENT_EXPRESSION, _ELEMENT_EXPRESSIONS = 2, 3, 7, 11
_INTERVAL_END = 0x1
_NUMBERS = {text: code for code, text in nft.FAMILIES.items()}
_NFGENMSG = Struct(">BBH")  # family, version, resource


class Set(NamedTuple):
    """A set or map that rules refer to; its name stands for the place's chain."""

    place: nft.Place
    is_anonymous: bool  # written within its one rule
    gives_verdicts: bool
    tells: bool  # its elements give verdicts, or may have counters


class Elements(NamedTuple):
    """What is known of the elements of a set; of a verdict map, of those that drop."""

    source: Set
    discards: bool
    packets: int | None  # None where there are some, and none of them counts
    jumps: tuple[str, ...]  # the chain that each element of a verdict map leads to


def sets_request() -> bytes:
    """Return the request for the sets and maps of all families, without their elements."""
    return netlink.request(_GETSET, bytes(4))


def elements_request(place: nft.Place) -> bytes:
    """Return the request for the elements of one set."""
    names = (_LIST_TABLE, place.table), (_LIST_SET, place.chain)
    fields = b"".join(netlink.attribute(kind, text.encode() + b"\0") for kind, text in names)
    header = _NFGENMSG.pack(_NUMBERS.get(place.family, 0), 0, 0)
    return netlink.request(_GETELEMENTS, header + fields)


def worth_reading(rules: Iterable[Rule]) -> frozenset[nft.Place]:
    """Return the sets and maps that decide what is discarded."""
    return frozenset(
        rule.place._replace(chain=used)
        for rule in rules
        for used in (rule.discard.by_set if rule.discard else "", *rule.verdict_maps)
        if used
    )


def parse_sets(blocks: Iterable[Block]) -> tuple[Set, ...]:
    """Return the sets and maps of a dump."""
    return tuple(_set(family, fields) for family, fields in nft.objects(blocks, _NEWSET))


def _set(family: str, fields: dict[int, Block]) -> Set:
    flags = nft.number(fields[_SET_FLAGS], nft.U32) if _SET_FLAGS in fields else 0
    kind = nft.number(fields[_SET_DATA_TYPE], nft.U32) if _SET_DATA_TYPE in fields else 0
    place = nft.Place(family, nft.name(fields, _SET_TABLE), nft.name(fields, _SET_NAME))
    # Else nft gives no element a counter: it takes the set's word, or the rule's.
    is_open = bool(flags & (_ANONYMOUS | _DYNAMIC))
    counts = any(found == "counter" for found, _ in _expressions(fields, *_OF_SET))
    is_verdict = kind == _DATA_VERDICT
    return Set(place, bool(flags & _ANONYMOUS), is_verdict, is_verdict or is_open or counts)


def parse_elements(source: Set, blocks: Iterable[Block]) -> Elements:
    """Return what the elements of a dump count."""
    counted: list[int | None] = []
    jumps: list[str] = []
    for _, fields in nft.objects(blocks, _NEWELEMENTS):
        for element in nft.listed(fields.get(_LIST_ELEMENTS, b"")):
            if source.gives_verdicts:
                code, chain = nft.verdict(element.get(_ELEMENT_DATA, b""))
                jumps += [chain] if code in (nft.NFT_JUMP, nft.NFT_GOTO) else []
                if code != nft.NF_DROP:
                    continue
            elif _ELEMENT_FLAGS in element and _is_interval_end(element):
                continue
            counted.append(_packets(element))
    known = [packets for packets in counted if packets is not None]
    packets = sum(known) if known or not counted else None
    return Elements(source, bool(counted), packets, tuple(jumps))


def _is_interval_end(element: dict[int, Block]) -> bool:
    return bool(nft.number(element[_ELEMENT_FLAGS], nft.U32) & _INTERVAL_END)


def _packets(element: dict[int, Block]) -> int | None:
    """Return what an element counts, None where it has no counter or may let go afterwards."""
    packets: int | None = None
    for kind, content in _expressions(element, _ELEMENT_EXPRESSION, _ELEMENT_EXPRESSIONS):
        if kind == "counter":
            packets = nft.number(nft.nested(content).get(nft.COUNTER_PACKETS, b""), nft.U64)
        elif kind not in nft.PASSING:  # a limit or a quota
            packets = None
    return packets


_OF_SET = (_SET_EXPRESSION, _SET_EXPRESSIONS)


def _expressions(
    fields: dict[int, Block], single: int, several: int
) -> Iterator[tuple[str, Block]]:
    """Yield the expressions of a set or element: one, or a list of them."""
    if single in fields:
        yield nft.expression_of(nft.nested(fields[single]))
    if several in fields:
        yield from map(nft.expression_of, nft.listed(fields[several]))
