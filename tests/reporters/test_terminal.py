"""The report as a user reads it: whole pages in expected/, and what must hold for any page."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from netrx_tune.model.finding import Diagnosis, Skipped, Window
from netrx_tune.model.ledger import Account, Ledger
from netrx_tune.reporters.drawn_path import PLACES, at
from netrx_tune.reporters.headline import headline
from netrx_tune.reporters.plain import cells
from netrx_tune.reporters.terminal import render
from netrx_tune.rxpath.stages import STAGES
from tests.reporters.example import (
    BACKLOG,
    BAD,
    BAD_LEDGER,
    BUFFER,
    FIREWALL,
    GOOD,
    GOOD_LEDGER,
    HOST,
    PAST,
    advice_of_every_kind,
    hostile,
)

EXPECTED = Path(__file__).parent / "expected"
BOOT = Window("since-boot", None)
PAGES: dict[str, tuple[Diagnosis, int, bool]] = {
    "bad-day-80": (BAD, 80, False),
    "bad-day-40": (BAD, 40, False),
    "bad-day-200": (BAD, 200, False),
    "bad-day-verbose": (BAD, 80, True),
    "good-day": (GOOD, 80, False),
    "good-day-verbose": (GOOD, 80, True),
    "good-day-with-past-loss": (GOOD._replace(findings=(PAST,), skipped=BAD.skipped), 80, False),
    "since-boot": (BAD._replace(window=BOOT, findings=(BUFFER._replace(present=None),)), 80, False),
    "every-kind-of-advice": (
        BAD._replace(findings=(BUFFER._replace(recommendations=advice_of_every_kind()),)),
        80,
        False,
    ),
}
HOSTILE = "ev\x1b[2Jil\n\u202e[red]"


def text_of(diagnosis: Diagnosis, width: int = 80, *, verbose: bool = False) -> str:
    return render(diagnosis, width=width, color=False, verbose=verbose)


def flat(text: str) -> str:
    """Return a page as one line, so that a sentence is found however it was wrapped."""
    return " ".join(text.split())


@pytest.mark.parametrize("name", PAGES)
def test_a_page_reads_as_expected(name: str, accept: bool) -> None:
    diagnosis, width, verbose = PAGES[name]
    got = text_of(diagnosis, width, verbose=verbose)
    path = EXPECTED / f"{name}.txt"
    if accept:
        path.parent.mkdir(exist_ok=True)
        path.write_text(got)
    assert got == path.read_text()


@pytest.mark.parametrize("width", [30, 40, 60, 80, 120, 200])
@pytest.mark.parametrize("diagnosis", [BAD, GOOD, hostile("x" * 15)], ids=["bad", "good", "odd"])
def test_no_line_is_wider_than_the_terminal_unless_it_is_for_copying(
    diagnosis: Diagnosis, width: int
) -> None:
    for line in text_of(diagnosis, width).splitlines():
        is_command = re.search(r"^ *(sysctl|nft|Next:) ?", line)
        is_one_word = len(line.split()) <= 2
        assert cells(line) <= width or is_command or is_one_word, line


@pytest.mark.parametrize("verbose", [False, True])
def test_colour_repeats_what_words_say(verbose: bool) -> None:
    colored = render(BAD, width=80, color=True, verbose=verbose)
    assert "\x1b[1;31mCRITICAL:\x1b[0m" in colored
    assert re.sub(r"\x1b\[[0-9;]*m", "", colored) == text_of(BAD, verbose=verbose)


@pytest.mark.parametrize("verbose", [False, True])
def test_names_from_a_hostile_host_are_shown_and_not_obeyed(verbose: bool) -> None:
    page = text_of(hostile(HOSTILE), verbose=verbose)
    assert all(char.isprintable() or char == "\n" for char in page)
    assert r"ev\x1b[2Jil\x0a\u202e[red]" in page
    colored = render(hostile(HOSTILE), width=80, color=True, verbose=verbose)
    assert set(re.findall(r"\x1b\[[^m]*.", colored)) <= {
        "\x1b[0m",
        *(f"\x1b[{sgr}m" for sgr in ("1", "1;31", "1;32", "1;33", "1;36", "36")),
    }


def test_the_project_s_own_words_are_ascii_so_that_any_terminal_has_them() -> None:
    for diagnosis, width, verbose in PAGES.values():
        assert text_of(diagnosis, width, verbose=verbose).isascii()


def test_a_healthy_host_is_three_lines() -> None:
    assert len(text_of(GOOD, 100).splitlines()) == 3


def test_a_healthy_host_with_blind_rules_has_one_line_more() -> None:
    page = text_of(GOOD._replace(skipped=BAD.skipped, gaps=BAD.gaps), 200)
    assert page.splitlines()[-1].endswith("-v lists them.")
    assert page.count("-v lists them") == 1
    assert "sock_diag:raw/inet" not in page


def test_unreadable_counters_are_no_clean_bill() -> None:
    blind = GOOD._replace(ledger=Ledger((), None, None, None, 0, None))
    assert "No packet was lost" not in flat(text_of(blind))
    assert "could not all be read, so loss there would not show" in flat(text_of(blind))
    assert "UDP: losses are not visible here" in flat(text_of(blind))


def test_totals_of_a_namespace_began_with_it_and_not_at_boot() -> None:
    inside = GOOD._replace(window=BOOT, host=HOST._replace(netns="blue"))
    assert headline(inside).startswith("No packet was lost since this namespace was made.")


def test_a_rule_that_needs_no_counter_says_why_it_could_not_judge() -> None:
    skipped = (Skipped("firewall-drops", (), "netfilter counts no drop by itself"),)
    page = flat(text_of(GOOD._replace(skipped=skipped)))
    assert "1 rule could not judge (firewall-drops): netfilter counts no drop" in page


def test_a_sandbox_with_constant_counters_says_that_nothing_can_be_told() -> None:
    words = headline(GOOD._replace(host=HOST._replace(sandbox="gvisor")))
    assert words.startswith("Nothing can be told of packet loss: this is a gvisor sandbox")


@pytest.mark.parametrize(
    ("ledger", "window", "words"),
    [
        (GOOD_LEDGER, Window("interval", 5.0), "No packet was lost in 5.0 s."),
        (
            GOOD_LEDGER._replace(offered=0, delivered=0),
            Window("interval", 5.0),
            "No packet came in 5.0 s, so none was lost.",
        ),
        (
            BAD_LEDGER,
            Window("between-samples", 3600.0),
            (
                "At least 4,485 of 50,110 packets lost in the 3,600.0 s between the samples"
                " (9.0 %), 6 stages, 412 of them by policy."
            ),
        ),
        (
            Ledger((Account("nf-input-drop", 5, "exact", (), 10),), 10, 5, 0, 5, 0),
            Window("between-samples", None),
            "5 of 10 packets lost between the two samples (50 %), 1 stage, all of them by policy.",
        ),
        (
            Ledger((Account("udp-mcast-nolistener", 9, "exact", (), 10),), 10, 1, 0, 9, 0),
            Window("between-samples", None),
            "9 of 10 packets lost between the two samples (90 %), 1 stage, all of them strays.",
        ),
        (
            Ledger((Account("ip-unattributed", 1, "at-most", (), 10),), 10, 9, 0, 1, 1),
            Window("interval", 5.0),
            (
                "No packet was lost for certain in 5.0 s: 1 of 10 reached IP and was not delivered"
                " by its counters, as few as multicast that nobody joined makes, or counters that"
                " are read one after the other."
            ),
        ),
        (
            Ledger((Account("ip-internal-discard", 5, "exact", (), 5_000),), 10, 5, 0, 5, 0),
            Window("interval", 5.0),  # a router: what it loses is not of what it reads itself
            "5 of 5,000 packets lost in 5.0 s (0.1 %), 1 stage.",
        ),
        (
            Ledger((Account("udp-no-port", 1, "at-most", (), 10),), None, None, 0, 1, 0),
            BOOT,
            (
                "At most 1 packet lost since boot, 25 hours ago, 1 stage."
                " These are totals: nothing tells when."
            ),
        ),
    ],
)
def test_the_headline_is_the_verdict(ledger: Ledger, window: Window, words: str) -> None:
    assert headline(GOOD._replace(ledger=ledger, window=window)) == words


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, "50,050 offered = 50,050 delivered + 0 queued + 0 lost."),
        ({"queued": None}, "+ 0 lost. How many wait unread is not known."),
        ({"unattributed": None}, "Whether some were lost without a counter cannot be told."),
        ({"lost": 3, "unattributed": 3}, "Of the lost, 3 are in no counter of a cause."),
        ({"lost": 3}, "Every loss has a counter that names it."),
        ({"delivered": None}, "open: what was delivered is not wholly readable here; 0 lost."),
    ],
)
def test_the_books_line_says_what_is_not_known(changes: dict[str, Any], words: str) -> None:
    ledger = GOOD_LEDGER._replace(**changes)
    assert words in flat(text_of(GOOD._replace(ledger=ledger)))


def test_every_stage_has_exactly_one_place_on_the_drawn_path() -> None:
    accounts = tuple(Account(one.name, 0, "exact", ()) for one in STAGES)
    ledger = GOOD_LEDGER._replace(accounts=accounts)
    drawn = Counter(account.stage for place in PLACES for account in at(place, ledger))
    assert drawn == Counter(one.name for one in STAGES)


def test_each_kind_of_loss_is_told_in_words() -> None:
    lost = {
        "packet-tap-drop": "COPY LOST 3 packets, not counted as lost: a capture missed its copy",
        "rx-nohandler": "STRAY 3 packets, not counted as lost: a standby link delivered it",
        "softirq-squeeze": "PRESSURE 3 times, nothing lost by it: polling ended before",
        "nf-ingress-drop": "POLICY dropped 3 packets: an nftables netdev rule dropped it",
        "udp-rcvbuf-full": "LOST 3 datagrams: the socket's receive buffer was full",
    }
    accounts = tuple(Account(name, 3, "exact", ()) for name in lost)
    page = flat(text_of(GOOD._replace(ledger=GOOD_LEDGER._replace(accounts=accounts, lost=9))))
    for words in lost.values():
        assert words in page


def test_a_stage_that_a_kernel_counts_in_part_is_not_said_to_have_lost_nothing() -> None:
    why = "this kernel counts most full buffers as InErrors only"
    partly = Account("udp-rcvbuf-full", 0, "at-least", (), why=why)
    accounts = (Account("udp-unattributed", 3, "exact", ()), partly)
    day = GOOD._replace(ledger=GOOD_LEDGER._replace(accounts=accounts, lost=3))
    assert "no loss seen, 1 stage is not wholly visible" in text_of(day)
    assert f"udp-rcvbuf-full: no loss seen: {why}" in flat(text_of(day, verbose=True))


def test_findings_that_ask_for_action_come_first_then_notes_then_past_loss() -> None:
    findings = (PAST, FIREWALL, BACKLOG)
    page = text_of(BAD._replace(findings=findings))
    assert page.index("WARNING:") < page.index("NOTE:") < page.index("PAST LOSS:")


def test_long_lists_are_cut_with_a_count_unless_verbose() -> None:
    many = BUFFER._replace(sockets=BUFFER.sockets[:1] * 60)
    diagnosis = BAD._replace(findings=(many,))
    assert "and 54 more; -v lists them" in text_of(diagnosis)
    assert text_of(diagnosis, verbose=True).count("0.0.0.0:514") == 60


@pytest.mark.parametrize(
    ("diagnosis", "commands", "line"),
    [
        (BAD, ("diagnose", "explain"), "netrx-tune explain socket-buffer-full"),
        (BAD, ("diagnose", "path"), "netrx-tune path udp-rcvbuf-full"),
        (BAD, ("diagnose",), None),
        (BAD._replace(window=BOOT), ("diagnose",), "netrx-tune diagnose --interval 30"),
        (
            BAD._replace(window=BOOT, host=HOST._replace(netns="a b")),
            ("diagnose",),
            "netrx-tune diagnose --netns 'a b' --interval 30",
        ),
        (
            BAD._replace(window=BOOT, host=HOST._replace(netns="pid 7")),
            ("diagnose",),
            "netrx-tune diagnose --pid 7 --interval 30",
        ),
        (GOOD, ("diagnose", "explain", "path"), None),
    ],
)
def test_the_last_line_names_a_command_that_exists(
    diagnosis: Diagnosis, commands: tuple[str, ...], line: str | None
) -> None:
    page = render(diagnosis, width=80, color=False, commands=commands)
    last = page.splitlines()[-1]
    assert last == f"Next: {line}" if line else "Next:" not in page
