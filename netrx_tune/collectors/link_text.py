"""What `ip -s link`, `ifconfig` and `netstat -i` print of devices.

`ip` has the kernel's fields one by one. ifconfig and netstat show columns of /proc/net/dev, where
`dropped` holds what the card missed as well.

Source: iproute2 6.1, ip/ipaddress.c, print_link_stats64(); net-tools 2.10, lib/interface.c,
if_readlist_proc(), ife_print_long().
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from netrx_tune.collectors.dev import SUMMED_DROPS
from netrx_tune.collectors.device_names import kind_by_name
from netrx_tune.collectors.text import is_decimal
from netrx_tune.model.sample import Link

_UNNAMED = "DEV"
# A page may have taken the flags for a tag.
_IP = (
    r"(?P<index>\d+): (?P<ip>[^\s@]+?)(?:@(?P<lower>\S+))?: ?"
    r"(?:<(?P<flags>[\w,-]*)>|mtu \d+ qdisc |group (?:link|offload|xstats)).*"  # of ip stats
)
_NEW = r"(?P<new>[\w.@-]++(?::\d+)?): flags=\d+<(?P<marks>[\w,]*)>\s+mtu \d+.*"
_OLD = r"(?P<old>[\w.:@-]++)\s+Link encap:.*"
_HEADER = re.compile(f"{_IP}|{_NEW}|{_OLD}")
# Of netstat -i, of `nv show interface --view=counters` with underscores, and of `xsos --net`.
_TABLE = (
    r"(?:Iface|Interface)\s+(?:MTU\s.*\bRX[-_]OK\s+RX[-_]ERR\s+RX[-_]DRP\s+RX[-_]OVR"
    r"|Rx\w*Bytes\s+RxPackets\s+RxErrs\s+RxDrop)\b.*"
)
_UNIT_OR_SHARE = re.compile(r" (?=[kMG] )|\(\d+%\)")
_BARE = r"RX (?:packets|errors)[ :]\s*\d+.*|RX:\s+bytes\s+packets\s+errors\s.*"
# How a line looks that only they print.
PATTERN = re.sub(r"\?P<\w+>", "?:", f"{_IP}|{_NEW}|{_OLD}|{_TABLE}|{_BARE}")
_TITLES = re.compile(r"(?P<way>[RT]X)(?: errors)?:\s+(?P<words>[a-z]\w*(?:\s+[a-z]\w*)*)")
_NUMBER = re.compile(r"\d{1,20}|\d{1,4}(?:\.\d+)?[kKMGTPE]i?")  # as -h rounds it: not a count
_REMARKS = ("", "<", "#", "-", "/", "\u2190")  # how begins what people write behind figures
_PAIRS = re.compile(r"\b(packets|errors|dropped|discards|overruns|frame)[ :]\s*(\d{1,20})\b")
_OF_IP = {
    "packets": "rx_packets",
    "errors": "rx_errors",
    "dropped": "rx_dropped",
    "overrun": "rx_over_errors",
    "missed": "rx_missed_errors",
    "mcast": "multicast",
    "length": "rx_length_errors",
    "crc": "rx_crc_errors",
    "frame": "rx_frame_errors",
    "fifo": "rx_fifo_errors",
    "nohandler": "rx_nohandler",
    "otherhost": "rx_otherhost_dropped",
    "TX packets": "tx_packets",
    "TX dropped": "tx_dropped",
}
_OF_COLUMNS = {
    "packets": "rx_packets",
    "errors": "rx_errors",
    "dropped": SUMMED_DROPS,
    "discards": SUMMED_DROPS,
    "overruns": "rx_fifo_errors",
    "frame": "rx_frame_sum",
    "TX packets": "tx_packets",
    "TX dropped": "tx_dropped",
}
_COLUMNS = {
    "RX-OK": "rx_packets",
    "RX-ERR": "rx_errors",
    "RX-DRP": SUMMED_DROPS,
    "RX-OVR": "rx_fifo_errors",
    "TX-OK": "tx_packets",
    "TX-DRP": "tx_dropped",
    "RxPackets": "rx_packets",
    "RxErrs": "rx_errors",
    "RxDrop": SUMMED_DROPS,
}
# With -d, a line of its own begins with the kind.
_KINDS = frozenset(
    {"amt", "bareudp", "bond", "bridge", "dummy", "erspan", "geneve", "gre", "gretap", "ifb",
     "ip6gre", "ip6gretap", "ip6tnl", "ipip", "ipvlan", "ipvtap", "macsec", "macvlan",
     "macvtap", "sit", "team", "tun", "veth", "vlan", "vrf", "vti", "vxlan", "wireguard", "xfrm"}
)  # fmt: skip

_LINKS = {"link/gre": "gre", "link/gre6": "ip6gre", "link/ipip": "ipip", "link/sit": "sit"}


def parse_links(text: str, device: str = _UNNAMED) -> tuple[Link, ...]:
    """Return the devices of a text with what they received.

    Args:
        text: as one or several of the commands printed it, or lines of it.
        device: whose the lines are that stand under no name.
    """
    links: dict[str, Link] = {}
    name = device
    titles: tuple[str, ...] = ()
    for line in map(str.strip, text.split("\n")):
        header = _HEADER.fullmatch(line)
        if header:
            link = _named(header)
            name, titles = link.name, ()
            links.setdefault(name, link)
        elif re.fullmatch(_TABLE, line):
            titles = ("Iface", *line.replace("_", "-").split()[1:])
        elif titles[:1] == ("Iface",):
            links.update((link.name, link) for link in _row(line, titles))
        else:
            word = line.partition(" ")[0]
            kind = _LINKS.get(word, word)
            if kind in _KINDS and name in links:
                links[name] = links[name]._replace(kind=kind)
            found = _TITLES.fullmatch(line)
            values = dict(_values(line, titles))
            if values:
                links[name] = _with(links.get(name) or _link(name), values)
            titles = _titles(found) if found else ()
    return tuple(link for link in map(_received, links.values()) if link.statistics)


def _titles(found: re.Match[str]) -> tuple[str, ...]:
    """Return the words that stand above figures."""
    words = found["words"].split()
    return tuple(words if found["way"] == "RX" else (f"TX {word}" for word in words))


def _received(link: Link) -> Link:
    """Return a device without what it sent; a tun sends to the program that reads it."""
    if link.kind == "tun":
        return link
    statistics = link.statistics.items()
    return link._replace(statistics={k: n for k, n in statistics if not k.startswith("tx_")})


def _named(header: re.Match[str]) -> Link:
    """Return the device that a heading names: its kind where the heading tells."""
    name = header["ip"] or header["new"] or header["old"]
    flags = (header["flags"] or header["marks"] or "").split(",")
    lower = header["lower"] or ""
    kind = "bond" if "MASTER" in flags else kind_by_name(name)
    kind = kind or ("ppp" if "POINTOPOINT" in flags else "")  # a tunnel of whatever kind
    if lower and not kind:
        kind = "veth" if re.fullmatch(r"if\d+", lower) else "vlan"
    return _link(name, kind, int(header["index"] or 0))


def _link(name: str, kind: str = "", index: int = 0) -> Link:
    return Link(name, index, kind, {}, None, "none")


def _with(link: Link, values: Mapping[str, int]) -> Link:
    """Return a device with more of its statistics, what stood first staying."""
    return link._replace(statistics={**values, **link.statistics})


def _values(line: str, titles: Sequence[str]) -> Iterator[tuple[str, int]]:
    """Yield what a line says: numbers below their titles, or words with numbers."""
    words = line.split()
    if titles:
        figures, remark = words[: len(titles)], "".join(words[len(titles) :])
        is_row = len(figures) == len(titles) and remark[:1] in _REMARKS
        if is_row and all(map(_NUMBER.fullmatch, figures)):
            for title, word in zip(titles, figures, strict=True):
                if title in _OF_IP and is_decimal(word):
                    yield _OF_IP[title], int(word)
    elif line.startswith(("RX ", "TX ")) and not line.startswith("RX bytes"):
        way = "TX " if line.startswith("TX") else ""
        for word, digits in _PAIRS.findall(line):
            if way + word in _OF_COLUMNS:
                yield _OF_COLUMNS[way + word], int(digits)


def _row(line: str, titles: Sequence[str]) -> Iterator[Link]:
    """Yield the device of a row of a table."""
    words = _UNIT_OR_SHARE.sub("", line).split()
    if len(words) >= len(titles):  # behind them may stand a remark
        columns = dict(zip(titles, words, strict=False))
        kind = "bond" if "m" in columns.get("Flg", "") else kind_by_name(columns["Iface"])
        found = {
            field: int(columns[title])
            for title, field in _COLUMNS.items()
            if is_decimal(columns.get(title, ""))
        }
        yield _with(_link(columns["Iface"], kind), found)
