"""Numbers as every report writes them."""

from __future__ import annotations

import pytest

from netrx_tune.rules.words import about, counted, percent, rate, were


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (0.0, "0 %"),
        (1.2e-9, "less than 0.0001 %"),
        (0.00005, "0.005 %"),
        (0.0005, "0.05 %"),
        (0.012, "1.2 %"),
        (0.5, "50 %"),
    ],
)
def test_a_share_has_no_exponent(share: float, text: str) -> None:
    assert percent(share) == text


@pytest.mark.parametrize(
    ("per_second", "text"),
    [
        (3096.4, "3,096"),
        (123456789.0, "123,456,789"),
        (12.34, "12.3"),
        (0.00001, "less than 0.001"),
        (0.0, "0"),
    ],
)
def test_a_rate_has_no_exponent(per_second: float, text: str) -> None:
    assert rate(per_second) == text


@pytest.mark.parametrize(
    ("number", "text"),
    [(0.0581, "0.058"), (2.36, "2.4"), (20.0, "20"), (123.4, "120"), (1000.0, "1,000"), (0.0, "0")],
)
def test_a_number_that_is_roughly_known_has_no_exponent(number: float, text: str) -> None:
    assert about(number) == text


def test_one_is_not_many() -> None:
    assert (counted(1, "datagram"), were(1)) == ("1 datagram", "was")
    assert (counted(0, "datagram"), counted(1200, "datagram"), were(2)) == (
        "0 datagrams",
        "1,200 datagrams",
        "were",
    )
