"""How a dump is received: joined, refused, cut off, or never answered."""

import errno
import socket
import struct
from collections.abc import Iterator

import pytest

from netrx_tune.host import netlink_channel

DONE = struct.pack("=IHHIIi", 20, 3, 2, 1, 0, 0)
REFUSED = struct.pack("=IHHIIi", 20, 3, 2, 1, 0, -errno.ENOENT)


@pytest.fixture
def ends() -> Iterator[tuple[socket.socket, socket.socket]]:
    """Two ends of a channel that keeps datagrams apart, as netlink does."""
    kernel, channel = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    channel.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, struct.pack("@ll", 0, 20_000))
    with kernel, channel:
        yield kernel, channel


def message(size: int) -> bytes:
    return struct.pack("=IHHII", size, 20, 2, 1, 0) + bytes(size - 16)


def test_datagrams_are_joined_up_to_the_end(ends: tuple[socket.socket, socket.socket]) -> None:
    kernel, channel = ends
    for _ in range(5):
        kernel.send(message(30_000))
    kernel.send(message(1000) + DONE)
    blocks = netlink_channel.receive(channel, "p")
    assert b"".join(map(bytes, blocks)) == message(30_000) * 5 + message(1000) + DONE
    assert len(blocks) > 1


def test_a_refusal_has_the_kernels_number(ends: tuple[socket.socket, socket.socket]) -> None:
    kernel, channel = ends
    kernel.send(REFUSED)
    with pytest.raises(FileNotFoundError, match="the kernel answers ENOENT"):
        netlink_channel.receive(channel, "p")


def test_silence_is_an_error_and_not_a_wait(ends: tuple[socket.socket, socket.socket]) -> None:
    kernel, channel = ends
    kernel.send(message(100))
    with pytest.raises(TimeoutError, match="no answer"):
        netlink_channel.receive(channel, "p")


def test_a_datagram_beyond_the_room_is_an_error(ends: tuple[socket.socket, socket.socket]) -> None:
    kernel, channel = ends
    kernel.send(message(150_000))
    with pytest.raises(OSError, match="a datagram of 150000 bytes"):
        netlink_channel.receive(channel, "p")


def test_a_dump_beyond_its_limit_is_left(ends: tuple[socket.socket, socket.socket]) -> None:
    kernel, channel = ends
    kernel.send(message(1000))
    kernel.send(message(1000) + DONE)
    with pytest.raises(OSError, match="longer than 1999 bytes") as caught:
        netlink_channel.receive(channel, "p", most_bytes=1999)
    assert caught.value.errno == errno.EFBIG
    kernel.send(message(1000))
    kernel.send(message(1000) + DONE)
    assert netlink_channel.receive(channel, "p", most_bytes=2020)
