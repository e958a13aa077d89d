"""Commands are exact, quoted, and typed where they work; a limit only goes up."""

from __future__ import annotations

import pytest

from netrx_tune.planning.diagnosis import measure
from netrx_tune.rules.advice import (
    device_of,
    double_sysctl,
    listed,
    quoted,
    raise_sysctl,
    run_in,
    where_to_run,
)
from netrx_tune.rules.cpus import mask_words
from netrx_tune.rules.rule import Facts
from netrx_tune.rxpath.ledger import settle
from tests.scenario import _sample


def facts(**case: object) -> Facts:
    netns = case.get("netns")
    sample = _sample(case, {}, seconds=1000.0)
    delta = measure(None, sample, live=True, netns=str(netns) if netns else None)
    return Facts(delta, settle(delta))


@pytest.mark.parametrize(
    ("word", "want"),
    [
        ("eth0.100", "eth0.100"),
        ("a b", "'a b'"),
        ("$(reboot)", "'$(reboot)'"),
        ("it's", "'it'\"'\"'s'"),
        ("", "''"),
    ],
)
def test_a_name_is_one_word_of_a_shell(word: str, want: str) -> None:
    assert quoted(word) == want


@pytest.mark.parametrize(
    ("netns", "want"),
    [
        (None, "ss -ltn"),
        ("blue", "ip netns exec blue ss -ltn"),
        ("/run/docker/netns/1", "nsenter --net=/run/docker/netns/1 ss -ltn"),
        ("pid 77", "nsenter -t 77 -n ss -ltn"),
    ],
)
def test_a_command_is_typed_for_the_namespace_that_was_looked_at(
    netns: str | None, want: str
) -> None:
    assert run_in(facts(netns=netns), "ss -ltn") == want


def test_a_value_of_the_host_is_set_outside_the_namespace() -> None:
    inside = facts(initial=False)
    assert "on the host" in where_to_run(inside, "net.core.netdev_max_backlog")
    assert not where_to_run(inside, "net.core.somaxconn")
    assert not where_to_run(facts(), "net.core.netdev_max_backlog")


@pytest.mark.parametrize("proposed", [999, 1000])
def test_a_limit_that_is_as_high_already_is_left_alone(proposed: int) -> None:
    got = raise_sysctl(facts(), "net.core.netdev_max_backlog", proposed, why="w", cost="c")
    assert got is None


def test_of_three_values_none_falls() -> None:
    settings = {"net.ipv4.tcp_rmem": "4096 131072 6291456"}
    got = raise_sysctl(
        facts(settings=settings), "net.ipv4.tcp_rmem", (1, 262144, 1), why="w", cost="c"
    )
    assert got
    assert got.proposed == "4096 262144 6291456"
    assert got.command == 'sysctl -w net.ipv4.tcp_rmem="4096 262144 6291456"'
    assert got.undo == 'sysctl -w net.ipv4.tcp_rmem="4096 131072 6291456"'


def test_a_setting_of_another_shape_is_left_alone() -> None:
    settings = {"net.ipv4.tcp_rmem": "4096 131072 6291456"}
    got = raise_sysctl(facts(settings=settings), "net.ipv4.tcp_rmem", 1 << 30, why="w", cost="c")
    assert got is None


def test_a_bound_below_the_present_value_lowers_nothing() -> None:
    got = double_sysctl(facts(), "net.core.netdev_max_backlog", why="w", cost="c", at_most=500)
    assert got is None


@pytest.mark.parametrize(
    ("counter", "want"),
    [
        ("eth0.rx_dropped", "eth0"),
        ("eth0.100.rx_dropped", "eth0.100"),
        ("eth0.ethtool.port.rx_discards", "eth0"),
        ("v0.peer.tx_dropped", "v0"),
    ],
)
def test_a_counter_names_its_device(counter: str, want: str) -> None:
    assert device_of(counter) == want


@pytest.mark.parametrize(
    ("losses", "want"),
    [
        ({}, ""),
        ({"eth0": 5}, "eth0"),
        ({"eth0": 5, "eth1": 1200}, "eth1 (1,200), eth0 (5)"),
        ({str(n): n for n in range(1, 7)}, "6 (6), 5 (5), 4 (4), 3 (3) and 2 more"),
    ],
)
def test_devices_are_listed_the_largest_first(losses: dict[str, int], want: str) -> None:
    assert listed(losses) == want


@pytest.mark.parametrize(
    ("bits", "want"),
    [(0, "0"), (0xF, "f"), ((1 << 40) - 1, "ff,ffffffff"), (1 << 32, "1,00000000")],
)
def test_a_mask_has_words_of_32_bits(bits: int, want: str) -> None:
    assert mask_words(bits) == want
