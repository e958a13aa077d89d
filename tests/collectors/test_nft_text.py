"""What nft prints, against what the kernel's own dump of the same rules was read as.

RULESET was printed by nft 1.0.6 after real drops; DUMPED is what the dump gave at that moment.
"""

from __future__ import annotations

import pytest

from netrx_tune.collectors.nft_text import parse_nft

RULESET = """\
table inet fw { # handle 5
	counter bad { # handle 6
		packets 7 bytes 896
	}

	counter shared { # handle 7
		packets 19 bytes 2432
	}

	set blocked { # handle 8
		type ipv4_addr
		counter
		elements = { 10.77.0.1 counter packets 16 bytes 2048, 10.77.0.99 counter packets 0 bytes 0 }
	}

	map ports { # handle 9
		type inet_service : verdict
		elements = { 9010 : drop, 9011 : jump deep, 9012 : accept }
	}

	map counted { # handle 10
		type inet_service : verdict
		counter
		elements = { 9030 counter packets 13 bytes 1664 : drop,
			9031 counter packets 14 bytes 1792 : accept,
			9032 counter packets 15 bytes 1920 : jump deep }
	}

	chain deep { # handle 1
		counter packets 47 bytes 6016 drop # handle 11
	}

	chain pre { # handle 2
		type filter hook prerouting priority raw; policy accept;
		udp dport 9020 counter packets 19 bytes 2432 drop comment "a { brace" # handle 12
	}

	chain input { # handle 3
		type filter hook input priority filter; policy drop;
		iif "lo" accept # handle 13
		meta l4proto ipv6-icmp accept # handle 14
		udp dport 9000 counter packets 25 bytes 3640 drop # handle 15
		udp dport 9001 counter packets 4 bytes 512 reject # handle 16
		udp dport 9002 counter packets 5 bytes 640 log prefix "x: " drop # handle 17
		udp dport 9003 drop # handle 18
		udp dport 9004 counter name "bad" drop # handle 19
		udp dport 9005 counter packets 8 bytes 1024 limit rate 5/second drop # handle 20
		udp dport 9006 counter name "shared" drop # handle 21
		udp dport 9007 counter name "shared" accept # handle 22
		udp dport vmap @counted # handle 23
		udp dport vmap { 9033 : drop, 9034 : jump deep } # handle 25
		udp dport { 9035, 9036 } counter packets 4 bytes 512 drop # handle 27
		udp dport 9040 ip saddr @blocked drop # handle 28
		udp dport vmap @ports # handle 29
		udp dport 9050 counter packets 17 bytes 2176 jump deep # handle 30
		counter packets 23 bytes 2944 comment "rest" # handle 31
	}

	chain output { # handle 4
		type filter hook output priority filter; policy accept;
		udp dport 7777 counter packets 23 bytes 2944 drop # handle 32
	}

	chain forw { # handle 5
		type filter hook forward priority filter; policy accept;
		counter packets 21 bytes 2688 drop # handle 33
	}
}
table netdev ing { # handle 6
	chain i { # handle 1
		type filter hook ingress device "vb" priority filter; policy accept;
		udp dport 9060 counter packets 18 bytes 2304 drop # handle 2
	}
}
"""
DUMPED = [
    ("inet fw deep handle 11", "input", "drop", 47),
    ("inet fw pre handle 12", "prerouting", "drop", 19),
    ("inet fw input handle 15", "input", "drop", 25),
    ("inet fw input handle 16", "input", "reject", 4),
    ("inet fw input handle 17", "input", "drop", 5),
    ("inet fw input handle 18", "input", "other", 0),
    ("inet fw input handle 19", "input", "drop", 7),
    ("inet fw input handle 20", "input", "other", 8),
    ("inet fw input handle 21", "input", "other", 19),
    ("inet fw input handle 27", "input", "drop", 4),
    ("inet fw output handle 32", "other", "drop", 23),
    ("inet fw forw handle 33", "forward", "drop", 21),
    ("netdev ing i handle 2", "ingress", "drop", 18),
    ("inet fw set @blocked", "input", "drop", 16),
    ("inet fw map @counted", "input", "drop", 13),
    ("inet fw input handle 25", "input", "other", 0),
    ("inet fw input handle 29", "input", "other", 0),
    ("inet fw input policy", "input", "other", 0),
]

Row = tuple[str, str, str, int]


def counted(text: str) -> list[Row]:
    """Return the counters without the marks of rules that have no handle."""
    return [
        (rule.place.partition(" #")[0], rule.hook, rule.verdict, rule.packets)
        for rule in parse_nft(text)
    ]


def chain(*rules: str, hook: str = "input", more: str = "") -> str:
    """Return a table with one base chain and what else is given."""
    lines = "\n".join(f"        {rule}" for rule in rules)
    head = f"type filter hook {hook} priority filter; policy accept;"
    return f"table inet t {{\n{more}    chain c {{\n        {head}\n{lines}\n    }}\n}}\n"


def test_a_listing_is_read_as_the_dump_is() -> None:
    assert counted(RULESET) == DUMPED


def test_without_handles_rules_have_a_number_and_a_mark() -> None:
    (found,) = parse_nft(chain("udp dport 9 counter packets 7 bytes 8 drop"))
    number, mark = found.place.removeprefix("inet t c ").split(" #")
    (later,) = parse_nft(chain("accept", "udp dport 9 counter packets 9 bytes 10 drop"))
    assert (number, len(mark)) == ("rule 1", 8)
    assert later.place == f"inet t c rule 2 #{mark}"


@pytest.mark.parametrize(
    ("rule", "verdict", "packets"),
    [
        ("counter packets 7 bytes 8 drop", "drop", 7),
        ("counter packets 7 bytes 8 reject with icmp type port-unreachable", "reject", 7),
        ('counter packets 7 bytes 8 log prefix "a; drop } " level info flags all drop', "drop", 7),
        ('counter packets 7 bytes 8 drop comment "{ counter packets 9 bytes 9 accept"', "drop", 7),
        ("counter packets 7 bytes 8 udp dport 9 drop", "other", 7),
        ("counter packets 7 bytes 8 limit rate 5/second drop", "other", 7),
        ("udp dport { 9, 10-12 } counter packets 7 bytes 8 drop", "drop", 7),
        ("counter packets 7 bytes 8 udp dport { 9, 10 } drop", "other", 7),
        ("udp dport 9 drop", "other", 0),
        ("udp dport 9 counter drop", "other", 0),  # with -s
        ("counter packets 7 bytes 8 queue to 3", "other", 7),
        ("counter packets 7 bytes 8 synproxy mss 1460 wscale 7", "other", 7),
        ("udp dport 9 # xt_multiport counter packets 7 bytes 8 # xt_REJECT", "reject", 7),
        ('counter packets 7 bytes 8 xt target "REJECT"', "reject", 7),
        ('xt match "comment" counter packets 7 bytes 8 drop', "drop", 7),
        ("counter packets 99999999999999999999999 bytes 8 drop", "other", 0),
    ],
)
def test_a_rule_counts_what_nothing_lets_go(rule: str, verdict: str, packets: int) -> None:
    assert counted(chain(rule)) == [("inet t c rule 1", "input", verdict, packets)]


@pytest.mark.parametrize(
    "rule",
    [
        "counter packets 7 bytes 8 accept",
        'counter packets 7 bytes 8 log prefix "drop"',
        'counter packets 7 bytes 8 comment "drop"',
        'counter packets 7 bytes 8 xt target "LOG"',
        "ip daddr 10.0.0.1 counter packets 7 bytes 8 dnat to 10.0.0.2",
    ],
)
def test_a_rule_that_lets_all_go_on_is_none_that_drops(rule: str) -> None:
    assert counted(chain(rule)) == []


@pytest.mark.parametrize(
    ("hook", "want"),
    [
        ("prerouting", "prerouting"),
        ("forward", "forward"),
        ("output", "other"),
        ("ingress", "ingress"),
    ],
)
def test_a_rule_is_where_its_chain_hooks_in(hook: str, want: str) -> None:
    assert counted(chain("counter packets 7 bytes 8 drop", hook=hook))[0][1] == want


def test_a_table_may_say_whose_it_is() -> None:
    text = chain("counter packets 7 bytes 8 drop").replace(
        "{\n", "{ # progname fw\n\tflags owner\n", 1
    )
    assert counted(text) == [("inet t c rule 1", "input", "drop", 7)]


def test_bridges_are_another_path_but_for_what_is_for_their_own_address() -> None:
    text = chain("counter packets 7 bytes 8 drop").replace("table inet", "table bridge")
    assert counted(text) == [("bridge t c rule 1", "ingress", "drop", 7)]
    text = text.replace("hook input", "hook forward")
    assert counted(text) == [("bridge t c rule 1", "other", "drop", 7)]


def test_a_chain_is_where_its_callers_are_and_nowhere_without_them() -> None:
    deep = "    chain deep {\n        counter packets 7 bytes 8 drop\n    }\n"
    assert counted(chain("jump deep", more=deep))[0] == ("inet t deep rule 1", "input", "drop", 7)
    assert counted(chain("accept", more=deep))[0] == ("inet t deep rule 1", "other", "drop", 7)


def test_elements_over_several_lines_are_one_set() -> None:
    bad = (
        "    set bad {\n        type ipv4_addr\n        counter\n        elements = {"
        " 10.0.0.1 counter packets 7 bytes 8,\n                     10.0.0.2 counter packets 5"
        " bytes 6 }\n    }\n"
    )
    assert counted(chain("ip saddr @bad drop", more=bad)) == [
        ("inet t set @bad", "input", "drop", 12)
    ]
    assert counted(chain("ip saddr != @bad drop", more=bad)) == [
        ("inet t c rule 1", "input", "other", 0)
    ]


def test_a_set_that_a_rule_fills_counts_by_its_elements() -> None:
    seen = (
        "    set seen {\n        type ipv4_addr\n        flags dynamic\n        elements = {"
        " 10.0.0.1 timeout 1h expires 59m counter packets 7 bytes 8 }\n    }\n"
    )
    assert counted(chain("update @seen { ip saddr counter } drop", more=seen)) == [
        ("inet t set @seen", "input", "drop", 7)
    ]
    assert counted(chain("update @seen { ip saddr limit rate over 5/second } drop", more=seen)) == [
        ("inet t c rule 1", "input", "other", 0)
    ]


@pytest.mark.parametrize("part", ["limit rate 5/second", "quota over 25 mbytes"])
def test_an_element_that_lets_go_counts_more_than_is_dropped(part: str) -> None:
    bad = (
        "    set bad {\n        type ipv4_addr\n        elements = {"
        f" 10.0.0.1 {part} counter packets 7 bytes 8 }}\n    }}\n"
    )
    assert counted(chain("ip saddr @bad drop", more=bad)) == [
        ("inet t c rule 1", "input", "other", 0)
    ]


@pytest.mark.parametrize("what", ["delete @seen { ip saddr }", "add @seen { ip saddr ct count 9 }"])
def test_a_set_counts_not_what_is_taken_from_it_or_held_against_a_number(what: str) -> None:
    seen = (
        "    set seen {\n        type ipv4_addr\n        elements = {"
        " 10.0.0.1 counter packets 7 bytes 8 }\n    }\n"
    )
    assert counted(chain(f"{what} drop", more=seen)) == [("inet t c rule 1", "input", "other", 0)]


def test_a_policy_may_stand_on_a_line_of_its_own() -> None:
    text = chain("udp dport 9 counter packets 7 bytes 8 drop")
    text = text.replace(" policy accept;", "\n        policy drop;")
    assert counted(text) == [
        ("inet t c rule 1", "input", "drop", 7),
        ("inet t c policy", "input", "other", 0),
    ]


def test_a_rule_over_several_lines_has_the_handle_of_the_last() -> None:
    rule = "udp dport { 9,\n            10 } counter packets 7 bytes 8 drop # handle 15"
    assert counted(chain(rule)) == [("inet t c handle 15", "input", "drop", 7)]


def test_a_map_that_no_rule_asks_calls_no_chain() -> None:
    more = (
        "    map ports {\n        type inet_service : verdict\n"
        "        elements = { 9 : jump deep }\n    }\n"
        "    chain deep {\n        counter packets 7 bytes 8 drop\n    }\n"
    )
    assert counted(chain("accept", more=more))[0][1] == "other"
    assert counted(chain("jump deep", more=more))[0][1] == "input"
    assert counted(chain("udp dport vmap @ports", more=more))[0][1] == "input"


@pytest.mark.parametrize(
    "text",
    [
        "table inet t {\n" * 5000,
        "table inet t {\n    chain c {\n" + "ip saddr { 1.2.3.4,\n" * 5000,
        "}\n" * 100,
        "table inet t {\n    chain {\n    }\n}\n",
    ],
)
def test_broken_listings_end(text: str) -> None:
    assert all(rule.verdict == "other" for rule in parse_nft(text))
