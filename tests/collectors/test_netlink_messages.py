"""Messages and attributes are walked by lengths that are never trusted."""

import errno
import struct
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netrx_tune.collectors import netlink
from netrx_tune.collectors.netlink import Attribute, Message
from netrx_tune.model.errors import ParseError
from netrx_tune.model.sample import Gap


def message(kind: int, body: bytes = b"", flags: int = 2) -> bytes:
    return struct.pack("=IHHII", 16 + len(body), kind, flags, 1, 0) + body


def done(code: int = 0) -> bytes:
    return message(3, struct.pack("=i", code))


def test_messages_are_walked_by_their_padded_lengths() -> None:
    block = message(20, b"abcde") + b"\0\0\0" + message(3)
    assert list(netlink.walk_messages("p", block)) == [
        Message(20, 2, 16, 21),
        Message(3, 2, 40, 40),
    ]


def test_attributes_are_walked_without_their_flags() -> None:
    block = netlink.attribute(7 | 0x8000, b"abc") + netlink.attribute(7 | 0x4000, b"")
    assert block == b"\x07\x00\x07\x80abc\x00\x04\x00\x07\x40"
    walked = list(netlink.walk_attributes("p", block, 0, len(block)))
    assert walked == [Attribute(7, 4, 7), Attribute(7, 12, 12)]
    assert netlink.attributes("p", block, 0, len(block)) == {7: b""}
    assert netlink.attributes("p", block, 8, 8) == {}


@pytest.mark.parametrize(
    ("datagram", "code"),
    [
        (message(20, bytes(100)), None),
        (message(20, bytes(100)) + done(), 0),
        (done(), 0),
        (done(-errno.ENOENT), errno.ENOENT),
        (message(2, struct.pack("=i", -errno.EPERM) + bytes(16)), errno.EPERM),
        (message(3), 0),
        # What looks like an end within a message is not one.
        (message(20, done()), None),
        (message(20), None),
    ],
)
def test_a_dump_ends_with_its_last_message(datagram: bytes, code: int | None) -> None:
    assert netlink.end_of_dump("p", datagram) == code


def test_a_marked_message_says_that_the_table_changed() -> None:
    assert not netlink.is_interrupted("p", message(20) + done())
    assert netlink.is_interrupted("p", message(20) + message(20, flags=0x12) + done())


@pytest.mark.parametrize(
    ("code", "why"),
    [
        (errno.EPERM, "denied"),
        (errno.EACCES, "denied"),
        (errno.ENOENT, "absent"),
        (errno.EPROTONOSUPPORT, "absent"),
        (None, "absent"),
        (errno.ETIMEDOUT, "unparsed"),
    ],
)
def test_a_refusal_is_a_gap_with_its_reason(code: int | None, why: str) -> None:
    assert netlink.gap("p", code, "so it says") == Gap("p", why, "so it says")  # type: ignore[arg-type]


def test_names_end_at_their_first_nul_and_are_escaped() -> None:
    assert netlink.text(b"eth0\0junk") == "eth0"
    assert netlink.text(b"\xffa") == "\\xffa"


@pytest.mark.parametrize(
    "block", [b"\0" * 15, message(20, bytes(4))[:-1], struct.pack("=IHHII", 15, 20, 2, 1, 0)]
)
def test_a_length_beyond_the_block_is_an_error(block: bytes) -> None:
    with pytest.raises(ParseError, match="p: byte 0"):
        list(netlink.walk_messages("p", block))


@pytest.mark.parametrize("block", [b"\0", b"\3\0\1\0", b"\5\0\1\0", b"\0\0\0\0"])
def test_an_attribute_beyond_its_message_is_an_error(block: bytes) -> None:
    with pytest.raises(ParseError, match="p: byte 0: expected an attribute"):
        list(netlink.walk_attributes("p", block, 0, len(block)))
    with pytest.raises(ParseError, match="p: byte 0: expected an attribute"):
        netlink.attributes("p", block, 0, len(block))


@given(st.binary(max_size=200))
def test_both_ways_to_walk_attributes_agree(block: bytes) -> None:
    with suppress(ParseError):
        walked = list(netlink.walk_attributes("p", block, 0, len(block)))
        want = {found.kind: block[found.start : found.end] for found in walked}
        assert netlink.attributes("p", block, 0, len(block)) == want


@given(st.binary(max_size=200))
def test_any_datagram_ends_a_dump_or_does_not_or_is_an_error(block: bytes) -> None:
    with suppress(ParseError):
        netlink.end_of_dump("p", block)
    with suppress(ParseError):
        netlink.is_interrupted("p", block)
