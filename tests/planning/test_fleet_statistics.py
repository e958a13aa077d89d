"""Fisher's test and the fence, against figures known from elsewhere."""

from __future__ import annotations

from math import comb

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netrx_tune.planning.fleet_statistics import (
    LEAST_SHARE,
    Split,
    by_chance,
    fence,
    order_of_magnitude,
)


def test_fishers_tea() -> None:
    # The Design of Experiments, 1935: three of four cups right is 17 in 70, four are 1 in 70.
    assert by_chance(Split(3, 4, 1, 4)) == pytest.approx(17 / 70)
    assert by_chance(Split(4, 4, 0, 4)) == pytest.approx(1 / 70)


@given(st.integers(0, 12), st.integers(0, 12), st.integers(0, 12), st.integers(0, 12))
def test_the_tail_is_the_sum_of_the_exact_terms(a: int, b: int, c: int, d: int) -> None:
    losing, others, having = a + b, c + d, a + c
    ways = sum(
        comb(having, k) * comb(losing + others - having, losing - k)
        for k in range(a, min(losing, having) + 1)
    )
    assert by_chance(Split(a, losing, c, others)) == pytest.approx(
        ways / comb(losing + others, losing)
    )


def test_a_large_fleet_neither_overflows_nor_rounds_to_nothing() -> None:
    assert 0 < by_chance(Split(41, 44, 12, 900)) < 1e-40
    assert by_chance(Split(5000, 10_000, 45_000, 90_000)) == pytest.approx(0.5, abs=0.01)


def test_odds_have_no_infinity() -> None:
    assert Split(4, 4, 0, 100).odds_ratio == pytest.approx(4.5 * 100.5 / (0.5 * 0.5))
    assert Split(1, 2, 10, 20).odds_ratio == 1


def test_a_fleet_without_loss_has_the_least_fence() -> None:
    found = fence([0.0] * 20)
    assert found is not None
    assert (found.median, found.share) == (0.0, LEAST_SHARE)


def test_the_fence_follows_the_spread_by_ratio() -> None:
    shares = [0.001, 0.002, 0.004, 0.008, 0.016, 0.032, 0.064]
    found = fence([*shares, 0.008])
    assert found is not None
    # The logarithms' median absolute deviation is log10(4), or log10(3) and a bit: 8 to 2 or 32.
    assert found.median == 0.008
    assert 0.3 < found.share < 10
    assert fence(shares) is None


def test_chances_in_words() -> None:
    assert order_of_magnitude(0.002) == "1 in 500"
    assert order_of_magnitude(1e-40) == "1 in 1e+40"
    assert order_of_magnitude(0.0) == "less than 1 in 1e+300"
