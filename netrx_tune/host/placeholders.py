"""What stands for the names of a host in a redacted snapshot.

The same name always gets the same stand-in, and another one another, so that a diagnosis can
still tell sockets, readers and senders apart. What says how packets travel stays: wildcard,
loopback, broadcast and multicast addresses are still such, mapped ones still map.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from hashlib import blake2b
from socket import AF_INET, AF_INET6, inet_pton
from typing import Literal

from netrx_tune.collectors.address import ipv4, ipv6

# RFC 5737 documentation, RFC 2544 benchmarking; then what nobody routes, RFC 1112 section 4.
_UNICAST = (
    ("192.0.2.1", 254),
    ("198.51.100.1", 254),
    ("203.0.113.1", 254),
    ("198.18.0.0", 1 << 17),
    ("240.0.0.0", 1 << 27),
)
# RFC 6676 documentation; then RFC 2365, within an organization.
_MULTICAST = (("233.252.0.1", 254), ("239.0.0.0", 1 << 24))
_DOCUMENTATION = bytes.fromhex("20010db800000000")  # RFC 3849
_V4_MAPPED = bytes(10) + b"\xff\xff"
_LOCAL_V6 = frozenset({bytes(16), bytes(15) + b"\x01"})

_TOKEN = re.compile(r"[0-9A-Fa-f:.]{4,}")
_QUAD = re.compile(r"(?<!\d)(?<!\d\.)\d{1,3}(?:\.\d{1,3}){3}(?!\d)")
_HARDWARE = re.compile(r"(?:[0-9A-Fa-f]{2}:){5}(?:(?:[0-9A-Fa-f]{2}:){14})?[0-9A-Fa-f]{2}")
_PORT = re.compile(r"(?P<address>.*:.*)(?P<port>[:.]\d{1,5})")
# /proc/net/udp and its like: words of 32 bits in the host's byte order.
_HEXADECIMAL = re.compile(r"\b(?P<address>[0-9A-Fa-f]{32}|[0-9A-Fa-f]{8})(?=:[0-9A-Fa-f]{4}\b)")


class Placeholders:
    """Stand-ins for one snapshot; equal salts give equal ones.

    Args:
        salt: at most 64 bytes that nobody else knows; without them a name that one guesses
            cannot be checked.
        avoid: packed addresses that are someone's own, so that none becomes a stand-in.
    """

    def __init__(self, salt: bytes, avoid: Iterable[bytes] = ()) -> None:
        self._salt = salt
        self._avoid = set(avoid)
        self._given: dict[bytes, bytes] = {}
        self._taken: set[bytes] = set()
        self._used: dict[str, int] = {}

    @property
    def originals(self) -> frozenset[bytes]:
        """Return the packed addresses that were replaced so far."""
        return frozenset(self._given)

    def word(self, kind: str, name: str) -> str:
        """Return the stand-in for a name, such as "process-1f4b9c02"; "" stays."""
        if not name:
            return name
        digest = self._digest(f"{kind}\0{name}".encode("utf-8", "surrogateescape"))
        return f"{kind}-{digest & 0xFFFFFFFF:08x}"

    def text(self, text: str) -> str:
        """Return a text with every address in it replaced, ports and the rest kept."""
        return _TOKEN.sub(self._token, text)

    def table(self, text: str, order: Literal["little", "big"]) -> str:
        """Return /proc/net/udp or its like with the addresses of its columns replaced."""

        def replaced(found: re.Match[str]) -> str:
            words = _swapped(bytes.fromhex(found["address"]), order)
            return _swapped(self.packed(words), order).hex().upper()

        return _HEXADECIMAL.sub(replaced, text)

    def packed(self, address: bytes) -> bytes:
        """Return what stands for an address of 4 or 16 bytes."""
        if len(address) == 16 and address.startswith(_V4_MAPPED):
            return _V4_MAPPED + self.packed(address[12:])
        if _says_no_name(address):
            return address
        given = self._given.get(address)
        if given is None:
            given = self._pooled(address) if len(address) == 4 else self._made(address)
            self._given[address] = given
            self._taken.add(given)
        return given

    def _digest(self, content: bytes) -> int:
        return int.from_bytes(blake2b(content, key=self._salt, digest_size=8).digest(), "big")

    def _pooled(self, address: bytes) -> bytes:
        """Return an IPv4 address of the first range that has room."""
        for first, count in _MULTICAST if address[0] >> 4 == 14 else _UNICAST:
            # A hash table's rule: a range that is nearly full takes long to search.
            if self._used.get(first, 0) > count * 7 // 8:
                continue
            start = int.from_bytes(inet_pton(AF_INET, first), "big")
            at = self._digest(address) % count
            for step in range(count):
                given = (start + (at + step) % count).to_bytes(4, "big")
                if self._is_free(given):
                    self._used[first] = self._used.get(first, 0) + 1
                    return given
        raise AssertionError("more IPv4 addresses than a host can have")

    def _made(self, address: bytes) -> bytes:
        """Return an IPv6 address of the documentation range, or a group of the same scope."""
        number = self._digest(address)
        while True:
            tail = (number & 0xFFFFFFFF).to_bytes(4, "big")
            if address[0] == 0xFF:
                given = address[:2] + bytes(6) + _DOCUMENTATION[:4] + tail
            else:
                given = _DOCUMENTATION + bytes(4) + tail
            if self._is_free(given):
                return given
            number += 1

    def _is_free(self, given: bytes) -> bool:
        return given not in self._taken and given not in self._avoid

    def _token(self, found: re.Match[str]) -> str:
        """Return what stands for a run of hexadecimal digits, colons and dots."""
        token = found[0]
        if ":" in token:
            core = token.rstrip(".")
            for begin, end in ((0, 0), (1, 0), (0, 1), (1, 1)):  # "at 2001:db8::1: refused"
                inner = core[begin : len(core) - end]
                stand_in = self._colons(inner)
                if stand_in is not None:
                    return token.replace(inner, stand_in)
        return _QUAD.sub(self._quad, token) if token.count(".") >= 3 else token

    def _colons(self, token: str) -> str | None:
        """Return the stand-in for an IPv6 or hardware address, None if it is neither."""
        if _HARDWARE.fullmatch(token):
            return self._hardware(token)
        try:
            return ipv6(self.packed(inet_pton(AF_INET6, token)))
        except OSError:
            parts = _PORT.fullmatch(token)
        if not parts:
            return None
        address = self._colons(parts["address"])
        return None if address is None else address + parts["port"]

    def _hardware(self, token: str) -> str:
        octets = bytes.fromhex(token.replace(":", ""))
        if octets in {bytes(len(octets)), b"\xff" * len(octets)}:
            return token
        tail = self._digest(octets).to_bytes(8, "big")[-3:]
        # Locally administered, and a group where it was one: IEEE 802, section 8.2.
        made = bytes([2 | octets[0] & 1]) + bytes(len(octets) - 4) + tail
        return made.hex(":")

    def _quad(self, found: re.Match[str]) -> str:
        try:
            packed = bytes(map(int, found[0].split(".")))
        except ValueError:  # a number above 255: no address
            return found[0]
        return ipv4(self.packed(packed))


def _says_no_name(address: bytes) -> bool:
    """Tell whether an address is every host's, or a group that a protocol defines."""
    if len(address) == 4:
        # 224.0.0.0/24 never leaves a link: RFC 5771 section 4. 255 also begins netmasks.
        return address == bytes(4) or address[0] in {127, 255} or address[:3] == b"\xe0\0\0"
    if address[0] == 0xFF:  # RFC 4291 section 2.7: flags, scope, group
        return address[2:14] == bytes(12)
    return address in _LOCAL_V6


def _swapped(address: bytes, order: Literal["little", "big"]) -> bytes:
    """Return words of 32 bits in network order, or back from it."""
    if order == "big":
        return address
    return b"".join(address[at : at + 4][::-1] for at in range(0, len(address), 4))
