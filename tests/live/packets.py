"""Frames built byte by byte, so that they can be wrong in exactly one place. Pure."""

from __future__ import annotations

import struct
from ipaddress import ip_address
from typing import NamedTuple

from tests.live.netns import Wire

ETH_P_IP, ETH_P_IPV6, ETH_P_8021Q = 0x0800, 0x86DD, 0x8100
UDP, UDPLITE, TCP = 17, 136, 6


class Flow(NamedTuple):
    """Addresses and ports of one direction of traffic."""

    source: str
    destination: str
    sport: int
    dport: int


def checksum(octets: bytes) -> int:
    """Return the Internet checksum (RFC 1071)."""
    padded = octets + b"\0" * (len(octets) % 2)
    total: int = sum(struct.unpack(f"!{len(padded) // 2}H", padded))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def ethernet(wire: Wire, body: bytes, *, ethertype: int = ETH_P_IP, to: str | None = None) -> bytes:
    """Return a frame from the wire's sender to its receiver, or to another MAC address."""
    destination, source = (
        bytes.fromhex(mac.replace(":", "")) for mac in (to or wire.rx.mac, wire.tx.mac)
    )
    return destination + source + struct.pack("!H", ethertype) + body


def ipv4(
    flow: Flow,
    body: bytes,
    *,
    protocol: int = UDP,
    version: int = 4,
    checksum_error: int = 0,
    extra_length: int = 0,
    ident: int = 0,
    fragment: int = 0,
    options: bytes = b"",
    tos: int = 0,
) -> bytes:
    """Return an IPv4 packet; `extra_length` makes its length field lie, `fragment` is raw."""
    words = 5 + len(options) // 4
    addresses = ip_address(flow.source).packed + ip_address(flow.destination).packed

    def header(check: int) -> bytes:
        total = 4 * words + len(body) + extra_length
        first = struct.pack("!BBHHH", version << 4 | words, tos, total, ident, fragment)
        return first + struct.pack("!BBH", 64, protocol, check) + addresses + options

    return header(checksum(header(0)) ^ checksum_error) + body


def ipv6(
    flow: Flow, body: bytes, *, next_header: int = UDP, version: int = 6, extra_length: int = 0
) -> bytes:
    """Return an IPv6 packet; `extra_length` makes its length field lie."""
    addresses = ip_address(flow.source).packed + ip_address(flow.destination).packed
    length = len(body) + extra_length
    return struct.pack("!IHBB", version << 28, length, next_header, 64) + addresses + body


def udp(
    flow: Flow,
    payload: bytes,
    *,
    checksum_error: int = 0,
    length: int | None = None,
    zero_checksum: bool = False,
    protocol: int = UDP,
) -> bytes:
    """Return a UDP datagram, or a UDP-Lite one whose checksum covers all of it."""
    actual = 8 + len(payload)
    field = actual if length is None else length
    ports = struct.pack("!HHH", flow.sport, flow.dport, field)
    pseudo = pseudo_header(flow, protocol, actual)
    good = checksum(pseudo + ports + b"\0\0" + payload) or 0xFFFF
    check = 0 if zero_checksum else good ^ checksum_error
    return ports + struct.pack("!H", check) + payload


def pseudo_header(flow: Flow, protocol: int, length: int) -> bytes:
    """Return the addresses, protocol and length that a transport checksum also covers."""
    source, destination = ip_address(flow.source), ip_address(flow.destination)
    tail = (
        struct.pack("!BBH", 0, protocol, length)
        if source.version == 4
        else struct.pack("!IHBB", length, 0, 0, protocol)
    )
    return source.packed + destination.packed + tail


def tcp(flow: Flow, payload: bytes, *, seq: int, ack: int, flags: int) -> bytes:
    """Return a TCP segment without options and with a window of 64 KiB less one."""

    def header(check: int) -> bytes:
        ports = struct.pack("!HHII", flow.sport, flow.dport, seq, ack)
        return ports + struct.pack("!BBHHH", 5 << 4, flags, 65535, check, 0)

    pseudo = pseudo_header(flow, TCP, 20 + len(payload))
    return header(checksum(pseudo + header(0) + payload)) + payload


def frame(wire: Wire, flow: Flow, body: bytes, **header: int) -> bytes:
    """Return a frame with a transport body, IPv4 or IPv6 as the flow's addresses are."""
    if ip_address(flow.source).version == 4:
        return ethernet(wire, ipv4(flow, body, **header))  # type: ignore[arg-type]
    return ethernet(wire, ipv6(flow, body, **header), ethertype=ETH_P_IPV6)


def fragments(flow: Flow, payload: bytes, *, ident: int, piece: int) -> list[bytes]:
    """Return a datagram in fragments of `piece` octets, a multiple of 8."""
    body = udp(flow, payload)
    if ip_address(flow.source).version == 6:
        return _ipv6_fragments(flow, body, ident=ident, piece=piece)
    more = 0x2000
    return [
        ipv4(
            flow,
            body[start : start + piece],
            ident=ident,
            fragment=start // 8 | (more if start + piece < len(body) else 0),
        )
        for start in range(0, len(body), piece)
    ]


def _ipv6_fragments(flow: Flow, body: bytes, *, ident: int, piece: int) -> list[bytes]:
    fragment_header, more = 44, 1
    return [
        ipv6(
            flow,
            struct.pack("!BBHI", UDP, 0, start | (more if start + piece < len(body) else 0), ident)
            + body[start : start + piece],
            next_header=fragment_header,
        )
        for start in range(0, len(body), piece)
    ]
