"""The members of a tar archive, one after another, from blocks of its bytes.

Python's tarfile takes 15 ms for the members of one snapshot of a host with 64 CPUs, of which this
needs one. It reads what tar programs of the last 40 years write of files and links (old, ustar,
GNU and POSIX.1-2001 headers); devices, pipes and folders have nothing for us. It writes nothing,
follows nothing, and believes no length that a header claims.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from typing import NamedTuple

from netrx_tune.host.tar_bytes import BLOCK_BYTES, Bytes
from netrx_tune.model.errors import InputError
from netrx_tune.reporters.snapshot_files import BySample

__all__ = ["Member", "is_tar", "open_members", "tar_members"]

MOST_MEMBERS = 100_000
MOST_MEMBER_BYTES = 64 << 20
MOST_KEPT_BYTES = 256 << 20
_MOST_NAME_BYTES = 64 << 10  # of an extended header

_PIECE_BYTES = 1 << 20
_BLOCK = BLOCK_BYTES
_END = bytes(_BLOCK)
# name, mode to gid, size, mtime and checksum, type, link's target, magic, owner and device, prefix
_HEADER = struct.Struct("100s 24x 12s 20x c 100s 6s 82x 155s 12x")
_POSIX = b"ustar\0"
_GNU = b"ustar "  # its space for a prefix holds times instead
_MAGICS = {_POSIX, _GNU}
_FILES = b"0\x007"
_HARD_LINK = b"1"
_LINKS = b"12"
_WITHOUT_CONTENT = b"123456"  # links, devices, folders, pipes
_KEYS = {b"path", b"linkpath", b"size"}
_EXTENSIONS = b"xgLK"  # a longer name or target for the next member


class Member(NamedTuple):
    """A file with its bytes, or a link with its target; `target` is "" for a file."""

    name: str
    target: str
    content: bytes
    hard: bool = False  # a hard link's target is a name in the archive, not a relative path


class _Header(NamedTuple):
    name: bytes
    size: int
    kind: bytes
    target: bytes


class _Budget:
    """What may still come: an archive of a few bytes can claim to hold anything."""

    def __init__(self, place: str) -> None:
        self._place = place
        self._members = MOST_MEMBERS
        self._bytes = MOST_KEPT_BYTES

    def spend(self, members: int, length: int) -> None:
        """Count members, or bytes that are kept."""
        self._members -= members
        self._bytes -= length
        if self._members < 0:
            raise InputError(f"{self._place}: holds more than {MOST_MEMBERS:,} members")
        if self._bytes < 0 or length > MOST_MEMBER_BYTES:
            raise InputError(f"{self._place}: holds more than a report of a host does")


def is_tar(start: bytes) -> bool:
    """Tell whether bytes begin as a tar archive does, be it an empty one."""
    block = start[:_BLOCK]
    if len(block) < _BLOCK:
        return False
    if block == _END or bytes(block[257:263]) in _MAGICS:
        return True
    try:
        return _number(block[148:156]) == _checksum(block)
    except ValueError:
        return False


def tar_members(
    blocks: Iterator[bytes], place: str, wanted: Callable[[str], bool], samples: BySample
) -> Iterator[Member]:
    """Yield the wanted files and links of an archive, but what goes into `samples` at once.

    Args:
        blocks: the archive's bytes, decompressed.
        place: the archive's name, for errors.
        wanted: tells from a member's name whether to keep its content.
        samples: takes the texts of files in 0/ and 1/.

    Raises:
        InputError: it is no tar archive, ends early, or holds more than any report does.
    """
    source = Bytes(blocks, place)
    budget = _Budget(place)
    for header in _headers(source, budget, samples):
        name = header.name.decode("utf-8", "surrogateescape")
        if header.kind in _WITHOUT_CONTENT:
            if header.kind in _LINKS and wanted(name):
                target = header.target.decode("utf-8", "surrogateescape")
                yield Member(name, target, b"", header.kind == _HARD_LINK)
        elif header.kind in _FILES and wanted(name):
            budget.spend(0, header.size)
            yield Member(name, "", _content(source, header.size))
        else:
            source.skip(_padded(header.size))
    source.drain()


def open_members(
    blocks: Iterator[bytes], place: str, chosen: Callable[[str], bool]
) -> Iterator[tuple[str, Iterator[bytes]]]:
    """Yield the names of chosen files, each with its bytes in pieces, to be taken before the next.

    For files that are archives themselves, and too large to stand in memory.

    Raises:
        InputError: as for `tar_members`.
    """
    source = Bytes(blocks, place)
    for header in _headers(source, _Budget(place), None):
        left = 0 if header.kind in _WITHOUT_CONTENT else _padded(header.size)
        name = header.name.decode("utf-8", "surrogateescape")
        if header.kind in _FILES and chosen(name):
            pieces = _Pieces(source, header.size)
            yield name, pieces
            left -= header.size - pieces.left
        source.skip(left)


class _Pieces(Iterator[bytes]):
    """The bytes of one member, as far as they were taken."""

    def __init__(self, source: Bytes, size: int) -> None:
        self._source = source
        self.left = size

    def __next__(self) -> bytes:
        if not self.left:
            raise StopIteration
        piece = self._source.take(min(self.left, _PIECE_BYTES))
        if not piece:
            raise InputError(f"{self._source.place}: ends in the middle of a member")
        self.left -= len(piece)
        return piece


def _headers(source: Bytes, budget: _Budget, samples: BySample | None) -> Iterator[_Header]:
    """Yield each member's header; its content must be taken or skipped before the next."""
    extended: dict[str, bytes] = {}
    while True:
        if samples is not None and not extended:
            budget.spend(*source.take_plain(samples))
        header = _next_header(source, extended)
        if header is None:
            return
        budget.spend(1, 0)
        if header.kind in _EXTENSIONS:
            extended.update(_extension(source, header))
            continue
        extended.clear()
        yield header


def _next_header(source: Bytes, extended: dict[str, bytes]) -> _Header | None:
    """Return a member's header with what extended ones said of it, or None at the end."""
    block = source.take(_BLOCK)
    if not block or block == _END:
        return None
    if len(block) < _BLOCK:
        raise InputError(f"{source.place}: ends in the middle of a header")
    name, size, kind, target, magic, prefix = _HEADER.unpack(block)
    try:
        length = int(extended["size"]) if "size" in extended else _number(size)
    except ValueError:
        length = -1
    # A checksum takes longer than all the rest; gzip and its like have one of their own.
    if length < 0 or (magic not in _MAGICS and not is_tar(block)):
        raise InputError(f"{source.place}: no tar archive, or a damaged one")
    name = name.partition(b"\0")[0]
    if magic == _POSIX and prefix[0]:
        name = prefix.partition(b"\0")[0] + b"/" + name
    return _Header(
        name=extended.get("path", name),
        size=length,
        kind=kind,
        target=extended.get("linkpath") or target.partition(b"\0")[0],
    )


def _number(field: bytes) -> int:
    """Return a number of a header: octal, or binary where the first bit is set."""
    if field[0] & 0x80:
        return int.from_bytes(field[1:], "big")
    digits = field.strip(b" \0")
    if digits and not digits.isdigit():  # int() would take a sign and underscores
        raise ValueError(digits)
    return int(digits or b"0", 8)


def _checksum(block: bytes) -> int:
    return sum(block[:148]) + 8 * ord(" ") + sum(block[156:])


def _padded(size: int) -> int:
    return (size + _BLOCK - 1) & -_BLOCK


def _content(source: Bytes, size: int) -> bytes:
    content = source.take(_padded(size))[:size]
    if len(content) < size:
        raise InputError(f"{source.place}: ends in the middle of a member")
    return content


def _extension(source: Bytes, header: _Header) -> dict[str, bytes]:
    """Return what an extended header says of the next member, by its POSIX key."""
    if header.size > _MOST_NAME_BYTES:
        raise InputError(f"{source.place}: a name of {header.size:,} bytes")
    content = _content(source, header.size)
    if header.kind == b"L":
        return {"path": content.partition(b"\0")[0]}
    if header.kind == b"K":
        return {"linkpath": content.partition(b"\0")[0]}
    if header.kind == b"g":  # of the whole archive: a comment, never a name
        return {}
    found: dict[str, bytes] = {}
    while content:
        digits = content[:6].partition(b" ")[0]
        length = int(digits) if digits.isdigit() else 0
        if not len(digits) < length <= len(content):
            raise InputError(f"{source.place}: a damaged extended header")
        record, content = content[:length], content[length:]
        key, _, value = record[len(digits) + 1 : -1].partition(b"=")
        if key in _KEYS:
            found[key.decode()] = value
    return found
