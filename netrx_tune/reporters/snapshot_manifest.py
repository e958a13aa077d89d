"""The text of netrx.yaml: what a snapshot is, and when and where its samples were taken.

Each line that we write is a key with a value in JSON, which is YAML too: so a reader that knows
it needs no YAML parser, whose import alone takes longer than a diagnosis. What someone wrote by
hand is read as YAML, without aliases, and with each key once.
"""

from __future__ import annotations

import json
import re
from collections.abc import Hashable, Mapping
from typing import NamedTuple

from netrx_tune.model.errors import ParseError
from netrx_tune.model.sample import Gap, GapReason

__all__ = ["SCHEMA", "About", "Manifest", "Moment", "parse_manifest", "render_manifest"]

SCHEMA = "netrx-tune/snapshot/v1"
_PATH = "netrx.yaml"
_ITEM = re.compile(r"- (?P<item>.+)|(?P<key>[a-z_]+):(?: (?P<value>.+))?")

# Far above what the gaps of thousands of devices take, and little enough to parse at once.
_MOST_CHARACTERS = 4 << 20
_MOST_YAML_CHARACTERS = 64 << 10  # PyYAML reads about 100 kB/s
_MOST_SAMPLES = 2
_REASONS: Mapping[str, GapReason] = {
    "absent": "absent",
    "denied": "denied",
    "unparsed": "unparsed",
}


class Moment(NamedTuple):
    """When a sample was taken; None where nothing tells."""

    utc: str | None  # ISO 8601, "2026-11-22T18:45:00.123Z"
    uptime_seconds: float | None  # time since boot, also the time that it was suspended


class About(NamedTuple):
    """What the manifest says of one sample."""

    moment: Moment
    boot: str | None  # hash of the boot id
    gaps: tuple[Gap, ...]


class Manifest(NamedTuple):
    """All of netrx.yaml; `tool` is the version that wrote it."""

    samples: tuple[About, ...]
    kernel: str | None
    netns: str | None
    redactions: tuple[str, ...] = ()
    gaps: tuple[Gap, ...] = ()
    tool: str = ""


def render_manifest(manifest: Manifest, tool_version: str) -> str:
    """Return the text of netrx.yaml."""
    head = {
        "schema": SCHEMA,
        "tool": {"name": "netrx-tune", "version": tool_version},
        "kernel": manifest.kernel,
        "netns": manifest.netns,
        "redactions": manifest.redactions,
        "gaps": [gap._asdict() for gap in manifest.gaps],
    }
    lines = ["# What a host's receive path looked like; read it by netrx-tune diagnose --from"]
    lines += [f"{key}: {json.dumps(found)}" for key, found in head.items()]
    lines.append("samples:")
    for about in manifest.samples:
        sample = {
            "time": about.moment.utc,
            "uptime_seconds": about.moment.uptime_seconds,
            "boot": about.boot,
            "gaps": [gap._asdict() for gap in about.gaps],
        }
        lines.append(f"- {json.dumps(sample)}")
    return "\n".join(lines) + "\n"


def parse_manifest(text: str) -> Manifest:
    """Return what netrx.yaml says.

    Raises:
        ParseError: it is not a manifest, or one of a later version.
    """
    if len(text) > _MOST_CHARACTERS:
        raise _refusal(f"expected at most {_MOST_CHARACTERS} characters", len(text))
    found = _mapping(_read_our_lines(text) or _read_yaml(text), "text")
    _check_schema(found.get("schema"))
    samples = _items(found.get("samples"), "samples")
    if not 1 <= len(samples) <= _MOST_SAMPLES:
        raise _refusal("samples: expected one or two", len(samples))
    tool = _mapping(found.get("tool", {}), "tool")
    return Manifest(
        samples=tuple(_about(sample) for sample in samples),
        kernel=_text(found.get("kernel"), "kernel"),
        netns=_text(found.get("netns"), "netns"),
        redactions=tuple(
            _text(word, "redactions") or ""
            for word in _items(found.get("redactions"), "redactions")
        ),
        gaps=_gaps(found.get("gaps")),
        tool=_text(tool.get("version"), "tool: version") or "",
    )


def _check_schema(found: object) -> None:
    if found == SCHEMA:
        return
    if isinstance(found, str) and re.fullmatch(r"netrx-tune/snapshot/v\d{1,6}", found):
        raise _refusal(f"schema: this version of netrx-tune reads {SCHEMA}", found)
    raise _refusal(f"schema: expected {SCHEMA}", found)


def _about(found: object) -> About:
    sample = _mapping(found, "samples")
    uptime = sample.get("uptime_seconds")
    if uptime is not None and type(uptime) not in {int, float}:
        raise _refusal("uptime_seconds: expected a number", uptime)
    if isinstance(uptime, int | float) and not 0 <= uptime < 1e12:  # turns nan away, too
        raise _refusal("uptime_seconds: expected a number of seconds", uptime)
    return About(
        moment=Moment(
            utc=_text(sample.get("time"), "time"),
            uptime_seconds=float(uptime) if isinstance(uptime, int | float) else None,
        ),
        boot=_text(sample.get("boot"), "boot"),
        gaps=_gaps(sample.get("gaps")),
    )


def _gaps(found: object) -> tuple[Gap, ...]:
    gaps: list[Gap] = []
    for item in _items(found, "gaps"):
        gap = _mapping(item, "gaps")
        why = _REASONS.get(str(gap.get("why")))
        if why is None:
            raise _refusal("gaps: why: expected absent, denied or unparsed", gap.get("why"))
        path = _text(gap.get("path"), "gaps: path") or ""
        gaps.append(Gap(path, why, _text(gap.get("detail"), "gaps: detail") or ""))
    return tuple(gaps)


def _mapping(found: object, place: str) -> Mapping[object, object]:
    if isinstance(found, dict):
        return found
    raise _refusal(f"{place}: expected keys and values", found)


def _items(found: object, place: str) -> list[object]:
    if found is None or isinstance(found, list):
        return found or []
    raise _refusal(f"{place}: expected a list", found)


def _text(found: object, place: str) -> str | None:
    if found is None or isinstance(found, str):
        return found
    raise _refusal(f"{place}: expected a text in quotes", found)


def _refusal(place: str, got: object) -> ParseError:
    return ParseError(_PATH, place, str(got))


def _read_our_lines(text: str) -> dict[object, object] | None:
    """Return what lines as we write them say, or None where one is of another form."""
    found: dict[object, object] = {}
    items: list[object] = []
    for line in text.split("\n"):
        if not line or line.startswith("#"):
            continue
        parts = _ITEM.fullmatch(line)
        if not parts or parts["key"] in found:
            return None
        try:
            if parts["item"]:
                items.append(json.loads(parts["item"]))
                continue
            items = []  # those of this key, if lines with a dash follow
            found[parts["key"]] = json.loads(parts["value"]) if parts["value"] else items
        except (ValueError, RecursionError):
            return None
    return found


def _read_yaml(text: str) -> object:
    """Return what any YAML says.

    Raises:
        ParseError: it is none, is too long, has an alias or a key twice.
    """
    if len(text) > _MOST_YAML_CHARACTERS:
        raise _refusal(f"expected at most {_MOST_YAML_CHARACTERS} characters", len(text))
    import yaml  # noqa: PLC0415 - takes 15 ms, and is for what was written by hand

    class Strict(yaml.SafeLoader):
        """Refuses what makes a short text long, and what hides a value."""

        def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
            if self.check_event(yaml.AliasEvent):
                raise yaml.YAMLError("an alias stands there")
            return super().compose_node(parent, index)

        def construct_mapping(
            self, node: yaml.MappingNode, deep: bool = False
        ) -> dict[Hashable, object]:
            keys = [key.value for key, _ in node.value]
            if len(keys) != len(set(map(str, keys))):
                raise yaml.YAMLError("a key stands there twice")
            return super().construct_mapping(node, deep)

    try:
        return yaml.load(text, Loader=Strict)  # noqa: S506 - it is a SafeLoader
    except (yaml.YAMLError, ValueError, RecursionError, LookupError, AttributeError) as error:
        raise _refusal("expected YAML", " ".join(str(error).split())) from None
