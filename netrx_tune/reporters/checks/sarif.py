"""SARIF 2.1.0 for code scanning and its viewers.

Source: OASIS, Static Analysis Results Interchange Format (SARIF) Version 2.1.0. The file in an
archive is a logical location, since no viewer can open it; in a folder it is the file itself.
"""

from __future__ import annotations

import json
import re
from urllib.parse import quote

from netrx_tune import __version__
from netrx_tune.model.finding import Severity
from netrx_tune.model.judgement import JudgedFinding, Judgement, Spot
from netrx_tune.planning.fingerprints import fingerprint
from netrx_tune.planning.policy_pages import INPUT_PAGES, POLICY_PAGES
from netrx_tune.planning.tally import Tally
from netrx_tune.reporters.checks import Setup
from netrx_tune.reporters.checks.words import advice_words, problem, spot_words
from netrx_tune.reporters.plain import escape
from netrx_tune.rules import rules

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_LEVELS: dict[Severity, str] = {"critical": "error", "warning": "warning", "note": "note"}
_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+]*://")
_FINGERPRINT = "netrxTune/v1"


class Sarif:
    """One run; its results are written as the inputs come."""

    def __init__(self, setup: Setup) -> None:  # noqa: ARG002 - as in the other forms
        self._index: dict[str, int] = {}
        self._separator = "\n"

    def begin(self) -> str:
        """Return the head with all rules, and the opening of the results."""
        described = [*(_described(name, page) for name, _, page in rules()), *_others()]
        self._index = {str(one["id"]): number for number, one in enumerate(described)}
        driver = {"name": "netrx-tune", "version": __version__, "semanticVersion": __version__,
                  "rules": described}  # fmt: skip
        return (
            f'{{"$schema": "{_SCHEMA}", "version": "2.1.0", "runs": [{{'
            f'"tool": {json.dumps({"driver": driver})},\n"columnKind": "unicodeCodePoints",'
            ' "results": ['
        )

    def each(self, judgement: Judgement) -> str:
        """Return the results of one input."""
        found = [self._result(judgement, one) for one in judgement.findings]
        if judgement.outcome == "unreadable":
            found.append(self._problem(judgement, "input-unreadable", "error"))
        elif judgement.outcome == "not-judged":
            found.append(self._problem(judgement, "input-not-judged", "warning"))
        text = ""
        for one in found:
            text += self._separator + json.dumps(one)
            self._separator = ",\n"
        return text

    def end(self, tally: Tally) -> str:
        """Return the end, with whether the run could read all that it was given."""
        done = {"executionSuccessful": not tally.outcomes["unreadable"],
                "exitCode": tally.exit_code()}  # fmt: skip
        return f'\n], "invocations": [{json.dumps(done)}]}}]}}\n'

    def _result(self, judgement: Judgement, finding: JudgedFinding) -> dict[str, object]:
        advice = advice_words(finding).replace("\n", " ")
        text = f"{finding.summary}. {advice}" if advice else finding.summary
        result: dict[str, object] = {
            "ruleId": finding.rule,
            "ruleIndex": self._index[finding.rule],
            "level": _LEVELS[finding.severity],
            "message": {"text": escape(text)},
            "locations": [_location(judgement, finding.spot)],
            "partialFingerprints": {_FINGERPRINT: finding.fingerprint},
            "properties": {
                "host": escape(judgement.host),
                "stage": finding.stage or None,
                "cause": finding.cause,
                "confidence": finding.confidence,
                "lost": finding.lost,
                "share": finding.share,
                "fails": finding.fails,
            },
        }
        if finding.accepted:
            result["suppressions"] = [
                {"kind": "external", "status": "accepted", "justification": finding.accepted}
            ]
        return result

    def _problem(self, judgement: Judgement, rule: str, level: str) -> dict[str, object]:
        return {
            "ruleId": rule,
            "ruleIndex": self._index[rule],
            "level": level,
            "message": {"text": escape(problem(judgement))},
            "locations": [_location(judgement, Spot(""))],
            "partialFingerprints": {_FINGERPRINT: fingerprint(judgement.host, rule)},
        }


def _others() -> list[dict[str, object]]:
    both = (*POLICY_PAGES.items(), *INPUT_PAGES.items())
    return [_described(name, page) for name, page in both]


def _described(name: str, page: str) -> dict[str, object]:
    """Return a rule with its page as help; its first line is its title."""
    title = page.strip().partition("\n")[0].rstrip(".")
    return {
        "id": name,
        "name": "".join(word.capitalize() for word in name.split("-")),
        "shortDescription": {"text": title},
        "fullDescription": {"text": title},
        "help": {"text": page.strip()},
        "defaultConfiguration": {"level": "warning"},
    }


def _location(judgement: Judgement, spot: Spot) -> dict[str, object]:
    if judgement.is_folder and spot.file:
        path = f"{judgement.name.rstrip('/')}/{spot.file}"
        return {
            "physicalLocation": {
                "artifactLocation": {"uri": _uri(path)},
                "region": {"startLine": spot.line or 1},
            }
        }
    location: dict[str, object] = {
        "physicalLocation": {
            "artifactLocation": {"uri": _uri(judgement.name)},
            "region": {"startLine": 1 if spot.file else spot.line or 1},
        }
    }
    name, kind = escape(spot_words(spot)) if spot.file else "", "member"
    if not name and judgement.namespace is not None:
        name, kind = f"netns {escape(judgement.namespace)}", "namespace"
    if name:
        location["logicalLocations"] = [
            {"name": name, "fullyQualifiedName": f"{escape(judgement.name)}!/{name}", "kind": kind}
        ]
    return location


def _uri(path: str) -> str:
    """Return a path as a URI: relative as it was given, or of the file scheme; or an address."""
    address = _ADDRESS.match(path)
    scheme = address[0] if address else "file://" if path.startswith("/") else ""
    rest = path[address.end() :] if address else path
    return scheme + quote(rest.encode("utf-8", "surrogateescape"))


FORM = Sarif
