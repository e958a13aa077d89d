"""What the words of a rule of nftables discard, count and lead to.

    udp dport 9002 counter packets 5 bytes 640 log prefix "x: " drop

A counter counts what reaches it, so it tells what was dropped only if nothing between it and the
verdict lets packets go.
"""

from __future__ import annotations

from typing import NamedTuple

from netrx_tune.collectors.nftables_fields import PASSING
from netrx_tune.collectors.nftables_rules import TARGETS, Discard, Verdict
from netrx_tune.collectors.text import is_decimal

Tokens = tuple[str, ...]

_ENDS: dict[str, Verdict] = {
    "drop": "drop",
    "reject": "reject",
    "queue": "other",
    "synproxy": "other",
}
_LEADS = frozenset({"jump", "goto"})
_UPDATES = frozenset({"add", "update", "delete"})
_ASKS = frozenset({"!=", "map"})  # behind which no element counts what goes on
_LOG_VALUES = frozenset({"prefix", "level", "group", "snaplen", "queue-threshold"})
_LOG_FLAGS = frozenset({"flags", "all", "ether", "tcp", "ip", "skuid", "sequence", "options", ","})


class Expressions(NamedTuple):
    """What a rule does, in the names of its table."""

    discard: Discard | None
    jumps: tuple[str, ...]
    sets: tuple[str, ...]
    verdict_maps: tuple[str, ...]
    anonymous: tuple[tuple[Tokens, ...], ...]  # the elements of verdict maps written out
    counters: tuple[str, ...]  # those that have a name


class _Words:
    """A rule's words, read from left to right."""

    def __init__(self, tokens: Tokens) -> None:
        self._tokens = tokens
        self._at = 0

    def next(self) -> str:
        """Return the next word, "" at the end, and go on."""
        word = self.ahead()
        self._at += 1
        return word

    def ahead(self, by: int = 0) -> str:
        """Return a word that comes, "" behind the end."""
        at = self._at + by
        return self._tokens[at] if at < len(self._tokens) else ""

    def braced(self) -> Tokens:
        """Return what stands between the next brace and the one that closes it."""
        self.next()
        return self.to_closing()

    def to_closing(self) -> Tokens:
        """Return what comes before the brace that closes the one just read, and pass that."""
        start, depth = self._at, 1
        while depth and self.ahead():
            word = self.next()
            depth += (word == "{") - (word == "}")
        return self._tokens[start : self._at - (not depth)]


class _State:
    """What is known while a rule is read."""

    def __init__(self) -> None:
        self.counted = Discard("other", 0)
        self.is_exact = False
        self.discard: Discard | None = None
        self.jumps: list[str] = []
        self.sets: list[str] = []
        self.maps: list[str] = []
        self.anonymous: list[tuple[Tokens, ...]] = []
        self.counters: list[str] = []

    def counts(self, discard: Discard | None) -> None:
        """Take over who counts from here on; None where the rule may end instead."""
        self.is_exact = discard is not None
        self.counted = discard or self.counted

    def ends(self, verdict: Verdict) -> None:
        """Note the verdict, and what counted it if nothing stands between."""
        if self.is_exact:
            self.discard = self.counted._replace(verdict=verdict)
        else:
            self.discard = self.counted._replace(verdict="other", by_set="")


def judged(tokens: Tokens) -> Expressions:
    """Return what a rule does, by its words."""
    state = _State()
    words = _Words(tokens)
    while words.ahead() and state.discard is None:
        _take(state, words)
    return Expressions(
        state.discard,
        tuple(state.jumps),
        tuple(state.sets),
        tuple(state.maps),
        tuple(state.anonymous),
        tuple(state.counters),
    )


def split(tokens: Tokens) -> tuple[Tokens, ...]:
    """Return the elements that commas part."""
    elements: list[Tokens] = []
    start = 0
    for at, word in enumerate((*tokens, ",")):
        if word == ",":
            elements.append(tokens[start:at])
            start = at + 1
    return tuple(one for one in elements if one)


def _take(state: _State, words: _Words) -> None:
    """Read the next statement, or a word of a match."""
    word = words.next()
    if word in _ENDS:
        state.ends(_ENDS[word])
    elif word in _LEADS:
        state.jumps.append(words.next())
    elif word in _UPDATES and words.ahead().startswith("@"):
        _update(state, words, counts=word != "delete")
    elif word in _ASKS and words.ahead().startswith("@"):
        state.sets.append(words.next()[1:])
        state.counts(None)
    else:
        _take_other(state, words, word)


def _take_other(state: _State, words: _Words, word: str) -> None:
    """Read a statement that is neither verdict nor asks a set by its name."""
    match word:
        case "counter":
            state.counts(_counter(state, words))
        case "log":
            _pass_log(words)
        case "comment":
            words.next()
        case "vmap":
            _verdict_map(state, words)
        case "xt" if words.ahead() == "target":
            words.next()
            _target(state, words.next().strip('"'))
        case "{":
            words.to_closing()
            state.is_exact = False
        case _:
            _plain(state, word)


def _pass_log(words: _Words) -> None:
    while words.ahead() in _LOG_VALUES | _LOG_FLAGS:
        if words.next() in _LOG_VALUES:
            words.next()


def _plain(state: _State, word: str) -> None:
    """Read a word of no statement: a set, what only iptables knows, or a part of a match."""
    if word.startswith("@"):
        state.sets.append(word[1:])
        state.counts(Discard("other", 0, by_set=word[1:]))
    elif word.startswith("xt_"):
        _target(state, word.removeprefix("xt_"))
    elif word != "#":
        state.is_exact = state.is_exact and word in PASSING


def _counter(state: _State, words: _Words) -> Discard | None:
    """Return what a counter says; one without figures, as with -s, says nothing."""
    if words.ahead() == "name":
        words.next()
        state.counters.append(words.next().strip('"'))
        return Discard("other", 0, named=state.counters[-1])
    if words.ahead() == "packets" and words.ahead(2) == "bytes" and is_decimal(words.ahead(1)):
        packets = int(words.ahead(1))
        for _ in range(4):
            words.next()
        return Discard("other", packets)
    return None


def _verdict_map(state: _State, words: _Words) -> None:
    """Read a map that gives the verdict, by its name or written out."""
    state.is_exact = False
    if words.ahead().startswith("@"):
        state.maps.append(words.next()[1:])
    elif words.ahead() == "{":
        state.anonymous.append(split(words.braced()))


def _update(state: _State, words: _Words, *, counts: bool) -> None:
    """Read `update @seen { ip saddr counter }`: its elements count what goes on."""
    name = words.next()[1:]
    state.sets.append(name)
    inner = words.braced() if words.ahead() == "{" else ()
    lets_go = bool({"limit", "quota", "ct"} & set(inner))
    state.counts(Discard("other", 0, by_set=name) if counts and not lets_go else None)


def _target(state: _State, name: str) -> None:
    """Read a target or match of iptables that nft does not know."""
    verdict = TARGETS.get(name)
    if verdict:
        state.ends(verdict)
    elif name != "LOG":
        state.is_exact = False


def packets_of(tokens: Tokens) -> int | None:
    """Return what the counter counts of an element, or one that has a name.

    None without one, and where something else beside it may let packets go.
    """
    if {"limit", "quota"} & set(tokens):
        return None
    for at, word in enumerate(tokens):
        if word == "packets" and tokens[at + 2 : at + 3] == ("bytes",):
            return int(tokens[at + 1]) if is_decimal(tokens[at + 1]) else None
    return None


def verdict_of(tokens: Tokens) -> tuple[Tokens, str, str]:
    """Return the key of a map's element, its verdict, and the chain that it leads to."""
    if ":" not in tokens:
        return tokens, "", ""
    at = len(tokens) - 1 - tokens[::-1].index(":")
    given = tokens[at + 1 :]
    chain = given[1] if len(given) > 1 and given[0] in _LEADS else ""
    return tokens[:at], given[0] if given else "", chain
