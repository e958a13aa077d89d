"""Advice as text: what to type, where, what it costs, how to undo it."""

from __future__ import annotations

from typing import get_args

import pytest

from netrx_tune.model.finding import Kind, Recommendation
from netrx_tune.model.snapshot import HostFacts
from netrx_tune.reporters.finding_text import full, namespace_prefix
from netrx_tune.reporters.plain import layout
from tests.reporters.example import BUFFER, HOST, RMEM, advice_of_every_kind


def text_of(*advice: Recommendation, width: int = 80, host: HostFacts = HOST) -> str:
    finding = BUFFER._replace(recommendations=advice)
    return layout(full(finding, host, verbose=False), width=width, color=False)


def flat(*advice: Recommendation, host: HostFacts = HOST) -> str:
    """Return a page as one line, so that a sentence is found however it was wrapped."""
    return " ".join(text_of(*advice, host=host).split())


def test_advice_comes_with_command_cost_undo_and_effect_for_every_kind() -> None:
    page = flat(*advice_of_every_kind())
    for kind in get_args(Kind):
        assert f"Why {kind}." in page
    assert page.count("sysctl -w net.core.rmem_max=8388608") == len(get_args(Kind))
    assert "takes effect for sockets opened afterwards, so restart the program" in page
    assert "Costs: up to 8 MiB" in page
    assert "Undo: sysctl -w net.core.rmem_max=212992" in page


def test_a_command_that_only_looks_is_not_said_to_take_effect() -> None:
    look = RMEM._replace(kind="netfilter", target="input", proposed=None, current=None, undo=None)
    sender = look._replace(kind="sender", target="sender", why="fix the NIC")
    page = flat(look, sender)
    assert "In the firewall: input." in page
    assert "Run on the host: sysctl" in page
    assert "At the sender. Fix the NIC. To see more, run: sysctl" in page


def test_a_command_stands_alone_on_its_line_at_any_width() -> None:
    for width in (20, 40, 80, 200):
        lines = [line.strip() for line in text_of(RMEM, width=width).splitlines()]
        assert "sysctl -w net.core.rmem_max=8388608" in lines
        assert "sysctl -w net.core.rmem_max=212992" in lines


def test_advice_for_another_namespace_says_what_to_type_before_the_command() -> None:
    advice = RMEM._replace(scope="netns", command="sysctl -w net.ipv4.ipfrag_time=3")
    host = HOST._replace(netns="blue", initial_netns=False)
    page = flat(advice, RMEM, host=host)
    assert "Run in namespace blue (type ip netns exec blue before it)" in page
    assert "Run on the host itself; takes effect" in page


@pytest.mark.parametrize(
    ("netns", "prefix"),
    [
        ("blue", "ip netns exec blue"),
        ("pid 812", "nsenter -t 812 -n"),
        ("/run/docker/netns/1a", "nsenter --net=/run/docker/netns/1a"),
        ("a;reboot", "ip netns exec 'a;reboot'"),
    ],
)
def test_a_namespace_is_entered_by_the_name_that_was_given(netns: str, prefix: str) -> None:
    assert namespace_prefix(netns) == prefix


def test_evidence_is_said_once() -> None:
    seen = "its queue was full in 97.5 % of 120 looks"
    told = RMEM._replace(why=f"{seen}. Read faster.")
    finding = BUFFER._replace(meaning=f"{seen.capitalize()}. It asked for 4 MiB.")
    page = layout(
        full(finding._replace(recommendations=(told,)), HOST, verbose=False), width=80, color=False
    )
    words = " ".join(page.split())
    assert words.lower().count(seen) == 1
    assert "Read faster." in words


def test_what_a_command_shows_is_said_of_the_command() -> None:
    look = RMEM._replace(
        kind="sender",
        target="sender",
        why="Shows who sends",
        undo=None,
        proposed=None,
        current=None,
    )
    assert "At the sender. The command below shows who sends. To see more, run:" in flat(look)
    assert "At the sender. Shows who sends. " in flat(look._replace(command=None))
