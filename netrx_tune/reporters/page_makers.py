"""Pages of stages, tunables, systems and rules, from their data."""

from __future__ import annotations

from collections.abc import Iterator

from netrx_tune.model.kernel import KernelVersion
from netrx_tune.model.stage import Stage, StageKind
from netrx_tune.planning.log_lines.message import Heard
from netrx_tune.planning.topics import TOPICS
from netrx_tune.planning.topics.topic import Topic
from netrx_tune.planning.tunables import Visibility, tunable, visibility
from netrx_tune.planning.tunables.tunable import Tunable
from netrx_tune.reporters.page import Page, Section, items, sections_of
from netrx_tune.reporters.plain import capitalised
from netrx_tune.rxpath.stages import STAGES, stage

_KINDS: dict[StageKind, str] = {
    "loss": "A loss: the kernel had no room for the packet, or no use.",
    "policy": "Policy: the kernel did what it was told.",
    "pressure": "Pressure: nothing is lost.",
    "copy": "A copy's loss: the packet itself goes on.",
    "stray": "A stray: the packet was never on its way to a program of this host.",
}
_WHOSE: dict[Visibility, str] = {
    "host": "the host's, not visible in child namespaces",
    "host-shown": "the host's, read-only in child namespaces",
    "host-writable": "the host's, though child namespaces may write it",
    "netns": "each network namespace's own",
    "device": "a device's or one of its queues'",
    "socket": "a socket's: the program sets it",
    "application": "a control group's",
}
_EFFECTS = {
    "now": "At once.",
    "new-sockets": "For sockets made from then on.",
    "restart": "When the program asks again, mostly at its restart.",
    "boot": "At boot.",
}
# Where the scope of some sysctl changed.
_EPOCHS = tuple(
    KernelVersion(*numbers)
    for numbers in ((3, 10), (4, 9), (4, 15), (4, 18), (5, 4), (6, 8), (6, 12), (6, 13))
)
_MOST_HEADING_WORDS = 6


def stage_page(one: Stage) -> Page:
    """Return a stage's page."""
    topics = [topic.name for topic in TOPICS if one.name in topic.stages]
    return Page(
        one.name,
        "stage",
        one.title,
        sections_of(
            ("What happens", f"{one.what}\n{_KINDS[one.kind]}"),
            ("Where", f"{one.function}\nLayer {one.layer}, place {one.order}; in {one.unit}."),
            ("Counted by", items(list(_counting(one)))),
            ("What to do", one.remedy),
            ("When that is wrong", one.wrong_when),
            ("What cannot be seen", one.blind),
            ("Kernels", "\n".join(filter(None, (one.versions, _range(one.since, one.until))))),
            ("Knobs", items([_knob(name) for name in one.knobs])),
        ),
        tuple(topics),
        (one.name,),
    )


def _counting(one: Stage) -> Iterator[str]:
    if one.counters:
        yield "charged to this stage: " + ", ".join(one.counters)
    if one.also:
        yield "moved by the same packet, or holding it: " + ", ".join(one.also)
    if one.reasons:
        yield "drop reasons (skb:kfree_skb): " + ", ".join(one.reasons)


def _knob(name: str) -> str:
    found = tunable(name)
    return name if found is None else f"{name}: {found.what}"


def _range(since: KernelVersion | None, until: KernelVersion | None) -> str:
    """Return the versions that have something, in words."""
    words = []
    if since is not None:
        words.append(f"from {since.major}.{since.minor}")
    if until is not None:
        words.append(f"before {until.major}.{until.minor}")
    return f"There {' and '.join(words)}." if words else ""


def tunable_page(one: Tunable) -> Page:
    """Return a tunable's page."""
    stages = [s.name for s in STAGES if one.name in s.knobs]
    topics = [topic.name for topic in TOPICS if one.name in topic.tunables]
    return Page(
        one.name,
        "tunable",
        f"{one.where} in {one.unit}" + ("" if one.writable else ", read-only"),
        sections_of(
            ("What it does", one.what),
            ("Default", one.default),
            ("Values", _values(one)),
            ("Whose it is", _whose(one)),
            ("What to type", _typed(one)),
            ("When a change counts", _EFFECTS[one.takes_effect] if one.writable else ""),
            ("What more of it costs", one.cost),
            ("Mind", one.trap),
            ("Kernels", _range(one.since, one.until)),
            ("Read by", one.source),
            ("Stages", items([f"{name}: {stage(name).title}" for name in stages])),
        ),
        (*topics, *stages),
        tuple(stages),
    )


def _typed(one: Tunable) -> str:
    """Return how a sysctl is read, set and put back."""
    if one.where != "sysctl" or not one.writable:
        return ""
    value = "VALUE" if one.values == 1 else f'"{" ".join(["VALUE"] * one.values)}"'
    return (
        f"`sysctl {one.name}` shows it, `sysctl -w {one.name}={value}` sets it until the next "
        "boot, and with what was shown before puts it back. `netrx-tune apply PROFILE` sets it for "
        "good."
    )


def _values(one: Tunable) -> str:
    if one.values == 1:
        return ""
    ordinal = ("first", "second", "third")[one.limit_index]
    return f"{one.values} numbers; the {ordinal} is the limit that a loss meets."


def _whose(one: Tunable) -> str:
    """Return whose a tunable is, with the kernels where that changed."""
    spans: list[tuple[KernelVersion, Visibility]] = []
    for kernel in _EPOCHS:
        seen = visibility(one, kernel)
        if not spans or spans[-1][1] != seen:
            spans.append((kernel, seen))
    words = [_WHOSE[spans[0][1]]]
    words += [f"from {k.major}.{k.minor} {_WHOSE[seen]}" for k, seen in spans[1:]]
    text = "; ".join(words)
    return f"{capitalised(text)}."


def topic_page(one: Topic) -> Page:
    """Return the page of a system of the receive path."""
    return Page(
        one.name,
        "topic",
        one.title,
        sections_of(
            ("How it works", one.what),
            ("On kernel 3.13", one.then),
            ("Today", one.now),
            ("What can be lost there, and where it shows", one.lost),
            ("Stages", items([f"{name}: {stage(name).title}" for name in one.stages])),
            ("Counters", ", ".join(one.counters)),
            ("Knobs", ", ".join(one.tunables)),
        ),
        (*one.stages, *one.counters, *one.tunables),
        one.stages,
    )


def message_page(heard: Heard) -> Page:
    """Return the page of a line of a log, with what its own numbers say."""
    one = heard.message
    return Page(
        one.name,
        "message",
        one.title,
        sections_of(
            ("What it means", "\n".join(filter(None, (one.means, heard.arithmetic)))),
            ("Is anything lost?", one.loss),
            ("What to do", one.do),
            ("Written by", one.source),
        ),
        (*one.stages, *one.counters, *one.tunables),
        one.stages,
    )


def rule_page(name: str, docstring: str) -> Page:
    """Return a rule's page: its docstring."""
    title, _, rest = docstring.strip().partition("\n")
    return Page(name, "rule", title.strip(), rule_sections(rest))


def rule_sections(text: str) -> tuple[Section, ...]:
    """Return the sections of a rule's docstring: paragraphs, most with "Heading: text"."""
    sections = []
    for paragraph in text.strip().split("\n\n"):
        words = " ".join(paragraph.split())
        heading, colon, rest = words.partition(": ")
        if colon and len(heading.split()) <= _MOST_HEADING_WORDS and heading[:1].isupper():
            sections.append(Section(heading, capitalised(rest)))
        elif words:
            sections.append(Section("", words))
    return tuple(sections)
