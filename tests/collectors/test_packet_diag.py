"""Packet sockets and their drops from packet_diag dumps."""

import struct
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netrx_tune.collectors import packet_diag
from netrx_tune.collectors.netlink import attribute
from netrx_tune.collectors.packet_diag import Found
from netrx_tune.model.errors import ParseError
from netrx_tune.model.sample import Socket

# Recorded from 6.18.44: a capture that overflowed, and an idle one of LLDP frames on device 2.
DUMP = bytes.fromhex(
    "6c0000001400020001000000ad6100001103030097160600a6800100000000001c000000"
    "0000000000000000000000000000000000000000010000000800050000000000280006008013000000120000"
    "000000000040030000000000000000000000000000000000c2000000"
    "6c0000001400020001000000ad6100001103cc8898160600a7800100000000001c000000"
    "0200000000000000000000000000000000000000010000000800050000000000280006000000000000400300"
    "0000000000400300000000000000000000000000000000000000000014000000030002000100"
    "0000ad61000000000000"
)
CAPTURE = Socket(
    family="packet",
    protocol="packet",
    local="0003",
    remote="",
    inode=398999,
    cookie=98470,
    uid=0,
    interface=0,
    unread_bytes=4992,
    rmem_alloc_bytes=4992,
    rcvbuf_bytes=4608,
    backlog_bytes=0,
    drops=194,
)


def message(*attributes: bytes, family: int = 17) -> bytes:
    body = struct.pack("=BBHIQ", family, 3, 3, 9, 8) + b"".join(attributes)
    return struct.pack("=IHHII", 16 + len(body), 20, 2, 1, 0) + body


def memory(*words: int) -> bytes:
    return attribute(6, struct.pack(f"={len(words)}I", *words))


def test_the_request_asks_for_memory() -> None:
    assert packet_diag.request() == (
        struct.pack("=IHHII", 36, 20, 0x301, 1, 0) + struct.pack("=BBHIIQ", 17, 0, 0, 0, 0x15, 0)
    )


def test_a_capture_that_lost_packets_is_listed_and_an_idle_one_counted() -> None:
    assert packet_diag.parse([DUMP]) == Found((CAPTURE,), 2)


def test_a_capture_with_a_ring_is_told() -> None:
    ring = attribute(2, bytes(28))
    idle = memory(*[0] * 9)
    assert packet_diag.parse([message(idle, ring), message(idle)]) == Found((), 2, rings=1)


def test_memory_of_eight_words_has_no_drops() -> None:
    (found,) = packet_diag.parse([message(memory(832, 4096, 0, 0, 0, 0, 0, 5))]).sockets
    assert (found.drops, found.backlog_bytes, found.uid, found.interface) == (None, 5, None, 0)


@pytest.mark.parametrize(
    ("block", "error"),
    [
        (message(), "memory of 8 words"),
        (message(memory(1, 2, 3)), "memory of 8 words"),
        (message(memory(*[0] * 9), family=2), "family"),
        (struct.pack("=IHHII", 16, 20, 2, 1, 0), "a short message"),
        (DUMP[:100], "message length 108"),
    ],
)
def test_a_broken_message_is_an_error(block: bytes, error: str) -> None:
    with pytest.raises(ParseError, match=error):
        packet_diag.parse([block])


@given(st.binary(max_size=300))
def test_any_bytes_are_sockets_or_an_error(block: bytes) -> None:
    with suppress(ParseError):
        packet_diag.parse([block])


@given(st.lists(st.integers(0, 255), max_size=6), st.data())
def test_a_damaged_dump_is_sockets_or_an_error(values: list[int], data: st.DataObject) -> None:
    block = bytearray(DUMP)
    for value in values:
        block[data.draw(st.integers(0, len(block) - 1))] = value
    with suppress(ParseError):
        packet_diag.parse([bytes(block)])
