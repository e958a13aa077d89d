"""Commands are exact, quoted, and typed where they work; a limit only goes up."""

from __future__ import annotations

import pytest

from netrx_tune.planning.diagnosis import measure
from netrx_tune.rules.advice import (
    Need,
    capped,
    device_of,
    listed,
    quoted,
    run_in,
    shows_moments,
    sysctl_for,
    where_to_run,
)
from netrx_tune.rules.cpus import mask_words
from netrx_tune.rules.rule import Facts
from netrx_tune.rxpath.ledger import settle
from tests.scenario import _sample, samples


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


_KEY = "net.core.netdev_max_backlog"


def test_a_need_is_said_whatever_the_limit_is_today() -> None:
    got = sysctl_for(facts(), _KEY, Need((2048,), "1,100 packets."), why="Bursts.", cost="c")
    assert got
    assert (got.current, got.proposed) == (1000, 2048)
    assert got.command == f"sysctl -w {_KEY}=2048"
    assert got.undo == f"sysctl -w {_KEY}=1000"
    assert got.why == "1,100 packets. Bursts."


def test_a_limit_that_is_hidden_is_read_first() -> None:
    got = sysctl_for(facts(initial=False), _KEY, Need((2048,), "n."), why="w", cost="c")
    assert got
    assert (got.current, got.proposed, got.command) == (None, None, f"sysctl {_KEY}")
    assert "set 2048 if it is less" in got.why


def test_a_need_of_three_values_is_one_word() -> None:
    settings = {"net.ipv4.tcp_rmem": "4096 131072 6291456"}
    need = Need((4096, 131072, 1 << 24), "n.")
    got = sysctl_for(facts(settings=settings), "net.ipv4.tcp_rmem", need, why="w", cost="c")
    assert got
    assert got.proposed == "4096 131072 16777216"
    assert got.command == 'sysctl -w net.ipv4.tcp_rmem="4096 131072 16777216"'
    assert got.undo == 'sysctl -w net.ipv4.tcp_rmem="4096 131072 6291456"'


def test_a_setting_of_another_shape_is_left_alone() -> None:
    settings = {"net.ipv4.tcp_rmem": "4096 131072 6291456"}
    need = Need((1 << 30,), "n.")
    got = sysctl_for(facts(settings=settings), "net.ipv4.tcp_rmem", need, why="w", cost="c")
    assert got is None


def test_a_bound_is_named_where_it_binds() -> None:
    assert capped(9, 10, "it is 9", "why") == Need((9,), "it is 9.")
    assert capped(11, 10, "it is 11", "why") == Need((10,), "it is 11; no more than 10: why.")


@pytest.mark.parametrize(
    ("case", "want"),
    [
        ({"seconds": 5, "before": {}}, True),
        ({"seconds": 61, "before": {}}, False),
        ({}, False),
    ],
)
def test_only_a_short_window_shows_moments(case: dict[str, object], want: bool) -> None:
    *earlier, after = samples(case)
    delta = measure(earlier[0] if earlier else None, after, live=True, netns=None)
    assert shows_moments(Facts(delta, settle(delta))) is want


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
