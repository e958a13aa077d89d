"""Drops of ingress and clsact qdiscs from RTM_GETQDISC dumps."""

import struct
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netrx_tune.collectors import qdisc
from netrx_tune.collectors.netlink import attribute
from netrx_tune.collectors.qdisc import Qdisc
from netrx_tune.model.errors import ParseError
from netrx_tune.model.sample import RuleCounter


def message(kind: str, *attributes: bytes, ifindex: int = 2, handle: int = 0xFFFF0000) -> bytes:
    """Return one message: nlmsghdr, tcmsg, attributes."""
    body = struct.pack("=BxxxiIII", 0, ifindex, handle, 0xFFFFFFF1, 1)
    body += attribute(1, kind.encode() + b"\0") + b"".join(attributes)
    return struct.pack("=IHHII", 16 + len(body), 36, 2, 1, 0) + body


def statistics(drops: int) -> bytes:
    basic = attribute(1, struct.pack("=QI", 900, 9))
    return attribute(7, basic + attribute(3, struct.pack("=5I", 1, 2, drops, 4, 5)))


def old_statistics(drops: int) -> bytes:
    return attribute(3, struct.pack("=QIIIIIII", 900, 9, drops, 1, 2, 3, 4, 5))


def test_the_requests_are_dumps() -> None:
    assert qdisc.request() == struct.pack("=IHHII", 36, 38, 0x301, 1, 0) + bytes(20)
    assert qdisc.egress_request(7) == (
        struct.pack("=IHHII", 36, 46, 0x301, 1, 0)
        + struct.pack("=BxxxiIII", 0, 7, 0, 0xFFFFFFF3, 0)
    )


def test_only_what_filters_arrivals_is_kept() -> None:
    blocks = [
        message("fq_codel", statistics(1)) + message("ingress", statistics(2)),
        message("clsact", statistics(3), ifindex=4) + message("ingress"),
    ]
    assert qdisc.parse(blocks) == (
        Qdisc(2, "ingress", 0xFFFF0000, 2),
        Qdisc(4, "clsact", 0xFFFF0000, 3),
    )


def test_statistics_of_old_kernels_are_read() -> None:
    (found,) = qdisc.parse([message("ingress", old_statistics(6))])
    assert found.drops == 6


def test_a_clsact_that_filters_at_egress_too_is_not_charged_to_ingress() -> None:
    qdiscs = (
        Qdisc(2, "ingress", 0xFFFF0000, 2),
        Qdisc(4, "clsact", 0xFFFF0000, 3),
        Qdisc(5, "clsact", 0xFFFF0001, 4),
    )
    assert qdisc.counters(qdiscs, {2: "eth0", 4: "eth1"}, {2, 5}) == (
        RuleCounter("tc", "qdisc ingress ffff: dev eth0", "ingress", "drop", 2),
        RuleCounter("tc", "qdisc clsact ffff: dev eth1", "ingress", "drop", 3),
        RuleCounter("tc", "qdisc clsact ffff:1 dev if5", "other", "drop", 4),
    )


def test_filters_are_seen_in_their_dump() -> None:
    done = struct.pack("=IHHIIi", 20, 3, 2, 1, 0, 0)
    assert not qdisc.has_filters([done])
    assert qdisc.has_filters([struct.pack("=IHHII", 16, 44, 2, 1, 0) + done])


@pytest.mark.parametrize(
    ("block", "error"),
    [
        (message("ingress")[:-8], "message length"),
        (struct.pack("=IHHIIi", 20, 36, 2, 1, 0, 0), "a short message"),
    ],
)
def test_a_broken_message_is_an_error(block: bytes, error: str) -> None:
    with pytest.raises(ParseError, match=error):
        qdisc.parse([block])


@given(st.binary(max_size=300))
def test_any_bytes_are_qdiscs_or_an_error(block: bytes) -> None:
    with suppress(ParseError):
        qdisc.parse([block])


@given(st.lists(st.integers(0, 255), max_size=6), st.data())
def test_a_damaged_dump_is_qdiscs_or_an_error(values: list[int], data: st.DataObject) -> None:
    block = bytearray(message("ingress", statistics(3), old_statistics(4)) * 2)
    for value in values:
        block[data.draw(st.integers(0, len(block) - 1))] = value
    with suppress(ParseError):
        qdisc.parse([bytes(block)])
