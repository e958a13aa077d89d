"""JUnit XML: a suite for each judgement, a case for each rule, skipped where there is no data.

Of the schema in https://github.com/jenkinsci/xunit-plugin (junit-10.xsd) only what all readers
take: testsuites, testsuite, properties, testcase, failure, error, skipped, system-out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple
from xml.sax.saxutils import escape as xml_text
from xml.sax.saxutils import quoteattr

from netrx_tune.model.judgement import JudgedFinding, Judgement
from netrx_tune.planning.policy import POLICY_RULES, Policy
from netrx_tune.planning.tally import Tally
from netrx_tune.reporters.checks import Setup
from netrx_tune.reporters.checks.words import (
    advice_words,
    evidence_lines,
    host_words,
    input_words,
    problem,
    standing,
)
from netrx_tune.reporters.plain import escape
from netrx_tune.rules import rule_names


class _Case(NamedTuple):
    """One rule and what became of it; `kind` is the element within, "" for a plain pass."""

    rule: str
    kind: str = ""
    message: str = ""
    text: str = ""


class Junit:
    """Suites, written as the inputs come; the outermost element has no counts for that reason."""

    def __init__(self, setup: Setup) -> None:
        self._policy = setup.policy
        self._rules = (*rule_names(), *_demanded(setup.policy))

    def begin(self) -> str:
        """Return the head."""
        return '<?xml version="1.0" encoding="UTF-8"?>\n<testsuites name="netrx-tune check">\n'

    def each(self, judgement: Judgement) -> str:
        """Return one input's suite."""
        cases = list(self._cases(judgement))
        counts = {kind: sum(case.kind == kind for case in cases)
                  for kind in ("failure", "error", "skipped")}  # fmt: skip
        head = (
            f"<testsuite name={_attribute(input_words(judgement))}"
            f" hostname={_attribute(judgement.host)}"
            f' tests="{len(cases)}" failures="{counts["failure"]}" errors="{counts["error"]}"'
            f' skipped="{counts["skipped"]}">\n'
        )
        about = host_words(judgement.about)
        properties = (
            f'<properties><property name="host" value={_attribute(about)}/></properties>\n'
            if about
            else ""
        )
        body = "".join(_case(case, judgement.host) for case in cases)
        return f"{head}{properties}{body}</testsuite>\n"

    def end(self, tally: Tally) -> str:  # noqa: ARG002 - as in the other forms
        """Return the end."""
        return "</testsuites>\n"

    def _cases(self, judgement: Judgement) -> Iterator[_Case]:
        if judgement.outcome == "unreadable":
            yield _Case("input", "error", problem(judgement), escape(problem(judgement)))
            return
        if judgement.outcome == "not-judged":
            yield _Case("input", "skipped", problem(judgement))
        found: dict[str, list[JudgedFinding]] = {}
        for one in judgement.findings:
            found.setdefault(one.rule, []).append(one)
        why = {one.rule: " ".join((one.why, *one.needs)) for one in judgement.skipped}
        for rule in self._rules:
            yield self._case(rule, found.get(rule, []), why)

    def _case(self, rule: str, found: list[JudgedFinding], why: Mapping[str, str]) -> _Case:
        failing = [one for one in found if one.fails]
        if failing:
            text = "\n\n".join(map(_text, failing))
            return _Case(rule, "failure", failing[0].summary, text)
        if not self._policy.judges(rule):
            return _Case(rule, "skipped", "turned off by the policy")
        if found:
            return _Case(rule, "system-out", "", "\n\n".join(map(_text, found)))
        return _Case(rule, "skipped", why[rule]) if rule in why else _Case(rule)


def _demanded(policy: Policy) -> Iterator[str]:
    """Yield the rules of what this policy demands."""
    asked = (policy.require, policy.loss, policy.profile)
    yield from (rule for rule, part in zip(POLICY_RULES, asked, strict=True) if part)


def _text(finding: JudgedFinding) -> str:
    """Return a finding with its evidence and what to do."""
    lines = [escape(f"{finding.severity}: {finding.summary}"), escape(standing(finding))]
    lines += evidence_lines(finding)
    lines += [advice_words(finding), f"fingerprint {finding.fingerprint}"]
    return "\n".join(line for line in lines if line)


def _case(case: _Case, host: str) -> str:
    head = f"<testcase classname={_attribute(host)} name={_attribute(case.rule)}"
    if not case.kind:
        return f"{head}/>\n"
    text = "\n".join(xml_text(escape(line)) for line in case.text.split("\n"))
    if case.kind == "system-out":
        return f"{head}><system-out>{text}</system-out></testcase>\n"
    message = f"message={_attribute(case.message)}"
    kind = f" type={_attribute(case.rule)}" if case.kind != "skipped" else ""
    return f"{head}><{case.kind} {message}{kind}>{text}</{case.kind}></testcase>\n"


def _attribute(text: str) -> str:
    """Return a quoted attribute; what XML cannot hold, as control characters, is made visible."""
    return quoteattr(escape(text))


FORM = Junit
