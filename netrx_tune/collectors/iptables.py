"""What rules and policies of iptables-legacy count of the packets that they discard.

These tables are not nftables: each is read as one block of entries. A rule counts the packets
that it matched, so those that it discarded.

Kernel: include/uapi/linux/netfilter_ipv4/ip_tables.h and netfilter_ipv6/ip6_tables.h;
net/ipv4/netfilter/ip_tables.c, ipt_do_table() and get_entries() (read at v6.18).
"""

from __future__ import annotations

from binascii import crc32
from collections import Counter
from collections.abc import Iterator
from struct import Struct
from typing import Literal, NamedTuple

from netrx_tune.collectors.netlink import text
from netrx_tune.collectors.nftables import Chain, Hook
from netrx_tune.collectors.nftables_fields import Place
from netrx_tune.collectors.nftables_hooks import resolve
from netrx_tune.collectors.nftables_rules import TARGETS, Discard, Rule
from netrx_tune.model.errors import ParseError
from netrx_tune.model.sample import RuleCounter

Family = Literal["ip", "ip6"]

GET_INFO, GET_ENTRIES = 64, 65  # IPT_SO_GET_INFO and ..._ENTRIES, the same in IPv6
_PROGRAMS: dict[Family, str] = {"ip": "iptables-legacy", "ip6": "ip6tables-legacy"}
# By enum nf_inet_hooks.
CHAINS = ("PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING")
HOOKS: tuple[Hook, ...] = ("prerouting", "input", "forward", "other", "other")

_INFO = Struct("=32sI5I5III")  # name, hooks, entry per hook, policy per hook, count, size
_NAME_AND_SIZE = Struct("@32sI0Q")  # padded to where the entries begin
# struct ipt_entry, ip6t_entry: match, cache, offsets of target and next, origin, packets, bytes
_ENTRY: dict[Family, Struct] = {"ip": Struct("@84sIHHIQQ"), "ip6": Struct("@136sIHHIQQ")}
_EXTENSION = Struct("=H29sx")  # struct xt_entry_match and xt_entry_target: size, name, revision
_VERDICT = Struct("=i")
_DROP = -1  # -NF_DROP - 1; positive verdicts are offsets of entries to jump to
_MOST_BYTES = 1 << 28  # of a table; a million rules
# Of a match only its first bytes are stable: older kernels show their own state behind them.
_STABLE_BYTES = 8


class Info(NamedTuple):
    """Where a table's chains begin and end, as offsets of entries."""

    table: str
    chains: dict[int, int]  # hook by offset of its first entry
    policies: frozenset[int]
    size: int


class _Entry(NamedTuple):
    """One entry: a rule, a policy, or the name of the chain that follows."""

    at: int
    packets: int
    target: str
    verdict: int  # of a target without a name, else 0
    label: str  # of an ERROR target
    mark: int  # the same for the same rule, wherever it stands


def info_request(table: str) -> bytes:
    """Return the buffer for a table's layout."""
    return table.encode("utf-8", "surrogateescape")[:31].ljust(_INFO.size, b"\0")


def parse_info(family: Family, reply: bytes) -> Info:
    """Return a table's layout."""
    if len(reply) < _INFO.size:
        raise ParseError(path(family), f"expected {_INFO.size} bytes", f"{len(reply)} bytes")
    name, hooks, *numbers = _INFO.unpack_from(reply)
    if numbers[11] > _MOST_BYTES:
        raise ParseError(path(family), "size of a table", str(numbers[11]))
    present = [hook for hook in range(5) if hooks >> hook & 1]
    return Info(
        table=text(name),
        chains={numbers[hook]: hook for hook in present},
        policies=frozenset(numbers[5 + hook] for hook in present),
        size=numbers[11],
    )


def path(family: Family) -> str:
    """Return how errors and gaps name a family's tables."""
    return f"{_PROGRAMS[family]}:rules"


def entries_request(info: Info) -> bytes:
    """Return the buffer for a table's entries."""
    name = info.table.encode("utf-8", "surrogateescape")
    return _NAME_AND_SIZE.pack(name, info.size) + bytes(info.size)


def parse_entries(family: Family, info: Info, reply: bytes) -> tuple[RuleCounter, ...]:
    """Return what a table's rules and policies count of their discards."""
    rows = list(_rows(info, _entries(family, info, reply)))
    starts = {entry.at: chain for chain, number, entry in rows if number == 1}
    rules = [
        Rule(Place(family, info.table, chain), number, _discard(entry), _jumps(entry, starts))
        for chain, number, entry in rows
    ]
    hooks = resolve(_chains(rules), rules)
    program = _PROGRAMS[family]
    found: list[RuleCounter] = []
    for rule, (chain, number, entry) in zip(rules, rows, strict=True):
        if rule.discard is None:
            continue
        name = "policy" if entry.at in info.policies else f"rule {number} #{entry.mark:08x}"
        found.append(
            RuleCounter(
                source="nft",
                place=f"{program} {info.table} {chain} {name}",
                hook=hooks.get(rule.place, "other"),
                verdict=rule.discard.verdict,
                packets=rule.discard.packets,
            )
        )
    return tuple(found)


def _rows(info: Info, entries: Iterator[_Entry]) -> Iterator[tuple[str, int, _Entry]]:
    """Yield each entry of a chain with the chain's name and its number there, from 1."""
    chain, number = "", 0
    for entry in entries:
        if entry.target == "ERROR":  # a chain of the user begins
            chain, number = entry.label, 0
            continue
        if entry.at in info.chains:
            chain, number = CHAINS[info.chains[entry.at]], 0
        number += 1
        yield chain, number, entry


def _chains(rules: list[Rule]) -> list[Chain]:
    """Return the chains of one table; here every use of a chain is seen."""
    used = Counter(rule.place for rule in rules)
    used.update(rule.place._replace(chain=target) for rule in rules for target in rule.jumps)
    hooks = dict(zip(CHAINS, HOOKS, strict=True))
    return [Chain(place, hooks.get(place.chain), count, None) for place, count in used.items()]


def _discard(entry: _Entry) -> Discard | None:
    if not entry.target and entry.verdict == _DROP:
        return Discard("drop", entry.packets)
    verdict = TARGETS.get(entry.target)
    return None if verdict is None else Discard(verdict, entry.packets)


def _jumps(entry: _Entry, starts: dict[int, str]) -> tuple[str, ...]:
    """Return the chain that an entry jumps to; one without a target goes to its successor."""
    if entry.target or entry.verdict not in starts:
        return ()
    return (starts[entry.verdict],)


def _entries(family: Family, info: Info, reply: bytes) -> Iterator[_Entry]:
    """Yield the entries of a table; each offset is checked against the block."""
    layout = _ENTRY[family]
    base = _NAME_AND_SIZE.size
    end = base + info.size
    if len(reply) < end:
        raise ParseError(path(family), f"expected {end} bytes", f"{len(reply)} bytes")
    at = base
    while at < end:
        left = end - at
        target_at, following = 0, 0
        if left >= layout.size:
            match, _cache, target_at, following, _origin, packets, _ = layout.unpack_from(reply, at)
        if not layout.size <= target_at <= following - _EXTENSION.size <= left - _EXTENSION.size:
            raise ParseError(path(family), f"byte {at}: entry of {following}", f"{left} bytes left")
        target = at + target_at
        payload = reply[target + _EXTENSION.size : at + following]
        name = text(_EXTENSION.unpack_from(reply, target)[1])
        stable = match + _stable(reply, at + layout.size, target)
        yield _Entry(
            at=at - base,
            packets=packets,
            target=name,
            verdict=_VERDICT.unpack_from(payload)[0] if not name and len(payload) >= 4 else 0,
            label=text(payload) if name == "ERROR" else "",
            mark=crc32(stable + name.encode("utf-8", "surrogateescape")),
        )
        at += following


def _stable(reply: bytes, start: int, end: int) -> bytes:
    """Return the names of an entry's matches and the first bytes of what they match."""
    found = b""
    at = start
    while end - at >= _EXTENSION.size:
        size, name = _EXTENSION.unpack_from(reply, at)
        found += name + reply[at + _EXTENSION.size : min(end, at + _EXTENSION.size + _STABLE_BYTES)]
        at += max(size, _EXTENSION.size)
    return found
