"""Devices from RTM_GETLINK dumps: statistics by name, kind, XDP mode, and veth peers."""

import struct
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netrx_tune.collectors import rtnl_link
from netrx_tune.collectors.netlink import attribute
from netrx_tune.collectors.rtnl_link import Peer
from netrx_tune.model.errors import ParseError
from netrx_tune.model.sample import Link

STATISTICS = {
    "rx_packets": 100,
    "tx_packets": 101,
    "rx_bytes": 102,
    "tx_bytes": 103,
    "rx_errors": 104,
    "tx_errors": 105,
    "rx_dropped": 106,
    "tx_dropped": 107,
    "multicast": 108,
    "collisions": 109,
    "rx_length_errors": 110,
    "rx_over_errors": 111,
    "rx_crc_errors": 112,
    "rx_frame_errors": 113,
    "rx_fifo_errors": 114,
    "rx_missed_errors": 115,
    "tx_aborted_errors": 116,
    "tx_carrier_errors": 117,
    "tx_fifo_errors": 118,
    "tx_heartbeat_errors": 119,
    "tx_window_errors": 120,
    "rx_compressed": 121,
    "tx_compressed": 122,
    "rx_nohandler": 123,
    "rx_otherhost_dropped": 124,
}


def link(ifindex: int, *attributes: bytes, kind: int = 16) -> bytes:
    """Return one message: nlmsghdr, ifinfomsg, attributes."""
    body = struct.pack("=BxHiII", 0, 1, ifindex, 0x10043, 0) + b"".join(attributes)
    return struct.pack("=IHHII", 16 + len(body), kind, 2, 1, 0) + body


def name(text: str) -> bytes:
    return attribute(3, text.encode() + b"\0")


def statistics(words: int) -> bytes:
    return attribute(23, struct.pack(f"={words}Q", *range(100, 100 + words)))


def veth(*, peer: int, netns: int | None = None) -> bytes:
    found = attribute(18, attribute(1, b"veth\0")) + attribute(5, struct.pack("=i", peer))
    return found if netns is None else found + attribute(37, struct.pack("=i", netns))


def xdp(mode: int, *programs: int) -> bytes:
    inner = attribute(2, bytes([mode]))
    inner += b"".join(attribute(kind, struct.pack("=I", 7)) for kind in programs)
    return attribute(43 | 0x8000, inner)


def test_the_request_is_a_dump_of_all_devices() -> None:
    assert rtnl_link.request() == struct.pack("=IHHII", 32, 18, 0x301, 1, 0) + bytes(16)


def test_a_device_has_all_statistics_by_name() -> None:
    (found,) = rtnl_link.parse([link(2, name("eth0"), statistics(25), xdp(0))])
    assert found == (Link("eth0", 2, "", STATISTICS, None, "none"), None)


def test_how_often_the_carrier_came_and_went_stands_beside_the_statistics() -> None:
    changes = attribute(35, struct.pack("=I", 4))
    (found,) = rtnl_link.parse([link(2, name("eth0"), statistics(25), changes)])
    assert found.link.statistics == {**STATISTICS, "carrier_changes": 4}


def test_fields_that_the_kernel_does_not_have_are_absent_not_zero() -> None:
    (found,) = rtnl_link.parse([link(2, name("eth0"), statistics(23))])
    want = {key: STATISTICS[key] for key in list(STATISTICS)[:23]}
    assert found.link.statistics == want


def test_fields_that_a_later_kernel_adds_are_passed_over() -> None:
    (found,) = rtnl_link.parse([link(2, name("eth0"), statistics(30))])
    assert found.link.statistics == STATISTICS


@pytest.mark.parametrize(
    ("attached", "mode"),
    [
        (xdp(0), "none"),
        (xdp(1, 4), "native"),
        (xdp(2, 4), "generic"),
        (xdp(3, 4), "offload"),
        (xdp(4, 5, 6), "native"),
        (xdp(4, 6, 7), "offload"),
        (xdp(4, 6), "generic"),
        (b"", "none"),
    ],
)
def test_the_xdp_mode_is_where_the_program_runs(attached: bytes, mode: str) -> None:
    (found,) = rtnl_link.parse([link(2, name("eth0"), attached)])
    assert found.link.xdp == mode


def test_a_veth_names_where_its_other_end_is() -> None:
    founds = rtnl_link.parse(
        [
            link(2, name("a"), veth(peer=9, netns=4)) + link(3, name("b"), veth(peer=5)),
            link(4, name("vlan4"), attribute(5, struct.pack("=i", 2))),
        ]
    )
    assert [found.peer for found in founds] == [Peer(4, 9), Peer(None, 5), None]
    links = rtnl_link.with_peers(founds, {Peer(4, 9): {"tx_dropped": 3}})
    assert [found.peer_statistics for found in links] == [{"tx_dropped": 3}, None, None]


def test_the_peer_is_asked_for_by_its_number_in_the_other_namespace() -> None:
    assert rtnl_link.peer_request(Peer(4, 9)) == (
        struct.pack("=IHHII", 40, 18, 1, 1, 0)
        + struct.pack("=BxHiII", 0, 0, 9, 0, 0)
        + struct.pack("=HHi", 8, 46, 4)
    )


def test_a_peer_answer_must_be_of_that_namespace() -> None:
    target = attribute(46, struct.pack("=i", 4))
    good = link(9, name("far"), statistics(25), target)
    assert rtnl_link.parse_peer(Peer(4, 9), good) == STATISTICS
    assert rtnl_link.parse_peer(Peer(5, 9), good) is None
    assert rtnl_link.parse_peer(Peer(4, 8), good) is None
    # A kernel that does not know the attribute answers with its own device of that number.
    assert rtnl_link.parse_peer(Peer(4, 9), link(9, name("near"), statistics(25))) is None
    assert rtnl_link.parse_peer(Peer(4, 9), struct.pack("=IHHIIi", 20, 2, 0, 1, 0, -1)) is None


@pytest.mark.parametrize(
    ("block", "error"),
    [
        (link(2), "device 2: expected a name"),
        (link(2, name("a"))[:-4], "message length 40"),
        (link(2, struct.pack("=HH", 40, 3)), "byte 32: expected an attribute"),
        (struct.pack("=IHHIIi", 20, 16, 2, 1, 0, 0), "a short message"),
        (
            link(2, name("a"), attribute(18, attribute(1, b"veth\0")), attribute(5, b"\0")),
            "4 bytes",
        ),
    ],
)
def test_a_broken_message_is_an_error(block: bytes, error: str) -> None:
    with pytest.raises(ParseError, match=error):
        rtnl_link.parse([block])


@given(st.binary(max_size=300))
def test_any_bytes_are_devices_or_an_error(block: bytes) -> None:
    with suppress(ParseError):
        rtnl_link.parse([block])
    with suppress(ParseError):
        rtnl_link.parse_peer(Peer(1, 2), block)


@given(st.lists(st.integers(0, 255), max_size=6), st.data())
def test_a_damaged_dump_is_devices_or_an_error(values: list[int], data: st.DataObject) -> None:
    block = bytearray(link(2, name("a"), veth(peer=1, netns=1), statistics(3), xdp(4, 5)) * 2)
    for value in values:
        block[data.draw(st.integers(0, len(block) - 1))] = value
    with suppress(ParseError):
        rtnl_link.parse([bytes(block)])
