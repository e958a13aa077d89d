"""Build netlink requests and walk the messages and attributes of the answers.

Lengths come from the message and are never trusted: each is checked against the bytes that
are there, and each step goes forward, so that a walk ends on any input. Whatever parses a dump
raises a ParseError for bytes that are not the messages of such a dump.

Kernel: net/netlink/af_netlink.c, netlink_dump() and netlink_ack(); include/uapi/linux/netlink.h
(read at v6.18).
"""

from __future__ import annotations

import errno
from collections.abc import Iterable, Iterator
from struct import Struct
from typing import NamedTuple

from netrx_tune.model.errors import ParseError
from netrx_tune.model.sample import Gap, GapReason

Block = bytes | bytearray | memoryview

NLMSG_ERROR = 2
NLMSG_DONE = 3
NLM_F_REQUEST = 0x1
NLM_F_DUMP = 0x300  # NLM_F_ROOT | NLM_F_MATCH
NLM_F_DUMP_INTR = 0x10  # the table changed during the dump
_ATTRIBUTE_TYPE = 0x3FFF  # without NLA_F_NESTED and NLA_F_NET_BYTEORDER

HEADER = Struct("=IHHII")  # length, type, flags, sequence, port
_ATTRIBUTE = Struct("=HH")  # length with this header, type
_CODE = Struct("=i")  # 0 or a negative errno
_DONE_BYTES = HEADER.size + _CODE.size
U32 = Struct("=I")

_ABSENT = {
    errno.ENOENT,
    errno.ENODEV,
    errno.EINVAL,
    errno.EPROTONOSUPPORT,
    errno.EAFNOSUPPORT,
    errno.ENOSYS,
    errno.EOPNOTSUPP,
}
_DENIED = {errno.EPERM, errno.EACCES}


class Message(NamedTuple):
    """One netlink message; start and end bound what follows its header."""

    kind: int
    flags: int
    start: int
    end: int


class Attribute(NamedTuple):
    """One attribute; start and end bound its payload."""

    kind: int
    start: int
    end: int


def request(kind: int, payload: bytes, *, flags: int = NLM_F_DUMP, sequence: int = 1) -> bytes:
    """Return one request message; without other flags it asks for a dump."""
    length = HEADER.size + len(payload)
    return HEADER.pack(length, kind, NLM_F_REQUEST | flags, sequence, 0) + payload


def attribute(kind: int, payload: bytes) -> bytes:
    """Return one attribute, padded to the next multiple of four bytes."""
    length = _ATTRIBUTE.size + len(payload)
    return _ATTRIBUTE.pack(length, kind) + payload + bytes(-length % 4)


def walk_messages(path: str, block: Block) -> Iterator[Message]:
    """Yield the messages of a block.

    Raises:
        ParseError: a length that is shorter than its header or longer than the block.
    """
    at, size = 0, len(block)
    while at < size:
        if size - at < HEADER.size:
            raise ParseError(path, f"byte {at}: expected a message header", _hex(block, at))
        length, kind, flags, _sequence, _port = HEADER.unpack_from(block, at)
        if not HEADER.size <= length <= size - at:
            raise ParseError(path, f"byte {at}: message length {length}", _hex(block, at))
        yield Message(kind, flags, at + HEADER.size, at + length)
        at += (length + 3) & ~3


def attributes(path: str, block: Block, start: int, end: int) -> dict[int, Block]:
    """Return the payloads between two offsets by type; the last of a type wins."""
    unpack = _ATTRIBUTE.unpack_from
    found: dict[int, Block] = {}
    at, last = start, end - _ATTRIBUTE.size
    while at <= last:
        length, kind = unpack(block, at)
        if not _ATTRIBUTE.size <= length <= end - at:
            break
        found[kind & _ATTRIBUTE_TYPE] = block[at + 4 : at + length]
        at += (length + 3) & ~3
    if at < end:
        raise ParseError(path, f"byte {at}: expected an attribute", _hex(block, at))
    return found


def walk_rows(
    path: str, blocks: Iterable[Block], kind: int, header: Struct
) -> Iterator[tuple[tuple[int, ...], dict[int, Block]]]:
    """Yield the fixed fields and the attributes of each message of one kind.

    Raises:
        ParseError: bytes that are not messages, or one that is shorter than its fixed fields.
    """
    for block in blocks:
        for message in walk_messages(path, block):
            if message.kind != kind:
                continue
            start = message.start + header.size
            if start > message.end:
                raise ParseError(path, f"byte {message.start}", "a short message")
            fixed = header.unpack_from(block, message.start)
            yield fixed, attributes(path, block, start, message.end)


def walk_attributes(path: str, block: Block, start: int, end: int) -> Iterator[Attribute]:
    """Yield the attributes between two offsets, for lists where types repeat.

    Raises:
        ParseError: a length that is shorter than its header or longer than what is left.
    """
    at = start
    while at < end:
        length, kind = _ATTRIBUTE.unpack_from(block, at) if end - at >= 4 else (0, 0)
        if not _ATTRIBUTE.size <= length <= end - at:
            raise ParseError(path, f"byte {at}: expected an attribute", _hex(block, at))
        yield Attribute(kind & _ATTRIBUTE_TYPE, at + _ATTRIBUTE.size, at + length)
        at += (length + 3) & ~3


def end_of_dump(path: str, datagram: Block) -> int | None:
    """Return None while more will follow, 0 at the end, or the errno that ended the dump.

    The kernel puts NLMSG_DONE last, alone or behind other messages, and an error alone. Only
    a datagram that looks like its end is walked, for a dump has hundreds of them.
    """
    size = len(datagram)
    if size < HEADER.size:
        raise ParseError(path, "expected a message header", _hex(datagram, 0))
    kind = HEADER.unpack_from(datagram, 0)[1]
    if kind not in (NLMSG_ERROR, NLMSG_DONE):
        length, tail, *_rest = HEADER.unpack_from(datagram, max(0, size - _DONE_BYTES))
        if tail != NLMSG_DONE or length != _DONE_BYTES:
            return None
    for found in walk_messages(path, datagram):
        if found.kind in (NLMSG_ERROR, NLMSG_DONE):
            if found.end - found.start < _CODE.size:
                return 0
            code: int = _CODE.unpack_from(datagram, found.start)[0]
            return -code
    return None


def is_interrupted(path: str, block: Block) -> bool:
    """Tell whether the kernel marked a message: the table changed and the dump may lie."""
    return any(found.flags & NLM_F_DUMP_INTR for found in walk_messages(path, block))


def text(block: Block) -> str:
    """Return a NUL-terminated string; bytes that are not UTF-8 are shown escaped."""
    return bytes(block).split(b"\0", 1)[0].decode("utf-8", "backslashreplace")


def gap(path: str, code: int | None, detail: str) -> Gap:
    """Return why a source gave nothing, from the errno it answered with."""
    why: GapReason = "unparsed"
    if code in _DENIED:
        why = "denied"
    elif code is None or code in _ABSENT:
        why = "absent"
    return Gap(path, why, detail)


def _hex(block: Block, at: int) -> str:
    return bytes(block[at : at + 24]).hex()
