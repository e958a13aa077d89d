"""The chains of nftables, what their policies discard, and its named counters.

Kernel: net/netfilter/nf_tables_api.c, nf_tables_fill_chain_info() and nf_tables_fill_obj_info()
(read at v6.18).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, NamedTuple

from netrx_tune.collectors import netlink
from netrx_tune.collectors import nftables_fields as nft
from netrx_tune.collectors.netlink import Block
from netrx_tune.collectors.nftables_rules import OBJECT_COUNTER

Hook = Literal["ingress", "prerouting", "input", "forward", "shared", "other"]

_NEWCHAIN, _GETCHAIN, _NEWOBJ, _GETOBJ = (nft.SUBSYSTEM | kind for kind in (3, 4, 18, 19))
# enum nf_inet_hooks, and enum nf_dev_hooks for netdev; arp is another path. A bridge's input, of
# what is for its own address, comes before IP: NF_BR_LOCAL_IN.
_INET_HOOKS: dict[int, Hook] = {0: "prerouting", 1: "input", 2: "forward", 5: "ingress"}
_HOOKS: dict[str, dict[int, Hook]] = {
    "inet": _INET_HOOKS,
    "ip": _INET_HOOKS,
    "ip6": _INET_HOOKS,
    "netdev": {0: "ingress"},
    "bridge": {1: "ingress"},
}
_CHAIN_TABLE, _CHAIN_NAME, _CHAIN_HOOK, _CHAIN_POLICY = 1, 3, 4, 5
_CHAIN_USE, _CHAIN_COUNTERS, _HOOK_NUMBER = 6, 8, 1
_OBJ_TABLE, _OBJ_NAME, _OBJ_TYPE, _OBJ_DATA, _OBJ_USE = 1, 2, 3, 4, 5


class Chain(NamedTuple):
    """A chain; hook is None for one that is only jumped to."""

    place: nft.Place
    hook: Hook | None
    used: int  # by its own rules, by jumps, and by verdict maps
    policy_drops: int | None  # what a policy of drop discarded, if the chain counts it
    drops_uncounted: bool = False  # a policy of drop that nothing counts


class NamedCounter(NamedTuple):
    """A counter that is an object of its table; rules and elements of sets may share it."""

    place: nft.Place  # its name stands for the chain's
    packets: int
    used: int


def chains_request() -> bytes:
    """Return the request for the chains of all families."""
    return netlink.request(_GETCHAIN, bytes(4))


def named_request() -> bytes:
    """Return the request for the objects of all families; kernels before 4.10 have none."""
    return netlink.request(_GETOBJ, bytes(4))


def parse_chains(blocks: Iterable[Block]) -> tuple[Chain, ...]:
    """Return the chains of a dump."""
    return tuple(_chain(family, fields) for family, fields in nft.objects(blocks, _NEWCHAIN))


def parse_named(blocks: Iterable[Block]) -> tuple[NamedCounter, ...]:
    """Return the counters among the objects of a dump."""
    return tuple(
        NamedCounter(
            nft.Place(family, nft.name(fields, _OBJ_TABLE), nft.name(fields, _OBJ_NAME)),
            nft.number(
                nft.nested(fields.get(_OBJ_DATA, b"")).get(nft.COUNTER_PACKETS, b""), nft.U64
            ),
            nft.number(fields.get(_OBJ_USE, b""), nft.U32),
        )
        for family, fields in nft.objects(blocks, _NEWOBJ)
        if nft.number(fields.get(_OBJ_TYPE, b""), nft.U32) == OBJECT_COUNTER
    )


def _chain(family: str, fields: dict[int, Block]) -> Chain:
    hook: Hook | None = None
    if _CHAIN_HOOK in fields:
        code = nft.number(nft.nested(fields[_CHAIN_HOOK]).get(_HOOK_NUMBER, b""), nft.U32)
        hook = _HOOKS.get(family, {}).get(code, "other")
    policy = _CHAIN_POLICY in fields and nft.number(fields[_CHAIN_POLICY], nft.U32) == nft.NF_DROP
    drops = None
    if policy and _CHAIN_COUNTERS in fields:
        drops = nft.number(
            nft.nested(fields[_CHAIN_COUNTERS]).get(nft.COUNTER_PACKETS, b""), nft.U64
        )
    place = nft.Place(family, nft.name(fields, _CHAIN_TABLE), nft.name(fields, _CHAIN_NAME))
    used = nft.number(fields.get(_CHAIN_USE, b""), nft.U32)
    return Chain(place, hook, used, drops, drops_uncounted=policy and drops is None)
