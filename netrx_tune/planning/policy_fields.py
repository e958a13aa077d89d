"""The types that fields of a policy and of a baseline have.

What is not of its type is a ProfileError, which names file, line and key.
"""

from __future__ import annotations

import re
from datetime import date
from fnmatch import fnmatchcase
from typing import Literal, NamedTuple, cast, get_args

from netrx_tune.model.errors import ProfileError
from netrx_tune.model.finding import SEVERITIES, Cause
from netrx_tune.planning import profile_fields as fields
from netrx_tune.planning.profile_document import Entries, Items, Node
from netrx_tune.planning.profile_fields import Place
from netrx_tune.rules.near import near
from netrx_tune.rxpath.stages import STAGES

Bar = Literal["note", "warning", "critical", "never"]

BARS: tuple[Bar, ...] = (*SEVERITIES, "never")
_CAUSES: tuple[Cause, ...] = get_args(Cause)
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_PERCENT = re.compile(r"(0|[1-9][0-9]?|100)(?:\.([0-9]{1,6}))? ?%")
_PART = re.compile(r"0|0\.[0-9]{1,8}|1|1\.0")
_FINGERPRINT = re.compile(r"[0-9a-f]{16}")
_ACCEPTANCE = ("rule", "stage", "cause", "host", "fingerprint", "reason", "until")


class Acceptance(NamedTuple):
    """A finding that is known and tolerated up to a day, that day included.

    `host` is a pattern of labels, `*` and `?` in it; the other fields, where given, must agree.
    """

    reason: str
    until: date
    place: str  # "policy.yaml:12"
    rule: str | None = None
    stage: str | None = None
    cause: Cause | None = None
    host: str | None = None
    fingerprint: str | None = None

    def holds(self, today: date) -> bool:
        """Tell whether it is in force."""
        return today <= self.until

    def covers(self, rule: str, stage: str, cause: Cause | None, host: str) -> bool:
        """Tell whether it speaks of such a finding."""
        return (
            self.rule in (None, rule)
            and self.stage in (None, stage)
            and self.cause in (None, cause)
            and (self.host is None or fnmatchcase(host, self.host))
        )


def bar(node: Node, at: Place) -> Bar:
    """Return a severity, or never."""
    return cast("Bar", one_of(node, at, BARS))


def one_of(node: Node, at: Place, known: tuple[str, ...]) -> str:
    """Return a word out of a few."""
    found = fields.text(node, at)
    if found not in known:
        raise at.refused(node.line, f"expected one of {', '.join(known)}", found)
    return found


def names(node: Node, at: Place, known: tuple[str, ...], what: str) -> tuple[str, ...]:
    """Return a list of names that exist."""
    found = fields.texts(node, at)
    for number, name in enumerate(found):
        if name not in known:
            line = node.items[number].line if isinstance(node, Items) else node.line
            raise _no_such(what, name, line, at, known)
    return found


def check_stage(name: str, line: int, at: Place, *, also: tuple[str, ...] = ()) -> None:
    """Refuse what is no stage."""
    known = (*also, *(one.name for one in STAGES))
    if name not in known:
        raise _no_such("stage", name, line, at, known)


def _no_such(what: str, name: str, line: int, at: Place, known: tuple[str, ...]) -> ProfileError:
    hint = near(name, known) or " (see netrx-tune explain)"
    return at.refused(line, f"no {what} has that name{hint}", name)


def loss_share(node: Node, at: Place) -> float:
    """Return a share of what was offered, from 0 to 1, written as 0.1% or 0.001."""
    found = fields.text(node, at)
    percent = _PERCENT.fullmatch(found)
    value = float(found.rstrip("% ")) / 100 if percent else None
    if value is None and _PART.fullmatch(found):
        value = float(found)
    if value is None or value > 1:
        raise at.refused(node.line, "expected a share such as 0.1% or 0.001, from 0 to 1", found)
    return value


def day(node: Node, at: Place) -> date:
    """Return a day, written as 2027-03-31."""
    found = fields.text(node, at)
    try:
        if _DATE.fullmatch(found):
            return date.fromisoformat(found)
    except ValueError:
        pass
    raise at.refused(node.line, "expected a day such as 2027-03-31", found)


def acceptances(top: Entries, at: Place, rules: tuple[str, ...] | None) -> tuple[Acceptance, ...]:
    """Return the findings that are accepted; rules None allows those of another version."""
    node = top.entries.get("accept")
    if node is None:
        return ()
    inside = at.inside("accept")
    if fields.written(node) == "":
        return ()
    if not isinstance(node, Items):
        raise inside.refused(node.line, "expected a list", fields.written(node))
    return tuple(_acceptance(item, inside, rules) for item in node.items)


def _acceptance(node: Node, at: Place, rules: tuple[str, ...] | None) -> Acceptance:
    entry = fields.mapping(node, at, _ACCEPTANCE)
    for key in ("reason", "until"):
        if key not in entry.entries:
            raise at.refused(entry.line, f"expected a key {key}", "none")
    known = entry.entries
    words = {
        key: fields.text(known[key], at.inside(key))
        for key in ("rule", "stage", "host", "fingerprint")
        if key in known
    }
    if not words.keys() & {"rule", "stage", "fingerprint"}:
        raise at.refused(entry.line, "expected a rule, a stage or a fingerprint", "none")
    if "rule" in words and rules is not None:
        one_of_rules = names(Items((known["rule"],), entry.line), at.inside("rule"), rules, "rule")
        words["rule"] = one_of_rules[0]
    if "stage" in words and rules is not None:
        check_stage(words["stage"], known["stage"].line, at.inside("stage"))
    if "fingerprint" in words and not _FINGERPRINT.fullmatch(words["fingerprint"]):
        line = known["fingerprint"].line
        what = "expected 16 hexadecimal digits"
        raise at.inside("fingerprint").refused(line, what, words["fingerprint"])
    cause = one_of(known["cause"], at.inside("cause"), _CAUSES) if "cause" in known else None
    return Acceptance(
        reason=fields.text(known["reason"], at.inside("reason")),
        until=day(known["until"], at.inside("until")),
        place=f"{at.path}:{entry.line}",
        cause=cast("Cause | None", cause),
        **words,
    )
