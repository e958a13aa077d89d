"""Who capped a buffer, and both possibilities where the kernel gives either the same size."""

from __future__ import annotations

import pytest

from netrx_tune.model.finding import Limit
from netrx_tune.rules.buffers import Ceiling, limit_of, limit_words
from tests.rxpath.snapshots import sock

STOCK = Ceiling(rmem_max=212_992, rmem_default=212_992)
ALIKE = Ceiling(rmem_max=106_496, rmem_default=212_992)


@pytest.mark.parametrize(
    ("granted", "top", "limit"),
    [
        (212_992, STOCK, "rmem-default"),
        (425_984, STOCK, "rmem-max"),
        (65_536, STOCK, "app-request"),
        (500_000, STOCK, "forced"),
        (212_992, ALIKE, "unknown"),
        (65_536, ALIKE, "app-request"),
        (425_984, ALIKE, "forced"),
        (212_992, Ceiling(None, None), "rmem-default"),
        (100_000, Ceiling(None, None), "unknown"),
    ],
)
def test_who_capped_a_buffer(granted: int, top: Ceiling, limit: Limit) -> None:
    assert limit_of(sock(1)._replace(rcvbuf_bytes=granted), top) == limit


def test_a_size_that_two_ways_lead_to_is_said_with_both() -> None:
    said = limit_words("unknown", 212_992, ALIKE)
    assert "never asked for a size, or it asked for 106,496 B or more and was clamped" in said
    assert "who set it cannot be seen" in limit_words("unknown", 100_000, Ceiling(None, None))
