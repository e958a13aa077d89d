"""Text as a terminal may have it: escaped, wrapped and, where wanted, coloured.

Names of processes, devices and paths are the host's own. Whatever is printed passes through
layout(), which escapes it, so no report can forget to.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Literal, NamedTuple

Style = Literal["plain", "title", "good", "critical", "warning", "note", "command"]

# Select Graphic Rendition: bold, then one of the eight colours that every palette keeps legible.
_SGR: dict[Style, str] = {
    "plain": "",
    "title": "1",
    "good": "1;32",
    "critical": "1;31",
    "warning": "1;33",
    "note": "1;36",
    "command": "36",
}
_LEAST_WIDTH = 20
_PROSE_WIDTH = 110  # longer lines are hard to follow, however wide the window is
# A number stays on one line with its unit.
_UNIT = re.compile(r"(?<=\d) (?=(?:%|s|B|KiB|MiB|GiB)(?:[^\w]|$))")
_GLUE = "\0"  # cannot be in escaped text


class Block(NamedTuple):
    """A paragraph. `label` are its first words, set in `style`; without one, all of it is.

    Lines after the first are indented by `hang` more. `verbatim` text keeps its spaces and is
    never broken, so that it can be copied: commands.
    """

    text: str
    indent: int = 0
    hang: int = 0
    label: str = ""
    style: Style = "plain"
    verbatim: bool = False


BLANK = Block("")


def escape(text: str) -> str:
    r"""Return text with all that a terminal could act on, or hide, made visible.

    Control characters, line breaks, bidirectional overrides, zero-width and unassigned
    characters become \x1b or \u202e; bytes that were no UTF-8 become \xff. Printable text, a
    backslash included, stays as it is, so that paths can still be copied.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(char if char.isprintable() else _escaped(char) for char in text)


def capitalised(text: str) -> str:
    """Return a sentence with a capital letter, unless it begins with a name such as rx_dropped."""
    first = text.partition(" ")[0].rstrip(",;:.").replace("-", "")
    return text[0].upper() + text[1:] if first.isalpha() else text


def encodable(text: str, encoding: str) -> str:
    r"""Return text that an output of that encoding can hold; the rest becomes \u0153."""
    return text.encode(encoding, "backslashreplace").decode(encoding)


def _escaped(char: str) -> str:
    number = ord(char)
    if 0xDC80 <= number <= 0xDCFF:  # a byte that surrogateescape carried here
        return f"\\x{number - 0xDC00:02x}"
    if number <= 0xFF:
        return f"\\x{number:02x}"
    return f"\\u{number:04x}" if number <= 0xFFFF else f"\\U{number:08x}"


def layout(blocks: Iterable[Block], *, width: int, color: bool) -> str:
    """Return the blocks as text of that many columns, ending in a line break.

    A single word or a command that is longer than the line is never cut.
    """
    columns = max(_LEAST_WIDTH, min(width, _PROSE_WIDTH))
    lines = [line for block in blocks for line in _lines(block, columns, color=color)]
    return "".join(f"{line}\n" for line in lines)


def wants_color(choice: str, environment: Mapping[str, str], *, is_terminal: bool) -> bool:
    """Return whether to colour, for --color auto, always or never.

    NO_COLOR counts unless it is empty (no-color.org); a dumb terminal has no colours.
    """
    if choice != "auto":
        return choice == "always"
    return is_terminal and not environment.get("NO_COLOR") and environment.get("TERM") != "dumb"


def _lines(block: Block, columns: int, *, color: bool) -> Iterator[str]:
    """Yield a block's lines; trailing spaces never."""
    margin = " " * block.indent
    sgr = _SGR[block.style] if color else ""
    label = escape(block.label)
    start = margin + label + (" " if label and not label.endswith(" ") else "")
    if block.verbatim:
        text = escape(block.text)
        yield (
            margin
            + _painted(label, sgr)
            + start[len(margin + label) :]
            + (text if label else _painted(text, sgr))
        )
        return
    rest = " " * (block.indent + block.hang)
    for number, words in enumerate(_wrapped(block.text, columns, start, rest)):
        if number or not label:
            line = (rest if number else margin) + _painted(words, "" if label else sgr)
        else:
            line = margin + _painted(label, sgr) + start[len(margin + label) :] + words
        yield line.rstrip()


def _painted(text: str, sgr: str) -> str:
    return f"\x1b[{sgr}m{text}\x1b[0m" if sgr and text else text


def _wrapped(text: str, columns: int, start: str, rest: str) -> Iterator[str]:
    """Yield the words of each line, without the margins `start` and `rest`."""
    line = ""
    room = columns - cells(start)
    can_break = bool(start.strip())  # a label may stand alone on its line
    for word in _UNIT.sub(_GLUE, escape(text)).split():
        longer = f"{line} {word}" if line else word
        if can_break and cells(longer) > room:
            yield line.replace(_GLUE, " ")
            line, room = word, columns - len(rest)
        else:
            line = longer
        can_break = True
    yield line.replace(_GLUE, " ")


def cells(text: str) -> int:
    """Return how many columns a text takes: two for a wide character such as a Chinese one."""
    if text.isascii():
        return len(text)
    from unicodedata import combining, east_asian_width  # noqa: PLC0415 - rarely needed

    wide = sum(east_asian_width(char) in "WF" for char in text)
    return len(text) + wide - sum(combining(char) > 0 for char in text)
