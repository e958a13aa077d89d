"""Sockets from sock_diag dumps: what is listed, what is counted, what is refused."""

import struct
from collections.abc import Sequence
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netrx_tune.collectors import netlink, sock_diag
from netrx_tune.model.errors import ParseError
from netrx_tune.model.sample import Socket

# Messages recorded from 6.18.44.
UDP_WITH_DROPS = bytes.fromhex(
    "a40000001400020001000000161a0000020700001b5800000000000000000000000000000000000000000000"
    "00000000000000000000000000000000ed7c01000000000000000000003e03000000000000000000bf5c0300"
    "050008000000000008000f00000000000c0015000100000000000000060016005000000028000700003e0300"
    "0040030000000000004003000002000000000000000000000000000086000000"
)
UDP6_WITH_QUEUE = bytes.fromhex(
    "ac0000001400020001000000161a00000a070000003500000000000000000000000000000000000100000000"
    "00000000000000000000000000000000f17c01000000000000000000400300000000000000000000be5c0300"
    "050008000000000005000b000100000008000f00000000000c00150001000000000000000600160010000000"
    "2800070040030000004003000000000000400300c00c000000000000000000000000000000000000"
)
LISTENER = bytes.fromhex(
    "a40000001400020001000000161a0000020a0000005000007f00000100000000000000000000000000000000"
    "00000000000000000000000000000000f47c01000000000000000000020000000100000000000000c75c0300"
    "050008000000000008000f00000000000c001500010000000000000006001600520000002800070000000000"
    "0000020000000000004000000000000000000000000000000000000002000000"
)
DONE = struct.pack("=IHHIIi", 20, 3, 2, 1, 0, 0)
IDLE = (0, 212992, 0, 212992, 0, 0, 0, 0, 0)  # SK_MEMINFO
SHUTDOWN = netlink.attribute(8, b"\0")


def message(
    memory: Sequence[int] = IDLE,
    *,
    port: int = 53,
    family: int = 2,
    flags: int = 2,
    before: bytes = SHUTDOWN,
) -> bytes:
    """Return a socket's message; struct inet_diag_msg with most fields 0, then attributes."""
    body = struct.pack("=BBBB", family, 7, 0, 0) + struct.pack(">HH", port, 0) + bytes(48)
    body += struct.pack("=IIII", memory[0] if memory else 0, 0, 0, 99)
    body += before
    if memory:
        body += netlink.attribute(7, struct.pack(f"={len(memory)}I", *memory))
    return struct.pack("=IHHII", 16 + len(body), 20, flags, 1, 0) + body


def read(*blocks: bytes) -> tuple[Socket, ...]:
    return sock_diag.table([sock_diag.scan("udp", "inet", blocks)]).sockets


def test_the_request_asks_for_memory_of_all_udp_sockets() -> None:
    assert sock_diag.request("inet", "udp") == (
        struct.pack("=IHHII", 72, 20, 0x301, 1, 0)
        + struct.pack("=BBBBI", 2, 17, 0x40, 0, 0xFFFFFFFF)
        + bytes(48)
    )


def test_the_request_asks_only_for_listeners_of_tcp() -> None:
    got = sock_diag.request("inet6", "tcp")
    assert got[16:24] == struct.pack("=BBBBI", 10, 6, 0x40, 0, 1 << 10)


def test_a_full_socket_reads_as_the_kernel_wrote_it() -> None:
    assert read(UDP_WITH_DROPS, DONE) == (
        Socket(
            family="inet",
            protocol="udp",
            local="0.0.0.0:7000",
            remote="",
            inode=220351,
            cookie=97517,
            uid=0,
            interface=0,
            unread_bytes=212480,
            rmem_alloc_bytes=212480,
            rcvbuf_bytes=212992,
            backlog_bytes=0,
            drops=134,
        ),
    )


def test_an_ipv6_socket_has_its_address_in_brackets() -> None:
    found = sock_diag.scan("udp", "inet6", [UDP6_WITH_QUEUE + DONE])
    assert sock_diag.table([found]).sockets == (
        Socket(
            family="inet6",
            protocol="udp",
            local="[::1]:53",
            remote="",
            inode=220350,
            cookie=97521,
            uid=0,
            interface=0,
            unread_bytes=832,
            rmem_alloc_bytes=832,
            rcvbuf_bytes=212992,
            backlog_bytes=0,
            drops=0,
        ),
    )


def test_a_listener_shows_its_accept_queue_and_limit() -> None:
    found = sock_diag.scan("tcp", "inet", [LISTENER])
    assert sock_diag.table([found]).sockets == (
        Socket(
            family="inet",
            protocol="tcp",
            local="127.0.0.1:80",
            remote="",
            inode=220359,
            cookie=97524,
            uid=0,
            interface=0,
            unread_bytes=2,
            rmem_alloc_bytes=0,
            rcvbuf_bytes=131072,
            backlog_bytes=0,
            drops=2,
            accept_queue=2,
            accept_limit=1,
        ),
    )


def test_an_idle_socket_is_counted_and_not_listed() -> None:
    found = sock_diag.scan("udp", "inet", [message() * 3, message() + DONE])
    table = sock_diag.table([found, sock_diag.scan("udp", "inet6", [DONE])])
    assert table.counts == {"udp/inet": 4, "udp/inet6": 0}
    assert table.sockets == ()
    assert table.source == "sock_diag"


def test_sockets_that_share_the_port_of_one_with_drops_are_listed() -> None:
    dropped = message((0, 4096, 0, 0, 0, 0, 0, 0, 5), port=7000)
    sharing, other = message(port=7000), message(port=7001)
    got = read(other + sharing, dropped + sharing + other)
    assert [(socket.local, socket.drops) for socket in got] == [
        ("0.0.0.0:7000", 5),
        ("0.0.0.0:7000", 0),
        ("0.0.0.0:7000", 0),
    ]


def test_a_queue_alone_lists_no_neighbour() -> None:
    queued = message((832, 212992, 0, 0, 0, 0, 0, 0, 0), port=7000)
    assert len(read(queued + message(port=7000))) == 1


def test_neighbours_are_bounded() -> None:
    dropped = message((0, 4096, 0, 0, 0, 0, 0, 0, 1), port=7000)
    got = read(dropped + message(port=7000) * (sock_diag.MOST_SHARING + 10))
    assert len(got) == sock_diag.MOST_SHARING + 1


def test_memory_of_eight_words_has_no_drops() -> None:
    queued = message((832, 212992, 0, 212992, 0, 0, 0, 77))
    (socket,) = read(queued + message((0, 212992, 0, 212992, 0, 0, 0, 0)))
    assert (socket.drops, socket.backlog_bytes) == (None, 77)


def test_memory_of_ten_words_is_read_by_its_first_nine() -> None:
    (socket,) = read(message((832, 4096, 0, 0, 0, 0, 0, 0, 3, 12345)))
    assert (socket.rmem_alloc_bytes, socket.rcvbuf_bytes, socket.drops) == (832, 4096, 3)


def test_messages_of_one_length_may_differ_in_layout() -> None:
    early = message((1, 2, 0, 0, 0, 0, 0, 0, 3), before=b"")
    early = struct.pack("=I", len(early) + 8) + early[4:] + SHUTDOWN
    late = message((4, 5, 0, 0, 0, 0, 0, 0, 6))
    assert len(early) == len(late)
    got = read(early + late + early)
    assert [(s.rmem_alloc_bytes, s.rcvbuf_bytes, s.drops) for s in got] == [
        (1, 2, 3),
        (4, 5, 6),
        (1, 2, 3),
    ]


def test_lengths_may_alternate() -> None:
    long = message((0, 0, 0, 0, 0, 0, 0, 0, 1), before=SHUTDOWN * 2, port=1)
    short = message((0, 0, 0, 0, 0, 0, 0, 0, 2), port=2)
    got = read((long + short) * 3 + DONE)
    assert [socket.drops for socket in got] == [1, 2, 1, 2, 1, 2]


def test_a_marked_message_says_that_the_dump_was_interrupted() -> None:
    assert not sock_diag.scan("udp", "inet", [message()]).interrupted
    assert sock_diag.scan("udp", "inet", [message() + message(flags=0x12)]).interrupted


@pytest.mark.parametrize(
    ("block", "error"),
    [
        (message(memory=()), "expected SKMEMINFO of 8 words"),
        (message()[:-4], "message length 136"),
        (message()[:7], "message length 0"),
        (struct.pack("=IHHII", 16, 20, 2, 1, 0), "message length 16"),
        (struct.pack("=IHHII", 0, 3, 2, 1, 0), "message length 0"),
    ],
)
def test_a_broken_message_is_an_error_that_says_where(block: bytes, error: str) -> None:
    with pytest.raises(ParseError, match=error) as caught:
        sock_diag.scan("udp", "inet", [block])
    assert caught.value.path == "sock_diag:udp/inet"


def test_a_socket_of_another_family_is_refused() -> None:
    with pytest.raises(ParseError, match="family"):
        read(message((1, 0, 0, 0, 0, 0, 0, 0, 0), family=10))


@given(st.binary(max_size=400))
def test_any_bytes_are_sockets_or_an_error(block: bytes) -> None:
    with suppress(ParseError):
        read(block)


@given(st.lists(st.integers(0, 255), max_size=6), st.data())
def test_a_damaged_dump_is_sockets_or_an_error(values: list[int], data: st.DataObject) -> None:
    block = bytearray(UDP_WITH_DROPS + message() + UDP_WITH_DROPS + DONE)
    for value in values:
        block[data.draw(st.integers(0, len(block) - 1))] = value
    with suppress(ParseError):
        read(bytes(block))


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3), st.booleans()), max_size=30))
def test_the_scan_finds_exactly_the_sockets_that_matter(
    sockets: list[tuple[int, int, bool]],
) -> None:
    block = b"".join(
        message(
            (rmem, 0, 0, 0, 0, 0, 0, 0, drops),
            port=number + 1,
            before=SHUTDOWN * (1 + extra),
        )
        for number, (rmem, drops, extra) in enumerate(sockets)
    )
    got = [(socket.rmem_alloc_bytes, socket.drops) for socket in read(block)]
    assert got == [(rmem, drops) for rmem, drops, _extra in sockets if rmem or drops]
