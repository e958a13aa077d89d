"""One profile's file, read and checked: what it says before its base and a host are known."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from netrx_tune.model.profile import SettingMode
from netrx_tune.planning import profile_fields as fields
from netrx_tune.planning.profile_amounts import Amount, key_complaint, parse_amount
from netrx_tune.planning.profile_bounds import complaint
from netrx_tune.planning.profile_document import Entries, Items, Node, Scalar, read_document
from netrx_tune.planning.profile_fields import Place
from netrx_tune.planning.tunables import tunable
from netrx_tune.planning.tunables.tunable import Tunable

_KEYS = ("schema", "name", "summary", "extends", "limits", "settings", "application", "keep",
         "generated")  # fmt: skip
_MODES: tuple[SettingMode, ...] = ("at_least", "exactly")


class WrittenSetting(NamedTuple):
    """One sysctl as a file has it, before its shares are computed."""

    key: str
    mode: SettingMode
    amounts: tuple[Amount, ...]
    why: str
    source: str
    path: str
    line: int


class Written(NamedTuple):
    """One file, before its base is looked up."""

    name: str
    summary: str
    path: str
    line_of_extends: int
    extends: str | None
    settings: tuple[WrittenSetting, ...]
    application: tuple[str, ...]
    keep: tuple[str, ...]
    memory_share: float | None
    generated: Mapping[str, str]
    previous: Mapping[str, tuple[int, ...]]


def parse_profile(text: str, path: str) -> Written:
    """Return what one file says.

    Raises:
        ProfileError: it is not a profile; names file, line and key.
    """
    top = fields.mapping(read_document(text, path), Place(path, ""), _KEYS)
    at = Place(path, "")
    fields.check_schema(top, at, is_needed=True)
    for key in ("name", "summary"):
        if key not in top.entries:
            raise at.refused(1, f"expected a key {key}", "none")
    keep = _keep(top, at)
    settings = tuple(_settings(top, at))
    for one in settings:
        if one.key in keep:
            raise at.inside("keep").refused(one.line, "a key cannot be set and kept", one.key)
    extends = top.entries.get("extends")
    generated, previous = _generated(top, at)
    return Written(
        name=fields.name(top.entries["name"], at.inside("name")),
        summary=fields.text(top.entries["summary"], at.inside("summary")),
        path=path,
        line_of_extends=extends.line if extends else 1,
        extends=fields.name(extends, at.inside("extends")) if extends else None,
        settings=settings,
        application=_texts(top, "application", at),
        keep=keep,
        memory_share=_memory_share(top, at),
        generated=generated,
        previous=previous,
    )


def _texts(top: Entries, key: str, at: Place) -> tuple[str, ...]:
    node = top.entries.get(key)
    return fields.texts(node, at.inside(key)) if node else ()


def _keep(top: Entries, at: Place) -> tuple[str, ...]:
    node = top.entries.get("keep")
    keys = _texts(top, "keep", at)
    for number, key in enumerate(keys):
        wrong = key_complaint(key)
        if wrong:
            line = node.items[number].line if isinstance(node, Items) else 1
            raise at.inside("keep").refused(line, wrong, key)
    return keys


def _memory_share(top: Entries, at: Place) -> float | None:
    node = top.entries.get("limits")
    if node is None:
        return None
    limits = fields.mapping(node, at.inside("limits"), ("memory_share",))
    value = limits.entries.get("memory_share")
    return fields.share(value, at.inside("limits.memory_share")) if value else None


def _settings(top: Entries, at: Place) -> list[WrittenSetting]:
    node = top.entries.get("settings")
    if node is None:
        return []
    inside = at.inside("settings")
    found = fields.mapping(node, inside)
    return [parse_setting(key, found, inside) for key in found.entries]


def parse_setting(
    key: str, settings: Entries, at: Place, *, needs_why: bool = True
) -> WrittenSetting:
    """Return what a mapping of settings says of one key.

    Raises:
        ProfileError: the key is no tunable's, or its value is none; names file, line and key.
    """
    line = settings.keys[key]
    wrong = key_complaint(key)
    one = tunable(key)
    if wrong or one is None:
        raise at.refused(line, wrong or "unknown", key)
    at = at.inside(key)
    entry = fields.mapping(settings.entries[key], at, (*_MODES, "why", "source"))
    modes = [mode for mode in _MODES if mode in entry.entries]
    if len(modes) != 1:
        raise at.refused(line, "expected at_least or exactly, one of them", " and ".join(modes))
    mode = modes[0]
    if needs_why and "why" not in entry.entries:
        raise at.refused(line, "expected a reason: why", "none")
    why, source = entry.entries.get("why"), entry.entries.get("source")
    node = entry.entries[mode]
    return WrittenSetting(
        key=key,
        mode=mode,
        amounts=_amounts(node, one, at.inside(mode)),
        why=fields.text(why, at.inside("why")) if why else "",
        source=fields.text(source, at.inside("source"), empty=True) if source else "",
        path=at.path,
        line=node.line,
    )


def _amounts(node: Node, one: Tunable, at: Place) -> tuple[Amount, ...]:
    """Return the numbers of a setting: one, a list, or several with spaces between."""
    words = _words(node, one)
    found: list[Amount] = []
    for word in words:
        amount = parse_amount(fields.written(word), one)
        if isinstance(amount, str):
            raise at.refused(word.line, amount, fields.written(word))
        found.append(amount)
    shares = any(amount.of_memory for amount in found)
    values = tuple(amount.number for amount in found)
    wrong = None if shares and len(found) == one.values else complaint(one, values, None)
    if wrong:
        raise at.refused(node.line, wrong, " ".join(map(fields.written, words)))
    return tuple(found)


def _words(node: Node, one: Tunable) -> tuple[Node, ...]:
    if isinstance(node, Items):
        return node.items
    if isinstance(node, Scalar) and one.values > 1 and "%" not in node.text:
        return tuple(Scalar(word, node.line, node.plain) for word in node.text.split(" ") if word)
    return (node,)


def _generated(top: Entries, at: Place) -> tuple[Mapping[str, str], Mapping[str, tuple[int, ...]]]:
    """Return what made a profile, and the values that it would replace."""
    node = top.entries.get("generated")
    if node is None:
        return {}, {}
    at = at.inside("generated")
    words: dict[str, str] = {}
    previous: dict[str, tuple[int, ...]] = {}
    for key, value in fields.mapping(node, at).entries.items():
        if key == "previous":
            entries = fields.mapping(value, at.inside("previous"))
            for name, numbers in entries.entries.items():
                previous[name] = _previous(name, numbers, at.inside("previous"))
        else:
            fields.name(Scalar(key, value.line, plain=True), at)
            words[key] = fields.text(value, at.inside(key), empty=True)
    return words, previous


def _previous(key: str, node: Node, at: Place) -> tuple[int, ...]:
    """Return the values that a key had; what the kernel had needs no bounds."""
    one = tunable(key)
    if one is None or key_complaint(key):
        raise at.refused(node.line, "no sysctl of the receive path", key)
    words = fields.text(node, at.inside(key)).split(" ")
    numbers = [parse_amount(word, one) for word in words]
    if len(numbers) != one.values or any(isinstance(n, str) or n.of_memory for n in numbers):
        raise at.inside(key).refused(node.line, f"expected {one.values} decimals", " ".join(words))
    return tuple(n.number for n in numbers if isinstance(n, Amount))
