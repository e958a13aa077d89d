"""What tc discards on the way in: the drops of ingress and clsact qdiscs.

A clsact qdisc has one counter for both directions, so it stands for ingress only while
nothing filters at egress. Programs attached as tcx count nowhere.

Kernel: net/core/dev.c, tc_run() and sch_handle_ingress(); net/sched/sch_ingress.c,
clsact_init(); net/sched/sch_api.c, tc_fill_qdisc() (read at v6.18).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from struct import Struct
from typing import NamedTuple

from netrx_tune.collectors import netlink
from netrx_tune.collectors.netlink import Block
from netrx_tune.collectors.paths import QDISC_DUMP
from netrx_tune.model.sample import RuleCounter

PATH = QDISC_DUMP
_RTM_NEWQDISC, _RTM_GETQDISC = 36, 38
_RTM_NEWTFILTER, _RTM_GETTFILTER = 44, 46
_TCA_KIND, _TCA_STATS, _TCA_STATS2, _TCA_STATS_QUEUE = 1, 3, 7, 3
_CLSACT_EGRESS = 0xFFFFFFF3  # TC_H_MAKE(TC_H_CLSACT, TC_H_MIN_EGRESS)

_TCMSG = Struct("=B3xiIII")  # family, interface, handle, parent, info
_QUEUE_DROPS = Struct("=8xI")  # struct gnet_stats_queue
_STATS_DROPS = Struct("=12xI")  # struct tc_stats, of kernels without TCA_STATS2


class Qdisc(NamedTuple):
    """A qdisc that filters what arrives."""

    ifindex: int
    kind: str  # "ingress" or "clsact"
    handle: int
    drops: int


def request() -> bytes:
    """Return the request for all qdiscs."""
    return netlink.request(_RTM_GETQDISC, _TCMSG.pack(0, 0, 0, 0, 0))


def egress_request(ifindex: int) -> bytes:
    """Return the request for the filters of a device's clsact qdisc at egress."""
    return netlink.request(_RTM_GETTFILTER, _TCMSG.pack(0, ifindex, 0, _CLSACT_EGRESS, 0))


def parse(blocks: Iterable[Block]) -> tuple[Qdisc, ...]:
    """Return the ingress and clsact qdiscs of a dump that count drops."""
    found: list[Qdisc] = []
    for fixed, fields in netlink.walk_rows(PATH, blocks, _RTM_NEWQDISC, _TCMSG):
        _family, ifindex, handle, _parent, _ = fixed
        kind = netlink.text(fields.get(_TCA_KIND, b""))
        drops = _drops(fields)
        if kind in ("ingress", "clsact") and drops is not None:
            found.append(Qdisc(ifindex, kind, handle, drops))
    return tuple(found)


def has_filters(blocks: Iterable[Block]) -> bool:
    """Tell whether a dump of filters holds one."""
    return any(
        message.kind == _RTM_NEWTFILTER
        for block in blocks
        for message in netlink.walk_messages(PATH, block)
    )


def counters(
    qdiscs: Iterable[Qdisc], names: Mapping[int, str], egress: Collection[int]
) -> tuple[RuleCounter, ...]:
    """Return qdiscs as counters; where a device is in `egress` they count what leaves, too."""
    return tuple(
        RuleCounter(
            source="tc",
            place=f"qdisc {kind} {_handle(handle)} dev {names.get(ifindex, f'if{ifindex}')}",
            hook="other" if kind == "clsact" and ifindex in egress else "ingress",
            verdict="drop",
            packets=drops,
        )
        for ifindex, kind, handle, drops in qdiscs
    )


def _drops(fields: Mapping[int, Block]) -> int | None:
    statistics = fields.get(_TCA_STATS2, b"")
    queue = netlink.attributes(PATH, statistics, 0, len(statistics)).get(_TCA_STATS_QUEUE, b"")
    for block, layout in ((queue, _QUEUE_DROPS), (fields.get(_TCA_STATS, b""), _STATS_DROPS)):
        if len(block) >= layout.size:
            return int(layout.unpack_from(block)[0])
    return None


def _handle(handle: int) -> str:
    minor = handle & 0xFFFF
    return f"{handle >> 16:x}:{f'{minor:x}' if minor else ''}"
