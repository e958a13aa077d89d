"""Capacities of receive buffers, against what was measured on each kernel."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netrx_tune.model.kernel import KernelVersion as V
from netrx_tune.rxpath.admission import (
    ADMISSIONS,
    admission,
    deferred_credit_share,
    effective_rcvbuf,
    idle_credit_share,
    queue_capacity,
    rcvbuf_for,
    request_for,
)

DEFAULT = 212992
KERNELS = [V(3, 13), V(4, 9), V(4, 10), V(4, 19), V(5, 10), V(6, 1), V(6, 17), V(6, 18), V(7, 3)]


@pytest.mark.parametrize(
    ("kernel", "truesize", "want"),
    [
        (V(5, 10, 223), 768, 278),
        (V(6, 1, 176), 768, 278),
        (V(6, 1, 176), 1280, 167),
        (V(6, 1, 176), 2304, 93),
        (V(6, 1, 176), 4352, 49),
        (V(6, 12, 107), 960, 222),
        (V(6, 12, 107), 3584, 60),
        (V(6, 18, 15), 960, 221),
        (V(6, 18, 44), 832, 256),
        (V(6, 18, 44), 1280, 166),
        (V(6, 18, 44), 2304, 92),
        (V(6, 18, 44), 3584, 59),
        (V(6, 18, 44), 16640, 12),
        (V(6, 18, 44), 60832, 3),
        (V(7, 3, 4), 960, 221),
    ],
)
def test_the_default_buffer_holds_what_was_measured(kernel: V, truesize: int, want: int) -> None:
    assert queue_capacity(DEFAULT, truesize, kernel) == want


def test_the_kernel_of_the_article_stops_once_the_buffer_is_reached() -> None:
    assert queue_capacity(4096, 2048, V(3, 13)) == 2
    assert queue_capacity(4097, 2048, V(3, 13)) == 3
    assert queue_capacity(4096, 2048, V(4, 10)) == 3
    assert queue_capacity(4096, 2048, V(6, 18)) == 2


def test_late_el7_admits_as_4_10_does() -> None:
    el7_9, el7_3 = "3.10.0-1160.el7.x86_64", "3.10.0-514.el7.x86_64"
    assert queue_capacity(4096, 2048, V(3, 10), el7_9) == 3
    assert queue_capacity(4096, 2048, V(3, 10), el7_3) == 2


def test_an_empty_queue_takes_one_datagram_of_any_size() -> None:
    assert [queue_capacity(2304, 66339, kernel) for kernel in KERNELS] == [1] * len(KERNELS)


def test_an_unknown_kernel_is_promised_the_least() -> None:
    assert queue_capacity(DEFAULT, 832, None) == 256


def test_a_huge_buffer_is_not_passed_where_the_sum_would_wrap() -> None:
    huge = 2**31 - 2
    assert queue_capacity(huge, 1024, V(6, 17)) == huge // 1024
    assert queue_capacity(huge, 1024, V(6, 14)) == huge // 1024 + 1


def test_admissions_follow_each_other_without_a_gap() -> None:
    assert ADMISSIONS[-1].until is None
    for one, following in itertools.pairwise(ADMISSIONS):
        assert one.until == following.since
    assert [admission(one.since) for one in ADMISSIONS] == list(ADMISSIONS)


@given(st.integers(1, 100_000), st.integers(576, 70_000), st.sampled_from([*KERNELS, None]))
def test_a_buffer_sized_for_a_burst_takes_the_burst(
    datagrams: int, truesize: int, kernel: V | None
) -> None:
    assert queue_capacity(rcvbuf_for(datagrams, truesize, kernel), truesize, kernel) >= datagrams


@pytest.mark.parametrize(
    ("kernel", "release", "want"),
    [
        (V(4, 9), "", 0.0),
        (V(4, 10), "", 0.25),
        (V(6, 18), "", 0.25),
        (V(3, 10), "3.10.0-1160.el7.x86_64", 0.0),
        (None, "", 0.25),
    ],
)
def test_a_quarter_of_the_memory_comes_back_late(
    kernel: V | None, release: str, want: float
) -> None:
    assert deferred_credit_share(kernel, release) == want


def test_some_kernels_keep_a_quarter_of_an_idle_socket() -> None:
    kernels = [V(4, 15), V(4, 18), V(4, 19, 90), V(5, 3, 1), V(5, 4), V(6, 1), None]
    assert [idle_credit_share(k) for k in kernels] == [0.0, 0.25, 0.25, 0.25, 0.0, 0.0, 0.0]
    assert rcvbuf_for(300, 1280, V(4, 19)) == 512000
    assert rcvbuf_for(300, 1280, V(6, 1)) == 384000


@pytest.mark.parametrize(
    ("request_bytes", "rmem_max", "want"),
    [
        (106496, DEFAULT, 212992),
        (8 << 20, DEFAULT, 425984),
        (8 << 20, 8 << 20, 16 << 20),
        (0, DEFAULT, 2304),
        (1000, DEFAULT, 2304),
        (4096, DEFAULT, 8192),
        (-1, DEFAULT, 425984),
        (2**31 - 1, 2**31 - 1, 2**31 - 2),
    ],
)
def test_a_request_is_clamped_then_doubled(request_bytes: int, rmem_max: int, want: int) -> None:
    assert effective_rcvbuf(request_bytes, rmem_max) == want


@given(st.integers(2304, 2**30))
def test_the_request_for_a_buffer_gives_it(rcvbuf: int) -> None:
    assert 0 <= effective_rcvbuf(request_for(rcvbuf), 2**30) - rcvbuf <= 1
