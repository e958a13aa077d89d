"""A buffer that was sized for something survives it; the numbers are those that were measured."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from netrx_tune.model.kernel import KernelVersion
from netrx_tune.planning.size import (
    Charge,
    Load,
    Place,
    buffer_for,
    catch_up_usecs,
    charge_for,
    delay_usecs,
    first_loss_usecs,
    remaining_loss,
    survival,
)
from netrx_tune.planning.size_answer import Question, answer_buffer, answer_survival, duration
from netrx_tune.planning.size_queues import accept_for, backlog_for, conntrack_for, fragments_for
from netrx_tune.rxpath.queue_needs import USECS, bridged_usecs, power_of_two
from tests import scenario

KERNELS = [
    *(KernelVersion(*v) for v in ((3, 10), (4, 9), (4, 10), (4, 19), (5, 3), (5, 10), (6, 1))),
    *(KernelVersion(*v) for v in ((6, 12), (6, 17), (6, 18))),
    None,
]
kernels = st.sampled_from(KERNELS)
charges = st.builds(
    lambda low, more: Charge(low, low + more, "measured"),
    st.integers(768, 70_000),
    st.integers(0, 5000),
)
rates = st.integers(1, 5_000_000)


@given(rates, st.integers(1, 10 * USECS), st.none() | rates, charges, kernels)
def test_a_buffer_for_a_pause_survives_at_least_that_pause(
    rate: int, stall: int, drain: int | None, charge: Charge, kernel: KernelVersion | None
) -> None:
    load, place = Load(rate, None, stall, drain), Place(kernel)
    found = buffer_for(load, charge, place)
    if not found.possible:
        return
    got = survival(found.rcvbuf_bytes, load, charge, place)
    assert got.stall_low_usecs is not None
    assert got.stall_high_usecs is not None
    assert stall <= got.stall_low_usecs <= got.stall_high_usecs
    assert found.request_bytes * 2 == found.rcvbuf_bytes


@given(st.integers(1, 500_000), charges, kernels)
def test_a_buffer_for_a_burst_survives_it_and_is_no_waste(
    burst: int, charge: Charge, kernel: KernelVersion | None
) -> None:
    load, place = Load(burst=burst), Place(kernel)
    found = buffer_for(load, charge, place)
    got = survival(found.rcvbuf_bytes, load, charge, place)
    assert not found.possible or got.burst_low >= burst
    assert found.rcvbuf_bytes <= max(2304, burst * charge.high_bytes * 4 / 3 + 8192)
    assert found.low_bytes <= found.rcvbuf_bytes or not found.possible


@given(rates, st.integers(1, 2**30), charges, kernels, st.data())
def test_more_buffer_never_survives_less(
    rate: int, rcvbuf: int, charge: Charge, kernel: KernelVersion | None, data: st.DataObject
) -> None:
    drain = data.draw(st.none() | rates)
    load, place = Load(rate, drain=drain), Place(kernel)
    less = survival(rcvbuf, load, charge, place)
    more = survival(2 * rcvbuf, load, charge, place)
    assert more.burst_low >= less.burst_low
    assert (more.stall_low_usecs or 0) >= (less.stall_low_usecs or 0)


def test_a_burst_needs_what_was_measured_on_618() -> None:
    place = Place(KernelVersion(6, 18))
    found = buffer_for(Load(burst=2000), Charge(1280, 1280, "measured"), place)
    assert found.rcvbuf_bytes >= 2_560_000  # measured by bisection: 2,567,072
    assert found.rcvbuf_bytes <= 2_567_168


def test_a_pause_needs_what_was_measured_on_618() -> None:
    place = Place(KernelVersion(6, 18))
    load = Load(rate=4000, stall_usecs=200_000, drain=1_000_000)
    found = buffer_for(load, Charge(1280, 1280, "measured"), place)
    assert 1_024_000 <= found.rcvbuf_bytes <= 1_032_192  # measured: 1,029,632


def test_a_slow_reader_needs_a_third_more_and_old_kernels_do_not() -> None:
    load = Load(rate=1000, stall_usecs=USECS, drain=1000)
    charge = Charge(1024, 1024, "measured")
    assert buffer_for(load, charge, Place(KernelVersion(6, 18))).room == 1334
    assert buffer_for(load, charge, Place(KernelVersion(4, 9))).room == 1000


def test_overload_says_when_it_begins_to_lose_and_how_much_stays_lost() -> None:
    load = Load(rate=30_000, burst=None, stall_usecs=None, drain=20_000)
    charge, place = Charge(1280, 1280, "measured"), Place(KernelVersion(6, 18))
    assert remaining_loss(load) == 1 / 3
    # 1,000 datagrams fit, 10,000/s pile up: 100 ms, or 75 ms with a quarter not given back.
    assert first_loss_usecs(1_280_000, load, charge, place) == (75_000, 100_000)
    assert delay_usecs(1_280_000, load, charge, place) == 50_000
    answer = answer_buffer(Question(load._replace(stall_usecs=1000), charge, place))
    assert not answer.helps
    assert "No buffer helps" in answer.warnings[0]


def test_a_reader_that_keeps_up_loses_nothing_and_catches_up() -> None:
    load = Load(rate=20_000, stall_usecs=200_000, drain=60_000)
    assert remaining_loss(load) == 0
    assert catch_up_usecs(load) == 100_000
    assert catch_up_usecs(load._replace(drain=20_000)) is None
    assert first_loss_usecs(1 << 20, load, Charge(832, 832, ""), Place()) is None


def test_what_cannot_be_known_without_a_speed_is_none() -> None:
    load, charge = Load(burst=10), Charge(832, 832, "measured")
    assert remaining_loss(load) is None
    assert delay_usecs(1 << 20, load, charge, Place()) is None
    assert survival(1 << 20, load, charge, Place()).stall_low_usecs is None


def test_memory_of_many_sockets_is_held_against_the_hosts() -> None:
    place = Place(KernelVersion(6, 18), udp_mem_pages=1000, memory_bytes=1 << 26)
    question = Question(Load(burst=10_000), Charge(1280, 1280, "measured"), place, sockets=8)
    answer = answer_buffer(question)
    assert answer.filled.memory_bytes == 8 * answer.buffer.rcvbuf_bytes
    assert any("udp_mem" in warning for warning in answer.warnings)
    assert any("of memory" in warning for warning in answer.warnings)


def test_a_buffer_that_no_kernel_can_hold_is_said_to_be_impossible() -> None:
    question = Question(Load(burst=10**8), Charge(2304, 2304, "measured"), Place())
    answer = answer_buffer(question)
    assert not answer.buffer.possible
    assert not answer.helps


def test_the_steps_show_the_arithmetic() -> None:
    charge = charge_for(300, KernelVersion(6, 18), "veth")
    load = Load(rate=20_000, stall_usecs=200_000)
    steps = " ".join(answer_buffer(Question(load, charge, Place(KernelVersion(6, 18)))).steps)
    assert "20,000/s x 200 ms = 4,000 datagrams" in steps
    assert "comes back in quarters" in steps
    steps = " ".join(answer_survival(Question(load, charge, Place()), 1 << 20).steps)
    assert "1,048,576 B /" in steps


def test_the_other_queues() -> None:
    charge = Charge(10_000, 12_800, "measured")
    load = Load(rate=1000, burst=500)
    assert backlog_for(load, 6, charge, 1000).value == 3000
    assert backlog_for(load, 1, charge, 1000).enough is True
    fragments = fragments_for(load, 0.01, charge, 30, 4 << 20)
    assert fragments.value == 300 * (12_800 + 256)
    assert "give up after 32.1 s" in fragments.also[0]
    assert conntrack_for(5000, 120, None).value == 600_000
    assert conntrack_for(5000, 120, None).enough is None
    assert accept_for(500, 2 * USECS, 128).value == 1000
    assert accept_for(500, 2 * USECS, 128).enough is False


def test_times_are_short() -> None:
    got = [duration(usecs) for usecs in (85, 12_500, 1_250_000, 5_000 * USECS)]
    assert got == ["85 us", "12.5 ms", "1.25 s", "5,000 s"]


@given(st.integers(1, 1_000_000), st.integers(1, 10 * USECS))
def test_a_queue_that_was_sized_for_a_pause_bridges_it(rate: int, stall_usecs: int) -> None:
    accept = accept_for(rate, stall_usecs, None)
    assert accept.bridges_usecs is None
    bridges = accept_for(rate, stall_usecs, accept.value).bridges_usecs
    assert bridges is not None
    assert bridges >= stall_usecs
    backlog = backlog_for(Load(rate=rate, stall_usecs=stall_usecs), 1, Charge(1, 1, "m"), None)
    assert bridged_usecs(backlog.value, rate) >= stall_usecs


def test_a_rule_asks_for_what_size_answers() -> None:
    (finding,) = scenario.diagnose(
        {
            "settings": {"net.core.somaxconn": 128},
            "before": {
                "counters": {"TcpExt.ListenOverflows": 0, "Tcp.PassiveOpens": 0},
                "sockets": [],
            },
            "after": {
                "counters": {"TcpExt.ListenOverflows": 100, "Tcp.PassiveOpens": 14_900},
                "sockets": [
                    {"protocol": "tcp", "drops": 100, "accept_limit": 128, "accept_queue": 0}
                ],
            },
        }
    ).findings
    asked = finding.recommendations[0]
    answered = accept_for(3000, USECS, None).value
    assert (asked.target, asked.proposed) == ("net.core.somaxconn", power_of_two(answered))


@given(st.integers(1, 1 << 40))
def test_a_power_of_two_is_the_next(number: int) -> None:
    power = power_of_two(number)
    assert power.bit_count() == 1
    assert number <= power < 2 * number
