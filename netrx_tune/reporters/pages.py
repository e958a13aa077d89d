"""The pages of `explain`: stages, counters, tunables, systems, rules, lines of logs."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from functools import partial

from netrx_tune.planning.messages import message_in, message_named
from netrx_tune.planning.topics import TOPICS
from netrx_tune.planning.tunables import TUNABLES, tunable
from netrx_tune.reporters.counter_pages import (
    bare_fields,
    counter_families,
    counter_page,
    spellings,
)
from netrx_tune.reporters.driver_counter_pages import driver_counter_page
from netrx_tune.reporters.page import Page, Section, items
from netrx_tune.reporters.page_makers import (
    message_page,
    rule_page,
    stage_page,
    topic_page,
    tunable_page,
)
from netrx_tune.reporters.plain import BLANK, Block, layout
from netrx_tune.rxpath.stages import STAGES

SCHEMA = "netrx-tune/page/v1"

_Maker = Callable[[], Page]
# "23568 send buffer errors", "RcvbufErrors: 12"; what exporters put before a counter's name.
_MOST_CHARACTERS = 2000
_COUNTED = re.compile(r"\b([A-Za-z_]\w{0,40})(?:[=:]| )\s{0,8}(\d{1,20})\b")
_NUMBERS = re.compile(r"(?<![\w.])\d+(?:\.\d+)?(?![\w.])|^\s*node_netstat_")


def page(
    name: str,
    rules: Mapping[str, str] | None = None,
    rule_stages: Mapping[str, tuple[str, ...]] | None = None,
) -> Page | None:
    """Return the page of a stage, counter, tunable, system, rule or log line; None without one.

    Args:
        name: in any usual spelling: dots, dashes, case and prefixes may differ. Or a whole line
            of a log that holds a known message.
        rules: docstrings of the rules by name.
        rule_stages: the stages that each rule judges.
    """
    rules = rules or {}
    index = _index(rules)
    matches = index.get(_key(name)) or index.get(_key(_NUMBERS.sub(" ", name)), [])
    real = tunable(name.strip())  # exact, or "net.ipv4.conf.eth0.rp_filter"
    if real is not None:
        found = tunable_page(real)
    elif matches:
        found = matches[0][1]()
    elif heard := message_named(name) or message_in(name):
        found = message_page(heard)
    elif (own := driver_counter_page(name) or _page_of_row(name, index)) is not None:
        found = own
    else:
        return None
    others = [shown for shown, _ in matches if shown != found.name]
    found = _with_rules(found, rules, rule_stages or {})
    return found._replace(see_also=tuple(dict.fromkeys((*others, *found.see_also))))


def _page_of_row(row: str, index: Mapping[str, list[tuple[str, _Maker]]]) -> Page | None:
    """Return the page of a row of several counters, such as ifconfig's: of one that is not 0.

    The first that some loss moves; the others are named beside it.
    """
    moved = [word for word, digits in _COUNTED.findall(row[:_MOST_CHARACTERS]) if digits.strip("0")]
    pages = [index[_key(word)][0][1]() for word in dict.fromkeys(moved) if _key(word) in index]
    pages.sort(key=lambda one: not one.stages)
    if not pages:
        return None
    others = (one.name for one in pages[1:])
    return pages[0]._replace(see_also=tuple(dict.fromkeys((*others, *pages[0].see_also))))


def suggestions(name: str, rules: Mapping[str, str] | None = None, most: int = 5) -> list[str]:
    """Return names that have a page and are spelt much as `name` is, the nearest first."""
    from difflib import get_close_matches  # noqa: PLC0415 - only for names that nobody has

    wanted = _key(name)
    index = _index(rules or {})
    keys = get_close_matches(wanted, index, n=4 * most, cutoff=0.6)
    if len(wanted) >= 3:
        keys += [key for key in index if wanted in key]
    return list(dict.fromkeys(index[key][0][0] for key in keys))[:most]


def render_page_text(found: Page, width: int = 80, *, color: bool = False) -> str:
    """Return a page as text of that many columns, its headings in bold where colour is wanted."""
    return layout(_blocks(found), width=width, color=color)


def page_json(found: Page) -> dict[str, object]:
    """Return a page for --format json."""
    return {
        "schema": SCHEMA,
        "name": found.name,
        "kind": found.kind,
        "title": found.title,
        "sections": [section._asdict() for section in found.sections],
        "see_also": list(found.see_also),
    }


def _key(name: str) -> str:
    """Return what all spellings of a name share: its letters and digits."""
    name = name.strip().removeprefix("/proc/sys/")
    return "".join(char for char in name.casefold() if char.isalnum())


def _index(rules: Mapping[str, str]) -> dict[str, list[tuple[str, _Maker]]]:
    """Return every spelling with the names to show and the makers of their pages.

    Where several have a spelling in common the first is meant: full names before short ones,
    and what netstat and ip print before columns of single files.
    """
    index: dict[str, list[tuple[str, _Maker]]] = {}
    for spelling, shown, make in _entries(rules):
        index.setdefault(_key(spelling), []).append((shown, make))
    return index


def _entries(rules: Mapping[str, str]) -> Iterator[tuple[str, str, _Maker]]:
    """Yield spelling, name and maker of every page, in order of precedence."""
    for one in STAGES:
        yield one.name, one.name, partial(stage_page, one)
    for rule, text in rules.items():
        yield rule, rule, partial(rule_page, rule, text)
    for topic in TOPICS:
        yield topic.name, topic.name, partial(topic_page, topic)
    for knob in TUNABLES:
        yield knob.name, knob.name, partial(tunable_page, knob)
    yield from _looser_entries()


def _looser_entries() -> Iterator[tuple[str, str, _Maker]]:
    for family in counter_families():
        for spelling in spellings(family):
            yield spelling, family.names[0], partial(counter_page, family)
    for family in counter_families():
        for spelling in bare_fields(family):
            yield spelling, family.names[0], partial(counter_page, family)
    for knob in TUNABLES:
        for spelling in _short_names(knob.name):
            yield spelling, knob.name, partial(tunable_page, knob)
    for topic in TOPICS:
        for spelling in topic.aliases:
            yield spelling, topic.name, partial(topic_page, topic)


def _short_names(name: str) -> Iterator[str]:
    """Yield what people call a tunable: rmem_max, rps_cpus, ring sizes by their option."""
    last = name.replace("/", ".").rsplit(".", 1)[-1]
    if last != name:
        yield last
    if name.startswith("net.netfilter."):
        yield last.removeprefix("nf_")


def _with_rules(
    found: Page, rules: Mapping[str, str], rule_stages: Mapping[str, tuple[str, ...]]
) -> Page:
    """Name the rules that judge what a page is about; join the one of the same name."""
    if found.kind == "rule":
        stages = rule_stages.get(found.name, ())
        return found._replace(see_also=stages, stages=stages)
    sections = found.sections
    if found.name in rules:
        finding = rule_page(found.name, rules[found.name])
        sections += (Section("The finding of this name", finding.title), *finding.sections)
    about = set(found.stages)
    judges = [r for r in rules if r != found.name and about & set(rule_stages.get(r, ()))]
    if judges:
        text = items([f"{rule}: {_first_line(rules[rule])}" for rule in judges])
        sections += (Section("Findings", text),)
    return found._replace(sections=sections, see_also=(*judges, *found.see_also))


def _first_line(text: str) -> str:
    return text.strip().partition("\n")[0]


def _blocks(found: Page) -> Iterator[Block]:
    yield Block(f"{found.name} ({found.kind})", style="title")
    yield Block(found.title)
    for section in found.sections:
        yield BLANK
        if section.heading:
            yield Block(section.heading, style="title")
        for line in section.text.splitlines():
            item = line.startswith("- ")
            yield Block(line, indent=2, hang=2 if item else 0)
    if found.see_also:
        yield BLANK
        yield Block(", ".join(found.see_also), label="See also:", hang=2)
