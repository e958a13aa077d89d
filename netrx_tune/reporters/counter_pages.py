"""Pages of counters, made of the stages whose loss moves them.

So a page cannot say what the ledger does not do; what no stage tells stands in the notes.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from netrx_tune.model.stage import Stage
from netrx_tune.planning.counter_note import CounterNote
from netrx_tune.planning.counters import COUNTER_NOTES
from netrx_tune.planning.topics import TOPICS
from netrx_tune.planning.tunables import tunable
from netrx_tune.reporters.page import Page, items, sections_of
from netrx_tune.rxpath.stages import STAGES

# Protocols whose fields share a page, under the first one's name.
_TWINS = {"Udp6": "Udp", "UdpLite": "Udp", "UdpLite6": "Udp", "Ip6": "Ip"}
_WHERE = {
    "Udp": "/proc/net/snmp, line Udp (UdpLite); IPv6 in /proc/net/snmp6; nstat -az",
    "Ip": "/proc/net/snmp, line Ip; IPv6 in /proc/net/snmp6; nstat -az",
    "Tcp": "/proc/net/snmp, line Tcp; nstat -az",
    "IpExt": "/proc/net/netstat, line IpExt; nstat -az",
    "TcpExt": "/proc/net/netstat, line TcpExt; nstat -az",
    "softnet": "/proc/net/softnet_stat: hexadecimal, a row for each CPU, the whole host's",
    "nf_conntrack": "/proc/net/stat/nf_conntrack; conntrack -S",
    "rt_cache": "/proc/net/stat/rt_cache, the whole host's",
    "arp_cache": "/proc/net/stat/arp_cache and ndisc_cache: hexadecimal, the whole host's",
    "xfrm": "/proc/net/xfrm_stat",
    "udp_socket": "/proc/net/udp and udp6, last column; ss -uam, the number after `d`",
    "packet_socket": "ss -0am, the number after `d`; the capture's own statistics",
    "raw_socket": "/proc/net/raw and raw6, last column; ss -wam",
    "tcp_socket": "ss -tlm, the number after `d`",
    "ethtool": "ethtool -S DEV",
    "peer": "ip -s link, at the other end of the veth pair",
    "nft": "nft -a list ruleset, rules that have a counter",
    "tc": "tc -s qdisc show dev DEV",
    "Recv-Q": "/proc/net/udp, rx_queue; ss -uan",
}
_LINK_WHERE = "/sys/class/net/DEV/statistics; ip -s -s link"


class Family(NamedTuple):
    """A field in all the protocols that have it, the first named giving the page its name."""

    names: tuple[str, ...]
    note: CounterNote | None


def counter_families() -> tuple[Family, ...]:
    """Return every counter that a note or a stage knows, those with a note first."""
    members: dict[str, list[str]] = {note.name: [note.name] for note in COUNTER_NOTES}
    for one in STAGES:
        for name in (*one.counters, *one.also):
            group = members.setdefault(_canonical(name), [])
            if name not in group:
                group.append(name)
    notes = {note.name: note for note in COUNTER_NOTES}
    return tuple(Family(tuple(names), notes.get(key)) for key, names in members.items())


def _canonical(name: str) -> str:
    prefix, dot, field = name.partition(".")
    return f"{_TWINS.get(prefix, prefix)}{dot}{field}"


def spellings(family: Family) -> Iterator[str]:
    """Yield the full names of a counter, and what netstat, ip and others print."""
    yield from family.names
    if family.note is not None:
        yield from family.note.aliases
    for name in family.names:
        prefix, _, field = name.partition(".")
        if prefix == "Udp":
            yield from (f"{twin}.{field}" for twin in ("Udp6", "UdpLite", "UdpLite6"))
        elif prefix == "Ip":
            yield f"Ip6.{field}"


def bare_fields(family: Family) -> Iterator[str]:
    """Yield a counter's name without the part before the dot; others may share it."""
    for name in family.names:
        _, dot, field = name.partition(".")
        if dot:
            yield field


def counter_page(family: Family) -> Page:
    """Return a counter's page."""
    names, note = family
    charged = [one for one in STAGES if set(one.counters) & set(names)]
    others = [one for one in STAGES if set(one.also) & set(names)]
    return Page(
        names[0],
        "counter",
        f"counter{'s' if len(names) > 1 else ''} {', '.join(names)}",
        sections_of(
            ("What it counts", _meaning(note, charged)),
            ("What it is not", note.is_not if note else ""),
            ("What moves it", items([_stage_line(one) for one in charged])),
            ("Moved as well by", items([_stage_line(one) for one in others])),
            ("Moves together with", ", ".join(_together(charged, names))),
            ("When the usual remedy is wrong", " ".join(one.wrong_when for one in charged)),
            ("Kernels", "\n".join(_kernels(note, charged))),
            ("Where to read it", _where(names[0])),
        ),
        tuple(
            dict.fromkeys(
                (
                    *(one.name for one in charged),
                    *(topic.name for topic in TOPICS if set(topic.counters) & set(names)),
                    *(knob for one in charged for knob in one.knobs if tunable(knob)),
                )
            )
        ),
        tuple(one.name for one in charged),
    )


def _meaning(note: CounterNote | None, charged: list[Stage]) -> str:
    if note is not None:
        return note.what
    if charged:
        return "\n".join(f"What {one.name} loses. {one.what}" for one in charged)
    return "No loss of its own: it moves along with the stages below."


def _stage_line(one: Stage) -> str:
    return f"{one.name}: {one.title}; {one.function}"


def _together(charged: list[Stage], names: tuple[str, ...]) -> list[str]:
    also = dict.fromkeys(name for one in charged for name in one.also)
    return [name for name in also if name not in names]


def _kernels(note: CounterNote | None, charged: list[Stage]) -> Iterator[str]:
    if note is not None and note.kernels:
        yield note.kernels
    for one in charged:
        if one.versions:
            yield f"{one.name}: {one.versions}"


def _where(name: str) -> str:
    if name.startswith("/proc/"):
        return name.partition(" ")[0]
    prefix, dot, _ = name.partition(".")
    return _WHERE.get(prefix, _LINK_WHERE) if dot or prefix in _WHERE else _LINK_WHERE
