"""The types that fields of a profile have.

What is not of its type is a ProfileError, which names file, line and key.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

from netrx_tune.model.errors import ProfileError
from netrx_tune.planning.profile_document import Entries, Items, Node, Scalar
from netrx_tune.rules.near import near

NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
_MOST_TEXT = 1000
_FEW = 12  # names that a message lists in full
_SHARE = re.compile(r"0\.[0-9]{1,4}|1|1\.0")


class Place(NamedTuple):
    """Where in a profile something stands."""

    path: str
    key: str

    def inside(self, key: str) -> Place:
        """Return the place of a key in this one."""
        return Place(self.path, f"{self.key}.{key}" if self.key else key)

    def refused(self, line: int, what: str, got: str) -> ProfileError:
        """Return the error for a line here."""
        return ProfileError(self.path, f"{line}: {self.key}: {what}" if self.key else
                            f"{line}: {what}", got)  # fmt: skip


def written(node: Node) -> str:
    """Return a word for what stands there."""
    match node:
        case Scalar():
            return node.text
        case Items():
            return "a list"
        case Entries():
            return "a mapping"


def mapping(node: Node, at: Place, known: Iterable[str] | None = None) -> Entries:
    """Return a mapping, whose keys are all known ones."""
    if isinstance(node, Scalar) and node.plain and not node.text:
        return Entries({}, {}, node.line)  # `settings:` with nothing behind it
    if not isinstance(node, Entries):
        raise at.refused(node.line, "expected a mapping", written(node))
    if known is not None:
        names = tuple(known)
        for key, line in node.keys.items():
            if key not in names:
                hint = near(key, names) if len(names) > _FEW else ""
                hint = hint or f", expected one of {', '.join(names)}"
                raise at.refused(line, f"unknown key{hint}", key)
    return node


def check_schema(top: Entries, at: Place, *, is_needed: bool = False) -> None:
    """Refuse another schema than 1, and none where it has to be named."""
    node = top.entries.get("schema")
    found = written(node) if node else ""
    if found != "1" and (node or is_needed):
        raise at.inside("schema").refused(node.line if node else 1, "expected 1", found)


def text(node: Node, at: Place, *, empty: bool = False) -> str:
    """Return one line of printable text, not too long."""
    if not isinstance(node, Scalar):
        raise at.refused(node.line, "expected text", written(node))
    found = node.text.strip()
    if not found.isprintable() or len(found) > _MOST_TEXT:
        raise at.refused(node.line, f"expected one line of at most {_MOST_TEXT} printable"
                         " characters", node.text)  # fmt: skip
    if not found and not empty:
        raise at.refused(node.line, "expected text", found)
    return found


def name(node: Node, at: Place) -> str:
    """Return a profile's name: small letters, digits and dashes."""
    if not isinstance(node, Scalar) or not NAME.fullmatch(node.text):
        raise at.refused(
            node.line, "expected a name of small letters, digits and dashes", written(node)
        )
    return node.text


def texts(node: Node, at: Place) -> tuple[str, ...]:
    """Return a list of lines."""
    if isinstance(node, Scalar) and node.plain and not node.text:
        return ()
    if not isinstance(node, Items):
        raise at.refused(node.line, "expected a list", written(node))
    return tuple(text(item, at) for item in node.items)


def share(node: Node, at: Place) -> float:
    """Return a share of memory, above 0 and up to 1."""
    found = written(node)
    if not isinstance(node, Scalar) or not _SHARE.fullmatch(found) or float(found) <= 0:
        raise at.refused(node.line, "expected a share such as 0.05, above 0 and up to 1", found)
    return float(found)
