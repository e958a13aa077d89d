"""What nftables counts of its discards, and at which hook, from its dumps."""

import struct
from collections.abc import Sequence
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netrx_tune.collectors import nftables, nftables_rules
from netrx_tune.collectors.netlink import attribute
from netrx_tune.collectors.nftables import Chain
from netrx_tune.collectors.nftables_fields import Place
from netrx_tune.collectors.nftables_hooks import counters
from netrx_tune.collectors.nftables_rules import Discard, Rule
from netrx_tune.model.errors import ParseError
from netrx_tune.model.sample import RuleCounter
from tests.collectors.nftables_messages import (
    ACCEPT,
    BRIDGE,
    CMP,
    DROP,
    INET,
    IPV4,
    IPV6,
    LOAD,
    LOG,
    NAMED,
    NETDEV,
    QUOTA,
    REJECT,
    chain,
    counter,
    dynset,
    expression,
    lookup,
    message,
    name,
    number,
    rule,
    verdict,
)


def discard(*expressions: bytes) -> Discard | None:
    (found,) = nftables_rules.parse_rules([rule("input", 7, *expressions)])
    return found.discard


def test_the_requests_are_dumps_of_all_families() -> None:
    assert nftables.chains_request() == struct.pack("=IHHII", 20, 0xA04, 0x301, 1, 0) + bytes(4)
    assert nftables_rules.rules_request() == struct.pack("=IHHII", 20, 0xA07, 0x301, 1, 0) + bytes(
        4
    )


@pytest.mark.parametrize(
    ("expressions", "want"),
    [
        ([CMP, counter(3), DROP], Discard("drop", 3)),
        ([counter(3), LOG, DROP], Discard("drop", 3)),
        ([counter(4), REJECT], Discard("reject", 4)),
        ([counter(4), expression("target", name(1, "REJECT"))], Discard("reject", 4)),
        ([counter(5), expression("queue", number(1, 0))], Discard("other", 5)),
        ([counter(5), expression("synproxy", number(1, 0))], Discard("other", 5)),
        ([counter(5), expression("target", name(1, "NFQUEUE"))], Discard("other", 5)),
        # What follows the counter may let packets go: nobody counts those that are dropped.
        ([counter(9), CMP, DROP], Discard("other", 9)),
        ([counter(9), CMP, counter(2), DROP], Discard("drop", 2)),
        ([counter(6), LOAD, DROP], Discard("drop", 6)),
        ([CMP, NAMED, DROP], Discard("drop", 0, "bad")),
        ([NAMED, CMP, DROP], Discard("other", 0, "bad")),
        ([NAMED, counter(2), DROP], Discard("drop", 2)),
        # A quota, a limit or a map of objects may let packets go.
        ([counter(5), QUOTA, DROP], Discard("other", 5)),
        ([counter(6), expression("target", name(1, "LOG"))], None),
        ([counter(6), ACCEPT], None),
        # Nobody counts, so it may have dropped any.
        ([CMP, DROP], Discard("other", 0)),
        ([DROP, counter(1)], Discard("other", 0)),
        # The elements of a set count what matches, if nothing is asked afterwards.
        ([CMP, lookup("bad"), DROP], Discard("drop", 0, by_set="bad")),
        ([CMP, lookup("bad"), LOG, REJECT], Discard("reject", 0, by_set="bad")),
        ([lookup("one"), CMP, lookup("bad"), DROP], Discard("drop", 0, by_set="bad")),
        ([lookup("bad"), CMP, DROP], Discard("other", 0)),
        ([lookup("bad"), counter(3), DROP], Discard("drop", 3)),
        ([counter(3), lookup("bad"), DROP], Discard("drop", 0, by_set="bad")),
        ([counter(3), lookup("bad", number(5, 1)), DROP], Discard("other", 3)),  # not in it
        ([lookup("bad", number(3, 1)), DROP], Discard("other", 0)),  # a map of data
        ([lookup("bad", number(3, 0))], None),
        ([expression("lookup"), DROP], Discard("other", 0)),
        ([dynset("bad"), DROP], Discard("drop", 0, by_set="bad")),
        ([dynset("bad", number(3, 1)), DROP], Discard("drop", 0, by_set="bad")),
        ([dynset("bad", number(3, 2)), DROP], Discard("other", 0)),  # deletes
        ([dynset("bad", number(9, 1)), DROP], Discard("other", 0)),  # if it has no room
        ([counter(7), verdict(-3, "sub")], None),
        ([], None),
    ],
)
def test_a_rule_counts_what_it_discards_if_its_counter_stands_before_the_verdict(
    expressions: Sequence[bytes], want: Discard | None
) -> None:
    assert discard(*expressions) == want


def test_a_named_counter_tells_what_one_rule_discards_and_not_what_several_do() -> None:
    blocks = [
        message(
            18,
            INET,
            name(1, "filter"),
            name(2, text),
            number(3, kind),
            attribute(4, number(1, 90, 8) + number(2, packets, 8)),
            number(5, used),
        )
        for text, kind, packets, used in (("bad", 1, 30, 1), ("both", 1, 20, 2), ("quota", 2, 9, 1))
    ]
    named = nftables.parse_named(blocks)
    assert [(one.place.chain, one.packets, one.used) for one in named] == [
        ("bad", 30, 1),
        ("both", 20, 2),
    ]
    chains = [Chain(Place("inet", "filter", "input"), "input", 3, None)]
    rules = [
        Rule(chains[0].place, handle, Discard("drop", 0, text), ())
        for handle, text in ((4, "bad"), (5, "both"), (6, "gone"))
    ]
    found = counters(chains, rules, named)
    assert [(one.verdict, one.packets) for one in found] == [
        ("drop", 30),
        ("other", 20),
        ("other", 0),
    ]


def test_a_rule_names_its_place_and_where_it_jumps() -> None:
    block = rule("input", 7, CMP, counter(1), verdict(-3, "sub"), family=IPV4)
    block += rule("input", 8, verdict(-4, "far"), family=IPV6)
    block += rule("input", 9, lookup("s", number(5, 1)), lookup("m", number(3, 0)))
    assert nftables_rules.parse_rules([block]) == (
        Rule(Place("ip", "filter", "input"), 7, None, ("sub",)),
        Rule(Place("ip6", "filter", "input"), 8, None, ("far",)),
        Rule(Place("inet", "filter", "input"), 9, None, (), ("s", "m"), ("m",)),
    )


@pytest.mark.parametrize(
    ("family", "hook", "want"),
    [
        (INET, 0, "prerouting"),
        (INET, 1, "input"),
        (INET, 2, "forward"),
        (INET, 3, "other"),
        (INET, 5, "ingress"),
        (IPV4, 1, "input"),
        (IPV6, 0, "prerouting"),
        (NETDEV, 0, "ingress"),
        (NETDEV, 1, "other"),
        (BRIDGE, 1, "ingress"),
        (BRIDGE, 2, "other"),
        (77, 1, "other"),
    ],
)
def test_a_base_chain_is_at_the_hook_of_its_family(family: int, hook: int, want: str) -> None:
    (found,) = nftables.parse_chains([chain("c", family=family, hook=hook)])
    assert found.hook == want


def test_a_policy_of_drop_counts_if_the_chain_has_counters() -> None:
    chains = nftables.parse_chains(
        [
            chain("input", hook=1, policy=0, packets=17),
            chain("forward", hook=2, policy=1, packets=18),
            chain("output", hook=3, policy=0),
            chain("sub", used=3),
        ]
    )
    assert chains == (
        Chain(Place("inet", "filter", "input"), "input", 0, 17),
        Chain(Place("inet", "filter", "forward"), "forward", 0, None),
        Chain(Place("inet", "filter", "output"), "other", 0, None, drops_uncounted=True),
        Chain(Place("inet", "filter", "sub"), None, 3, None),
    )
    assert counters(chains, ()) == (
        RuleCounter("nft", "inet filter input policy", "input", "drop", 17),
        RuleCounter("nft", "inet filter output policy", "other", "other", 0),
    )


def hooks_of(chains: Sequence[bytes], *rules: bytes) -> dict[str, str]:
    found = counters(nftables.parse_chains(chains), nftables_rules.parse_rules(rules))
    return {one.place: one.hook for one in found}


BASE = [chain("input", hook=1), chain("pre", hook=0)]


def test_a_rule_of_a_base_chain_is_at_its_hook() -> None:
    found = counters(
        nftables.parse_chains(BASE),
        nftables_rules.parse_rules([rule("input", 7, counter(3), DROP)]),
    )
    assert found == (RuleCounter("nft", "inet filter input handle 7", "input", "drop", 3),)


def test_a_rule_is_where_the_chains_are_that_jump_to_it() -> None:
    assert hooks_of(
        [*BASE, chain("sub", used=2), chain("deep", used=2)],
        rule("input", 1, verdict(-3, "sub")),
        rule("sub", 2, verdict(-4, "deep")),
        rule("deep", 3, counter(1), DROP),
    ) == {"inet filter deep handle 3": "input"}


@pytest.mark.parametrize(
    ("rules", "used"),
    [
        ([rule("input", 1, verdict(-3, "sub"))], 3),  # and a verdict map
        ([], 1),
        ([rule("sub", 1, verdict(-3, "sub"))], 3),
        ([rule("gone", 1, verdict(-3, "sub"))], 2),
    ],
)
def test_a_rule_that_may_be_at_several_hooks_is_at_none(rules: Sequence[bytes], used: int) -> None:
    got = hooks_of([*BASE, chain("sub", used=used)], *rules, rule("sub", 9, counter(1), DROP))
    assert got == {"inet filter sub handle 9": "other"}


def test_a_rule_of_a_chain_that_several_hooks_use_is_shared_and_so_is_what_that_jumps_to() -> None:
    shared = [rule("input", 1, verdict(-3, "sub")), rule("pre", 2, verdict(-3, "sub"))]
    deep = [rule("sub", 3, verdict(-3, "deep")), rule("pre", 4, verdict(-3, "deep"))]
    got = hooks_of(
        [*BASE, chain("sub", used=4), chain("deep", used=3)],
        *(*shared, *deep, rule("sub", 9, counter(1), DROP), rule("deep", 10, counter(1), DROP)),
    )
    assert got == {"inet filter sub handle 9": "shared", "inet filter deep handle 10": "shared"}


def test_a_chain_of_the_same_name_in_another_family_is_another_chain() -> None:
    assert hooks_of(
        [*BASE, chain("sub", used=1), chain("sub", used=2, family=IPV4)],
        rule("input", 1, verdict(-3, "sub"), family=IPV4),
        rule("sub", 2, counter(1), DROP),
    ) == {"inet filter sub handle 2": "other"}


@pytest.mark.parametrize(
    ("block", "error"),
    [
        (message(6, INET, name(1, "t")), "expected attribute 2"),
        (message(6, INET, name(1, "t"), name(2, "c"), number(3, 7)), "expected 8 bytes"),
        (struct.pack("=IHHII", 18, 0xA06, 2, 1, 0) + b"\1\0\0\0", "a short message"),
        (rule("input", 7, counter(1), DROP)[:-4], "message length"),
        (rule("input", 7, expression("counter")), "expected 8 bytes"),
    ],
)
def test_a_broken_rule_is_an_error(block: bytes, error: str) -> None:
    with pytest.raises(ParseError, match=error):
        nftables_rules.parse_rules([block])


@given(st.binary(max_size=300))
def test_any_bytes_are_rules_or_an_error(block: bytes) -> None:
    with suppress(ParseError):
        nftables_rules.parse_rules([block])
    with suppress(ParseError):
        nftables.parse_chains([block])


@given(st.lists(st.integers(0, 255), max_size=6), st.data())
def test_a_damaged_dump_is_rules_or_an_error(values: list[int], data: st.DataObject) -> None:
    block = bytearray(
        chain("input", hook=1, packets=3, policy=0)
        + chain("sub", used=2)
        + rule("input", 1, CMP, counter(1), verdict(-3, "sub"))
        + rule("sub", 2, counter(1), LOG, DROP)
    )
    for value in values:
        block[data.draw(st.integers(0, len(block) - 1))] = value
    with suppress(ParseError):
        whole = bytes(block)
        counters(nftables.parse_chains([whole]), nftables_rules.parse_rules([whole]))


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), max_size=30))
def test_chains_that_jump_in_circles_end(jumps: list[tuple[int, int]]) -> None:
    places = [Place("ip", "t", str(at)) for at in range(10)]
    rules = [Rule(places[here], 1, Discard("drop", 1), (str(there),)) for here, there in jumps]
    used = [sum(at in jump for jump in jumps) for at in range(10)]
    chains = [
        Chain(place, "input" if at == 0 else None, used[at], None)
        for at, place in enumerate(places)
    ]
    assert len(counters(chains, rules)) == len(rules)
