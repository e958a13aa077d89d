"""Lines as a program would have written them to a file: without what else was put into them.

A terminal colours them (`ip -c`, or `script`), Markdown marks them as code, a page has tags in
them or lost its line breaks, `head` puts a file's name above it, `ip -o` joins a device's lines
by backslashes, and `cat` of several files, or `sysctl -n`, does not say whose a value is.
"""

from __future__ import annotations

import re

_ESCAPES = re.compile(r"\x1b(?:\[[0-9;?]*[A-Za-z]|\][^\x07\x1b]{0,256}(?:\x07|\x1b\\)|\([A-Z0-9])")
_CODE = re.compile(r"^([ \t]*)`(?=[^`\n])|(?<=[^`\n])`[ \t]*$", re.MULTILINE)
_TAGS = re.compile(
    r"</?(?:a|b|br|code|div|em|font|i|li|mark|p|pre|span|strong)(?: [^<>\n]*)?/?>", re.IGNORECASE
)
_HEADS = re.compile(r"^==> (?!/proc/net/)(\S+) <==\n(\d[\d\t ]*)$", re.MULTILINE)
_FLAT_PAIRS = re.compile(r"(?<=NIC statistics:)(?:[ \t]+[\w.-]+: \d+){2,}")
_FLAT_LINES = re.compile(r"[RT](?<=\S .)X(?: (?:packets|errors)[ :]\d|: +bytes )|mcast (?=\d)")
_FLAT_NAME = re.compile(r"(?<=\S )([a-z][\w.@-]{1,15} +Link encap:)")
_FLAT_COUNTS = re.compile(
    r"(?<=\S) (?=\d+ (?:packets? (?:receive[d ]|to unknown port |sen[dt])|(?:receive|send) buffer)"
    r"|(?:Udp|UdpLite|IpExt|[A-Z]\w+Errors|IgnoredMulti): \d|net\.(?:core|ipv4)\.\w+ = \d)"
    r"|(?<=\d) (?=[A-Z])"
)
_FILE = r"/(?:proc/sys|sys/class)/[\w./:@-]+(?:\{[\w,]+\}[\w./:@-]*)?"
_KEY = r"(?:net|vm|kernel)[./][\w./-]+"
_ASKED = re.compile(
    rf"^(.{{0,200}}\b(?:cat|sysctl(?:[ \t]+-\w*n\w*)?)[ \t]+"
    rf"((?:{_FILE}|{_KEY})(?:[ \t]+(?:{_FILE}|{_KEY})){{0,31}})[ \t]*\n)"
    r"((?:[ \t]*\d[\d \t]*(?:\n|\Z)){1,32})",
    re.MULTILINE,
)
# The kernel has some under two names, and had others; conntrack counts what it lists, at times all.
_TRACKED = re.compile(
    r"\bnet([./])(?:ipv4[./](?:netfilter[./])?ip|nf)_conntrack_(max|count|buckets)\b"
)
_FLOWS = re.compile(
    r"(?:^conntrack v\S+ \(conntrack-tools\): (?=\d+ flow entries have been shown)"
    r"|(?<=conntrack -C\n))(\d+)(?: flow .*)?$",
    re.MULTILINE,
)
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
    text = _settings(text)
    text = _JOINED.sub(lambda found: found[0].replace("\\", "\n"), text)
    if "NIC statistics: " in text:
        text = _FLAT_PAIRS.sub(lambda found: re.sub(r"[ \t]+(?=[^\d\s])", "\n", found[0]), text)
    if "packet receive errors " in text:
        text = "\n".join(map(_one_to_a_line, text.split("\n")))
    if "Link encap:" in text:
        text = _FLAT_NAME.sub(r"\n\1", text)
    return _FLAT_LINES.sub(_broken, text) if " RX" in text else text


def _settings(text: str) -> str:
    """Return a text with settings and counts by the names that sysctl has for them."""
    if "conntrack" in text:
        text = _TRACKED.sub(r"net\1netfilter\1nf_conntrack_\2", text)
        if "nf_conntrack_count" not in text:
            text = _FLOWS.sub(r"net.netfilter.nf_conntrack_count = \1", text)
    return _ASKED.sub(_named, text) if "cat /" in text or "sysctl " in text else text


def _named(found: re.Match[str]) -> str:
    """Return the values that cat or sysctl -n printed of one or several behind their names."""
    paths: list[str] = []
    for word in found[2].split():
        start, _, rest = word.partition("{")
        inner, _, end = rest.partition("}")
        paths += [f"{start}{one}{end}" for one in inner.split(",")]
    values = found[3].splitlines()
    if len(values) != len(paths):
        return found[0]
    named = zip(paths, map(str.strip, values), strict=True)
    lines = (f"{p}:{value}\n" if p[0] == "/" else f"{p} = {value}\n" for p, value in named)
    return found[1] + "".join(lines)


def _broken(found: re.Match[str]) -> str:
    return "mcast\n" if found[0] == "mcast " else f"\n{found[0]}"


def _one_to_a_line(line: str) -> str:
    """Return a line with several counters as that many lines."""
    broken = _FLAT_COUNTS.sub("\n", line)
    return broken if broken.count("\n") > 1 else line
