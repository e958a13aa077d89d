"""The bytes of a tar archive, taken from blocks of any size; and the quick way through our own.

Headers: POSIX.1-1988, ustar; see tar_members for the general way.
"""

from __future__ import annotations

from collections.abc import Iterator

from netrx_tune.model.errors import InputError

__all__ = ["BLOCK_BYTES", "Bytes"]

BLOCK_BYTES = 512
_BLOCK = BLOCK_BYTES
_PLAIN_FILE = b"0" + bytes(100) + b"ustar\0"  # no link, no extension
_SAMPLES = (b"0/", b"1/")


class Bytes:
    """What comes in blocks, taken in pieces of any length."""

    def __init__(self, blocks: Iterator[bytes], place: str) -> None:
        self._blocks = blocks
        self._block = next(blocks, b"")
        self._at = 0
        self.place = place

    def take(self, length: int) -> bytes:
        """Return the next bytes; fewer, or none, where the input ends."""
        start = self._at
        end = start + length
        if end > len(self._block):
            return self._take_over(length)
        self._at = end
        return self._block[start:end]

    def _take_over(self, length: int) -> bytes:
        parts = [self._block[self._at :]]
        missing = length - len(parts[0])
        self._block, self._at = b"", 0
        while missing > 0 and (block := next(self._blocks, b"")):
            parts.append(block[:missing])
            self._block, self._at = block, min(missing, len(block))
            missing -= len(parts[-1])
        return b"".join(parts)

    def take_plain(self, files: dict[str, str]) -> tuple[int, int]:
        """Take the samples' files as far as they stand whole in this block under short names.

        Nearly all of a snapshot is taken here, in a tenth of the time of the general way.

        Returns:
            How many members, and how many bytes of the archive.
        """
        block, begin, end = self._block, self._at, len(self._block)
        at, members, starts_with, index = begin, 0, block.startswith, block.index
        while at + _BLOCK <= end:
            size = block[at + 124 : at + 135]
            is_plain = starts_with(_PLAIN_FILE, at + 156) and not block[at + 345]
            if not (is_plain and starts_with(_SAMPLES, at) and size.isdigit()):
                break
            start = at + _BLOCK
            try:
                after = start + int(size, 8)
                name = block[at : index(b"\0", at, at + 100)].decode()
                following = start + (after - start + _BLOCK - 1 & -_BLOCK)
                if following >= end or ".." in name:
                    break
                files[name] = block[start:after].decode()
            except ValueError:  # an 8 or a 9, a name of a hundred characters, or no UTF-8
                break
            at = following
            members += 1
        self._at = at
        return members, at - begin

    def skip(self, length: int) -> None:
        """Pass over bytes without keeping them."""
        left = len(self._block) - self._at
        while length > left:
            length -= left
            self._block, self._at = next(self._blocks, b""), 0
            left = len(self._block)
            if not left:
                raise InputError(f"{self.place}: ends in the middle of a member")
        self._at += length

    def drain(self) -> None:
        """Read to the end, where a compressed file has its checksum."""
        for _ in self._blocks:
            pass
