"""What the elements of nftables' sets and maps count of the packets that rules discard."""

import struct
from collections.abc import Sequence
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netrx_tune.collectors import nftables, nftables_rules, nftables_sets
from netrx_tune.collectors.netlink import attribute
from netrx_tune.collectors.nftables_fields import Place
from netrx_tune.collectors.nftables_hooks import counters
from netrx_tune.collectors.nftables_sets import Elements, Set
from netrx_tune.model.errors import ParseError
from netrx_tune.model.sample import RuleCounter
from tests.collectors.nftables_messages import (
    CMP,
    DROP,
    INET,
    IPV4,
    LOG,
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

BAD, PORTS = Place("inet", "filter", "bad"), Place("inet", "filter", "ports")
LIMIT = expression("limit", number(1, 5, 8))
VERDICTS = number(6, 0xFFFFFF00)
LIMITED_AND_COUNTED = attribute(1, LIMIT) + attribute(1, counter(5))
ONE, SEVERAL = 7, 11  # NFTA_SET_ELEM_EXPR, NFTA_SET_ELEM_EXPRESSIONS


def found_set(*fields: bytes, family: int = INET) -> Set:
    blocks = [message(9, family, name(1, "filter"), name(2, "bad"), *fields)]
    (found,) = nftables_sets.parse_sets(blocks)
    return found


def element(*fields: bytes, code: int | None = None, to: str = "") -> bytes:
    data = b"" if code is None else number(1, code) + (name(2, to) if to else b"")
    given = attribute(2, attribute(2, data)) if data else b""
    return attribute(1, attribute(1, attribute(1, b"\x0a\0\0\1")) + given + b"".join(fields))


def counted(packets: int) -> bytes:
    return attribute(ONE, counter(packets))


def elements(*of_set: bytes) -> bytes:
    return message(12, INET, name(1, "filter"), name(2, "bad"), attribute(3, b"".join(of_set)))


def test_the_requests_name_what_is_asked_for() -> None:
    assert nftables_sets.sets_request() == struct.pack("=IHHII", 20, 0xA0A, 0x301, 1, 0) + bytes(4)
    assert nftables_sets.elements_request(Place("ip6", "t", "s")) == (
        struct.pack("=IHHII", 36, 0xA0D, 0x301, 1, 0)
        + b"\x0a\0\0\0"
        + struct.pack("=HH4s", 6, 1, b"t\0\0\0")
        + struct.pack("=HH4s", 6, 2, b"s\0\0\0")
    )


@pytest.mark.parametrize(
    ("fields", "want"),
    [
        ([attribute(17, counter(0))], Set(BAD, False, False, True)),
        ([attribute(18, LIMITED_AND_COUNTED)], Set(BAD, False, False, True)),
        ([attribute(17, LIMIT)], Set(BAD, False, False, False)),
        ([], Set(BAD, False, False, False)),  # nft gives none of its elements a counter
        ([number(3, 0x1)], Set(BAD, True, False, True)),  # each element may have its own
        ([number(3, 0x20)], Set(BAD, False, False, True)),  # a rule's word gives it one
        ([number(3, 0x8), VERDICTS], Set(BAD, False, True, True)),
        ([number(3, 0x8), number(6, 1)], Set(BAD, False, False, False)),
    ],
)  # fmt: skip
def test_a_set_is_read_if_its_elements_may_tell_something(
    fields: Sequence[bytes], want: Set
) -> None:
    assert found_set(*fields) == want


def test_a_set_is_of_its_family() -> None:
    assert found_set(family=IPV4).place == Place("ip", "filter", "bad")


@pytest.mark.parametrize(
    ("of_set", "packets"),
    [
        ([counted(3)], 3),
        ([counted(3), counted(4)], 7),
        ([counted(3), b""], 3),
        ([b"", b""], None),
        ([], 0),
        ([attribute(SEVERAL, LIMITED_AND_COUNTED)], 5),
        # The limit may let go what was counted before it.
        ([attribute(SEVERAL, attribute(1, counter(5)) + attribute(1, LIMIT))], None),
        ([counted(3), number(3, 1)], 3),  # the end of an interval
    ],
)
def test_a_set_counts_what_its_elements_do(of_set: Sequence[bytes], packets: int | None) -> None:
    blocks = [elements(*(element(one) for one in of_set[:1])), elements(*map(element, of_set[1:]))]
    source = Set(BAD, False, False, True)
    assert nftables_sets.parse_elements(source, blocks) == (source, bool(of_set), packets, ())


def test_a_verdict_map_counts_what_it_drops_and_says_where_it_leads() -> None:
    block = elements(
        element(counted(3), code=0),
        element(counted(4), code=1),
        element(counted(5), code=-3, to="sub"),
        element(counted(6), code=-4, to="far"),
        element(counted(7), code=0),
    )
    source = Set(BAD, False, True, True)
    assert nftables_sets.parse_elements(source, [block]) == (source, True, 10, ("sub", "far"))
    block = elements(element(code=1), element(code=-3, to="sub"))
    assert nftables_sets.parse_elements(source, [block]) == (source, False, 0, ("sub",))


def told(*rules: bytes, sets: Sequence[Elements]) -> dict[str, tuple[str, str, int]]:
    """Return hook, verdict and count by place of what a ruleset of two hooks tells."""
    chains = nftables.parse_chains(
        [chain("input", hook=1), chain("pre", hook=0), chain("sub", used=2)]
    )
    found = counters(chains, nftables_rules.parse_rules(rules), (), sets)
    assert len({one.place for one in found}) == len(found)
    return {one.place: (one.hook, one.verdict, one.packets) for one in found}


COUNTED = Elements(Set(BAD, False, False, True), True, 7, ())


BY_BAD = rule("input", 1, lookup("bad"), DROP)


@pytest.mark.parametrize(
    ("rules", "want"),
    [
        ([BY_BAD], ("set @bad", "drop", 7)),
        ([rule("input", 1, lookup("bad"), LOG, REJECT)], ("set @bad", "reject", 7)),
        ([rule("input", 1, dynset("bad"), DROP)], ("set @bad", "drop", 7)),
        ([BY_BAD, rule("input", 2, lookup("bad"), REJECT)], ("set @bad", "drop", 7)),
        # What one lets go is in the sum, too.
        ([BY_BAD, rule("input", 2, lookup("bad"), CMP, DROP)], None),
        ([BY_BAD, rule("input", 2, lookup("bad"))], None),
        ([BY_BAD, rule("input", 2, dynset("bad"))], None),
        # What one counts itself is in the sum, too, and is charged to that one.
        (
            [BY_BAD, rule("input", 2, lookup("bad"), counter(3), DROP)],
            ("input handle 2", "drop", 3),
        ),
    ],
)
def test_a_set_tells_what_is_dropped_by_it_if_all_that_refer_to_it_drop(
    rules: Sequence[bytes], want: tuple[str, str, int] | None
) -> None:
    got = {
        place.removeprefix("inet filter "): one
        for place, one in told(*rules, sets=[COUNTED]).items()
        if one[1] != "other"
    }
    assert got == ({want[0]: ("input", *want[1:])} if want else {})


def test_a_set_that_two_hooks_drop_by_is_shared() -> None:
    got = told(BY_BAD, rule("pre", 2, lookup("bad"), DROP), sets=[COUNTED])
    assert got == {"inet filter set @bad": ("shared", "drop", 7)}


def test_a_set_that_counts_nothing_leaves_the_rule_uncounted() -> None:
    want = {"inet filter input handle 1": ("input", "other", 0)}
    assert told(BY_BAD, sets=[]) == want
    assert told(BY_BAD, sets=[COUNTED._replace(packets=None)]) == want
    other = COUNTED._replace(source=COUNTED.source._replace(place=Place("ip", "filter", "bad")))
    assert told(BY_BAD, sets=[other]) == want


def test_a_set_without_a_name_stands_under_its_rule() -> None:
    source = COUNTED.source._replace(is_anonymous=True)
    got = told(BY_BAD, sets=[COUNTED._replace(source=source)])
    assert got == {"inet filter input handle 1": ("input", "drop", 7)}


MAP = Elements(Set(PORTS, False, True, True), True, 9, ("sub",))
BY_MAP = lookup("ports", number(3, 0))
IN_SUB = rule("sub", 3, counter(2), DROP)


def test_a_verdict_map_drops_and_leads_to_chains() -> None:
    got = told(rule("input", 1, counter(20), BY_MAP), IN_SUB, sets=[MAP])
    assert got == {
        "inet filter map @ports": ("input", "drop", 9),
        "inet filter sub handle 3": ("input", "drop", 2),
    }


def test_a_verdict_map_that_two_hooks_use_is_shared() -> None:
    got = told(rule("input", 1, BY_MAP), rule("pre", 2, BY_MAP), IN_SUB, sets=[MAP])
    assert {hook for hook, _, _ in got.values()} == {"shared"}


@pytest.mark.parametrize(
    ("sets", "want"),
    [
        ([], ("other", "other")),  # not read: it may drop, and lead anywhere
        ([MAP._replace(packets=None)], ("other", "input")),
        ([MAP._replace(discards=False, packets=0)], (None, "input")),
    ],
)
def test_a_verdict_map_may_drop_uncounted(
    sets: Sequence[Elements], want: tuple[str | None, str]
) -> None:
    got = told(rule("input", 1, BY_MAP), IN_SUB, sets=sets)
    verdict_of_rule = got.get("inet filter input handle 1", (None, None, 0))[1]
    assert (verdict_of_rule, got["inet filter sub handle 3"][0]) == want


def test_only_sets_that_decide_a_discard_are_worth_reading() -> None:
    rules = nftables_rules.parse_rules([
        rule("input", 1, lookup("allowed"), verdict(1)),
        rule("input", 2, lookup("bad"), DROP),
        rule("input", 3, lookup("asked"), CMP, DROP),
        rule("input", 4, lookup("told"), counter(1), DROP),
        rule("input", 5, BY_MAP),
    ])  # fmt: skip
    assert nftables_sets.worth_reading(rules) == {BAD, PORTS}


def test_an_empty_set_has_dropped_nothing() -> None:
    empty = nftables_sets.parse_elements(COUNTED.source, [])
    assert told(BY_BAD, sets=[empty]) == {"inet filter set @bad": ("input", "drop", 0)}


@given(st.lists(st.integers(0, 255), max_size=6), st.data())
def test_a_damaged_dump_is_elements_or_an_error(values: list[int], data: st.DataObject) -> None:
    sets = bytearray(message(9, INET, name(1, "t"), name(2, "s"), attribute(17, counter(0))))
    block = bytearray(elements(element(counted(3), code=0), element(code=-3, to="sub")))
    for value in values:
        for one in (sets, block):
            one[data.draw(st.integers(0, len(one) - 1))] = value
    with suppress(ParseError):
        nftables_sets.parse_sets([sets])
    for source in (COUNTED.source, MAP.source):
        with suppress(ParseError):
            nftables_sets.parse_elements(source, [block])


def test_a_counter_of_a_set_is_one_record() -> None:
    chains = nftables.parse_chains([chain("input", hook=1)])
    rules = nftables_rules.parse_rules([BY_BAD])
    assert counters(chains, rules, (), [COUNTED]) == (
        RuleCounter("nft", "inet filter set @bad", "input", "drop", 7),
    )
