"""The cost of a datagram is a range, and every measured cost lies in it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netrx_tune.model.kernel import KernelVersion as V
from netrx_tune.rxpath.truesize import Family, Link, TruesizeRange, truesize_range

OLD, NEW = V(6, 1, 176), V(6, 18, 44)


@pytest.mark.parametrize(
    ("payload", "kernel", "link", "family", "mtu", "measured"),
    [
        (1, V(5, 10, 223), "veth", 4, None, 768),
        (200, OLD, "veth", 4, None, 1280),
        (512, OLD, "veth", 4, None, 1280),
        (1400, OLD, "veth", 4, None, 2304),
        (1, V(6, 12, 107), "veth", 4, None, 960),
        (200, V(6, 12, 107), "veth", 4, None, 960),
        (512, V(7, 3, 4), "veth", 4, None, 1280),
        (0, NEW, "loopback", 4, None, 832),
        (197, NEW, "loopback", 4, None, 832),
        (198, NEW, "loopback", 4, None, 1280),
        (645, NEW, "loopback", 4, None, 1280),
        (646, NEW, "loopback", 4, None, 2304),
        (1669, NEW, "loopback", 4, None, 2304),
        (1670, NEW, "loopback", 4, None, 4352),
        (3718, NEW, "loopback", 4, None, 8448),
        (7813, NEW, "loopback", 4, None, 8448),
        (7814, NEW, "loopback", 4, None, 16640),
        (16004, NEW, "loopback", 4, None, 16640),
        (32000, NEW, "loopback", 4, None, 32832),
        (60000, NEW, "loopback", 4, None, 60832),
        (65507, NEW, "loopback", 4, None, 66339),
        (2000, NEW, "veth", 4, None, 3584),
        (8000, NEW, "veth", 4, None, 12800),
        (60000, NEW, "veth", 4, None, 94464),
        (8000, NEW, "veth", 6, None, 13824),
        (60000, NEW, "veth", 6, None, 95744),
        (60000, NEW, "veth", 4, 9000, 108288),
        (184, NEW, "veth", 6, None, 832),
        (185, NEW, "veth", 6, None, 1280),
        (633, NEW, "veth", 6, None, 2304),
        (1400, NEW, "nic", 4, None, 2304),
        (1000, V(4, 15), "nic", 4, None, 2176),
    ],
)
def test_a_measured_cost_lies_in_the_range(
    payload: int, kernel: V, link: Link, family: Family, mtu: int | None, measured: int
) -> None:
    low, high = truesize_range(payload, kernel, link, family=family, mtu=mtu)
    assert low <= measured <= high


def test_small_packets_have_a_range_since_configurations_differ() -> None:
    assert truesize_range(1, NEW, "veth") == (832, 960)
    assert truesize_range(200, NEW, "veth") == (960, 1280)
    assert truesize_range(1, OLD, "veth") == (768, 768)
    assert truesize_range(1, None, "veth") == (768, 960)


def test_large_packets_cost_the_block_they_sit_in() -> None:
    assert truesize_range(1400, NEW, "veth") == (2304, 2304)
    assert truesize_range(1400, None, "loopback") == (2304, 2304)


def test_a_card_decides_more_than_the_kernel_does() -> None:
    assert truesize_range(100, NEW, "nic") == (768, 4352)
    assert truesize_range(1400, NEW, "nic") == (2176, 5056)
    assert truesize_range(8900, NEW, "nic", mtu=9000) == (10368, 16640)


def test_every_fragment_is_charged() -> None:
    whole = truesize_range(8000, NEW, "nic")
    one = truesize_range(1472, NEW, "nic")
    assert whole.low > 5 * one.low
    assert whole.high > 5 * one.high


@given(
    st.integers(0, 65507),
    st.sampled_from([V(3, 13), OLD, V(6, 3), NEW, None]),
    st.sampled_from(["loopback", "veth", "nic"]),
    st.sampled_from([4, 6]),
    st.sampled_from([None, 576, 1280, 1500, 9000]),
)
def test_a_datagram_costs_more_than_its_payload(
    payload: int, kernel: V | None, link: Link, family: Family, mtu: int | None
) -> None:
    cost = truesize_range(payload, kernel, link, family=family, mtu=mtu)
    assert isinstance(cost, TruesizeRange)
    assert payload < cost.low <= cost.high
