"""The room that a watched queue needs, and what one datagram of the window costs."""

from __future__ import annotations

import pytest

from netrx_tune.model.sample import Socket
from netrx_tune.model.snapshot import Device
from netrx_tune.rules.buffer_advice import needed, recommend
from netrx_tune.rules.queue_causes import Verdict, cause_of_shape
from netrx_tune.rules.rule import Facts
from netrx_tune.rules.sizing import truesize_of
from netrx_tune.rxpath.delta import between
from netrx_tune.rxpath.ledger import settle
from netrx_tune.rxpath.queue_shape import QueueShape, queue_shapes
from tests.rxpath.queue_model import CHARGE, INODE, watched
from tests.rxpath.snapshots import snapshot, sock

SPARE = 1.15


def _facts(capacity: int, pause_ms: int, rate: int, rcvbuf: int) -> tuple[Facts, Socket]:
    """Return a window in which such a queue overflowed at each pause, and its socket."""
    watch = watched(
        lambda _: rate, lambda ms: 0 if ms % 1_000 < pause_ms else 100, capacity=capacity
    )
    shape = queue_shapes(watch)[INODE]
    loser = sock(shape.drops, rcvbuf=rcvbuf)
    counters = {"Udp.RcvbufErrors": shape.drops, "IpExt.InOctets": 62_800, "Ip.InReceives": 100}
    delta = between(
        snapshot(dict.fromkeys(counters, 0), sockets=()),
        snapshot(counters, sockets=(loser,), uptime=105.0),
        live=True,
    )
    return Facts(delta, settle(delta), {INODE: shape}), loser


def _needed(capacity: int, pause_ms: int, rate: int) -> int:
    facts, loser = _facts(capacity, pause_ms, rate, capacity * CHARGE)
    return needed(facts, loser, loser.drops or 0).rcvbuf_bytes


def test_no_buffer_is_proposed_where_what_was_seen_fits() -> None:
    facts, loser = _facts(60, 200, 20, 100 * 200 * 20 * CHARGE)
    burst = Verdict("burst", "high", "seen")
    (advice,) = recommend(facts, loser, loser.drops or 0, burst)
    assert (advice.kind, advice.proposed) == ("none", None)
    assert "the worst moment was not seen" in advice.why
    assert advice.command == "netrx-tune diagnose --interval 60"


def test_a_pause_needs_its_length_times_the_rate_whatever_the_buffer_was() -> None:
    pause = 200 * 20 * CHARGE
    for capacity in (60, 166, 1_000):
        assert pause <= _needed(capacity, 200, 20) <= 1.05 * SPARE * pause


def _of_bursts(size: int, per_millisecond: int) -> QueueShape:
    """Return the shape of a queue for 166 that gets a burst every 80 ms."""
    burst = watched(lambda ms: 0 if ms % 80 else size, lambda _: per_millisecond, capacity=166)
    return queue_shapes(burst)[INODE]


@pytest.mark.parametrize(
    ("size", "per_millisecond", "cause"),
    [
        (2_000, 10, "sustained-overload"),  # 25 come in a millisecond
        (200, 2, "sustained-overload"),
        (1_000, 20, "burst"),
        (1_000, 200, "burst"),
    ],
)
def test_bursts_that_are_more_than_the_reader_can_read_are_no_case_for_room(
    size: int, per_millisecond: int, cause: str
) -> None:
    assert cause_of_shape(_of_bursts(size, per_millisecond)).cause == cause


def test_a_reader_that_waits_for_its_cpu_in_part_is_outrun_all_the_same() -> None:
    # Traffic for 3 of 8 s, more than it could have read in all 8; live it had 20 % of a CPU.
    watch = watched(lambda ms: 8 * (ms < 3_000), lambda ms: ms % 2, seconds=8.0)
    shape = queue_shapes(watch)[INODE]
    halves = [shape.episodes[0]._replace(drops=shape.drops // 2)] * 2  # it had been low between
    shape = shape._replace(run_share=0.2, wait_share=0.26, episodes=tuple(halves))
    assert cause_of_shape(shape).cause == "sustained-overload"
    away = shape._replace(wait_share=0.0)
    assert cause_of_shape(away).cause == "burst"


@pytest.mark.parametrize(("size", "capacity"), [(400, 166), (1_200, 600), (72, 60)])
def test_a_burst_that_a_quick_reader_took_by_the_next_look_fits_all_the_same(
    size: int, capacity: int
) -> None:
    burst = watched(lambda ms: 0 if ms % 20 else size, lambda _: 2 * size, capacity=capacity)
    shape = queue_shapes(burst)[INODE]
    loser = sock(shape.drops, rcvbuf=capacity * CHARGE)
    counters = {"Udp.RcvbufErrors": shape.drops}
    delta = between(
        snapshot(dict.fromkeys(counters, 0), sockets=()),
        snapshot(counters, sockets=(loser,), uptime=105.0),
        live=True,
    )
    facts = Facts(delta, settle(delta), {INODE: shape})
    assert needed(facts, loser, shape.drops).rcvbuf_bytes >= size * CHARGE


def test_a_burst_is_at_most_what_an_overflow_took() -> None:
    facts, loser = _facts(60, 200, 20, 60 * CHARGE)
    burst = Verdict("burst", "high", "seen")
    advice = [*recommend(facts, loser, loser.drops or 0, burst)]
    assert all("closer together than the looks, 13 ms on average" in one.why for one in advice[:2])


def test_a_small_need_is_not_rounded_up_to_twice_itself() -> None:
    pause = 40 * 1 * CHARGE
    assert pause <= _needed(20, 40, 1) <= 1.7 * pause


def _charge(counters: dict[str, int], devices: tuple[Device, ...] = ()) -> tuple[int, str]:
    delta = between(
        snapshot(dict.fromkeys(counters, 0), devices=devices),
        snapshot(counters, uptime=105.0, devices=devices),
        live=True,
    )
    return truesize_of(delta)


def _truesize(counters: dict[str, int]) -> int:
    return _charge(counters)[0]


def test_a_card_that_brought_nothing_does_not_make_local_traffic_dearer() -> None:
    # 300 B over loopback are 960 or 1,280 B; in a card's page they would be 5,056 B.
    octets = {"IpExt.InOctets": 10_000 * 328, "Ip.InReceives": 10_000, "Udp.RcvbufErrors": 200}
    card = (Device("lo", {}), Device("eth0", {}))
    charge, how = _charge({**octets, "eth0.rx_packets": 99}, card)
    assert charge == 1_280
    assert how == "mean payload 300 B, not by a card: those cost up to 5,056 B"
    assert _charge({**octets, "eth0.rx_packets": 100}, card) == (5_056, "mean payload 300 B")
    # The card brought as many as were lost: it may have been they.
    assert _charge({**octets, "Udp.RcvbufErrors": 99, "eth0.rx_packets": 99}, card)[0] == 5_056
    assert _charge(octets, card)[0] == 5_056  # what the card brought is not told


def test_fragments_are_one_datagram() -> None:
    # 100 datagrams of 8,000 B in six fragments each: 12,800 B over veth, measured on 6.18.
    octets = 100 * (8_000 + 8 + 6 * 20)
    counters = {"IpExt.InOctets": octets, "Ip.InReceives": 600}
    assert _truesize({**counters, "Ip.ReasmReqds": 600, "Ip.ReasmOKs": 100}) == 12_800


def test_ipv6_has_octets_of_its_own() -> None:
    # 632 B over IPv6 are 1,280 B, 633 B are 2,304 B.
    small = {"Ip6.InOctets": 100 * (600 + 48), "Ip6.InReceives": 100}
    large = {"Ip6.InOctets": 100 * (700 + 48), "Ip6.InReceives": 100}
    assert (_truesize(small), _truesize(large)) == (1_280, 2_304)


def test_ipv6_fragments_carry_a_header_of_their_own() -> None:
    # 1,720 B over IPv6 cost 3,584 B, measured on 6.18.
    octets = 100 * (1_720 + 8 + 2 * 48)
    counters = {"Ip6.InOctets": octets, "Ip6.InReceives": 200}
    assert _truesize({**counters, "Ip6.ReasmReqds": 200, "Ip6.ReasmOKs": 100}) == 3_584


def test_the_family_with_more_octets_decides() -> None:
    stray = {"Ip6.InOctets": 500, "Ip6.InReceives": 5}
    assert _truesize({"IpExt.InOctets": 100 * 1428, "Ip.InReceives": 100, **stray}) == 2_304
