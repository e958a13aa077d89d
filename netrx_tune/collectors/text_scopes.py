"""Of which hosts and network namespaces a text's counters are, as far as its commands say so."""

from __future__ import annotations

import re

_HOST = "the host's"
_TYPED = r"(?:.{0,80}[$#>%] *)?(?:sudo +)?"  # behind a prompt or at a line's start: no prose
_PROGRAM = r"(?:sudo|timeout|cat|netstat|nstat|ss|e?grep|watch|head|tail|(?:ba|z|a)?sh)\b"
_ENTERED = re.compile(
    _TYPED + r"(?:ip +(?:-\S+ +)*netns +exec|nsenter|ssh"
    r"|(?:docker|podman|nerdctl|crictl|kubectl|oc|lxc|incus)(?: [^|;]{0,200})? exec)"
    rf"(?P<words>(?: +(?!{_PROGRAM})[^\s|;]+)+)(?P<rest>.*)"
)
_ENTERING = ("exec", "nsenter", "ssh")
_SHELL = re.compile(r" +(?:/bin/)?(?:ba|z|a)?sh *$")
_IN_POD = re.compile(r" (?:-c|--container)[ =]+\S+")  # containers of a pod share its namespace
_PLAIN = re.compile(_TYPED + r"(?:(?:cat|e?grep|head|tail) .*/proc/|netstat +-|nstat(?: +-|$))")
_PROMPT = re.compile(  # a host is known by its name without the domain, too
    r"\[?[\w.-]{1,32}@(?:(?P<address>\d[\d.]{6,14})|(?P<host>[\w-]{1,64})(?:\.[\w.-]{1,64})?)[: \]]"
    r"[^$#%>]{0,80}[$#%>]"
)
_LEFT = re.compile(r"(?:.{0,80}[$#>%] *)?(?:exit|logout)$")
_COUNTER = re.compile(
    r"\s*(?:(?:Udp|Ip|Tcp): \d|(?:Udp|Ip)6?[A-Z]\w+\s+\d"
    r"|\d+ (?:packets received|(?:packet receive|receive buffer) errors|total packets received)\b)"
)


def scopes_of(text: str) -> tuple[str, ...]:
    """Return whose counters a text shows, in its order; one alone where no command tells."""
    host = within = scope = _HOST
    found: dict[str, None] = {}
    for line in text.splitlines():
        prompt = _PROMPT.match(line) if "@" in line and within == _HOST else None
        if prompt:
            host = scope = prompt["host"] or prompt["address"]
        entered = _ENTERED.match(line) if any(word in line for word in _ENTERING) else None
        if entered:
            scope = _name(entered["words"])
            within = scope if _SHELL.fullmatch(entered["rest"]) else within
        elif line.endswith(("exit", "logout")) and _LEFT.match(line):
            within = _HOST
            scope = host
        elif ("stat" in line or "/proc/" in line) and _PLAIN.match(line):
            scope = host if within == _HOST else within
        elif _COUNTER.match(line):
            found[scope] = None
    if host in found and host != _HOST:
        found.pop(_HOST, None)  # what stands before the first prompt with a name
    return tuple(found)


def _name(words: str) -> str:
    """Return the namespace, container or pod that a command enters."""
    named = [word for word in _IN_POD.sub("", words).split() if word != "--"]
    names = [word for word in named if not word.startswith("-")] or named
    return re.split("[/@]", names[-1])[-1] if names else words.strip()
