"""A text that shows one thing at two moments, as `netstat -s; sleep 10; netstat -s` does.

nstat subtracts the earlier moment itself, unless it is told not to (-a).
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Mapping

from netrx_tune.collectors.log_text import PATH as LOG
from netrx_tune.collectors.paths import NETSTAT_S, NSTAT
from netrx_tune.model.sample import Gap

_DIGITS = re.compile(r"(?<![\w.])\d+(?:\.\d+)?(?![\w.])")  # and not those of a name such as eth0
_LABELLED = re.compile(r"[A-Za-z]")

_EACH_ONCE = {"/proc/net/snmp", "/proc/net/snmp6", "/proc/net/netstat", NETSTAT_S, NSTAT}

TWO_MOMENTS = (
    "an earlier one in the text: the last counts. As two texts, --from FIRST --from SECOND, they"
    " are a window"
)
SINCE_LAST = (
    "nstat without -a counts from when somebody last called it, which may be long after boot:"
    " nstat -az has the totals"
)
_NSTAT = re.compile(r"\bnstat((?: +--?\w+)*)")
_TOTALS = re.compile(r" -\w*a| --ignore")


def of_moments(gap: Gap) -> bool:
    """Tell whether a gap is a word on the time that figures are of; nothing lacks by it."""
    return gap.detail in {TWO_MOMENTS, SINCE_LAST}


def is_since_last(command: str) -> bool:
    """Tell whether nstat, as it was last called in a line, prints what grew since it was called."""
    called = _NSTAT.findall(command)
    return bool(called) and not _TOTALS.search(called[-1])


def joined(
    parts: Iterable[tuple[str, str]], tables: Container[str], gaps: list[Gap]
) -> dict[str, str]:
    """Return the parts of a text (kind and lines) by their kind, the later after the earlier.

    A kind in `tables` has lines without names: of two only the later one counts.
    """
    texts: dict[str, list[str]] = {}
    earlier: dict[str, dict[str, list[str]]] = {}
    told: set[str] = set()
    for kind, text in parts:
        rows = [(_label(line), line.split()) for line in text.splitlines()]
        before = earlier.setdefault(kind, {})
        again = kind in texts and kind != LOG and (kind in tables or _differs(before, rows))
        if kind not in told and (again or (kind in _EACH_ONCE and _repeats(rows))):
            gaps.append(Gap(kind, "unparsed", TWO_MOMENTS))
            told.add(kind)
        if kind in tables:
            texts[kind] = [text]
        else:
            texts.setdefault(kind, []).append(text)
        before.update(rows)
    return {kind: "".join(some) for kind, some in texts.items()}


def _differs(before: Mapping[str, list[str]], rows: Iterable[tuple[str, list[str]]]) -> bool:
    """Tell whether a line that stood there before has other numbers now."""
    return any(
        before.get(label, words) != words for label, words in rows if _LABELLED.search(label)
    )


def _repeats(rows: Iterable[tuple[str, list[str]]]) -> bool:
    """Tell whether a line stands twice under one heading, with other numbers, as loops print it."""
    seen: dict[tuple[str, str], list[str]] = {}
    heading = ""
    for label, words in rows:
        if label.endswith(":") and not any(word.isdecimal() for word in words):
            heading = label
        elif _LABELLED.search(label) and seen.setdefault((heading, label), words) != words:
            return True
    return False


def _label(line: str) -> str:
    """Return a line without its numbers and the room that they take."""
    return " ".join(_DIGITS.sub(" ", line).split())
