"""In which network namespaces a text's counters were printed, as far as its commands say so."""

from __future__ import annotations

import re

from netrx_tune.collectors.command_start import COMMAND_START

_HOST = "the host's"
_ENTERED = re.compile(
    COMMAND_START
    + r"(?:ip +(?:-\S+ +)*netns +exec|nsenter|(?:docker|podman|nerdctl|crictl|kubectl|oc|lxc|incus)"
    r"(?: [^|;]{0,200})? exec)(?P<words>(?: +(?!(?:sudo|cat|netstat|nstat|ss|grep|watch|head|tail"
    r"|timeout|ba?sh|z?sh|ash)\b)[^\s|;]+)+)(?P<rest>.*)"
)
_SHELL = re.compile(r" +(?:/bin/)?(?:ba|z|a)?sh *$")
_IN_POD = re.compile(r" (?:-c|--container)[ =]+\S+")  # containers of a pod share its namespace
_PLAIN = re.compile(
    r"^(?:.{0,80}[$#>%] *)?(?:sudo +)?"
    r"(?:(?:cat|e?grep|head|tail) .*/proc/|netstat +-|nstat(?: +-|$))"
)
_LEFT = re.compile(r"^(?:.{0,80}[$#>%] *)?(?:exit|logout)$")
_COUNTER = re.compile(
    r"^\s*(?:(?:Udp|Ip|Tcp): \d|(?:Udp|Ip)6?[A-Z]\w+\s+\d"
    r"|\d+ (?:packets received|(?:packet receive|receive buffer) errors|total packets received)\b)"
)


def scopes_of(text: str) -> tuple[str, ...]:
    """Return whose counters a text shows, in its order; one alone where no command tells."""
    if "exec" not in text and "nsenter" not in text:
        return (_HOST,)
    within = scope = _HOST
    found: dict[str, None] = {}
    for line in text.splitlines():
        entered = _ENTERED.search(line) if "exec" in line or "nsenter" in line else None
        if entered:
            scope = _name(entered["words"])
            within = scope if _SHELL.fullmatch(entered["rest"]) else within
        elif _LEFT.search(line):
            within = scope = _HOST
        elif _PLAIN.search(line):
            scope = within
        elif _COUNTER.search(line):
            found[scope] = None
    return tuple(found)


def _name(words: str) -> str:
    """Return the namespace, container or pod that a command enters."""
    named = [word for word in _IN_POD.sub("", words).split() if word != "--"]
    names = [word for word in named if not word.startswith("-")] or named
    return names[-1].rpartition("/")[2] if names else words.strip()
