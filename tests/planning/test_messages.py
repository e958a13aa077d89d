"""Lines of logs, as people paste them, and the pages that explain them."""

from __future__ import annotations

import pytest

from netrx_tune.planning.messages import MESSAGES, message_in, messages_among
from netrx_tune.reporters.pages import page
from tests.planning.seen_lines import LINES


@pytest.mark.parametrize(("line", "name", "numbers"), LINES)
def test_a_line_is_known_by_its_own_words(
    line: str, name: str, numbers: tuple[int | None, int | None]
) -> None:
    heard = message_in(line)
    assert heard is not None
    assert heard.message.name == name
    assert (heard.wanted_bytes, heard.got_bytes) == numbers


def test_every_message_has_a_line_here() -> None:
    assert {name for _, name, _ in LINES} == {message.name for message in MESSAGES}


@pytest.mark.parametrize(
    "line",
    [
        "",
        "eth0: link becomes ready",
        "so-rcvbuf 4194304 was granted",
        "page allocation failure: order:0, mode:0xdc0(GFP_KERNEL)",
        "conntrack table has 12 entries",
        "failed to set receive timeout",
        "netlink: 4 bytes leftover after parsing attributes",
        "uWSGI listen queue of socket 4: 3/100",
        "receive buffer size set to 8388608",
        "missing 3 files",
        "0 receive buffer errors",
        "Sequence Errors: 0, Bad Packets: 0",
    ],
)
def test_other_lines_are_not_claimed(line: str) -> None:
    assert message_in(line) is None


def test_a_log_is_known_by_its_known_lines() -> None:
    short = "UDP: short packet: From 192.0.2.1:53"
    log = ["eth0: up", short, "Out of socket memory", short]
    assert [heard.message.name for heard in messages_among(log)] == [
        "log-udp-short-packet",
        "log-tcp-orphans",
    ]
    assert not messages_among(log[:1])


def test_the_page_computes_with_the_numbers_of_the_line() -> None:
    found = page(LINES[0][0])
    assert found is not None
    text = found.sections[0].text
    assert "has to be at least 7,340,032" in text
    assert "cut the request to 212,992" in text
    lost = next(s.text for s in found.sections if s.heading == "Is anything lost?")
    assert lost.startswith("No.")


def test_a_request_that_was_granted_and_doubled_is_no_cut() -> None:
    heard = message_in("Can't set UDP SO_RCVBUF to 25000000, the system set it to 50000000 instead")
    assert heard is not None
    assert "cut" not in heard.arithmetic


def test_a_size_without_its_request_is_not_called_cut() -> None:
    heard = message_in("System set setsockopt, SO_RCVBUF to 400000 bytes")
    assert heard is not None
    assert "cut" not in heard.arithmetic
    assert "net.core.rmem_max limits 200,000" in heard.arithmetic


def test_a_runtime_that_halves_is_not_halved_again() -> None:
    heard = message_in("JGRP000015: the receive buffer of socket S was set to 20MB, but the OS only"
                       " allocated 212.99KB")  # fmt: skip
    assert heard is not None
    assert "got 212,990, to which the kernel cut" in heard.arithmetic
    assert "106," not in heard.arithmetic


def test_what_was_not_sent_is_no_receive_loss() -> None:
    found = page("so-sndbuf 4194304 was not granted")
    assert found is not None
    text = " ".join(section.text for section in found.sections)
    assert "no receive loss" in text
    assert "rmem" not in text


def test_a_programs_own_queue_is_not_the_kernels() -> None:
    for line in ("statsd message queue full", "memberlist: handler queue full, dropping message 8"):
        found = page(line)
        assert found is not None
        assert found.stages == ()
        assert "not by the kernel" in " ".join(section.text for section in found.sections)


def test_a_huge_number_or_a_huge_line_costs_no_time() -> None:
    heard = message_in("so-rcvbuf " + "9" * 1500 + " was not granted")
    assert heard is not None
    assert heard.wanted_bytes == int("9" * 18)
    assert message_in("kernel refused to set the receive buffer " + "so_rcvbuf=" * 10_000)
