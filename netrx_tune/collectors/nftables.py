"""What nftables rules and policies count of the packets that they discard.

Only a rule with a counter says what it dropped, and only if nothing between the counter and
the verdict lets packets go. iptables-nft writes such rules too, always with a counter. A named
counter says it if no other rule uses it. A rule or policy that discards uncounted stands as
"other" with 0 packets: it may have dropped any.

Kernel: net/netfilter/nf_tables_api.c, nf_tables_fill_chain_info(), nf_tables_fill_rule_info()
and nf_tables_fill_obj_info(); nft_objref.c; nf_tables_core.c, nft_do_chain() (read at v6.18).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from struct import Struct
from typing import Literal, NamedTuple

from netrx_tune.collectors import netlink
from netrx_tune.collectors.netlink import Block
from netrx_tune.model.errors import ParseError

PATH = "nftables:rules"
Hook = Literal["ingress", "prerouting", "input", "other"]
Verdict = Literal["drop", "reject", "other"]

_SUBSYSTEM = 10 << 8  # NFNL_SUBSYS_NFTABLES
_NEWCHAIN, _GETCHAIN, _NEWRULE, _GETRULE = (_SUBSYSTEM | kind for kind in (3, 4, 6, 7))
_NEWOBJ, _GETOBJ = (_SUBSYSTEM | kind for kind in (18, 19))
_FAMILIES = {1: "inet", 2: "ip", 3: "arp", 5: "netdev", 7: "bridge", 10: "ip6"}
# enum nf_inet_hooks, and enum nf_dev_hooks for netdev; arp and bridge are other paths.
_INET_HOOKS: dict[int, Hook] = {0: "prerouting", 1: "input", 5: "ingress"}
_HOOKS: dict[str, dict[int, Hook]] = {
    "inet": _INET_HOOKS,
    "ip": _INET_HOOKS,
    "ip6": _INET_HOOKS,
    "netdev": {0: "ingress"},
}
_CHAIN_TABLE, _CHAIN_NAME, _CHAIN_HOOK, _CHAIN_POLICY = 1, 3, 4, 5
_CHAIN_USE, _CHAIN_COUNTERS, _HOOK_NUMBER = 6, 8, 1
_RULE_TABLE, _RULE_CHAIN, _RULE_HANDLE, _RULE_EXPRESSIONS = 1, 2, 3, 4
_EXPRESSION_NAME, _EXPRESSION_DATA = 1, 2
_COUNTER_PACKETS = 2
_IMMEDIATE_DATA, _DATA_VERDICT, _VERDICT_CODE, _VERDICT_CHAIN = 2, 2, 1, 2
_TARGET_NAME = 1
_LOOKUP_REGISTER = 3
_OBJREF_TYPE, _OBJREF_NAME = 1, 2
_OBJ_TABLE, _OBJ_NAME, _OBJ_TYPE, _OBJ_DATA, _OBJ_USE = 1, 2, 3, 4, 5
_OBJECT_COUNTER = 1
_NF_DROP, _NFT_JUMP, _NFT_GOTO = 0, -3, -4
# Targets of iptables-nft that have no expression of their own.
_TARGETS: dict[str, Verdict] = {"REJECT": "reject", "NFQUEUE": "other"}
_JUDGED = frozenset({"counter", "objref", "immediate", "reject", "target", "queue"})
# Of the others, those that let every packet on to the next one.
_PASSING = frozenset({"log", "last", "notrack"})

_U32, _S32, _U64 = Struct(">I"), Struct(">i"), Struct(">Q")  # numbers in network order


class Place(NamedTuple):
    """A chain, by its family, table and name."""

    family: str
    table: str
    chain: str


class Chain(NamedTuple):
    """A chain; hook is None for one that is only jumped to."""

    place: Place
    hook: Hook | None
    used: int  # by its own rules, by jumps, and by verdict maps
    policy_drops: int | None  # what a policy of drop discarded, if the chain counts it
    drops_uncounted: bool = False  # a policy of drop that nothing counts


class Discard(NamedTuple):
    """A verdict that ends a rule, and how many packets met it; "other" may be any of them."""

    verdict: Verdict
    packets: int
    named: str = ""  # the named counter that knows how many


class NamedCounter(NamedTuple):
    """A counter that is an object of its table; rules and elements of sets may share it."""

    place: Place  # its name stands for the chain's
    packets: int
    used: int


class Rule(NamedTuple):
    """What matters of a rule: what it discards and counts, and where it jumps."""

    place: Place
    handle: int
    discard: Discard | None
    jumps: tuple[str, ...]


def chains_request() -> bytes:
    """Return the request for the chains of all families."""
    return netlink.request(_GETCHAIN, bytes(4))


def rules_request() -> bytes:
    """Return the request for the rules of all families."""
    return netlink.request(_GETRULE, bytes(4))


def named_request() -> bytes:
    """Return the request for the objects of all families; kernels before 4.10 have none."""
    return netlink.request(_GETOBJ, bytes(4))


def parse_chains(blocks: Iterable[Block]) -> tuple[Chain, ...]:
    """Return the chains of a dump.

    Raises:
        ParseError: bytes that are not the messages of such a dump.
    """
    return tuple(_chain(family, fields) for family, fields in _objects(blocks, _NEWCHAIN))


def parse_rules(blocks: Iterable[Block]) -> tuple[Rule, ...]:
    """Return all rules of a dump.

    Raises:
        ParseError: bytes that are not the messages of such a dump.
    """
    return tuple(_rule(family, fields) for family, fields in _objects(blocks, _NEWRULE))


def parse_named(blocks: Iterable[Block]) -> tuple[NamedCounter, ...]:
    """Return the counters among the objects of a dump.

    Raises:
        ParseError: bytes that are not the messages of such a dump.
    """
    return tuple(
        NamedCounter(
            Place(family, _name(fields, _OBJ_TABLE), _name(fields, _OBJ_NAME)),
            _number(_nested(fields.get(_OBJ_DATA, b"")).get(_COUNTER_PACKETS, b""), _U64),
            _number(fields.get(_OBJ_USE, b""), _U32),
        )
        for family, fields in _objects(blocks, _NEWOBJ)
        if _number(fields.get(_OBJ_TYPE, b""), _U32) == _OBJECT_COUNTER
    )


def _objects(blocks: Iterable[Block], kind: int) -> Iterator[tuple[str, dict[int, Block]]]:
    """Yield family and attributes of each message of one kind."""
    for block in blocks:
        for message in netlink.walk_messages(PATH, block):
            if message.kind != kind:
                continue
            start = message.start + 4  # struct nfgenmsg: family, version, resource
            if start > message.end:
                raise ParseError(PATH, f"byte {message.start}", "a short message")
            number = block[message.start]
            family = _FAMILIES.get(number, f"family{number}")
            yield family, netlink.attributes(PATH, block, start, message.end)


def _chain(family: str, fields: dict[int, Block]) -> Chain:
    hook: Hook | None = None
    if _CHAIN_HOOK in fields:
        number = _number(_nested(fields[_CHAIN_HOOK]).get(_HOOK_NUMBER, b""), _U32)
        hook = _HOOKS.get(family, {}).get(number, "other")
    policy = _CHAIN_POLICY in fields and _number(fields[_CHAIN_POLICY], _U32) == _NF_DROP
    drops = None
    if policy and _CHAIN_COUNTERS in fields:
        drops = _number(_nested(fields[_CHAIN_COUNTERS]).get(_COUNTER_PACKETS, b""), _U64)
    place = Place(family, _name(fields, _CHAIN_TABLE), _name(fields, _CHAIN_NAME))
    used = _number(fields.get(_CHAIN_USE, b""), _U32)
    return Chain(place, hook, used, drops, drops_uncounted=policy and drops is None)


def _rule(family: str, fields: dict[int, Block]) -> Rule:
    discard, jumps = _judge(fields.get(_RULE_EXPRESSIONS, b""))
    return Rule(
        place=Place(family, _name(fields, _RULE_TABLE), _name(fields, _RULE_CHAIN)),
        handle=_number(fields.get(_RULE_HANDLE, b""), _U64),
        discard=discard,
        jumps=jumps,
    )


def _judge(expressions: Block) -> tuple[Discard | None, tuple[str, ...]]:
    """Return what a rule discards and counts, and the chains it may jump to.

    A counter counts the packets that reach it. What it counts is what the verdict met, if no
    expression between the two can end the rule; without one nobody counts.
    """
    packets: int | None = None
    is_exact = by_map = False
    named = ""
    jumps: list[str] = []
    for name, content in _expressions(expressions):
        if name not in _JUDGED:
            is_exact = is_exact and name in _PASSING
            by_map = by_map or (name == "lookup" and _gives_verdict(_nested(content)))
            continue
        fields = _nested(content)
        verdict: Verdict | None = None
        match name:
            case "counter":
                packets, is_exact = _number(fields.get(_COUNTER_PACKETS, b""), _U64), True
                named = ""
            case "objref":
                counter = _referred_counter(fields)
                packets, named = (None, counter) if counter else (packets, named)
                is_exact = bool(counter)  # quotas and limits end a rule, as a map may
            case "immediate":
                code, chain = _verdict(fields)
                jumps += [chain] if code in (_NFT_JUMP, _NFT_GOTO) else []
                verdict = "drop" if code == _NF_DROP else None
            case "reject":
                verdict = "reject"
            case "target":
                verdict = _TARGETS.get(netlink.text(fields.get(_TARGET_NAME, b"")))
            case _:  # queue: another program decides
                verdict = "other"
        if verdict is not None:
            exactly = verdict if is_exact else "other"
            return Discard(exactly, packets or 0, named), tuple(jumps)
    return Discard("other", 0) if by_map else None, tuple(jumps)


def _referred_counter(fields: dict[int, Block]) -> str:
    """Return the name of the counter that a rule refers to, "" for other objects and maps."""
    kind = fields.get(_OBJREF_TYPE)
    if kind is None or _number(kind, _U32) != _OBJECT_COUNTER:
        return ""
    return netlink.text(fields.get(_OBJREF_NAME, b""))


def _gives_verdict(lookup: dict[int, Block]) -> bool:
    """Tell a verdict map: what it gives goes to the register of verdicts, number 0."""
    return _LOOKUP_REGISTER in lookup and not _number(lookup[_LOOKUP_REGISTER], _U32)


def _expressions(block: Block) -> Iterator[tuple[str, Block]]:
    """Yield name and content of each expression of a rule."""
    for found in netlink.walk_attributes(PATH, block, 0, len(block)):
        fields = netlink.attributes(PATH, block, found.start, found.end)
        name = netlink.text(fields.get(_EXPRESSION_NAME, b""))
        yield name, fields.get(_EXPRESSION_DATA, b"")


def _verdict(fields: dict[int, Block]) -> tuple[int | None, str]:
    """Return the code of an immediate verdict and its chain; None for other data."""
    verdict = _nested(_nested(fields.get(_IMMEDIATE_DATA, b"")).get(_DATA_VERDICT, b""))
    if _VERDICT_CODE not in verdict:
        return None, ""
    chain = netlink.text(verdict.get(_VERDICT_CHAIN, b""))
    return _number(verdict[_VERDICT_CODE], _S32), chain


def _nested(block: Block) -> dict[int, Block]:
    return netlink.attributes(PATH, block, 0, len(block))


def _name(fields: dict[int, Block], kind: int) -> str:
    if kind not in fields:
        raise ParseError(PATH, f"expected attribute {kind}", str(sorted(fields)))
    return netlink.text(fields[kind])


def _number(block: Block, layout: Struct) -> int:
    if len(block) != layout.size:
        raise ParseError(PATH, f"expected {layout.size} bytes", bytes(block[:24]).hex())
    value: int = layout.unpack(block)[0]
    return value
