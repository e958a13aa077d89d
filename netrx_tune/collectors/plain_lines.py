"""Lines as a program would have written them to a file: without what else was put into them.

A terminal colours them (`ip -c`, or `script`), Markdown marks them as code, a page has tags in
them, `head` puts a file's name above it, and `ip -o` joins a device's lines by backslashes.
"""

from __future__ import annotations

import re

__all__ = ["plain_lines"]

_ESCAPES = re.compile(r"\x1b(?:\[[0-9;?]*[A-Za-z]|\][^\x07\x1b]{0,256}(?:\x07|\x1b\\)|\([A-Z0-9])")
_CODE = re.compile(r"^([ \t]*)`(?=[^`\n])|(?<=[^`\n])`[ \t]*$", re.MULTILINE)
_TAGS = re.compile(
    r"</?(?:a|b|br|code|div|em|font|i|li|mark|p|pre|span|strong)(?: [^<>\n]*)?/?>", re.IGNORECASE
)
_HEADS = re.compile(r"^==> (?!/proc/net/)(\S+) <==\n(\d[\d\t ]*)$", re.MULTILINE)
_JOINED = re.compile(r"^[ \t]*\d+: [^\s\\]+: <.*\\.*$", re.MULTILINE)


def plain_lines(text: str) -> str:
    """Return a text with the lines as they were printed."""
    if "\x1b" in text:
        text = _ESCAPES.sub("", text)
    if "`" in text:
        text = _CODE.sub(r"\1", text)
    if "</" in text:
        text = _TAGS.sub("", text).replace("&lt;", "<").replace("&gt;", ">")
    if "==> " in text:
        text = _HEADS.sub(r"\1:\2", text)
    return _JOINED.sub(lambda found: found[0].replace("\\", "\n"), text)
