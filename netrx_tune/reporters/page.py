"""What a page of `explain` is."""

from __future__ import annotations

from typing import Literal, NamedTuple

PageKind = Literal["stage", "counter", "tunable", "topic", "rule", "message"]


class Section(NamedTuple):
    """A heading and its text; each line is a paragraph, or an item if it begins with "- "."""

    heading: str
    text: str


class Page(NamedTuple):
    """What `explain` shows for one name."""

    name: str
    kind: PageKind
    title: str
    sections: tuple[Section, ...]
    see_also: tuple[str, ...] = ()
    stages: tuple[str, ...] = ()  # those it is about, to find the rules that judge them


def sections_of(*pairs: tuple[str, str]) -> tuple[Section, ...]:
    """Return the sections that have a text."""
    return tuple(Section(heading, text) for heading, text in pairs if text)


def items(lines: list[str]) -> str:
    """Return lines as items."""
    return "\n".join(f"- {line}" for line in lines)
