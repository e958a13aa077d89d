"""A baseline: findings that were there when the gate was put up, with reasons and expiry dates.

schema: 1
accept:
  - {fingerprint: 9f86d081884c7d65, rule: socket-buffer-full, stage: udp-rcvbuf-full,
     host: "web7", reason: "replaced in March", until: 2027-03-31}
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import date

from netrx_tune.model.judgement import JudgedFinding, Judgement
from netrx_tune.planning import policy_fields as own
from netrx_tune.planning import profile_fields as fields
from netrx_tune.planning.policy_fields import Acceptance
from netrx_tune.planning.profile_document import Most, read_document
from netrx_tune.planning.profile_fields import Place

MOST = Most(size_bytes=1 << 26, nodes=4_000_000)
_MOST_HOST = 200
_HEAD = """\
# Findings that `netrx-tune check --baseline` accepts. Each has a reason, and a day on which the
# acceptance ends; edit both. `netrx-tune check --update-baseline` adds and removes entries and
# keeps reasons.
schema: 1
accept:
"""


def parse_baseline(text: str, path: str) -> dict[str, Acceptance]:
    """Return what a baseline accepts, by fingerprint.

    Raises:
        ProfileError: it is not a baseline; names file, line and key.
    """
    at = Place(path, "")
    top = fields.mapping(read_document(text, path, MOST), at, ("schema", "accept"))
    fields.check_schema(top, at)
    found: dict[str, Acceptance] = {}
    for one in own.acceptances(top, at, None):
        line = int(one.place.rpartition(":")[2])
        if one.fingerprint is None:
            raise at.inside("accept").refused(line, "expected a key fingerprint", "none")
        if one.fingerprint in found:
            first = found[one.fingerprint].place.rpartition(":")[2]
            what = f"this fingerprint stands on line {first} already"
            raise at.inside("accept").refused(line, what, one.fingerprint)
        found[one.fingerprint] = one
    return found


class Update:
    """What a new baseline holds, gathered from one judgement after the other."""

    def __init__(
        self, old: Mapping[str, Acceptance], reason: str, today: date, until: date
    ) -> None:
        self._reason = reason
        self._today = today
        self._until = until
        self._kept = dict(old)
        self._hosts = {one.host for one in old.values()}
        self._judged: set[str] = set()  # hosts of the old baseline that were met
        self._found: set[str] = set()  # its fingerprints that were met
        self.before = len(old)
        self.added = 0
        self.renewed = 0

    def add(self, judgement: Judgement) -> None:
        """Accept what fails in an input, and remember what of the old baseline is still there."""
        if judgement.outcome in {"unreadable", "not-judged"}:
            return
        host = _written_host(judgement.host)
        if host in self._hosts:
            self._judged.add(host)
        for one in judgement.findings:
            if one.fingerprint in self._kept:
                self._found.add(one.fingerprint)
            if one.fails:
                self._accept(one, host)

    def _accept(self, finding: JudgedFinding, host: str) -> None:
        """Keep the reason of an acceptance that ran out; it was accepted once more just now."""
        old = self._kept.get(finding.fingerprint)
        if old is None:
            self.added += 1
        else:
            self.renewed += not old.holds(self._today)
        self._kept[finding.fingerprint] = Acceptance(
            reason=old.reason if old else self._reason,
            until=self._until,
            place="",
            rule=finding.rule,
            stage=finding.stage or None,
            host=host,
            fingerprint=finding.fingerprint,
        )

    def kept(self) -> list[Acceptance]:
        """Return the new baseline: without what a host that was judged shows no more.

        It is sorted so that its changes read well.
        """
        rows = [
            one
            for mark, one in self._kept.items()
            if one.host not in self._judged or mark in self._found or not one.place
        ]
        return sorted(rows, key=lambda one: (one.host or "", one.rule or "", one.fingerprint or ""))


def render_baseline(accepted: Iterable[Acceptance]) -> str:
    """Return the text of a baseline."""
    rows = [f"  - {{{', '.join(_entries(one))}}}\n" for one in accepted]
    return _HEAD.removesuffix("\n") + (" []\n" if not rows else "\n" + "".join(rows))


def _entries(one: Acceptance) -> Iterator[str]:
    yield f'fingerprint: "{one.fingerprint}"'
    for key in ("rule", "stage"):
        value = getattr(one, key)
        if value:
            yield f"{key}: {value}"
    if one.host:
        yield f"host: {_quoted(one.host)}"
    yield f"reason: {_quoted(one.reason)}"
    yield f"until: {one.until}"


def _quoted(text: str) -> str:
    """Return a double-quoted scalar, which YAML reads as JSON does; the text is printable."""
    return json.dumps(text, ensure_ascii=False)


def _written_host(host: str) -> str:
    """Return a label as a baseline can hold it: printable, and not endless."""
    shown = "".join(char if char.isprintable() else "?" for char in host)
    return shown[:_MOST_HOST].strip()
