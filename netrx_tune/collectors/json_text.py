"""What ip, ethtool, tc, nft and nstat print with -j, put into the words they print without.

    [{"ifname":"eth0","stats64":{"rx":{"packets":9}}}]             ip -j -s -s link
    [{"ifname":"eth0","rx_missed_errors":5}]                       ethtool --json -S, -g, -l, -c
    [{"kind":"clsact","handle":"ffff:","dev":"eth0","drops":31}]   tc -j -s qdisc
    [{"kind":"u32","pref":10,"options":{"actions":[...]}}]         tc -j -s filter
    {"nftables":[{"table":{"family":"inet","name":"filter"}}]}     nft -j list ruleset
    {"kernel":{"UdpInDatagrams":9}}                                nstat -jaz

So of either form the same is read. A value of another type than the program prints is left out:
what is absent is unknown, not 0.

Source: iproute2 6.1, ip/ipaddress.c, print_stats64(), tc/tc_qdisc.c, print_qdisc(), tc/tc_filter.c,
print_filter(), misc/nstat.c; ethtool 6.1, netlink/rings.c, channels.c and coalesce.c.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping

from netrx_tune.collectors.nft_json import nft_words
from netrx_tune.collectors.text import is_count
from netrx_tune.model.errors import ParseError

_STARTS = re.compile(r'^[ \t]*(\[\s*\{|\{\s*"(?:nftables|kernel)")', re.MULTILINE)
_MOST_TRIES = 64  # at what begins as JSON and is none
_DEVICE = re.compile(r"[\w.-]{1,15}")
_HANDLE = re.compile(r"[0-9a-f]{0,4}:[0-9a-f]{0,4}")
_QDISC = re.compile(r"\w{1,16}")
_COUNTER = re.compile(r"[A-Z]\w{1,63}")
_STATISTIC = re.compile(r"(?:.*[ .:_])?(?:rx|tx)(?![a-z]).*|\w+_allowance_\w+")
# The rows as ip prints them.
_RX = {
    "packets": "packets",
    "errors": "errors",
    "dropped": "dropped",
    "over_errors": "overrun",
    "missed_errors": "missed",
    "multicast": "mcast",
}
_RX_ERRORS = {
    "length_errors": "length",
    "crc_errors": "crc",
    "frame_errors": "frame",
    "fifo_errors": "fifo",
    "nohandler": "nohandler",
    "otherhost": "otherhost",
}
_READ = (
    "ip -j -s -s link, ethtool --json, tc -j -s qdisc or filter, nft -j list ruleset and nstat -jaz"
)


def without_json(text: str) -> str:
    """Return a text with the JSON in it put into words; what is not known stays as it is.

    Raises:
        ParseError: it begins as nft's and is not.
    """
    parts: list[str] = []
    at = tries = 0
    while tries < _MOST_TRIES and (found := _STARTS.search(text, at)):
        parts.append(text[at : found.start(1)])
        try:
            document, end = json.JSONDecoder().raw_decode(text, found.start(1))
        except (ValueError, RecursionError):
            parts.append(found[1])
            at = found.end(1)
            tries += 1
            continue
        try:
            lines = list(_words(document))
        except RecursionError:
            raise ParseError("nft -j", "braces too deep", text[at : at + 80]) from None
        parts.append("\n".join(("", *lines, "")) if lines else text[found.start(1) : end])
        at = end
    return "".join((*parts, text[at:]))


def problem_of_json(text: str) -> str | None:
    """Return why a text that is JSON was not read, None for one that is none."""
    stripped = text.strip()
    if not re.match(r"[\[{]\s*[{\"\]]", stripped):
        return None
    try:
        json.loads(stripped)
    except json.JSONDecodeError as error:
        return f"JSON, line {error.lineno}, column {error.colno}: {error.msg}"
    except (ValueError, RecursionError):
        return "JSON with numbers too long or braces too deep"
    return f"JSON that is not what {_READ} print, with its counters"


def _words(document: object) -> Iterator[str]:
    """Yield what a document says, in the words of the program that printed it."""
    if isinstance(document, list):
        for row in document:
            yield from _of_row(row) if isinstance(row, dict) else ()
    elif isinstance(document, dict) and "nftables" in document:
        yield from nft_words(document["nftables"])
    elif isinstance(document, dict) and isinstance(document.get("kernel"), dict):
        counted = document["kernel"].items()
        known = {name: n for name, n in counted if is_count(n) and _COUNTER.fullmatch(name)}
        yield json.dumps({"kernel": known}, separators=(",", ":"))


def _of_row(row: Mapping[str, object]) -> Iterator[str]:
    """Yield what one device's row says, one qdisc's or one filter's."""
    if isinstance(row.get("kind"), str) and ("handle" in row or "pref" in row):
        yield from _of_qdisc(row) if "handle" in row else _of_filter(row)
        return
    name = row.get("ifname")
    if not isinstance(name, str) or not _DEVICE.fullmatch(name):
        return
    counted = row.get("stats64") or row.get("stats")
    if isinstance(counted, dict):
        yield from _of_link(name, row, counted.get("rx"))
    else:
        yield from _of_ethtool(name, row)


def _of_link(name: str, row: Mapping[str, object], received: object) -> Iterator[str]:
    if not isinstance(received, dict):
        return
    index, below = row.get("ifindex"), row.get("link_index")
    lower = row.get("link", f"if{below}" if is_count(below) else "")
    upon = f"@{lower}" if isinstance(lower, str) and _DEVICE.fullmatch(lower) else ""
    flags = row.get("flags")
    words = [str(flag) for flag in flags] if isinstance(flags, list) else []
    marks = ",".join(word for word in words if re.fullmatch(r"[\w-]+", word))
    yield f"{index if is_count(index) else 0}: {name}{upon}: <{marks}> mtu 0"
    info = row.get("linkinfo")
    kind = info.get("info_kind") if isinstance(info, dict) else None
    if isinstance(kind, str) and _DEVICE.fullmatch(kind):
        yield f"    {kind}"
    for title, columns in (("RX:", _RX), ("RX errors:", _RX_ERRORS)):
        told = {word: received[key] for key, word in columns.items() if is_count(received.get(key))}
        if told:
            yield f"    {title} {' '.join(told)}"
            yield f"    {' '.join(map(str, told.values()))}"


def _of_ethtool(name: str, row: Mapping[str, object]) -> Iterator[str]:
    """Yield what ethtool says of a device: its settings, or its statistics."""
    numbers = {key: value for key, value in row.items() if is_count(value)}
    if "rx-usecs" in row or "adaptive-rx" in row:
        yield f"Coalesce parameters for {name}:"
        if isinstance(row.get("adaptive-rx"), bool):
            yield f"Adaptive RX: {'on' if row['adaptive-rx'] else 'off'}"
        if "rx-usecs" in numbers:
            yield f"rx-usecs: {numbers['rx-usecs']}"
    elif any(key.endswith("-max") for key in numbers):
        is_ring = not {"combined-max", "other-max"} & numbers.keys()
        yield f"{'Ring' if is_ring else 'Channel'} parameters for {name}:"
        yield "Pre-set maximums:"
        yield from _set(numbers, "-max")
        yield "Current hardware settings:"
        yield from _set(numbers, "")
    elif any(map(_STATISTIC.fullmatch, numbers)):
        yield f"ethtool -S {name}\nNIC statistics:"
        yield from (f"     {key}: {value}" for key, value in numbers.items() if "\n" not in key)


def _set(numbers: Mapping[str, object], end: str) -> Iterator[str]:
    for word, title in (("rx", "RX"), ("combined", "Combined")):
        if f"{word}{end}" in numbers:
            yield f"{title}: {numbers[f'{word}{end}']}"


def _of_qdisc(row: Mapping[str, object]) -> Iterator[str]:
    """Yield a qdisc; tc leaves the device out where the command names it."""
    kind, handle, device = (str(row.get(key, "")) for key in ("kind", "handle", "dev"))
    if not _QDISC.fullmatch(kind) or not _HANDLE.fullmatch(handle):
        return
    whose = f"dev {device} " if _DEVICE.fullmatch(device) else ""
    yield f"qdisc {kind} {handle} {whose}root"
    if is_count(row.get("drops")):
        yield f" Sent 0 bytes 0 pkt (dropped {row['drops']}, overlimits 0 requeues 0)"


def _of_filter(row: Mapping[str, object]) -> Iterator[str]:
    """Yield a filter with its actions; tc leaves out what the command names."""
    words = {key: str(row.get(key, "")) for key in ("kind", "dev", "parent")}
    options = row.get("options")
    options = options if isinstance(options, dict) else {}
    actions = options.get("actions")
    if not _QDISC.fullmatch(words["kind"]):
        return
    whose = f"dev {words['dev']} " if _DEVICE.fullmatch(words["dev"]) else ""
    way = "".join(f"{way} " for way in ("ingress", "egress") if row.get(way) is True)
    parent = f"parent {words['parent']} " if _HANDLE.fullmatch(words["parent"]) else ""
    acts = " direct-action" if options.get("direct-action") else ""
    yield f"filter {whose}{way}{parent}protocol all pref 0 {words['kind']} chain 0{acts}"
    for action in actions if isinstance(actions, list) else ():
        yield from _of_action(action) if isinstance(action, dict) else ()


def _of_action(action: Mapping[str, object]) -> Iterator[str]:
    kind, counted = str(action.get("kind", "")), action.get("stats")
    drops = counted.get("drops") if isinstance(counted, dict) else None
    if _QDISC.fullmatch(kind) and is_count(drops):
        yield f"action order 1: {kind} action"
        if is_count(action.get("index")):
            yield f"index {action['index']} ref 1 bind 1"
        yield f"Sent 0 bytes 0 pkt (dropped {drops}, overlimits 0 requeues 0)"
