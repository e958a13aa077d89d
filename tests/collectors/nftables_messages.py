"""Messages of nftables as the kernel writes them."""

from __future__ import annotations

import struct

from netrx_tune.collectors.netlink import attribute

INET, IPV4, NETDEV, BRIDGE, IPV6 = 1, 2, 5, 7, 10


def message(kind: int, family: int, *attributes: bytes) -> bytes:
    """Return one message: nlmsghdr, nfgenmsg, attributes."""
    body = struct.pack(">BBH", family, 0, 9) + b"".join(attributes)
    return struct.pack("=IHHII", 16 + len(body), 10 << 8 | kind, 2, 1, 0) + body


def name(kind: int, text: str) -> bytes:
    return attribute(kind, text.encode() + b"\0")


def number(kind: int, value: int, size: int = 4) -> bytes:
    return attribute(kind, value.to_bytes(size, "big", signed=value < 0))


def chain(
    text: str,
    *,
    family: int = INET,
    hook: int | None = None,
    policy: int = 1,
    used: int = 0,
    packets: int | None = None,
) -> bytes:
    fields = [name(1, "filter"), number(2, 9, 8), name(3, text), number(6, used)]
    if hook is not None:
        fields += [attribute(4, number(1, hook) + number(2, 0)), number(5, policy)]
    if packets is not None:
        fields.append(attribute(8, number(2, packets, 8) + number(1, 90, 8)))
    return message(3, family, *fields)


def rule(text: str, handle: int, *expressions: bytes, family: int = INET) -> bytes:
    inner = b"".join(attribute(1, one) for one in expressions)
    return message(
        6, family, name(1, "filter"), name(2, text), number(3, handle, 8), attribute(4, inner)
    )


def expression(text: str, *fields: bytes) -> bytes:
    return name(1, text) + attribute(2, b"".join(fields))


def counter(packets: int) -> bytes:
    return expression("counter", number(1, 90, 8), number(2, packets, 8))


def verdict(code: int, chain_name: str = "") -> bytes:
    fields = number(1, code) + (name(2, chain_name) if chain_name else b"")
    return expression("immediate", number(1, 0), attribute(2, attribute(2, fields)))


DROP, ACCEPT = verdict(0), verdict(1)
CMP = expression("cmp", number(1, 1))
LOG = expression("log")
REJECT = expression("reject", number(1, 0))
NAMED = expression("objref", number(1, 1), name(2, "bad"))
QUOTA = expression("objref", number(1, 2), name(2, "bad"))
LOAD = expression("immediate", number(1, 1), attribute(2, attribute(1, b"\0\0\0\1")))


def lookup(text: str, *fields: bytes) -> bytes:
    return expression("lookup", name(1, text), number(2, 1), *fields)


def dynset(text: str, *fields: bytes) -> bytes:
    return expression("dynset", name(1, text), number(4, 1), *fields)
