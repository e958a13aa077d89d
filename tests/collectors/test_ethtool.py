"""A device as its driver describes it, from ioctl replies and from saved texts."""

import struct
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netrx_tune.collectors import ethtool, ethtool_text
from netrx_tune.collectors.ethtool import Channels, Range, Replies
from netrx_tune.collectors.ethtool_text import Texts
from netrx_tune.model.errors import ParseError
from netrx_tune.model.sample import Nic

DRIVER = struct.pack("=I32s160x", 3, b"vmxnet3")
NONE = Replies(DRIVER, None, None, None, None, None)
STATISTICS = "NIC statistics:\n"


def names(*found: str) -> bytes:
    packed = b"".join(struct.pack("32s", name.encode()) for name in found)
    return struct.pack("=III", 0x1B, 1, len(found)) + packed + bytes(64)


def values(*found: int) -> bytes:
    return struct.pack(f"=II{len(found)}Q", 0x1D, len(found), *found) + bytes(16)


def test_a_device_is_what_the_ioctls_reply() -> None:
    replies = Replies(
        driver=DRIVER,
        names=names("rx_packets", "rx_missed"),
        statistics=values(2**64 - 1, 12),
        rings=struct.pack("=9I", 0x10, 4096, 0, 2048, 4096, 1024, 0, 256, 512),
        channels=struct.pack("=9I", 0x3C, 0, 0, 1, 16, 0, 0, 1, 8),
        coalesce=struct.pack("=23I", 0xE, 50, *[0] * 8, 1, *[0] * 12),
    )
    assert ethtool.parse("eth0", replies) == Nic(
        device="eth0",
        driver="vmxnet3",
        statistics={"rx_packets": 18446744073709551615, "rx_missed": 12},
        ring_rx=1024,
        ring_rx_max=4096,
        channels_rx=8,
        channels_rx_max=16,
        coalesce_rx_usecs=50,
        coalesce_adaptive_rx=True,
        channels_kind="combined",
    )


def test_what_a_driver_refuses_is_unknown_not_zero() -> None:
    assert ethtool.parse("eth0", NONE) == Nic(
        device="eth0",
        driver="vmxnet3",
        statistics={},
        ring_rx=None,
        ring_rx_max=None,
        channels_rx=None,
        channels_rx_max=None,
        coalesce_rx_usecs=None,
        coalesce_adaptive_rx=None,
    )


def test_statistics_of_one_name_are_added() -> None:
    replies = NONE._replace(
        names=names("  drv dropped", "", " drv dropped"), statistics=values(3, 9, 4)
    )
    assert ethtool.parse("eth0", replies).statistics == {"drv dropped": 7}


def test_separate_and_combined_queues_are_both_receive_queues() -> None:
    channels = struct.pack("=9I", 0x3C, 4, 4, 0, 4, 1, 1, 0, 2)
    nic = ethtool.parse("eth0", NONE._replace(channels=channels))
    assert (nic.channels_rx, nic.channels_rx_max, nic.channels_kind) == (3, 4, "both")


@pytest.mark.parametrize(
    ("apart", "combined", "want"),
    [
        # bnxt_en can have either kind, and the most of each is another.
        (Range(0, 74), Range(8, 37), Channels(8, 37, "combined")),
        (Range(8, 74), Range(0, 37), Channels(8, 74, "rx")),
        (Range(None, None), Range(4, 8), Channels(4, 8, "combined")),
        (Range(4, None), Range(None, None), Channels(4, None, "rx")),
        (Range(0, 0), Range(0, 8), Channels(0, 8, None)),
        (Range(None, None), Range(None, None), Channels(None, None, None)),
    ],
)
def test_queues_are_of_the_kind_in_use_and_so_is_the_most_of_them(
    apart: Range, combined: Range, want: Channels
) -> None:
    assert ethtool.channels_of(apart, combined) == want
    parts = (("Pre-set maximums", "most"), ("Current hardware settings", "present"))
    text = "Channel parameters for eth0:\n"
    for title, field in parts:
        text += f"{title}:\n"
        for name, found in (("RX", apart), ("TX", apart), ("Combined", combined)):
            number = getattr(found, field)
            text += f"{name}:\t\t{'n/a' if number is None else number}\n"
    assert (ethtool_text.parse_channels(text, "l") or ethtool.NO_CHANNELS) == want


@pytest.mark.parametrize(
    "replies",
    [
        NONE._replace(driver=DRIVER[:100]),
        NONE._replace(rings=bytes(35)),
        NONE._replace(channels=bytes(35)),
        NONE._replace(coalesce=bytes(91)),
        NONE._replace(names=b"", statistics=values(1)),
        NONE._replace(names=names("a"), statistics=b""),
        NONE._replace(names=names("a"), statistics=values(1, 2)),
        NONE._replace(names=names("a")[:40], statistics=values(1)),
        NONE._replace(names=names("a"), statistics=values(1)[:12]),
    ],
)
def test_a_short_reply_is_an_error_that_names_the_device(replies: Replies) -> None:
    with pytest.raises(ParseError, match="ethtool:eth0"):
        ethtool.parse("eth0", replies)


def test_the_number_of_statistics_is_believed_within_reason() -> None:
    assert ethtool.parse_count(struct.pack("=IIQI", 0x37, 0, 2, 77)) == 77
    assert ethtool.parse_count(struct.pack("=IIQI", 0x37, 0, 0, 0)) == 0
    with pytest.raises(ParseError, match="number of statistics"):
        ethtool.parse_count(struct.pack("=IIQI", 0x37, 0, 2, 2**31))
    with pytest.raises(ParseError, match="short"):
        ethtool.parse_count(b"\x37")


def test_the_requests_have_room_for_what_comes_back() -> None:
    assert ethtool.driver_request()[:4] == struct.pack("=I", 3)
    assert len(ethtool.driver_request()) == 196
    assert ethtool.count_request() == struct.pack("=IIQI", 0x37, 0, 2, 0)
    assert ethtool.names_request(10)[:12] == struct.pack("=III", 0x1B, 1, 10)
    assert len(ethtool.names_request(10)) > 12 + 20 * 32
    assert ethtool.statistics_request(10)[:8] == struct.pack("=II", 0x1D, 10)
    assert len(ethtool.statistics_request(10)) > 8 + 20 * 8
    assert ethtool.rings_request() == struct.pack("=9I", 0x10, *[0] * 8)
    assert ethtool.channels_request() == struct.pack("=9I", 0x3C, *[0] * 8)
    assert ethtool.coalesce_request() == struct.pack("=23I", 0xE, *[0] * 22)


@given(st.builds(Replies, *[st.binary(max_size=260)] * 6))
def test_any_replies_are_a_device_or_an_error(replies: Replies) -> None:
    with suppress(ParseError):
        ethtool.parse("eth0", replies)
    with suppress(ParseError):
        ethtool.parse_count(replies.driver)


def test_saved_texts_make_the_same_device() -> None:
    texts = Texts(
        driver="driver: vmxnet3\nversion: 1.4\nbus-info: 0000:0b:00.0\n",
        statistics=(
            "NIC statistics:\n     Tx Queue#: 0\n       pkts rx OOB: 3\n"
            "     Tx Queue#: 1\n       pkts rx OOB: 4\n     rx[0]: bytes: 5\n"
        ),
        rings=(
            "Ring parameters for eth0:\nPre-set maximums:\nRX:\t\t4096\nRX Mini:\tn/a\n"
            "TX:\t\t4096\nCurrent hardware settings:\nRX:\t\t1024\nRX Mini:\tn/a\nTX:\t\t512\n"
        ),
        channels=(
            "Channel parameters for eth0:\nPre-set maximums:\nRX:\t\tn/a\nCombined:\t16\n"
            "Current hardware settings:\nRX:\t\tn/a\nCombined:\t8\n"
        ),
        coalesce=(
            "Coalesce parameters for eth0:\nAdaptive RX: on  TX: off\n"
            "rx-usecs:\t50\nrx-usecs-irq:\tn/a\n"
        ),
    )
    assert ethtool_text.parse("eth0", texts, "ethtool_eth0") == Nic(
        device="eth0",
        driver="vmxnet3",
        statistics={"Tx Queue#": 1, "pkts rx OOB": 7, "rx[0]: bytes": 5},
        ring_rx=1024,
        ring_rx_max=4096,
        channels_rx=8,
        channels_rx_max=16,
        coalesce_rx_usecs=50,
        coalesce_adaptive_rx=True,
        channels_kind="combined",
    )


@pytest.mark.parametrize(
    "text",
    [
        "no stats available\n",
        "Cannot get stats strings information: Operation not supported\n",
        "netlink error: Operation not supported\n",
        "ethtool: bad command line argument(s)\nFor more information run ethtool -h\n",
        "Cannot get device ring settings: No such device\nRing parameters for bond0.1:\n",
        "Ring parameters for eth0:\nCannot get device ring settings: Operation not supported\n",
        "No data available\n",
    ],
)
def test_a_text_that_says_there_is_nothing_is_none(text: str) -> None:
    assert ethtool_text.parse_statistics(text, "s") is None
    assert ethtool_text.parse_rings(text, "g") is None
    assert ethtool_text.parse_channels(text, "l") is None
    assert ethtool_text.parse_coalesce(text, "c") is None
    assert ethtool_text.parse_driver(text, "i") is None
    assert ethtool_text.parse("eth0", Texts(text, text, text, text, text), "x") is None


def test_a_driver_without_statistics_has_none_of_them() -> None:
    assert ethtool_text.parse_statistics(STATISTICS, "s") == {}


def test_no_text_is_no_device() -> None:
    assert ethtool_text.parse("eth0", Texts(), "x") is None
    only = ethtool_text.parse("eth0", Texts(statistics=STATISTICS), "x")
    assert only == Nic("eth0", "", {}, None, None, None, None, None, None)


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("Nothing to see here\n", "s: expected 'NIC statistics:'"),
        ("NIC statistics:\nNothing to see here\n", "s:2: expected 'name: value'"),
        ("NIC statistics:\n  rx: -1\n", "s:2: rx: expected a decimal, got '-1'"),
        ("NIC statistics:\n  : 1\n", "s:2: expected 'name: value'"),
        ("", "expected 'NIC statistics:'"),
    ],
)
def test_another_text_is_an_error_that_says_where(text: str, error: str) -> None:
    with pytest.raises(ParseError, match=error):
        ethtool_text.parse_statistics(text, "s")


def test_rings_whose_other_fields_are_strange_still_give_receive() -> None:
    text = (
        "Ring parameters for ens3:\nPre-set maximums:\nRX:\t256\nRX Mini:\tweird\n"
        "Current hardware settings:\nRX:\tn/a\nCQE Size:\tn/a\nTX Push:\toff\n"
    )
    assert ethtool_text.parse_rings(text, "g") == Range(None, 256)
    with pytest.raises(ParseError, match="g:2: RX: expected a decimal, got 'many'"):
        ethtool_text.parse_rings("Ring parameters for e:\nRX: many\n", "g")


def test_coalescing_that_is_not_shown_is_unknown() -> None:
    assert ethtool_text.parse_coalesce("Coalesce parameters for e:\n", "c") == (None, None)
    text = "Coalesce parameters for e:\nAdaptive RX: n/a  TX: n/a\nrx-usecs: n/a\n"
    assert ethtool_text.parse_coalesce(text, "c") == (None, None)


@given(
    st.text(max_size=200), st.sampled_from(["NIC statistics:\n", "Ring parameters for e:\n", ""])
)
def test_any_text_is_a_device_or_an_error(text: str, title: str) -> None:
    found = title + text
    with suppress(ParseError):
        ethtool_text.parse("eth0", Texts(statistics=found), "x")
    with suppress(ParseError):
        ethtool_text.parse("eth0", Texts(rings=found), "x")
    with suppress(ParseError):
        ethtool_text.parse("eth0", Texts(driver=found, coalesce=found, channels=found), "x")
