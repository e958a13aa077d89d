"""The devices of a text from a bug report: what ip, ifconfig and ethtool printed of them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from netrx_tune.collectors import ethtool_text, pasted_statistics
from netrx_tune.collectors.dev import SUMMED_DROPS
from netrx_tune.collectors.link_text import parse_links
from netrx_tune.collectors.moments import TWO_MOMENTS
from netrx_tune.collectors.pasted_parts import ETHTOOL, LINKS, Part
from netrx_tune.collectors.text import MOST_CHARACTERS, too_long, unparsed
from netrx_tune.model.errors import ParseError
from netrx_tune.model.sample import Gap, Link, Nic

_UNNAMED = "DEV"  # `ethtool -S` does not say whose statistics it shows
_NAMED = re.compile(r"\w+ parameters for (\S+):")
_TITLES = {
    "NIC": "statistics",
    "Ring": "rings",
    "Channel": "channels",
    "Coalesce": "coalesce",
    "driver:": "driver",
}


def whose_unnamed(parts: Sequence[Part]) -> str:
    """Return whose the parts are that name no device: the only one's that the text names."""
    named = {part.device for part in parts if part.kind in {ETHTOOL, LINKS}}
    for part in parts:
        found = _NAMED.match(part.text)
        named |= {found[1]} if found else set()
        if part.kind == LINKS:
            named |= {link.name for link in parse_links(part.text, part.device)}
    named -= {"", "lo"}
    return next(iter(named)) if len(named) == 1 else _UNNAMED


def links_of(
    parts: Sequence[Part], unnamed: str, files: Mapping[str, str], gaps: list[Gap]
) -> dict[str, Link]:
    """Return what `ip -s link` and its like say of each device."""
    links: dict[str, Link] = {}
    for part in parts:
        for link in parse_links(part.text, part.device or unnamed) if part.kind == LINKS else ():
            if link.name in links:
                gaps.append(Gap(f"link {link.name}", "unparsed", TWO_MOMENTS))
            statistics = dict(link.statistics)
            if f"/sys/class/net/{link.name}/statistics/rx_dropped" in files:
                statistics.pop(SUMMED_DROPS, None)
            links[link.name] = link._replace(statistics=statistics)
    return links


def nics_of(parts: Sequence[Part], unnamed: str, gaps: list[Gap]) -> tuple[Nic, ...]:
    """Return what ethtool says of each device."""
    texts: dict[str, dict[str, str]] = {}
    for part in parts:
        found = _NAMED.match(part.text)
        device = found[1] if found else part.device or unnamed
        field = _TITLES[part.text.split(maxsplit=1)[0]]
        if len(part.text) > MOST_CHARACTERS:
            gaps.append(too_long(f"ethtool {device}"))
            continue
        lines = part.lines
        if field == "statistics":
            lines = [lines[0], *pasted_statistics.plain(lines[1:])]
        text = "\n".join(lines)
        try:
            ethtool_text.parse(device, ethtool_text.Texts(**{field: text}), ETHTOOL)
        except ParseError as error:
            gaps.append(unparsed(f"ethtool {device}", error))
            continue
        if field in texts.setdefault(device, {}):
            gaps.append(Gap(f"ethtool {device}", "unparsed", TWO_MOMENTS))
        texts[device][field] = text
    nics = (
        ethtool_text.parse(device, ethtool_text.Texts(**fields), ETHTOOL)
        for device, fields in texts.items()
    )
    return tuple([nic for nic in nics if nic])
