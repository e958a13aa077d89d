"""Devices as rtnetlink shows them: statistics in full, kind, XDP, and a veth's other end.

/proc/net/dev and sysfs leave out rx_otherhost_dropped, and a veth's ring overflow is counted
by the sending end alone, which is often in another namespace.

Kernel: net/core/rtnetlink.c, rtnl_fill_ifinfo() and rtnl_getlink(); include/uapi/linux/
if_link.h, struct rtnl_link_stats64 (read at v6.18).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from struct import Struct, unpack
from typing import Literal, NamedTuple

from netrx_tune.collectors import netlink
from netrx_tune.collectors.netlink import Block
from netrx_tune.model.errors import ParseError
from netrx_tune.model.sample import Link

PATH = "rtnetlink:link"
Xdp = Literal["none", "native", "generic", "offload"]

_RTM_NEWLINK, _RTM_GETLINK = 16, 18
_IFLA_IFNAME, _IFLA_LINK, _IFLA_LINKINFO, _IFLA_STATS64 = 3, 5, 18, 23
_IFLA_CARRIER_CHANGES, _IFLA_LINK_NETNSID, _IFLA_XDP, _IFLA_TARGET_NETNSID = 35, 37, 43, 46
_IFLA_INFO_KIND = 1
_IFLA_XDP_ATTACHED, _IFLA_XDP_DRV_PROG_ID, _IFLA_XDP_HW_PROG_ID = 2, 5, 7
_XDP_MODES: tuple[Xdp, ...] = ("none", "native", "generic", "offload")
_XDP_ATTACHED_MULTI = 4

_IFINFO = Struct("=BxHiII")  # family, type, index, flags, change
_S32 = Struct("=i")
# struct rtnl_link_stats64. Older kernels stop earlier: rx_nohandler came with 4.6,
# rx_otherhost_dropped with 5.19; a newer one may go on.
_FIELDS = (
    "rx_packets",
    "tx_packets",
    "rx_bytes",
    "tx_bytes",
    "rx_errors",
    "tx_errors",
    "rx_dropped",
    "tx_dropped",
    "multicast",
    "collisions",
    "rx_length_errors",
    "rx_over_errors",
    "rx_crc_errors",
    "rx_frame_errors",
    "rx_fifo_errors",
    "rx_missed_errors",
    "tx_aborted_errors",
    "tx_carrier_errors",
    "tx_fifo_errors",
    "tx_heartbeat_errors",
    "tx_window_errors",
    "rx_compressed",
    "tx_compressed",
    "rx_nohandler",
    "rx_otherhost_dropped",
)


class Peer(NamedTuple):
    """Where the other end of a veth pair is."""

    netns: int | None  # this namespace's id for the other, None for this one itself
    ifindex: int


class Found(NamedTuple):
    """A device, and where to ask for its other end's statistics."""

    link: Link
    peer: Peer | None


def request() -> bytes:
    """Return the request for all devices."""
    return netlink.request(_RTM_GETLINK, _IFINFO.pack(0, 0, 0, 0, 0))


def peer_request(peer: Peer) -> bytes:
    """Return the request for one device of another namespace."""
    payload = _IFINFO.pack(0, 0, peer.ifindex, 0, 0)
    if peer.netns is not None:
        payload += netlink.attribute(_IFLA_TARGET_NETNSID, _S32.pack(peer.netns))
    return netlink.request(_RTM_GETLINK, payload, flags=0)


def parse(blocks: Iterable[Block]) -> tuple[Found, ...]:
    """Return the devices of a dump."""
    return tuple(_found(index, fields) for index, fields in _links(blocks))


def parse_peer(peer: Peer, block: Block) -> Mapping[str, int] | None:
    """Return the other end's statistics, or None if the answer is about another device.

    A kernel before 4.15 does not know the attribute and answers for this namespace.
    """
    for index, fields in _links([block]):
        answered = fields.get(_IFLA_TARGET_NETNSID)
        if index == peer.ifindex and answered is not None and _s32(answered) == peer.netns:
            return _statistics(fields) or None
    return None


def with_peers(
    founds: Iterable[Found], statistics: Mapping[Peer, Mapping[str, int]]
) -> tuple[Link, ...]:
    """Return the devices with their other ends' statistics, as far as those are known."""
    return tuple(
        link if peer is None else link._replace(peer_statistics=statistics.get(peer))
        for link, peer in founds
    )


def _links(blocks: Iterable[Block]) -> Iterable[tuple[int, dict[int, Block]]]:
    """Yield each device's index and attributes."""
    for fixed, fields in netlink.walk_rows(PATH, blocks, _RTM_NEWLINK, _IFINFO):
        yield fixed[2], fields


def _found(index: int, fields: Mapping[int, Block]) -> Found:
    name = netlink.text(fields.get(_IFLA_IFNAME, b""))
    if not name:
        raise ParseError(PATH, f"device {index}: expected a name", "")
    kind = netlink.text(_nested(fields, _IFLA_LINKINFO).get(_IFLA_INFO_KIND, b""))
    peer = None
    if kind == "veth" and _IFLA_LINK in fields:
        netns = fields.get(_IFLA_LINK_NETNSID)
        peer = Peer(None if netns is None else _s32(netns), _s32(fields[_IFLA_LINK]))
    xdp = _xdp(_nested(fields, _IFLA_XDP))
    return Found(Link(name, index, kind, _statistics(fields), None, xdp), peer)


def _nested(fields: Mapping[int, Block], kind: int) -> dict[int, Block]:
    block = fields.get(kind, b"")
    return netlink.attributes(PATH, block, 0, len(block))


def _statistics(fields: Mapping[int, Block]) -> dict[str, int]:
    block = fields.get(_IFLA_STATS64, b"")
    count = min(len(block) // 8, len(_FIELDS))
    found = dict(zip(_FIELDS[:count], unpack(f"={count}Q", block[: 8 * count]), strict=True))
    if _IFLA_CARRIER_CHANGES in fields:
        found["carrier_changes"] = _s32(fields[_IFLA_CARRIER_CHANGES])
    return found


def _xdp(fields: Mapping[int, Block]) -> Xdp:
    attached = bytes(fields.get(_IFLA_XDP_ATTACHED, b"\0"))[:1] or b"\0"
    mode = attached[0]
    if mode == _XDP_ATTACHED_MULTI:  # the one that is nearest to the wire
        if _IFLA_XDP_HW_PROG_ID in fields:
            return "offload"
        return "native" if _IFLA_XDP_DRV_PROG_ID in fields else "generic"
    return _XDP_MODES[mode] if mode < len(_XDP_MODES) else "none"


def _s32(block: Block) -> int:
    if len(block) != _S32.size:
        raise ParseError(PATH, "expected 4 bytes", bytes(block[:24]).hex())
    value: int = _S32.unpack(block)[0]
    return value
