"""What `nft list ruleset` prints: tables with chains, sets, maps and counters.

    table inet filter {
            chain input { # handle 3
                    type filter hook input priority filter; policy drop;
                    udp dport 9000 counter packets 25 bytes 3640 drop # handle 15
            }
    }

It is read into what the kernel's own dump is read into. Without -a a rule has no handle: then its
number in the chain and a mark of its words stand for it. nft shows no counter of a policy, and
with -s none at all; what iptables-nft added and nft does not know stands behind `# xt_`.

Source: nftables 1.0.6, src/rule.c, chain_print_declaration(), set_print_declaration(); src/xt.c,
xt_stmt_xlate() (read at 1.0).
"""

from __future__ import annotations

import re
from binascii import crc32
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from netrx_tune.collectors.nft_rule import Tokens, judged, packets_of, split, verdict_of
from netrx_tune.collectors.nftables import Chain, Hook, NamedCounter
from netrx_tune.collectors.nftables_fields import Place
from netrx_tune.collectors.nftables_hooks import counters
from netrx_tune.collectors.nftables_rules import Rule
from netrx_tune.collectors.nftables_sets import Elements, Set
from netrx_tune.model.sample import RuleCounter

START = r"table (?:ip|ip6|inet|arp|bridge|netdev) \S+ \{.*"
_TOKEN = re.compile(r'"(?:[^"\\]|\\.?)*"?|[{};,]|[^\s{};,"]+')
_HOOKS: dict[str, Hook] = {
    "prerouting": "prerouting",
    "input": "input",
    "forward": "forward",
    "ingress": "ingress",
}
_HOOKED = frozenset({"inet", "ip", "ip6", "netdev"})  # arp is another path


class _Statement(NamedTuple):
    """A line, or several that braces hold together; `block` is what a heading's braces hold."""

    tokens: Tokens
    handle: int | None
    block: tuple[_Statement, ...] | None = None


class _Ruleset:
    """What was read of all tables."""

    def __init__(self) -> None:
        self.chains: list[Chain] = []
        self.rules: list[Rule] = []
        self.named: list[NamedCounter] = []
        self.elements: list[Elements] = []
        self.named_by: Counter[Place] = Counter()  # how many rules have a named counter


def depth_of(line: str) -> int:
    """Return how many more braces a line opens than it closes; those in quotes are text."""
    return _opened(_TOKEN.findall(_uncommented(line)[0]))


def _opened(tokens: Sequence[str]) -> int:
    return tokens.count("{") - tokens.count("}")


def parse_nft(text: str) -> tuple[RuleCounter, ...]:
    """Return what the rules, sets and policies of a listing count."""
    found = _Ruleset()
    lines = [line for line in text.split("\n") if line.strip()]
    statements, _ = _block(lines, 0)
    for table in statements:
        if table.tokens[:1] == ("table",) and table.block is not None and len(table.tokens) > 2:
            _add_table(found, table.tokens[1], table.tokens[2], table.block)
    chains = _used(found)
    return counters(chains, found.rules, found.named, found.elements)


def _uncommented(line: str) -> tuple[str, int | None]:
    """Return a line and its handle, without the comments that tell it and whose a table is."""
    found = re.search(r"\s# handle (\d{1,19})\s*$", line)
    line = line[: found.start()] if found else line
    return re.sub(r"\{\s*#.*$", "{", line), int(found[1]) if found else None


def _block(lines: Sequence[str], at: int, *, inner: int = 2) -> tuple[tuple[_Statement, ...], int]:
    """Return the statements up to the brace that closes the block, and where it goes on.

    `inner` is how many blocks there can be below this one: tables have chains.
    """
    statements: list[_Statement] = []
    while at < len(lines):
        line, handle = _uncommented(lines[at])
        tokens = _TOKEN.findall(line)
        at += 1
        if tokens == ["}"]:
            return tuple(statements), at
        if inner and tokens[-1:] == ["{"] and _is_heading(tokens):
            below, at = _block(lines, at, inner=inner - 1)
            statements.append(_Statement(tuple(tokens[:-1]), handle, below))
            continue
        depth = _opened(tokens)
        while depth > 0 and at < len(lines):
            line, more = _uncommented(lines[at])
            added = _TOKEN.findall(line)
            tokens += added
            depth += _opened(added)
            handle = more if handle is None else handle
            at += 1
        statements.append(_Statement(tuple(tokens), handle))
    return tuple(statements), at


def _is_heading(tokens: Sequence[str]) -> bool:
    return len(tokens) <= 5 and tokens[0] in {
        "table", "chain", "set", "map", "counter", "quota", "limit", "flowtable", "ct", "meter",
        "secmark", "synproxy", "tunnel",
    }  # fmt: skip


def _add_table(found: _Ruleset, family: str, table: str, statements: Sequence[_Statement]) -> None:
    """Add what stands in one table."""
    for one in statements:
        if one.block is None or len(one.tokens) < 2:
            continue
        place = Place(family, table, _unquoted(one.tokens[1]))
        match one.tokens[0]:
            case "chain":
                _add_chain(found, place, one.block)
            case "set" | "map" | "meter":
                _add_set(found, place, one.block)
            case "counter":
                packets = _of_object(one.block)
                if packets is not None:
                    found.named.append(NamedCounter(place, packets, 0))
            case _:
                pass


def _of_object(block: Sequence[_Statement]) -> int | None:
    for one in block:
        packets = packets_of(("counter", *one.tokens))
        if packets is not None:
            return packets
    return None


def _add_chain(found: _Ruleset, place: Place, block: Sequence[_Statement]) -> None:
    """Add a chain with its rules; a base chain says first where it hooks in."""
    hook: Hook | None = None
    drops = False
    number = 0
    for one in block:
        if one.tokens[:1] == ("type",) and "hook" in one.tokens:
            hook = _hook(place.family, one.tokens)
            drops = _has(one.tokens, "policy", "drop")
        elif one.tokens[:1] == ("policy",):
            drops = _has(one.tokens, "policy", "drop")
        elif one.tokens and one.tokens[0] not in {"comment", "flags", "devices"}:
            number += 1
            found.rules.append(_rule(found, place, one, number))
    found.chains.append(Chain(place, hook, 0, None, drops_uncounted=drops))


def _hook(family: str, tokens: Tokens) -> Hook:
    word = tokens[tokens.index("hook") + 1 :][:1]
    if (family, *word) == ("bridge", "input"):
        return "ingress"  # of what is for the bridge's own address: before IP
    return _HOOKS.get(word[0], "other") if word and family in _HOOKED else "other"


def _has(tokens: Tokens, *words: str) -> bool:
    return any(tokens[at : at + len(words)] == words for at in range(len(tokens)))


def _rule(found: _Ruleset, place: Place, one: _Statement, number: int) -> Rule:
    """Return a rule, its verdict maps without a name being added to the sets."""
    read = judged(one.tokens)
    found.named_by.update(place._replace(chain=name) for name in read.counters)
    maps = list(read.verdict_maps)
    for elements in read.anonymous:
        name = f"\0{place.chain} {number} {len(maps)}"
        maps.append(name)
        source = Set(place._replace(chain=name), is_anonymous=True, gives_verdicts=True, tells=True)
        found.elements.append(_elements(source, elements))
    words = re.sub(r"packets \d+ bytes \d+", "", " ".join(one.tokens))
    mark = crc32(words.encode("utf-8", "surrogateescape"))
    return Rule(
        place,
        one.handle or 0,
        read.discard,
        read.jumps,
        (*read.sets, *maps),
        tuple(maps),
        "" if one.handle else f"rule {number} #{mark:08x}",
    )


def _add_set(found: _Ruleset, place: Place, block: Sequence[_Statement]) -> None:
    """Add a set or map; one whose elements are left out, as with -t, is not known."""
    types = (one.tokens for one in block if one.tokens[:1] in {("type",), ("typeof",)})
    gives_verdicts = any("verdict" in tokens for tokens in types)
    source = Set(place, is_anonymous=False, gives_verdicts=gives_verdicts, tells=True)
    elements: list[Tokens] = []
    for one in block:
        if one.tokens[:3] == ("elements", "=", "{"):
            elements += split(one.tokens[3:-1])
    found.elements.append(_elements(source, elements))


def _elements(source: Set, elements: Sequence[Tokens]) -> Elements:
    """Return what elements count; of a verdict map, those that drop."""
    counted: list[int | None] = []
    jumps: list[str] = []
    for one in elements:
        if source.gives_verdicts:
            key, verdict, chain = verdict_of(one)
            jumps += [chain] if chain else []
            if verdict != "drop":
                continue
            counted.append(packets_of(key))
        else:
            counted.append(packets_of(one))
    known = [packets for packets in counted if packets is not None]
    packets = sum(known) if known or not counted else None
    return Elements(source, bool(counted), packets, tuple(jumps))


def _used(found: _Ruleset) -> list[Chain]:
    """Return the chains with how often they are used: all that uses them is in the listing."""
    used = Counter(rule.place for rule in found.rules)
    used.update(_led_to(found))
    found.named = [one._replace(used=max(1, found.named_by[one.place])) for one in found.named]
    return [chain._replace(used=used[chain.place]) for chain in found.chains]


def _led_to(found: _Ruleset) -> Iterator[Place]:
    """Yield each chain once for each jump to it, from rules and from the maps they ask."""
    asked = {r.place._replace(chain=name) for r in found.rules for name in r.verdict_maps}
    for rule in found.rules:
        yield from (rule.place._replace(chain=target) for target in rule.jumps)
    for one in found.elements:
        if one.source.place in asked:
            yield from (one.source.place._replace(chain=target) for target in one.jumps)


def _unquoted(name: str) -> str:
    return name[1:-1] if len(name) > 1 and name[0] == name[-1] == '"' else name
