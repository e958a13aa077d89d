"""Addresses as people write them, from the bytes on the wire."""

from __future__ import annotations

_V4_MAPPED = bytes(10) + b"\xff\xff"


def ipv4(packed: bytes) -> str:
    """Return four bytes as "192.0.2.1"."""
    return ".".join(map(str, packed))


def ipv6(packed: bytes) -> str:
    """Return sixteen bytes in the one form of RFC 5952, mapped ones as "::ffff:192.0.2.1"."""
    if packed.startswith(_V4_MAPPED):
        return f"::ffff:{ipv4(packed[12:])}"
    groups = [f"{packed[at] << 8 | packed[at + 1]:x}" for at in range(0, 16, 2)]
    start, length = _longest_zeros(groups)
    if length < 2:
        return ":".join(groups)
    return f"{':'.join(groups[:start])}::{':'.join(groups[start + length :])}"


def endpoint(packed: bytes, port: int) -> str:
    """Return "192.0.2.1:53" or "[2001:db8::1]:53"."""
    if len(packed) == 4:
        return f"{ipv4(packed)}:{port}"
    return f"[{ipv6(packed)}]:{port}"


def _longest_zeros(groups: list[str]) -> tuple[int, int]:
    """Return start and length of the longest run of zero groups, the first of equals."""
    best, start = (0, 0), 0
    for at, group in enumerate(groups):
        if group != "0":
            start = at + 1
        elif at + 1 - start > best[1]:
            best = start, at + 1 - start
    return best
