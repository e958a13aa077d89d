"""What tc prints: iproute2 6.1, its counts changed where this says so in a test."""

from __future__ import annotations

import pytest

from netrx_tune.collectors.tc_text import counters, parse_tc, shows_qdiscs

INGRESS = """\
qdisc noqueue 0: dev lo root refcnt 2
 Sent 0 bytes 0 pkt (dropped 0, overlimits 0 requeues 0)
 backlog 0b 0p requeues 0
qdisc tbf 1: dev eth0 root refcnt 3 rate 8Kbit burst 1600b lat 1.4s
 Sent 1562 bytes 11 pkt (dropped 28, overlimits 49 requeues 0)
 backlog 2982b 21p requeues 0
qdisc ingress ffff: dev eth0 parent ffff:fff1 ----------------
 Sent 9088 bytes 71 pkt (dropped 31, overlimits 0 requeues 0)
 backlog 0b 0p requeues 0
"""
CLSACT = INGRESS.replace("qdisc ingress", "qdisc clsact").replace(" ----------------", "")
FILTERS = """\
filter protocol ip pref 10 u32 chain 0
filter protocol ip pref 10 u32 chain 0 fh 800: ht divisor 1
filter protocol ip pref 10 u32 chain 0 fh 800::800 order 2048 key ht 800 bkt 0 terminal flowid ???
  match 00002328/0000ffff at 20
\taction order 1: gact action drop
\t random type none pass val 0
\t index 1 ref 2 bind 2 installed 9 sec used 0 sec firstused 4 sec
\tAction statistics:
\tSent 3968 bytes 31 pkt (dropped 31, overlimits 0 requeues 0)
\tbacklog 0b 0p requeues 0

filter protocol ip pref 20 u32 chain 0 fh 800::801 order 2049 key ht 800 bkt 0 terminal flowid ???
\taction order 1: gact action drop
\t random type none pass val 0
\t index 1 ref 2 bind 2 installed 9 sec used 0 sec firstused 4 sec
\tAction statistics:
\tSent 3968 bytes 31 pkt (dropped 31, overlimits 0 requeues 0)
\tbacklog 0b 0p requeues 0
"""
POLICED = """\
filter parent ffff: protocol ip pref 30 u32 chain 0 fh 800::800 order 2048 key ht 800 bkt 0
 police 0x2 rate 10Kbit burst 1Kb mtu 2Kb action drop overhead 0b
\tref 1 bind 1 installed 9 sec used 1 sec
\tAction statistics:
\tSent 5120 bytes 40 pkts (dropped 33, overlimits 33)
"""
ROW = "qdisc {} ffff: dev eth0"


def counted(*printed: tuple[str, str]) -> list[tuple[str, str, int]]:
    """Return what was dropped on the way in, of texts and the commands before them."""
    texts = [parse_tc(text, command) for text, command in printed]
    return [(rule.place, rule.hook, rule.packets) for rule in counters(texts)]


def test_only_what_looks_at_arrivals_is_read() -> None:
    assert counted((INGRESS, "")) == [(ROW.format("ingress"), "ingress", 31)]


def test_the_device_may_stand_on_the_command_line_alone() -> None:
    text = INGRESS.replace("dev eth0 ", "")
    assert counted((text, "# tc -s qdisc show dev eth0")) == [
        (ROW.format("ingress"), "ingress", 31)
    ]
    assert counted((text, "")) == [("qdisc ingress ffff: dev DEV", "ingress", 31)]


@pytest.mark.parametrize(
    ("more", "hook"),
    [
        ((), "other"),  # nothing tells of the other direction
        (((FILTERS, "tc -s filter show dev eth0 ingress"),), "ingress"),  # it drops them all
        (((FILTERS, "tc -s filter show dev eth0 egress"),), "other"),
        ((("", "tc -s filter show dev eth0 egress"),), "ingress"),  # there is no filter
        ((("", "tc -s filter show dev eth1 egress"),), "other"),
        (
            ((FILTERS.replace("dropped 31", "dropped 30"), "tc filter show dev eth0 ingress"),),
            "other",
        ),
    ],
)
def test_a_clsact_counts_for_arrivals_where_its_filters_tell_it(
    more: tuple[tuple[str, str], ...], hook: str
) -> None:
    assert counted((CLSACT, "tc -s qdisc"), *more) == [(ROW.format("clsact"), hook, 31)]


def test_filters_count_where_no_qdisc_is_shown_and_a_shared_action_once() -> None:
    shown = (FILTERS, "tc -s filter show dev eth0 ingress")
    assert counted(shown) == [("filters at ingress dev eth0", "ingress", 31)]
    assert counted(shown, (INGRESS, "")) == [(ROW.format("ingress"), "ingress", 31)]
    assert counted((POLICED, "tc -s filter show dev eth0 parent ffff:")) == [
        ("filters at ingress dev eth0", "ingress", 33)
    ]


def test_a_number_that_no_tc_prints_is_none() -> None:
    shown = POLICED.replace("police 0x2", f"police 0x{'9' * 5000}")
    assert counted((shown, "tc -s filter show dev eth0 parent ffff:")) == []


@pytest.mark.parametrize(
    "command", ["", "tc -s filter show dev eth0", "tc -s filter show dev eth0 egress"]
)
def test_filters_of_no_known_direction_or_on_the_way_out_are_not_charged(command: str) -> None:
    assert counted((FILTERS, command)) == []


def test_a_program_drops_what_no_action_counts() -> None:
    text = (
        "filter protocol all pref 49152 bpf chain 0 handle 0x1 prog.o:[x] direct-action not_in_hw\n"
    )
    assert counted((FILTERS + text, "tc -s filter show dev eth0 ingress")) == []


def test_without_s_a_qdisc_shows_no_drops() -> None:
    text = "\n".join(line for line in INGRESS.split("\n") if line.startswith("qdisc"))
    assert counted((text, "tc qdisc")) == []
    assert not shows_qdiscs([parse_tc(text)])
    assert shows_qdiscs([parse_tc(INGRESS)])
    assert not shows_qdiscs([parse_tc(FILTERS)])
