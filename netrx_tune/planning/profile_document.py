"""Strict YAML: text to nodes that keep their line, and nothing that YAML would guess.

No aliases, anchors, tags or second documents, no duplicate keys, no deep nesting; every scalar
stays the text that was written, so `010` is not 8, `6.10` not 6.1 and `12:30` not 750.
Source: YAML 1.1, https://yaml.org/type/int.html (sexagesimal and octal integers).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

import yaml

from netrx_tune.model.errors import ProfileError

MOST_BYTES = 1 << 16  # of a profile: the largest of ours is a tenth of it
_MOST_DEPTH = 8
_MOST_LINE = 2000
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class Scalar(NamedTuple):
    """Text as it was written; `plain` is False where it was quoted."""

    text: str
    line: int
    plain: bool


class Items(NamedTuple):
    """A list."""

    items: tuple[Node, ...]
    line: int


class Entries(NamedTuple):
    """A mapping; `keys` tells the line of each key."""

    entries: Mapping[str, Node]
    keys: Mapping[str, int]
    line: int


Node = Scalar | Items | Entries


class Most(NamedTuple):
    """How much a document may hold."""

    size_bytes: int = MOST_BYTES
    nodes: int = 5000


_OF_A_PROFILE = Most()


def read_document(text: str, path: str, most: Most = _OF_A_PROFILE) -> Entries:
    """Return the mapping that the text of a profile, a policy or a baseline is.

    Raises:
        ProfileError: it is not YAML, or uses what a profile may not.
    """
    if len(text) > most.size_bytes or len(text.encode("utf-8", "replace")) > most.size_bytes:
        raise ProfileError(path, f"1: more than {most.size_bytes} bytes", text[:20])
    _refuse_control_characters(text, path)
    try:
        node = _Builder(path, most.nodes).document(yaml.parse(text, Loader=_Loader))
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise ProfileError(path, f"{line}: {error.problem}", _line_of(text, line)) from None
    except yaml.YAMLError as error:
        raise ProfileError(path, "1: not YAML", str(error)) from None
    if not isinstance(node, Entries):
        raise ProfileError(path, f"{node.line}: expected a mapping", _line_of(text, node.line))
    return node


def _refuse_control_characters(text: str, path: str) -> None:
    """Stop at what could hide a line from who reads it."""
    for number, line in enumerate(text.split("\n"), 1):
        if not line.isprintable():
            raise ProfileError(path, f"{number}: {_unseen(line)}", line)
        if len(line) > _MOST_LINE:
            raise ProfileError(path, f"{number}: a line of more than {_MOST_LINE} characters", line)


def _unseen(line: str) -> str:
    """Return what stands in a line and is not seen, and what to do where an editor wrote it."""
    if line.removesuffix("\r").isprintable():
        return "a line break of Windows (CR LF): save the file with those of Unix (LF)"
    if line.removeprefix("\ufeff").removesuffix("\r").isprintable():
        return "a byte order mark: save the file as UTF-8 without one"
    return "a character that cannot be seen"


def _line_of(text: str, number: int) -> str:
    lines = text.split("\n")
    return lines[number - 1].strip() if 0 < number <= len(lines) else ""


class _Builder:
    """Builds nodes from events, which, unlike PyYAML's own nodes, come one at a time."""

    def __init__(self, path: str, most_nodes: int) -> None:
        self.path = path
        self.most_nodes = most_nodes
        self.nodes = 0
        self.within: list[str] = []  # keys down to where the builder is

    def document(self, events: Iterator[yaml.Event]) -> Node:
        """Return the only document's node."""
        found: Node | None = None
        for event in events:
            if isinstance(event, (yaml.ScalarEvent, yaml.CollectionStartEvent, yaml.AliasEvent)):
                if found is not None:
                    raise self.refused(event, "a second document", "---")
                found = self.node(event, events, 1)
        return found or Entries({}, {}, 1)

    def node(self, event: yaml.Event, events: Iterator[yaml.Event], depth: int) -> Node:
        """Return the node that begins with an event."""
        self.nodes += 1
        line = _line(event)
        if isinstance(event, yaml.AliasEvent):
            raise self.refused(event, "an alias is not allowed", f"*{event.anchor}")
        if anchor := getattr(event, "anchor", None):
            raise self.refused(event, "an anchor is not allowed", f"&{anchor}")
        if tag := getattr(event, "tag", None):
            raise self.refused(event, "a tag is not allowed", str(tag))
        if depth > _MOST_DEPTH or self.nodes > self.most_nodes:
            raise self.refused(event, "nested too deep, or too long", "")
        match event:
            case yaml.ScalarEvent():
                return Scalar(event.value, line, event.style in {None, ""})
            case yaml.SequenceStartEvent():
                return Items(tuple(self.items(events, depth)), line)
            case _:
                return self.mapping(events, depth, line)

    def items(self, events: Iterator[yaml.Event], depth: int) -> Iterator[Node]:
        """Yield a list's members."""
        for event in events:
            if isinstance(event, yaml.SequenceEndEvent):
                return
            yield self.node(event, events, depth + 1)

    def mapping(self, events: Iterator[yaml.Event], depth: int, line: int) -> Entries:
        """Return a mapping, each key once."""
        entries: dict[str, Node] = {}
        keys: dict[str, int] = {}
        for event in events:
            if isinstance(event, yaml.MappingEndEvent):
                break
            key = self.node(event, events, depth + 1)
            if not isinstance(key, Scalar) or not key.text:
                raise self.refused(event, "expected a key", getattr(key, "text", "a collection"))
            if key.text in entries:
                first = keys[key.text]
                raise self.refused(event, f"this key stands on line {first} already", key.text)
            keys[key.text] = key.line
            self.within.append(key.text)
            entries[key.text] = self.node(next(events), events, depth + 1)
            self.within.pop()
        return Entries(entries, keys, line)

    def refused(self, event: yaml.Event, what: str, got: str) -> ProfileError:
        """Return the error for an event."""
        key = "".join(f"{key}." for key in self.within if key.isprintable())[:100]
        where = f"{_line(event)}: {key[:-1]}: " if key else f"{_line(event)}: "
        return ProfileError(self.path, where + what, got)


def _line(event: yaml.Event) -> int:
    return event.start_mark.line + 1 if event.start_mark else 1
