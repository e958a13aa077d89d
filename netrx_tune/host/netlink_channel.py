"""Channels to this kernel's netlink: a request, and the datagrams that answer it."""

from __future__ import annotations

import errno
import socket
import struct
import time
from contextlib import suppress

from netrx_tune.collectors import netlink
from netrx_tune.collectors.netlink import Block
from netrx_tune.model.errors import ParseError
from netrx_tune.model.sample import Gap

ROUTE, SOCK_DIAG, NETFILTER = 0, 4, 12  # NETLINK_...
_SO_RCVBUFFORCE = 33  # not in the socket module
_TIMEOUT_SECONDS = 5
_BLOCK_BYTES = 1 << 20
# A dump comes in datagrams of at most 32 KiB, whatever the buffer: net/netlink/af_netlink.c,
# netlink_recvmsg() (read at v6.18). One message alone may be longer.
ROOM_BYTES = 1 << 16
_RCVBUF_BYTES = 4 << 20


def consistent_dump(
    protocol: int, path: str, request: bytes, *, most_bytes: int | None = None
) -> list[Block]:
    """Return a dump, taken again if the table changed during the first one.

    Raises: as `dump` does.
    """
    blocks = dump(protocol, path, request, most_bytes=most_bytes)
    if any(netlink.is_interrupted(path, block) for block in blocks):
        blocks = dump(protocol, path, request, most_bytes=most_bytes)
    return blocks


def dump(protocol: int, path: str, request: bytes, *, most_bytes: int | None = None) -> list[Block]:
    """Return the datagrams that answer a dump request, joined into large blocks.

    The kernel makes each part when it is asked for it: what is beyond `most_bytes` costs nothing.

    Raises:
        OSError: the kernel's refusal, TimeoutError when it goes silent, or EFBIG.
        ParseError: an answer that is not netlink messages.
    """
    with open_channel(protocol) as channel:
        channel.send(request)
        return receive(channel, path, most_bytes=most_bytes)


def open_channel(protocol: int) -> socket.socket:
    """Return a socket that hears only the kernel, keeps what arrives, and gives up in time."""
    channel = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, protocol)
    try:
        with suppress(OSError):  # needs CAP_NET_ADMIN; a dump waits for its reader without it
            channel.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, _RCVBUF_BYTES)
        timeout = struct.pack("@ll", _TIMEOUT_SECONDS, 0)
        channel.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, timeout)
        # A connected netlink socket refuses what other processes send to it:
        # net/netlink/af_netlink.c, netlink_getsockbyportid().
        channel.connect((0, 0))
    except OSError:
        channel.close()
        raise
    return channel


def receive(channel: socket.socket, path: str, *, most_bytes: int | None = None) -> list[Block]:
    """Return what arrives up to the end of a dump, as `dump` does."""
    blocks: list[Block] = []
    deadline = time.monotonic() + _TIMEOUT_SECONDS
    code: int | None = None
    arrived = 0
    while code is None:
        # Most dumps are short, and clearing a large block takes longer than they do.
        block = memoryview(bytearray(_BLOCK_BYTES if blocks else 2 * ROOM_BYTES))
        used = 0
        while code is None and used <= len(block) - ROOM_BYTES:
            got = receive_datagram(channel, block[used:])
            code = netlink.end_of_dump(path, block[used : used + got])
            used += (got + 3) & ~3
            arrived += got
            if most_bytes is not None and arrived > most_bytes:
                raise OSError(errno.EFBIG, f"longer than {most_bytes} bytes")
            if time.monotonic() > deadline:
                raise TimeoutError(errno.ETIMEDOUT, f"no end within {_TIMEOUT_SECONDS} s")
        blocks.append(block[:used])
    if code:
        raise OSError(code, f"the kernel answers {errno.errorcode.get(code, str(code))}")
    return blocks


def receive_datagram(channel: socket.socket, room: memoryview) -> int:
    """Return the length of the next datagram, which is put into the room.

    Raises:
        OSError: it is longer than the room, or TimeoutError when the kernel goes silent.
    """
    try:
        # MSG_TRUNC: the length that was sent, though it may be more than the room.
        got = channel.recv_into(room, 0, socket.MSG_TRUNC)
    except BlockingIOError as error:
        raise TimeoutError(errno.ETIMEDOUT, f"no answer within {_TIMEOUT_SECONDS} s") from error
    if got > len(room):
        raise OSError(errno.EMSGSIZE, f"a datagram of {got} bytes")
    return got


def gap_of(path: str, error: OSError | ParseError) -> Gap:
    """Return why a source gave nothing."""
    if isinstance(error, ParseError):
        return Gap(path, "unparsed", str(error))
    return netlink.gap(path, error.errno, error.strerror or str(error))
