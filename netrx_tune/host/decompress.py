"""A file's bytes as blocks, decompressed by what its first bytes say it is.

Nothing is written to disk, and no more than a block stands in memory, whatever the file claims.
"""

from __future__ import annotations

import importlib
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import cache, partial
from io import FileIO
from typing import NamedTuple, Protocol

from netrx_tune.model.errors import InputError

__all__ = ["STANDARD_INPUT", "blocks", "open_input", "open_regular", "refuse_huge", "unreadable"]

STANDARD_INPUT = "-"
_PIECE_BYTES = 1 << 20
_BLOCK_BYTES = 8 << 20  # above what a snapshot of a host with 64 CPUs takes, so one block is all
_LEAST_START = 8 << 10  # tells every kind of archive from a text
_SMALL_BYTES = 256 << 10
_MOST_BYTES = 4 << 30  # a sosreport with its logs; most of it is passed over
_MOST_DICTIONARY_BYTES = 256 << 20  # xz -9 takes 65 MiB to decompress
_MOST_WINDOW_LOG = 27  # 128 MiB: what the zstd program takes without being told

_GZIP = b"\x1f\x8b"
_BZIP2 = b"BZh"
_XZ = b"\xfd7zXZ\x00"
# A frame, and one of sixteen kinds to skip, with which pzstd begins: RFC 8878, 3.1.
_ZSTD = (b"\x28\xb5\x2f\xfd", *(bytes((kind, 0x2A, 0x4D, 0x18)) for kind in range(0x50, 0x60)))


class _Stream(Protocol):
    """What the decompressors of zlib, bz2, lzma and zstd have in common."""

    @property
    def eof(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, max_length: int, /) -> bytes: ...


class Readable(Protocol):
    """What a file and a member of an archive have in common."""

    def read(self, size: int, /) -> bytes | None: ...


class _Format(NamedTuple):
    name: str
    magic: bytes | tuple[bytes, ...]
    start: Callable[[], _Stream]
    error: type[Exception]


def open_input(path: str) -> FileIO:
    """Open a file, or what comes on standard input for "-".

    Raises:
        OSError: there is none, or it may not be read.
        InputError: it is a device, a pipe with a name, a terminal, or closed.
    """
    if path != STANDARD_INPUT:
        return open_regular(path)
    try:
        os.fstat(0)
    except OSError:
        raise InputError("-: standard input is closed") from None
    if os.isatty(0):
        raise InputError("-: standard input is a terminal; send a text or an archive into it")
    return FileIO(0, closefd=False)


def open_regular(path: str) -> FileIO:
    """Open a file for reading.

    Raises:
        OSError: there is none, or it may not be read.
        InputError: it is a pipe or a device, whose bytes come only once.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        how = "save it first, or pipe it into diagnose --from -"
        raise InputError(f"{path}: not a file or folder, but a pipe or a device; {how}")
    return FileIO(descriptor)


def refuse_huge(file: FileIO, name: str) -> None:
    """Refuse a file that holds more than any report before its bytes are read, sparse ones too.

    Raises:
        InputError: it does.
    """
    if os.fstat(file.fileno()).st_size > _MOST_BYTES:
        raise _too_much(name)


def _too_much(name: str) -> InputError:
    return InputError(f"{name}: holds more than {_MOST_BYTES >> 30} GiB")


def unreadable(path: str, error: Exception) -> InputError:
    """Return the error that says in one line why a path could not be read."""
    return InputError(f"{path}: {getattr(error, 'strerror', None) or error}")


def blocks(file: Readable, name: str) -> Iterator[bytes]:
    """Yield what a file holds, decompressed from gzip, xz, bzip2 or zstd, else as it is.

    Args:
        file: from its beginning.
        name: for errors.

    Raises:
        InputError: it is damaged, ends early, or holds more than any report does.
    """
    start = _first_piece(file)
    pieces = _pieces(start, file)
    total = 0
    try:
        for block in _decompressed(start, pieces, file):
            total += len(block)
            if total > _MOST_BYTES:
                raise _too_much(name)
            yield block
    except _Damaged as error:
        raise InputError(f"{name}: {error}") from None
    except OSError as error:
        raise unreadable(name, error) from None


def _first_piece(file: Readable) -> bytes:
    """Return what a file begins with; a pipe gives a little at a time."""
    start = b""
    while len(start) < _LEAST_START and (piece := file.read(_PIECE_BYTES)):
        start += piece
    return start


class _Damaged(Exception):  # noqa: N818 - never leaves this module
    pass


def _pieces(start: bytes, file: Readable) -> Iterator[bytes]:
    piece = start
    while piece:
        yield piece
        piece = file.read(_PIECE_BYTES) or b""


def _decompressed(start: bytes, pieces: Iterator[bytes], file: Readable) -> Iterator[bytes]:
    if start.startswith(_GZIP):
        import zlib  # noqa: PLC0415 - here and below: only what this archive takes

        whole = _gunzip_at_once(start)
        if whole is not None:
            return iter((whole,))
        gzip_header = 16 + zlib.MAX_WBITS
        form = _Format("gzip", _GZIP, lambda: zlib.decompressobj(gzip_header), zlib.error)
    elif start.startswith(_BZIP2):
        import bz2  # noqa: PLC0415

        form = _Format("bzip2", _BZIP2, bz2.BZ2Decompressor, OSError)
    elif start.startswith(_XZ):
        import lzma  # noqa: PLC0415

        limit = _MOST_DICTIONARY_BYTES
        form = _Format("xz", _XZ, lambda: lzma.LZMADecompressor(memlimit=limit), lzma.LZMAError)
    elif start.startswith(_ZSTD):
        zstd = _zstd_format()
        if not zstd:
            return _unzstd_by_program(file)
        form = zstd
    else:
        return pieces
    return _inflate(pieces, form)


def _gunzip_at_once(start: bytes) -> bytes | None:
    """Return what a small file holds, in half the time that growing a buffer takes.

    The last four bytes claim its length. A false claim costs memory, at most 1,032 times the
    file's, and gives None, as does whatever else is wrong.
    """
    claim = int.from_bytes(start[-4:], "little")
    if len(start) > _SMALL_BYTES or not 0 < claim <= _BLOCK_BYTES:
        return None
    decompress, error = _gunzip()
    try:
        content = decompress(start, claim)
    except error:
        return None
    return content if len(content) == claim else None


@cache
def _gunzip() -> tuple[Callable[[bytes, int], bytes], type[Exception]]:
    """Return what decompresses bytes to a length, and its error.

    libdeflate takes a quarter of zlib's time; the extra "speed" brings it.
    """
    with suppress(ImportError):
        deflate = importlib.import_module("deflate")
        return deflate.gzip_decompress, deflate.DeflateError  # gives a bytearray
    import zlib  # noqa: PLC0415 - only what this archive takes

    gzip_header = 16 + zlib.MAX_WBITS
    return lambda packed, length: zlib.decompress(packed, gzip_header, length), zlib.error


def _inflate(pieces: Iterator[bytes], form: _Format) -> Iterator[bytes]:
    """Yield what is in one compressed stream or several behind one another."""
    stream = form.start()
    for piece in pieces:
        rest, more = piece, True
        while more:
            if stream.eof:
                if not rest.startswith(form.magic):
                    return  # padding, which the formats' own programs pass over too
                stream = form.start()
            try:
                block = stream.decompress(rest, _BLOCK_BYTES)
            except form.error as error:
                raise _Damaged(f"damaged {form.name}: {error}") from None
            if block:
                yield block
            rest = stream.unused_data if stream.eof else getattr(stream, "unconsumed_tail", b"")
            # A full block may have more behind it without any input left.
            more = bool(rest) or (len(block) == _BLOCK_BYTES and not stream.eof)
    if not stream.eof:
        raise _Damaged(f"damaged {form.name}: ends early")


def _zstd_format() -> _Format | None:
    """Return zstd as Python 3.14 brings it, or the extra "zstd"; None where neither is there."""
    for name in ("compression.zstd", "backports.zstd"):
        with suppress(ImportError):
            zstd = importlib.import_module(name)
            options = {zstd.DecompressionParameter.window_log_max: _MOST_WINDOW_LOG}
            start = partial(zstd.ZstdDecompressor, options=options)
            return _Format("zstd", _ZSTD, start, zstd.ZstdError)
    return None


def _unzstd_by_program(file: Readable) -> Iterator[bytes]:
    import shutil  # noqa: PLC0415
    import subprocess  # noqa: PLC0415

    program = shutil.which("zstd")
    if not program:
        needs = "Python 3.14, pip install 'netrx-tune[zstd]' or the zstd program"
        raise _Damaged(f"compressed with zstd, which needs {needs}")
    if not isinstance(file, FileIO) or not file.seekable():
        raise _Damaged("compressed with zstd, whose program reads from a file only; save it first")
    file.seek(0)
    command = [program, "--decompress", "--stdout", "--quiet"]
    process = subprocess.Popen(  # noqa: S603 - the input is a descriptor, not an argument
        command, stdin=file, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    with process:
        try:
            while process.stdout and (block := process.stdout.read(_BLOCK_BYTES)):
                yield block
        except GeneratorExit:  # the reader has what it needs, or gave up
            process.kill()
            raise
    if process.returncode:
        raise _Damaged("damaged zstd")
