"""The faults of the cause benchmark, drawn at random from what two CPUs can do."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import NamedTuple

from tests.benchmarks.cause_players import Reading

RMEM_DEFAULT = 212_992
_RECEIVE_SECONDS = 4e-6  # of CPU for one datagram, in this reader
_SEND_SECONDS = 16e-6
_MOST_SENDING = 0.8  # of the sender's CPU: 50,000 a second
_WEIGHTS = {5: 335, 10: 110, 15: 36, 19: 15}  # kernel/sched/core.c, sched_prio_to_weight


class Buffer(NamedTuple):
    """How a program got its buffer; `limit` is who capped it."""

    limit: str
    rcvbuf: int  # what it has
    request: int | None = None
    rmem_max: int | None = None
    force: bool = False


class Case(NamedTuple):
    """One fault with its parameters."""

    cause: str
    ipv6: bool
    payload: int
    sockets: int
    spread: bool  # all sockets get traffic, or one of them
    buffer: Buffer
    per_second: float
    burst: int
    period: float
    reading: Reading
    neighbours: int = 0  # busy loops on the reader's CPU
    quota: float | None = None  # CPUs that its control group allows

    def __str__(self) -> str:
        """Return the parameters for a table."""
        habit = {k: v for k, v in self.reading._asdict().items() if v != getattr(Reading(), k)}
        parts = [
            "IPv6" if self.ipv6 else "IPv4",
            f"{self.payload} B",
            f"{self.per_second:.0f}/s",
            f"{self.burst} each {self.period:.3g} s" if self.burst else "",
            f"{self.sockets} sockets{' alike' if self.spread else ''}" if self.sockets > 1 else "",
            f"{self.buffer.rcvbuf} B ({self.buffer.limit})",
            ", ".join(f"{k} {v:.3g}" for k, v in habit.items()),
            f"{self.neighbours} neighbours" if self.neighbours else "",
            f"quota {self.quota:.2f}" if self.quota else "",
        ]
        return ", ".join(part for part in parts if part)


def truesize(payload: int) -> int:
    """Return what a datagram costs over veth with an MTU of 1500: live measurements of 6.18."""
    if payload > 1472:
        full, rest = divmod(payload + 8, 1480)
        return full * 2304 + (truesize(max(0, rest - 8)) if rest else 0)
    return next(cost for most, cost in ((185, 832), (633, 1280), (1472, 2304)) if payload <= most)


def draw(cause: str, number: int, seed: int) -> Case:
    """Return the n-th fault of a cause; the same for the same seed."""
    dice = random.Random(f"{seed}/{cause}/{number}")  # noqa: S311 - repeatable, not secret
    case = _DRAWS[cause](dice)
    while not _is_possible(case):
        case = _DRAWS[cause](dice)
    return case


def _is_possible(case: Case) -> bool:
    """Tell whether sender and reader fit on a CPU each."""
    fragments = 1 + case.payload // 1480
    rate = case.per_second + case.burst / case.period
    return rate * (_SEND_SECONDS + 6e-6 * (fragments - 1)) <= _MOST_SENDING


def capacity(case: Case) -> int:
    """Return how many datagrams one buffer holds."""
    return max(1, case.buffer.rcvbuf // truesize(case.payload))


def _between(dice: random.Random, low: float, high: float) -> float:
    """Return a number, any order of magnitude as likely as another."""
    return float(low * (high / low) ** dice.random())


def _buffer(dice: random.Random) -> Buffer:
    kind = dice.choice(("default", "default", "clamped", "asked", "small", "forced"))
    if kind == "clamped":
        # Not 106,496: twice that is rmem_default, and nobody can tell the two apart.
        top = dice.choice((65_536, 98_304, 212_992, 425_984))
        return Buffer("rmem-max", 2 * top, int(top * _between(dice, 1.2, 64)), top)
    if kind == "asked":
        request = int(_between(dice, 20_000, 400_000))
        return Buffer("app-request", 2 * request, request)
    if kind == "small":
        request = int(_between(dice, 4_000, 20_000))
        return Buffer("app-request", 2 * request, request)
    if kind == "forced":
        request = int(_between(dice, 120_000, 400_000))
        return Buffer("forced", 2 * request, request, 106_496, force=True)
    return Buffer("rmem-default", RMEM_DEFAULT)


def _base(dice: random.Random, cause: str) -> Case:
    sockets = dice.choice((1, 1, 1, 2, 4, 16, 64))
    return Case(
        cause=cause,
        ipv6=dice.random() < 0.4,
        payload=int(_between(dice, 20, 8_000)),
        sockets=sockets,
        spread=dice.random() < 0.4,
        buffer=_buffer(dice),
        per_second=round(_between(dice, 500, 50_000)),
        burst=0,
        period=1.0,
        reading=Reading(),
    )


def _ways(case: Case) -> int:
    return case.sockets if case.spread else 1


def _overload(dice: random.Random) -> Case:
    case = _base(dice, "sustained-overload")
    service = case.per_second * dice.uniform(0.1, 0.85)
    surplus = (case.per_second - service) / _ways(case)
    if capacity(case) / surplus > 4:
        return _overload(dice)
    if dice.random() < 0.5:
        return case._replace(reading=Reading(per_second=service))
    work = 1 / service - _RECEIVE_SECONDS
    return case._replace(reading=Reading(work_seconds=work)) if work > 1e-5 else _overload(dice)


def _stopped(dice: random.Random) -> Case:
    case = _base(dice, "reader-stopped")
    if capacity(case) * _ways(case) / case.per_second > 4:
        return _stopped(dice)
    return case._replace(reading=Reading(reads=False))


def _stall(dice: random.Random) -> Case:
    case = _base(dice, "reader-stall")
    stall = _between(dice, 0.02, 2.0)
    held = stall * case.per_second / _ways(case)
    quiet = case.per_second / _ways(case) * 0.004 < capacity(case)
    if not quiet or held < 1.3 * capacity(case) + 3:
        return _stall(dice)
    period = stall * dice.uniform(1.6, 6) + 0.06
    habit = Reading(stall=stall, period=min(period, stall + 1.8), spins=dice.random() < 0.35)
    return case._replace(reading=habit)


def _burst(dice: random.Random) -> Case:
    case = _base(dice, "burst")
    burst = int(capacity(case) * _ways(case) * _between(dice, 1.6, 12)) + 3
    period = _between(dice, 0.08, 2.0)
    mean = burst / period
    background = mean * dice.choice((0.0, 0.0, 0.05, 0.2))
    speed = max(3_000, _between(dice, 2, 8) * (mean + background))
    # The sender takes its time over a burst, and the reader works meanwhile.
    lasting = burst * _SEND_SECONDS
    surplus = burst - speed * lasting
    calm = background / _ways(case) * 0.004 < capacity(case)
    if not calm or surplus < 1.2 * capacity(case) * _ways(case) or lasting > 0.4 * period:
        return _burst(dice)
    if not 500 <= mean <= 50_000:
        return _burst(dice)
    case = case._replace(per_second=background, burst=burst, period=period)
    if dice.random() < 0.5:
        return case._replace(reading=Reading(per_second=speed))
    work = 1 / speed - _RECEIVE_SECONDS
    return case._replace(reading=Reading(work_seconds=max(0.0, work)))


def _starved(dice: random.Random) -> Case:
    case = _base(dice, "reader-starved")
    work = _between(dice, 5e-6, 4e-4)
    need = case.per_second * (work + _RECEIVE_SECONDS)
    if dice.random() < 0.4:
        quota = dice.choice((0.05, 0.1, 0.2, 0.4))
        case = case._replace(quota=quota, reading=Reading(work_seconds=work))
    else:
        nice = dice.choice((5, 10, 15, 19))
        neighbours = dice.choice((1, 2, 3))
        quota = _WEIGHTS[nice] / (_WEIGHTS[nice] + 1024 * neighbours)
        case = case._replace(neighbours=neighbours, reading=Reading(work_seconds=work, nice=nice))
    surplus = (case.per_second - quota / (work + _RECEIVE_SECONDS)) / _ways(case)
    if not 1.5 * quota < need < 0.7 or capacity(case) / surplus > 4:
        return _starved(dice)
    return case


_DRAWS: dict[str, Callable[[random.Random], Case]] = {
    "burst": _burst,
    "sustained-overload": _overload,
    "reader-stall": _stall,
    "reader-stopped": _stopped,
    "reader-starved": _starved,
}
CAUSES = tuple(_DRAWS)
