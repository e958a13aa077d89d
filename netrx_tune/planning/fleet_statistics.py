"""Two tests that tell a fleet's pattern from chance: Fisher's exact test, and a fence for outliers.

Both make no assumption about the shape of a distribution; shares of lost packets are 0 on most
hosts and span many powers of ten on the others.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import exp, lgamma, log, log10
from statistics import median
from typing import NamedTuple

# A normal distribution's standard deviation is 1.4826 of its median absolute deviation, and 3.5 of
# them is the customary bound (Iglewicz and Hoaglin, How to Detect and Handle Outliers, 1993).
_MAD_TO_DEVIATION = 1.4826
_DEVIATIONS = 3.5
LEAST_HOSTS = 8  # a median of fewer says little
# Less than one in 100,000 is taken as that, so that a fleet without loss has a logarithm.
FLOOR_SHARE = 1e-5
LEAST_TIMES = 10.0  # of the median: no outlier below, however alike the hosts are
LEAST_SHARE = 1e-3  # of what was offered: no outlier below


class Fence(NamedTuple):
    """The share beyond which a host is an outlier, with the arithmetic's parts."""

    hosts: int
    median: float
    spread_times: float  # one robust standard deviation, as a factor: shares are compared by ratio
    share: float


class Split(NamedTuple):
    """A value among hosts that lose and among those that do not."""

    losing_with: int
    losing: int
    others_with: int
    others: int

    @property
    def odds_ratio(self) -> float:
        """Return how many times the odds of loss are higher with the value.

        Each count has a half added (Haldane and Anscombe), so that an empty one gives no infinity.
        """
        a, b = self.losing_with + 0.5, self.losing - self.losing_with + 0.5
        c, d = self.others_with + 0.5, self.others - self.others_with + 0.5
        return a * d / (b * c)


def fence(shares: Sequence[float]) -> Fence | None:
    """Return the fence of hosts' shares, None of too few hosts.

    It is the median times the robust spread to the power of 3.5, on a logarithmic scale, at least
    ten times the median and 0.1 % of what was offered.
    """
    if len(shares) < LEAST_HOSTS:
        return None
    logs = [log10(max(share, FLOOR_SHARE)) for share in shares]
    middle = median(logs)
    spread = _MAD_TO_DEVIATION * median(abs(one - middle) for one in logs)
    far = middle + max(_DEVIATIONS * spread, log10(LEAST_TIMES))
    return Fence(
        hosts=len(shares),
        median=median(shares),
        spread_times=10.0**spread,
        share=max(10.0**far, LEAST_SHARE),
    )


def by_chance(split: Split) -> float:
    """Return how likely so many losing hosts, or more, would have the value by chance.

    Fisher's exact test, one-sided: the hypergeometric tail.
    """
    total = split.losing + split.others
    having = split.losing_with + split.others_with
    most = min(split.losing, having)
    base = _log_choose(total, split.losing)
    tail = 0.0
    for count in range(split.losing_with, most + 1):
        if split.losing - count > total - having:
            continue
        ways = _log_choose(having, count) + _log_choose(total - having, split.losing - count)
        tail += exp(ways - base)
    return min(1.0, tail)


def _log_choose(total: int, chosen: int) -> float:
    if chosen in {0, total}:
        return 0.0
    return lgamma(total + 1) - lgamma(chosen + 1) - lgamma(total - chosen + 1)


def tests_bound(chance: float, comparisons: int) -> float:
    """Return a chance once so many comparisons were made (Bonferroni)."""
    return min(1.0, chance * comparisons)


def order_of_magnitude(chance: float) -> str:
    """Return a small chance as people say it: "1 in 1e+07"."""
    if chance <= 0.0:
        return "less than 1 in 1e+300"
    return f"1 in {1 / chance:.0f}" if chance > 1e-6 else f"1 in 1e+{int(-log(chance) / log(10))}"
