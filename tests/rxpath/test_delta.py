"""What grew: wraps, restarts, reboots, strangers and hot-plugged CPUs."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netrx_tune.collectors.moments import SINCE_LAST
from netrx_tune.model.sample import Gap
from netrx_tune.model.snapshot import Device, Snapshot
from netrx_tune.rxpath.delta import between, grown, since_boot
from tests.rxpath.snapshots import snapshot, sock, softnet_cpu

U32 = st.integers(0, (1 << 32) - 1)


@given(U32, st.integers(0, (1 << 31) - 1))
def test_a_32_bit_counter_that_wrapped_is_put_right(before: int, gain: int) -> None:
    assert grown(before, (before + gain) % (1 << 32), bits=32) == gain


@given(st.integers(0, 1 << 64), st.integers(0, 1 << 64))
def test_an_increase_is_never_negative(before: int, after: int) -> None:
    got = grown(before, after)
    assert got is None or got == after - before >= 0


def test_a_small_fall_is_a_restart_not_a_wrap() -> None:
    assert grown(1000, 10, bits=32) is None
    delta = between(snapshot({"Udp.InErrors": 9}), snapshot({"Udp.InErrors": 3}), live=True)
    assert delta.increase("Udp.InErrors") is None
    assert delta.restarted == ("Udp.InErrors",)


def test_a_counter_that_one_sample_lacks_is_unknown_not_zero() -> None:
    delta = between(snapshot({}), snapshot({"Udp.MemErrors": 5}), live=True)
    assert delta.increase("Udp.MemErrors") is None


@pytest.mark.parametrize(("index", "dropped"), [("2", 2000), ("3", None)])
def test_a_device_under_anothers_name_did_not_gain_what_it_has(
    index: str, dropped: int | None
) -> None:
    path = "/sys/class/net/rx0/ifindex"
    before = snapshot(devices=(Device("rx0", {"rx_dropped": 0}),), files={path: "2\n"})
    after = snapshot(devices=(Device("rx0", {"rx_dropped": 2000}),), files={path: f"{index}\n"})
    delta = between(before, after, live=True)
    assert delta.increase("rx0.rx_dropped") == dropped
    assert (dropped is None) == any("rx0 is another device" in note for note in delta.notes)


def test_a_reboot_makes_the_totals_since_it_the_window() -> None:
    delta = between(
        snapshot({"Udp.InErrors": 900}, boot_id="a", uptime=900),
        snapshot({"Udp.InErrors": 4}, boot_id="b", uptime=10),
        live=False,
    )
    assert delta.mode == "since-boot"
    assert delta.increase("Udp.InErrors") == 4
    assert "rebooted" in delta.notes[0]


def test_a_clock_that_went_back_is_a_reboot_too() -> None:
    delta = between(snapshot({}, uptime=900), snapshot({}, uptime=10), live=False)
    assert delta.mode == "since-boot"


def test_traffic_that_fell_is_a_reboot_where_no_clock_tells() -> None:
    def text(**counters: int) -> Snapshot:
        one = snapshot({f"Udp.{name}": count for name, count in counters.items()})
        return one._replace(host=one.host._replace(boot_id=None, uptime_seconds=None))

    before = text(InDatagrams=381_273, InErrors=918, NoPorts=0)
    delta = between(before, text(InDatagrams=1_273, InErrors=18, NoPorts=0), live=False)
    assert delta.mode == "since-boot"
    assert delta.increase("Udp.InErrors") == 18
    assert "wrong order" in delta.notes[0]
    grew = between(before, text(InDatagrams=400_000, InErrors=18, NoPorts=0), live=False)
    assert grew.mode == "between-samples"
    assert grew.restarted == ("Udp.InErrors",)


def test_what_nstat_counts_since_its_last_call_is_not_subtracted() -> None:
    gaps = (Gap("/netrx/nstat", "unparsed", SINCE_LAST),)
    first, second = (
        snapshot({"Udp.InErrors": count})._replace(gaps=gaps) for count in (6_991, 7_001)
    )
    delta = between(first, second, live=False)
    assert delta.mode == "since-boot"
    assert delta.increase("Udp.InErrors") == 7_001


def test_samples_of_two_namespaces_are_never_subtracted() -> None:
    one = snapshot({"Udp.InErrors": 1}, files={"/netrx/namespace": "net:[1]\n"})
    two = snapshot({"Udp.InErrors": 9}, files={"/netrx/namespace": "net:[2]\n"})
    delta = between(one, two, live=False)
    assert delta.increase("Udp.InErrors") == 9
    assert "two network namespaces" in delta.notes[0]


def test_a_suspended_host_is_told() -> None:
    one = snapshot({}, uptime=100, files={"/netrx/clock": "monotonic 50.0\n"})
    two = snapshot({}, uptime=700, files={"/netrx/clock": "monotonic 60.0\n"})
    assert between(one, two, live=True).notes == ("the host was suspended for 590 of 600 seconds",)


def test_a_cpu_that_came_online_brings_no_increase() -> None:
    delta = between(
        snapshot(softnet=(softnet_cpu(0, 5),)),
        snapshot(softnet=(softnet_cpu(0, 7), softnet_cpu(1, 4000))),
        live=True,
    )
    assert delta.increase("softnet.dropped") == 2
    assert "CPUs went on or off line" in delta.notes[0]


def test_rows_without_cpu_numbers_are_not_matched_after_hot_plug() -> None:
    delta = between(
        snapshot(softnet=(softnet_cpu(None, 5),)),
        snapshot(softnet=(softnet_cpu(None, 7), softnet_cpu(None, 4000))),
        live=True,
    )
    assert delta.increase("softnet.dropped") is None


def test_a_column_that_the_kernel_lacks_stays_unknown() -> None:
    rows = (softnet_cpu(None, 1, None),)
    delta = between(snapshot(softnet=rows), snapshot(softnet=rows), live=True)
    assert delta.increase("softnet.flow_limit_count") is None
    assert delta.increase("softnet.dropped") == 0


def test_each_row_of_a_per_cpu_counter_wraps_by_itself() -> None:
    delta = between(
        snapshot(per_cpu={"nf_conntrack.drop": ((1 << 32) - 2, 10)}),
        snapshot(per_cpu={"nf_conntrack.drop": (3, 11)}),
        live=True,
    )
    assert delta.increase("nf_conntrack.drop") == 6


def test_sockets_are_paired_by_cookie_and_new_ones_began_at_zero() -> None:
    delta = between(
        snapshot(sockets=(sock(10, inode=1), sock(5, inode=2))),
        snapshot(sockets=(sock(25, inode=1), sock(3, inode=3))),
        live=True,
    )
    assert delta.socket_drops is not None
    assert [(s.inode, gain) for s, gain in delta.socket_drops] == [(1, 15), (3, 3)]
    assert delta.vanished_sockets == 1


def test_a_socket_that_closed_under_watch_has_its_drops_and_counts_as_gone() -> None:
    closed = sock(40)._replace(unread_bytes=None, rmem_alloc_bytes=None)
    delta = between(snapshot(sockets=(sock(15),)), snapshot(sockets=(closed,)), live=True)
    assert delta.socket_drops is not None
    assert [gain for _, gain in delta.socket_drops] == [25]
    assert delta.vanished_sockets == 1


def test_socket_drops_wrap_at_32_bits() -> None:
    delta = between(
        snapshot(sockets=(sock((1 << 32) - 1),)), snapshot(sockets=(sock(4),)), live=True
    )
    assert delta.socket_drops is not None
    assert [gain for _, gain in delta.socket_drops] == [5]


@pytest.mark.parametrize("drops", [0, None])
def test_sockets_without_drops_are_in_no_account(drops: int | None) -> None:
    assert since_boot(snapshot(sockets=(sock(drops),))).socket_drops == ()
