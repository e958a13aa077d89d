"""Pages of the statistics that single drivers have, as `ethtool -S` prints them."""

from __future__ import annotations

import re

from netrx_tune.reporters.page import Page, sections_of
from netrx_tune.rxpath.books.driver_counters import DriverCounter
from netrx_tune.rxpath.books.drivers import counters_called
from netrx_tune.rxpath.stages import stage

# "eth0.ethtool.rx_drops", "     rx_drops: 12"
_AROUND = re.compile(r"(?:\S*\bethtool\.)?(?P<name>.*?)(?::\s*\d+)?")


def driver_counter_page(line: str) -> Page | None:
    """Return the page of a driver's counter, None for what no driver that is known has."""
    found = _AROUND.fullmatch(line.strip())
    name = found["name"].strip() if found else ""
    known = counters_called(name)
    if not known:
        return None
    names = list(dict.fromkeys(counter.stage for _, counter in known))
    stages = [stage(one) for one in names]
    return Page(
        f"ethtool.{name}",
        "counter",
        f"a driver's own counter ({', '.join(driver for driver, _ in known)})",
        sections_of(
            ("What it counts", " ".join(f"{one.name}: {one.what}" for one in stages)),
            ("Moves together with", "\n".join(_twins(*one) for one in known if one[1].also_in)),
            ("What to do", " ".join(one.remedy for one in stages)),
            ("When the usual remedy is wrong", " ".join(one.wrong_when for one in stages)),
            ("Where to read it", "ethtool -S DEV"),
        ),
        (*names, *(knob for one in stages for knob in one.knobs)),
        tuple(names),
    )


def _twins(driver: str, counter: DriverCounter) -> str:
    """Say which other counters have the same packets."""
    return f"{driver}: {', '.join(counter.also_in)}; a packet in several is charged once"
