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
            known = links[link.name].statistics if link.name in links else {}
            if _differ(known, link.statistics):
                gaps.append(Gap(f"link {link.name}", "unparsed", TWO_MOMENTS))
            statistics = {**known, **link.statistics}
            below = f"/sys/class/net/{link.name}/statistics/rx_dropped"
            if "rx_dropped" in statistics or below in files:
                statistics.pop(SUMMED_DROPS, None)
            links[link.name] = link._replace(statistics=statistics)
    return links


def _differ(earlier: Mapping[str, int], later: Mapping[str, int]) -> bool:
    return any(earlier.get(name, value) != value for name, value in later.items())


def nics_of(parts: Sequence[Part], unnamed: str, gaps: list[Gap]) -> tuple[Nic, ...]:
    """Return what ethtool says of each device, of the same name the later."""
    found: dict[str, Nic] = {}
    for part in parts:
        named = _NAMED.match(part.text)
        device = named[1] if named else part.device or unnamed
        nic = _nic_of(part, device, gaps)
        if nic is None:
            continue
        known = found.get(device)
        if known and any(
            _differ(*both)
            for both in ((known.statistics, nic.statistics), (_settings(known), _settings(nic)))
        ):
            gaps.append(Gap(f"ethtool {device}", "unparsed", TWO_MOMENTS))
        found[device] = _joined(known, nic) if known else nic
    return tuple(found.values())


def _nic_of(part: Part, device: str, gaps: list[Gap]) -> Nic | None:
    """Return what one output of ethtool says; what does not read is added to `gaps`."""
    field = _TITLES[part.text.split(maxsplit=1)[0]]
    if len(part.text) > MOST_CHARACTERS:
        gaps.append(too_long(f"ethtool {device}"))
        return None
    lines = [*map(pasted_statistics.unremarked, part.lines)]
    if field == "statistics":
        lines = [lines[0], *pasted_statistics.plain(lines[1:])]
    try:
        return ethtool_text.parse(device, ethtool_text.Texts(**{field: "\n".join(lines)}), ETHTOOL)
    except ParseError as error:
        gaps.append(unparsed(f"ethtool {device}", error))
        return None


def _settings(nic: Nic) -> dict[str, int]:
    """Return the numbers that a device was set to, as far as they were read."""
    fields = nic._asdict().items()
    return {name: value for name, value in fields if isinstance(value, int)}


def _joined(earlier: Nic, later: Nic) -> Nic:
    """Return what two outputs say of one device."""
    said = {name: value for name, value in later._asdict().items() if value not in (None, "")}
    return earlier._replace(**{**said, "statistics": {**earlier.statistics, **later.statistics}})
