"""What `tc -s qdisc` and `tc -s filter` print of what is discarded on the way in.

    qdisc ingress ffff: dev eth0 parent ffff:fff1 ----------------
     Sent 9088 bytes 71 pkt (dropped 31, overlimits 0 requeues 0)

    filter protocol ip pref 10 u32 chain 0 fh 800::800 order 2048 key ht 800 bkt 0
            action order 1: gact action drop
            Sent 3968 bytes 31 pkt (dropped 31, overlimits 0 requeues 0)

The qdisc counts what all its filters drop, so a filter counts only where its qdisc is not shown.
A clsact qdisc has one counter for both directions. Qdiscs that send are another path. With `dev`
on the command line no line names the device.

Source: iproute2 6.1, tc/tc_qdisc.c, print_qdisc(); tc/tc_filter.c, print_filter(); tc/m_action.c,
tc_print_one_action().
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from netrx_tune.collectors.command_start import COMMAND_START
from netrx_tune.collectors.text import MOST_DIGITS
from netrx_tune.model.sample import RuleCounter

_QDISC = re.compile(
    r"qdisc (?P<kind>\w+) (?P<handle>[0-9a-f]*:[0-9a-f]*) (?:\[\w+\] )?(?:dev (?P<device>\S+) )?"
    r"(?:root|parent|ingress|clsact|refcnt|-+).*"
)
_FILTER = re.compile(
    r"filter (?:dev (?P<device>\S+) )?(?:(?P<way>ingress|egress|root) )?"
    r"(?:parent (?P<parent>\S+) )?(?:block \d+ )?protocol \S+ pref \d+ (?P<kind>\w+).*"
)
_ACTION = re.compile(r"action order \d+:\s+(?P<kind>\w+).*")
_INDEX = re.compile(r"(?:.*\s)?index (?P<index>\d+) ref .*")
_POLICE = re.compile(r"(?:action order \d+:\s+)?police (?P<index>0x[0-9a-f]{1,8}) .*")
_SENT = re.compile(rf"Sent \d+ bytes \d+ pkts? \(dropped (?P<dropped>\d{{1,{MOST_DIGITS}}})\b.*")
# How a line looks that only tc prints, and one that needs such a line before it.
LINE = "|".join(re.sub(r"\?P<\w+>", "?:", one.pattern) for one in (_QDISC, _FILTER))
ROW = re.compile(
    rf"{_SENT.pattern.replace('?P<dropped>', '?:')}|backlog \S+ \d+p requeues \d+"
    r"|Action statistics:|action order \d+:.*|index \d+ ref .*"
    r"|(?:random type|match|police 0x|ref \d+ bind|eth_type|ip_\w+|dst_\w+|src_\w+|(?:not_)?in_hw"
    r"|skip_\w+|rate |maxpacket |new_flows_len |count ).*"
)
_COMMAND = re.compile(COMMAND_START + r"tc\s(?P<rest>.*)")
_ASKED_DEVICE = re.compile(r"\bdev\s+(?P<device>[\w.@:-]+)")
_ASKED_WAY = re.compile(r"\b(?P<way>ingress|egress)\b|\bparent\s+(?P<parent>[0-9a-f]+:\w*)")
_UNNAMED = "DEV"
_ON_THE_WAY_IN = frozenset({"ingress", "clsact"})
_INGRESS_PARENTS = frozenset({"ffff:", "ffff:fff1", "ffff:fff2"})


class _Qdisc(NamedTuple):
    kind: str
    handle: str
    device: str
    dropped: int | None


class _Filters(NamedTuple):
    """What the filters of one device and direction drop; "" where the direction is not said."""

    device: str
    way: str
    dropped: int | None  # None where a program may drop, which no action counts


class TcText(NamedTuple):
    """What was read of one command's output."""

    lists_qdiscs: bool  # of whatever kind
    qdiscs: tuple[_Qdisc, ...]
    filters: tuple[_Filters, ...]


def parse_tc(text: str, command: str = "") -> TcText:
    """Return what one command printed, without -s no counters; `command` is its line, if known."""
    asked = _COMMAND.search(command)
    rest = asked["rest"] if asked else ""
    device = _ASKED_DEVICE.search(rest)
    named = device["device"] if device else _UNNAMED
    lines = [line.strip() for line in text.split("\n")]
    filters = _filters(lines, named, _asked_way(rest))
    if not filters and "filter" in rest and device:
        filters = (_Filters(named, _asked_way(rest), 0),)  # it printed nothing: there are none
    lists_qdiscs = any(map(_QDISC.fullmatch, lines))
    return TcText(lists_qdiscs, tuple(_qdiscs(lines, named)), filters)


def shows_qdiscs(texts: Iterable[TcText]) -> bool:
    """Tell whether texts list the qdiscs, with the counters of those that filter what arrives."""
    texts = list(texts)
    uncounted = any(one.dropped is None for text in texts for one in text.qdiscs)
    return any(text.lists_qdiscs for text in texts) and not uncounted


def _asked_way(rest: str) -> str:
    found = _ASKED_WAY.search(rest)
    if not found:
        return ""
    return found["way"] or _of_parent(found["parent"])


def _of_parent(parent: str) -> str:
    return "ingress" if parent in _INGRESS_PARENTS else "egress"


def _qdiscs(lines: Iterable[str], named: str) -> Iterator[_Qdisc]:
    """Yield the qdiscs that look at what arrives, each with its first count."""
    last: _Qdisc | None = None
    for line in lines:
        found, sent = _QDISC.fullmatch(line), _SENT.fullmatch(line)
        if last and (found or sent):
            yield last._replace(dropped=int(sent["dropped"]) if sent else None)
            last = None
        if found and found["kind"] in _ON_THE_WAY_IN:
            last = _Qdisc(found["kind"], found["handle"], found["device"] or named, None)
    if last:
        yield last


def _filters(lines: Iterable[str], named: str, asked: str) -> tuple[_Filters, ...]:
    """Return what filters drop, by device and direction; an action that is shared counts once."""
    sums: dict[tuple[str, str], int | None] = {}
    place: tuple[str, str] | None = None
    action, seen = "", set[str]()
    for line in lines:
        if found := _FILTER.fullmatch(line):
            way = found["way"] or (_of_parent(found["parent"]) if found["parent"] else asked)
            place = (found["device"] or named, way)
            is_program = found["kind"] == "bpf" and "direct-action" in line
            total = sums.get(place, 0)
            sums[place] = None if is_program or total is None else total
        elif _QDISC.fullmatch(line):
            place = None
        elif found := _POLICE.fullmatch(line):
            action = f"police {int(found['index'], 16)}"
        elif found := _ACTION.fullmatch(line):
            action = found["kind"]
        elif found := _INDEX.fullmatch(line):
            action = f"{action.partition(' ')[0]} {found['index']}"
        elif (found := _SENT.fullmatch(line)) and place and action:
            total = sums[place]
            if total is not None and (action not in seen or " " not in action):
                sums[place] = total + int(found["dropped"])
            seen.add(action)
            action = ""
    return tuple(_Filters(device, way, dropped) for (device, way), dropped in sums.items())


def counters(texts: Iterable[TcText]) -> tuple[RuleCounter, ...]:
    """Return what was dropped on the way in; of two counts of one qdisc the later one."""
    qdiscs: dict[tuple[str, str], _Qdisc] = {}
    filters: dict[tuple[str, str], _Filters] = {}
    for text in texts:
        qdiscs.update(((one.device, one.handle), one) for one in text.qdiscs)
        filters.update(((one.device, one.way), one) for one in text.filters)
    counted = [one for one in qdiscs.values() if one.dropped is not None]
    found = [_of_qdisc(one, filters) for one in counted]
    shown = {one.device for one in counted}
    for one in filters.values():
        if one.way == "ingress" and one.device not in shown and one.dropped:
            place = f"filters at ingress dev {one.device}"
            found.append(RuleCounter("tc", place, "ingress", "drop", one.dropped))
    return tuple(found)


def _of_qdisc(one: _Qdisc, filters: dict[tuple[str, str], _Filters]) -> RuleCounter:
    """Return a qdisc's drops; those of clsact are of one direction only if filters tell it."""
    inward = filters.get((one.device, "ingress"))
    outward = filters.get((one.device, "egress"))
    is_sure = (
        one.kind == "ingress"
        or (outward is not None and outward.dropped == 0)
        or (inward is not None and inward.dropped == one.dropped)
    )
    place = f"qdisc {one.kind} {one.handle} dev {one.device}"
    return RuleCounter("tc", place, "ingress" if is_sure else "other", "drop", one.dropped or 0)
