"""The messages of nftables: their families, their names and numbers, and their expressions.

Kernel: include/uapi/linux/netfilter/nf_tables.h (read at v6.18).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from struct import Struct
from typing import NamedTuple

from netrx_tune.collectors import netlink
from netrx_tune.collectors.netlink import Block
from netrx_tune.collectors.paths import NETFILTER_DUMP
from netrx_tune.model.errors import ParseError

PATH = NETFILTER_DUMP
SUBSYSTEM = 10 << 8  # NFNL_SUBSYS_NFTABLES
FAMILIES = {1: "inet", 2: "ip", 3: "arp", 5: "netdev", 7: "bridge", 10: "ip6"}
U32, S32, U64 = Struct(">I"), Struct(">i"), Struct(">Q")  # numbers in network order
_NFGENMSG = Struct("=B3x")  # family, version, resource
NF_DROP, NFT_JUMP, NFT_GOTO = 0, -3, -4
COUNTER_PACKETS = 2
_EXPRESSION_NAME, _EXPRESSION_DATA = 1, 2
_DATA_VERDICT, _VERDICT_CODE, _VERDICT_CHAIN = 2, 1, 2
# Expressions that let every packet on to the next one.
PASSING = frozenset({"counter", "log", "last", "notrack"})


class Place(NamedTuple):
    """A chain, or a set or counter in the chain's stead, by its family, table and name."""

    family: str
    table: str
    chain: str


def objects(blocks: Iterable[Block], kind: int) -> Iterator[tuple[str, dict[int, Block]]]:
    """Yield family and attributes of each message of one kind."""
    for (number,), fields in netlink.walk_rows(PATH, blocks, kind, _NFGENMSG):
        yield FAMILIES.get(number, f"family{number}"), fields


def listed(block: Block) -> Iterator[dict[int, Block]]:
    """Yield the attributes of each entry of a list."""
    for found in netlink.walk_attributes(PATH, block, 0, len(block)):
        yield netlink.attributes(PATH, block, found.start, found.end)


def expression_of(fields: dict[int, Block]) -> tuple[str, Block]:
    """Return name and content of an expression."""
    return netlink.text(fields.get(_EXPRESSION_NAME, b"")), fields.get(_EXPRESSION_DATA, b"")


def verdict(data: Block) -> tuple[int | None, str]:
    """Return the code of a verdict and the chain it leads to; None for other data."""
    found = nested(nested(data).get(_DATA_VERDICT, b""))
    if _VERDICT_CODE not in found:
        return None, ""
    chain = netlink.text(found.get(_VERDICT_CHAIN, b""))
    return number(found[_VERDICT_CODE], S32), chain


def nested(block: Block) -> dict[int, Block]:
    """Return the attributes that a block consists of."""
    return netlink.attributes(PATH, block, 0, len(block))


def name(fields: dict[int, Block], kind: int) -> str:
    """Return a text that must be there."""
    if kind not in fields:
        raise ParseError(PATH, f"expected attribute {kind}", str(sorted(fields)))
    return netlink.text(fields[kind])


def number(block: Block, layout: Struct) -> int:
    """Return a number, of as many bytes as its layout has."""
    if len(block) != layout.size:
        raise ParseError(PATH, f"expected {layout.size} bytes", bytes(block[:24]).hex())
    value: int = layout.unpack(block)[0]
    return value
