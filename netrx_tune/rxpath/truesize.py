"""What a queued datagram costs: its truesize, as a range.

The kernel charges memory, not payload: the packet's header structure, the block its data sits
in, and the slack of that block. Small packets differ by kernel configuration (832 and 960
bytes on two builds of 6.18) and real cards by driver, so an answer is never one number.
What a socket shows (its memory divided by what is queued) beats any answer from here.

Sizes are for x86-64. Kernel: __alloc_skb() and __build_skb_around() in net/core/skbuff.c,
SKB_TRUESIZE() in include/linux/skbuff.h; measured over veth and loopback on 5.10, 6.1, 6.12,
6.18 and 7.3; cards computed from drivers of 6.12.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, NamedTuple

from netrx_tune.model.kernel import KernelVersion

Link = Literal["loopback", "veth", "nic"]
Family = Literal[4, 6]

_SKB_BYTES = 256  # struct sk_buff, aligned
_SHARED_INFO_BYTES = 320  # struct skb_shared_info, aligned, at the end of the data
_BLOCKS = (1024, 2048, 4096, 8192, 16384)  # what the allocator rounds a linear packet to
_UDP_BYTES = 8
_ALLOCATION_GRAIN = 512  # of page fragments, measured

# Bytes before the payload in a locally sent packet: link, IP and UDP headers and room.
# Thresholds between blocks were measured to a byte; two values where the measures differ.
_ROOM: dict[Family, tuple[int, int]] = {4: (59, 60), 6: (71, 72)}
_IP_BYTES: dict[Family, int] = {4: 20, 6: 40}
_FRAGMENT_HEADER_BYTES: dict[Family, int] = {4: 0, 6: 8}

# Per wire packet of a card: the least and the most that drivers take.
_COPIED_MOST_BYTES = 256  # copied out of the ring below this (rx_copybreak)
_COPIED = (768, 4352)  # into a head of 128 bytes, or left in a page of its own
_LEAST_BUFFER = 2176  # seen in idle queues of 4.15; 2304 for a half page and struct sk_buff
_HALF_PAGE = 2048
_PAGE = 4096
_HEAD_MOST = 960
_JUMBO_BLOCK = 16640  # four pages in one piece and struct sk_buff


class TruesizeRange(NamedTuple):
    """Least and most bytes that a datagram of one payload is charged."""

    low: int
    high: int


def truesize_range(
    payload_bytes: int,
    kernel: KernelVersion | None,
    link: Link,
    *,
    family: Family = 4,
    mtu: int | None = None,
) -> TruesizeRange:
    """Return what one datagram of a payload costs in a socket's queue.

    Args:
        payload_bytes: UDP payload, 0 to 65507.
        kernel: decides about small packets; None allows for all kernels.
        link: where it arrives; a card's driver decides more than the kernel does.
        family: 4 or 6.
        mtu: of the link; 65536 for loopback and 1500 for others if it is not given.

    Returns:
        The range; a fragmented datagram costs the sum of its fragments.
    """
    lows, highs = 0, 0
    for size in _wire_payloads(payload_bytes, family, _mtu_of(link, mtu)):
        packet = _card(size, family) if link == "nic" else _virtual(size, family, kernel)
        lows += packet.low
        highs += packet.high
    return TruesizeRange(lows, highs)


def packets_of(
    payload_bytes: int, link: Link, *, family: Family = 4, mtu: int | None = None
) -> int:
    """Return how many packets one datagram is on a link: more than 1 if it is fragmented."""
    return sum(1 for _ in _wire_payloads(payload_bytes, family, _mtu_of(link, mtu)))


def _mtu_of(link: Link, mtu: int | None) -> int:
    if mtu is not None:
        return mtu
    return 65536 if link == "loopback" else 1500


def _wire_payloads(payload_bytes: int, family: Family, mtu: int) -> Iterator[int]:
    """Yield each fragment's bytes beyond IP and 8 of UDP, or the payload if it fits.

    Kernel: ip_do_fragment() in net/ipv4/ip_output.c: all but the last are multiples of 8.
    """
    whole = payload_bytes + _UDP_BYTES
    if whole + _IP_BYTES[family] <= mtu:
        yield payload_bytes
        return
    each = max(8, (mtu - _IP_BYTES[family] - _FRAGMENT_HEADER_BYTES[family]) // 8 * 8)
    for start in range(0, whole, each):
        yield min(each, whole - start) - _UDP_BYTES


def _virtual(payload_bytes: int, family: Family, kernel: KernelVersion | None) -> TruesizeRange:
    """Return the range of a packet that this host made itself: veth, loopback."""
    costs = [
        _linear(payload_bytes + room, block)
        for room in _ROOM[family]
        for block in _small_blocks(kernel)
    ]
    known = [cost for cost in costs if cost is not None]
    if len(known) == len(costs):
        return TruesizeRange(min(known), max(known))
    paged = payload_bytes + _SKB_BYTES + _SHARED_INFO_BYTES + _SKB_BYTES
    return TruesizeRange(min([*known, paged]), paged + _ALLOCATION_GRAIN + _SKB_BYTES)


def _linear(bytes_needed: int, small_block: int) -> int | None:
    """Return the cost of a packet in one piece, or None if it needs page fragments."""
    for block in (small_block, *_BLOCKS):
        if bytes_needed + _SHARED_INFO_BYTES <= block:
            return block + _SKB_BYTES
    return None


def _small_blocks(kernel: KernelVersion | None) -> tuple[int, ...]:
    """Return the block that the smallest packets may sit in.

    Kernel: skb_small_head_cache in net/core/skbuff.c, absent in 6.2, present in 6.4; its size
    depends on the configuration (576 and 704 measured). Before, kmalloc rounds to 512.
    """
    if kernel is not None and kernel < KernelVersion(6, 3):
        return (512,)
    if kernel is not None and kernel >= KernelVersion(6, 4):
        return (576, 704)
    return (512, 576, 704)


def _card(payload_bytes: int, family: Family) -> TruesizeRange:
    """Return the range of a packet that a card's driver made."""
    frame = payload_bytes + _UDP_BYTES + _IP_BYTES[family] + 14
    if frame <= _COPIED_MOST_BYTES:
        return TruesizeRange(*_COPIED)
    low = _LEAST_BUFFER + _HALF_PAGE * ((frame - 1) // _HALF_PAGE)
    high = _PAGE * -(-frame // _PAGE) + _HEAD_MOST
    return TruesizeRange(low, max(high, _JUMBO_BLOCK) if frame > _HALF_PAGE else high)
