"""What iptables-legacy counts of its discards, from the blocks of entries of its tables."""

import re
import struct
from contextlib import suppress
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netrx_tune.collectors import iptables
from netrx_tune.collectors.iptables import Family, Info
from netrx_tune.model.errors import ParseError

DROP, ACCEPT, RETURN = -1, -2, -5


class Table(NamedTuple):
    info: Info
    reply: bytes


def extension(name: str, payload: bytes) -> bytes:
    return struct.pack("=H29sB", 32 + len(payload), name.encode(), 0) + payload


def entry(
    packets: int,
    target: int | str = ACCEPT,
    *,
    family: Family = "ip",
    matches: bytes = b"",
    protocol: int = 17,
) -> bytes:
    """Return one entry; a target is a verdict, an offset to jump to, or a name."""
    if family == "ip":
        match = bytes(80) + struct.pack("=HBB", protocol, 0, 0)
        size = 112
    else:
        match = bytes(128) + struct.pack("=HBBB3x", protocol, 0, 0, 0)
        size = 168
    if isinstance(target, int):
        end = extension("", struct.pack("=ii", target, 0))
    elif target.startswith("ERROR "):
        end = extension("ERROR", target[6:].encode().ljust(32, b"\0"))
    else:
        end = extension(target, bytes(8))
    target_at = size + len(matches)
    head = struct.pack("=IHHI", 0, target_at, target_at + len(end), 0)
    return (match + head).ljust(size - 16, b"\0") + struct.pack("=QQ", packets, 9) + matches + end


def table(*entries: bytes, hooks: dict[int, tuple[int, int]], family: Family = "ip") -> Table:
    """Return a table whose hooks begin and end at these numbers of entries."""
    ends = [sum(map(len, entries[:at])) for at in range(len(entries))]
    starts = [ends[hooks[hook][0]] if hook in hooks else 0 for hook in range(5)]
    lasts = [ends[hooks[hook][1]] if hook in hooks else 0 for hook in range(5)]
    block = b"".join(entries)
    valid = sum(1 << hook for hook in hooks)
    counts = (len(entries), len(block))
    reply = struct.pack("=32sI5I5III", b"filter", valid, *starts, *lasts, *counts)
    info = iptables.parse_info(family, reply)
    return Table(info, iptables.entries_request(info)[: -len(block)] + block)


def counted(found: Table, family: Family = "ip") -> list[tuple[str, str, str, int]]:
    """Return the counters without the marks of their rules."""
    return [
        (re.sub(r" #[0-9a-f]{8}$", "", rule.place), rule.hook, rule.verdict, rule.packets)
        for rule in iptables.parse_entries(family, found.info, found.reply)
    ]


END = entry(0, "ERROR ERROR")


def test_rules_and_policies_count_what_they_discard() -> None:
    found = table(
        entry(3, DROP),
        entry(4, "REJECT"),
        entry(5, "NFQUEUE"),
        entry(6, "LOG"),
        entry(7, ACCEPT),
        entry(8, DROP),  # the policy
        entry(9, DROP),
        entry(0, ACCEPT),
        END,
        hooks={1: (0, 5), 2: (6, 7)},
    )
    assert counted(found) == [
        ("iptables-legacy filter INPUT rule 1", "input", "drop", 3),
        ("iptables-legacy filter INPUT rule 2", "input", "reject", 4),
        ("iptables-legacy filter INPUT rule 3", "input", "other", 5),
        ("iptables-legacy filter INPUT policy", "input", "drop", 8),
        ("iptables-legacy filter FORWARD rule 1", "forward", "drop", 9),
    ]


def test_ipv6_entries_are_longer() -> None:
    found = table(
        entry(3, DROP, family="ip6"),
        entry(0, ACCEPT, family="ip6"),
        entry(0, "ERROR ERROR", family="ip6"),
        hooks={0: (0, 1)},
        family="ip6",
    )
    assert counted(found, "ip6") == [
        ("ip6tables-legacy filter PREROUTING rule 1", "prerouting", "drop", 3)
    ]


@pytest.mark.parametrize(("from_forward", "hook"), [(ACCEPT, "input"), (None, "shared")])
def test_a_rule_of_another_chain_is_where_all_that_jump_to_it_are(
    from_forward: int | None, hook: str
) -> None:
    size = len(entry(0))
    sub = 4 * size + len(END)
    found = table(
        entry(1, sub),
        entry(0, ACCEPT),
        entry(1, sub if from_forward is None else from_forward),
        entry(0, ACCEPT),
        entry(0, "ERROR SUB"),
        entry(6, DROP),
        entry(0, RETURN),
        END,
        hooks={1: (0, 1), 2: (2, 3)},
    )
    assert counted(found) == [("iptables-legacy filter SUB rule 1", hook, "drop", 6)]


def test_an_entry_without_a_target_goes_on_to_the_next() -> None:
    size = len(entry(0))
    found = table(entry(5, size), entry(3, DROP), entry(0), END, hooks={1: (0, 2)})
    assert counted(found) == [("iptables-legacy filter INPUT rule 2", "input", "drop", 3)]


def test_a_rule_keeps_its_mark_when_it_moves_and_counts() -> None:
    port = extension("udp", struct.pack("=HHHHBB6x", 0, 65535, 53, 53, 0, 0))
    other = extension("udp", struct.pack("=HHHHBB6x", 0, 65535, 54, 54, 0, 0))
    first = table(entry(1, DROP, matches=port), entry(0), END, hooks={1: (0, 1)})
    later = table(
        entry(1, DROP, matches=other),
        entry(9, DROP, matches=port),
        entry(0),
        END,
        hooks={1: (0, 2)},
    )
    (before,) = iptables.parse_entries("ip", first.info, first.reply)
    new, after = iptables.parse_entries("ip", later.info, later.reply)
    assert before.place.split("#")[1] == after.place.split("#")[1] != new.place.split("#")[1]


def test_the_state_of_a_match_does_not_change_the_mark() -> None:
    marks = set()
    for state in (1, 2):
        limit = extension("limit", struct.pack("=IIQQ", 10, 5, state, state))
        found = table(entry(1, DROP, matches=limit), entry(0), END, hooks={1: (0, 1)})
        marks.add(iptables.parse_entries("ip", found.info, found.reply)[0].place)
    assert len(marks) == 1


def test_the_requests_name_their_table() -> None:
    assert iptables.info_request("filter") == b"filter".ljust(84, b"\0")
    info = Info("raw", {}, frozenset(), 100)
    want = struct.pack("=32sI4x", b"raw", 100) + bytes(100)
    assert iptables.entries_request(info) == want


def test_a_short_reply_is_an_error() -> None:
    found = table(entry(3, DROP), entry(0), END, hooks={1: (0, 1)})
    with pytest.raises(ParseError, match="iptables-legacy:rules: expected 84 bytes"):
        iptables.parse_info("ip", bytes(83))
    with pytest.raises(ParseError, match="expected"):
        iptables.parse_entries("ip", found.info, found.reply[:-1])
    with pytest.raises(ParseError, match="size of a table"):
        iptables.parse_info("ip", b"\xff" * 84)


@given(st.lists(st.integers(0, 255), max_size=6), st.data())
def test_a_damaged_table_is_counters_or_an_error(values: list[int], data: st.DataObject) -> None:
    port = extension("udp", bytes(16))
    found = table(
        entry(3, DROP, matches=port),
        entry(0),
        entry(0, "ERROR S"),
        entry(1),
        END,
        hooks={1: (0, 1)},
    )
    reply = bytearray(found.reply)
    for value in values:
        reply[data.draw(st.integers(0, len(reply) - 1))] = value
    with suppress(ParseError):
        iptables.parse_entries("ip", found.info, bytes(reply))


@given(st.binary(min_size=84, max_size=84), st.binary(max_size=400), st.sampled_from(["ip", "ip6"]))
def test_any_bytes_are_counters_or_an_error(info: bytes, reply: bytes, family: Family) -> None:
    with suppress(ParseError):
        layout = iptables.parse_info(family, info)
        with suppress(ParseError):
            iptables.parse_entries(family, layout, reply)
        iptables.parse_entries(family, layout._replace(size=len(reply) - 40), reply)
