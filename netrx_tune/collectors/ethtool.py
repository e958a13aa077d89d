"""What ethtool shows of a device: driver, statistics, rings, channels, coalescing.

The names of the statistics are the driver's own; names that occur twice (one per queue in
vmxnet3, for one) are summed, so that nothing is lost.

Kernel: net/ethtool/ioctl.c, dev_ethtool(); include/uapi/linux/ethtool.h (read at v6.18).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from struct import Struct, pack, unpack_from
from typing import NamedTuple

from netrx_tune.model.errors import ParseError
from netrx_tune.model.sample import ChannelKind, Nic

SIOCETHTOOL = 0x8946
# More statistics than any driver has; a larger number is not believed.
MOST_STATISTICS = 1 << 17
_GDRVINFO, _GCOALESCE, _GRINGPARAM, _GSTRINGS = 0x3, 0xE, 0x10, 0x1B
_GSTATS, _GSSET_INFO, _GCHANNELS = 0x1D, 0x37, 0x3C
_ETH_SS_STATS = 1
_NAME_BYTES = 32  # ETH_GSTRING_LEN

_DRVINFO_BYTES = 196
# Of rtnl_link_stats64, that drivers repeat.
_FIELDS = frozenset(
    {"rx_packets", "multicast", "rx_errors", "rx_length_errors", "rx_over_errors", "rx_crc_errors",
     "rx_frame_errors", "rx_fifo_errors", "rx_missed_errors"}
)  # fmt: skip
# How drivers name the frames that came by each receive queue (verbose pattern, at 6.12): igb,
# ixgbe, i40e, iavf, ice, ena, mlx4, mlx5, bnxt, bnx2x, gve, qede, nfp, be2net, stmmac, virtio_net,
# hv_netvsc.
QUEUE_PACKETS = r"""
    rx_queue_(\d+)_packets | rx(\d+)_packets | rx-(\d+)\.(?:rx_)?packets | queue_(\d+)_rx_cnt
    | \[(\d+)\]:\ rx_[umb]cast_packets | rx_completed_desc\[(\d+)\] | (\d+):\ rcv_pkts
    | rvec_(\d+)_rx_pkts | q(\d+)_rx_pkt_n | rx_(\d+)_packets | rxq(\d+):\ rx_pkts
"""
# Where rx_packets is missing: frames of the port, by kind, or of its queues; the first that fits.
_PACKETS = (
    r"port_rx_packets | rx_frames_ok | InPacketsDma | port\.rx_(?:uni|multi|broad)cast",
    r"rx_(?:uni|multi|broad)cast | (?:ucast|mcast|bcast)\ pkts\ rx",
    r"rx_[umb]cast_p(?:acket|kt)s",
    QUEUE_PACKETS,
)
_SSET_INFO = Struct("=IIQI")  # cmd, reserved, mask, count
_STRINGS = Struct("=III")  # cmd, set, count; then 32 bytes each
_STATS = Struct("=II")  # cmd, count; then 64 bits each
_RINGPARAM = Struct("=9I")  # cmd, most rx, mini, jumbo, tx; present rx, mini, jumbo, tx
_CHANNELS = Struct("=9I")  # cmd, most rx, tx, other, combined; present rx, tx, other, combined
_COALESCE = Struct("=23I")  # cmd, rx usecs, ..., [10] adaptive rx


class Replies(NamedTuple):
    """The kernel's answers about one device; None where it refused."""

    driver: bytes
    names: bytes | None
    statistics: bytes | None
    rings: bytes | None
    channels: bytes | None
    coalesce: bytes | None


class Range(NamedTuple):
    """A number as it is and the most it may be."""

    present: int | None
    most: int | None


class Channels(NamedTuple):
    """The queues that receive, the most there may be of their kind, and that kind."""

    present: int | None
    most: int | None
    kind: ChannelKind | None


NO_CHANNELS = Channels(None, None, None)


def path(device: str) -> str:
    """Return how errors and gaps name a device."""
    return f"ethtool:{device}"


def driver_request() -> bytes:
    """Return the buffer for the driver's name."""
    return _buffer(_GDRVINFO, _DRVINFO_BYTES)


def count_request() -> bytes:
    """Return the buffer for the number of statistics."""
    return _SSET_INFO.pack(_GSSET_INFO, 0, 1 << _ETH_SS_STATS, 0)


def names_request(count: int) -> bytes:
    """Return the buffer for the names of statistics.

    The kernel writes as many as the driver has at that moment, whatever it is asked for, so
    there is room for queues that were added since.
    """
    return _STRINGS.pack(_GSTRINGS, _ETH_SS_STATS, count) + bytes(_room(count) * _NAME_BYTES)


def statistics_request(count: int) -> bytes:
    """Return the buffer for the values of statistics, with room as for the names."""
    return _STATS.pack(_GSTATS, count) + bytes(_room(count) * 8)


def rings_request() -> bytes:
    """Return the buffer for ring sizes."""
    return _buffer(_GRINGPARAM, _RINGPARAM.size)


def channels_request() -> bytes:
    """Return the buffer for numbers of queues."""
    return _buffer(_GCHANNELS, _CHANNELS.size)


def coalesce_request() -> bytes:
    """Return the buffer for interrupt coalescing."""
    return _buffer(_GCOALESCE, _COALESCE.size)


def parse_count(reply: bytes) -> int:
    """Return the number of statistics, 0 if the driver has none."""
    if len(reply) < _SSET_INFO.size:
        raise ParseError("ethtool", "a short reply", reply.hex())
    _command, _reserved, mask, count = _SSET_INFO.unpack_from(reply)
    if count > MOST_STATISTICS:
        raise ParseError("ethtool", "number of statistics", str(count))
    return count if mask else 0


def parse(device: str, replies: Replies) -> Nic:
    """Return a device from the kernel's replies."""
    where = path(device)
    ring, ring_max = _rings(where, replies.rings)
    channels = _channels(where, replies.channels)
    usecs, adaptive = _coalesce(where, replies.coalesce)
    return Nic(
        device=device,
        driver=_text(_checked(where, replies.driver, _DRVINFO_BYTES)[4:36]),
        statistics=_statistics(where, replies.names, replies.statistics),
        ring_rx=ring,
        ring_rx_max=ring_max,
        channels_rx=channels.present,
        channels_rx_max=channels.most,
        coalesce_rx_usecs=usecs,
        coalesce_adaptive_rx=adaptive,
        channels_kind=channels.kind,
    )


def summed(pairs: Iterable[tuple[str, int]]) -> dict[str, int]:
    """Return values by name, those of equal names added."""
    found: dict[str, int] = {}
    for name, value in pairs:
        found[name] = found.get(name, 0) + value
    return found


def link_statistics(nic: Nic) -> dict[str, int]:
    """Return those statistics that most drivers give the names of the kernel's own fields.

    For a device of which nothing else was read. What a driver calls rx_dropped is its own matter,
    so it is not among them. Frames that it counts by kind or by queue are added up.
    """
    found = {name: value for name, value in nic.statistics.items() if name in _FIELDS}
    if "rx_packets" not in found:
        for packets in (re.compile(pattern, re.VERBOSE) for pattern in _PACKETS):
            counts = [n for name, n in nic.statistics.items() if packets.fullmatch(name.strip())]
            if counts:
                found["rx_packets"] = sum(counts)
                break
    return found


def _statistics(where: str, names: bytes | None, statistics: bytes | None) -> dict[str, int]:
    if names is None or statistics is None:
        return {}
    _command, _set, named = _STRINGS.unpack_from(_checked(where, names, _STRINGS.size))
    _command, count = _STATS.unpack_from(_checked(where, statistics, _STATS.size))
    if named != count:  # queues came or went between the two questions
        raise ParseError(where, "names and values", f"{named} and {count}")
    _checked(where, names, _STRINGS.size + named * _NAME_BYTES)
    _checked(where, statistics, _STATS.size + count * 8)
    values: tuple[int, ...] = unpack_from(f"={count}Q", statistics, _STATS.size)
    starts = range(_STRINGS.size, _STRINGS.size + named * _NAME_BYTES, _NAME_BYTES)
    labels = (_text(names[start : start + _NAME_BYTES]).strip() for start in starts)
    return summed((label, value) for label, value in zip(labels, values, strict=True) if label)


def _rings(where: str, reply: bytes | None) -> tuple[int | None, int | None]:
    if reply is None:
        return None, None
    numbers = _RINGPARAM.unpack_from(_checked(where, reply, _RINGPARAM.size))
    return numbers[5], numbers[1]


def _channels(where: str, reply: bytes | None) -> Channels:
    if reply is None:
        return NO_CHANNELS
    numbers = _CHANNELS.unpack_from(_checked(where, reply, _CHANNELS.size))
    return channels_of(Range(numbers[5], numbers[1]), Range(numbers[8], numbers[4]))


def channels_of(apart: Range, combined: Range) -> Channels:
    """Return the receive queues of a device: those apart, which only receive, and combined ones.

    Many drivers give both kinds as alternatives: the most that there may be is that of the kind
    in use.
    """
    if apart.present is None and combined.present is None:
        return NO_CHANNELS
    present = (apart.present or 0) + (combined.present or 0)
    kind: ChannelKind | None = None
    maxima = [apart.most, combined.most]
    if apart.present and combined.present:
        kind = "both"
    elif present:
        kind, maxima = ("rx", [apart.most]) if apart.present else ("combined", [combined.most])
    known = [one for one in maxima if one is not None]
    return Channels(present, max(*known, present) if known else None, kind)


def _coalesce(where: str, reply: bytes | None) -> tuple[int | None, bool | None]:
    if reply is None:
        return None, None
    numbers = _COALESCE.unpack_from(_checked(where, reply, _COALESCE.size))
    return numbers[1], bool(numbers[10])


def _checked(where: str, reply: bytes, least: int) -> bytes:
    if len(reply) < least:
        raise ParseError(where, f"expected {least} bytes", f"{len(reply)} bytes")
    return reply


def _text(packed: bytes) -> str:
    return packed.split(b"\0", 1)[0].decode("utf-8", "backslashreplace")


def _buffer(command: int, size: int) -> bytes:
    return pack("=I", command) + bytes(size - 4)


def _room(count: int) -> int:
    return 2 * count + 1024
