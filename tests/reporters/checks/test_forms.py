"""Each form of output: read back by what reads it, and with hostile names in every text."""

from __future__ import annotations

import io
import json
import re
from datetime import date
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import jsonschema
import pytest
import xmlschema
from hypothesis import given, settings
from hypothesis import strategies as st

from netrx_tune.host.checking import judge_input
from netrx_tune.model.errors import ParseError
from netrx_tune.model.judgement import Judgement, Spot
from netrx_tune.planning.policy import POLICY_RULES, parse_policy
from netrx_tune.planning.tally import Tally
from netrx_tune.reporters.checks import FORMATS, Setup, form_of
from netrx_tune.reporters.checks.judgement_json import line, parse_line
from tests.saved import archive, folder

SCHEMAS = Path(__file__).parents[2] / "schemas"
POLICY = parse_policy(
    "{require: {net.core.rmem_max: {at_least: 8MiB}}, rules: {disable: [martians]},"
    " accept: [{rule: policy-setting, host: 'w*', reason: known, until: 2026-12-31}]}",
    "p.yaml",
)
TODAY = date(2026, 12, 1)
HOSTILE = "a|b`c\n::error::x\r\x1b[2J<b>&\"' ]]> %0A,:@me \u202e \udcff https://x.y [z](w) <!--"


@pytest.fixture
def judged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Judgement]:
    monkeypatch.chdir(tmp_path)
    paths = [
        archive(Path("web7.tar.gz"), lost=500),
        archive(Path("web8.tar.gz")),
        folder(Path("runs/db 1"), lost=500, rmem_max=16 << 20),
        "none.tar.gz",
    ]
    found = [judge_input(path, POLICY, TODAY)[0] for path in paths]
    lacking = "require: {net.core.somaxconn: {at_least: 1}}"
    return [*found, judge_input(paths[1], parse_policy(lacking, "q.yaml"), TODAY)[0]]


@pytest.fixture
def hostile(judged: list[Judgement]) -> list[Judgement]:
    """The same, with such a name wherever an input has a say."""
    return [
        one._replace(
            name=HOSTILE,
            host=HOSTILE,
            namespace=HOSTILE,
            reason=one.reason + HOSTILE,
            about=one.about._replace(kernel=HOSTILE, distribution=HOSTILE),
            findings=tuple(
                finding._replace(
                    summary=finding.summary + HOSTILE,
                    spot=Spot("1/" + HOSTILE, 7),
                    evidence=tuple(item._replace(counter=HOSTILE) for item in finding.evidence),
                    advice=finding.advice
                    and finding.advice._replace(why=HOSTILE, command=HOSTILE, target=HOSTILE),
                )
                for finding in one.findings
            ),
        )
        for one in judged
    ]


def written(form: str, judgements: list[Judgement], **setup: Any) -> str:  # noqa: ANN401
    writer, tally = form_of(form, Setup(POLICY, **setup)), Tally()
    text = writer.begin()
    for one in judgements:
        text += writer.each(one)
        tally.add(one)
    return text + writer.end(tally)


def sarif(text: str) -> dict[str, Any]:
    schema = json.loads((SCHEMAS / "sarif-2.1.0-rtm.5.json").read_text())
    document: dict[str, Any] = json.loads(text)
    jsonschema.Draft4Validator(schema).validate(document)
    return document


def junit(text: str) -> ET.Element:
    xmlschema.XMLSchema(str(SCHEMAS / "junit-10.xsd")).validate(io.StringIO(text))
    return ET.fromstring(text.encode())  # noqa: S314 - our own


def test_the_schemas_refuse_what_is_wrong() -> None:
    with pytest.raises(jsonschema.ValidationError):
        sarif('{"version": "2.1.0", "runs": [{"results": []}]}')
    with pytest.raises(xmlschema.XMLSchemaException):
        junit("<testsuites><testsuite name='x'/></testsuites>")


def test_sarif_has_stable_ids_fingerprints_and_places(judged: list[Judgement]) -> None:
    run = sarif(written("sarif", judged))["runs"][0]
    ids = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    assert len(set(ids)) == len(ids)
    assert set(POLICY_RULES) < set(ids)
    assert all(len(rule["help"]["text"]) > 100 for rule in run["tool"]["driver"]["rules"])
    results = run["results"]
    assert [(one["ruleId"], one["level"]) for one in results] == [
        ("socket-buffer-full", "error"),
        ("policy-setting", "warning"),
        ("policy-setting", "warning"),
        ("socket-buffer-full", "error"),
        ("input-unreadable", "error"),
        ("input-not-judged", "warning"),
    ]
    assert all(ids[one["ruleIndex"]] == one["ruleId"] for one in results)
    packed, unpacked = results[0]["locations"][0], results[3]["locations"][0]
    assert packed["physicalLocation"]["artifactLocation"]["uri"] == "web7.tar.gz"
    assert packed["logicalLocations"][0]["fullyQualifiedName"] == "web7.tar.gz!/1/proc/net/snmp:4"
    assert unpacked["physicalLocation"] == {
        "artifactLocation": {"uri": "runs/db%201/1/proc/net/snmp"},
        "region": {"startLine": 4},
    }
    assert results[1]["suppressions"][0]["justification"] == "known (until 2026-12-31)"
    marks = [one["partialFingerprints"]["netrxTune/v1"] for one in results[:4]]
    assert len(set(marks)) == 4
    assert not any("500" in mark or "10000" in mark for mark in marks)
    assert run["invocations"] == [{"executionSuccessful": False, "exitCode": 1}]


def test_junit_has_a_suite_for_each_input_and_a_case_for_each_rule(judged: list[Judgement]) -> None:
    suites = junit(written("junit", judged)).findall("testsuite")
    assert [suite.get("name") for suite in suites] == [one.name for one in judged]
    cases = {case.get("name"): case for case in suites[0]}
    failure = cases["socket-buffer-full"].find("failure")
    assert failure is not None
    assert "Udp.RcvbufErrors: 0 -> 500" in (failure.text or "")
    assert "1/proc/net/snmp:4" in (failure.text or "")
    assert cases["policy-setting"].find("failure") is None
    assert "known" in (cases["policy-setting"].findtext("system-out") or "")
    skipped = cases["nic-ring-overflow"].find("skipped")
    assert skipped is not None
    assert skipped.get("message") == "needs the statistics of devices"
    off = cases["martians"].find("skipped")
    assert off is not None
    assert off.get("message") == "turned off by the policy"
    assert len(cases["udp-unexplained"]) == 0
    for suite in suites:
        found = suite.findall("testcase")
        for kind, count in (("failure", "failures"), ("error", "errors"), ("skipped", "skipped")):
            assert len(suite.findall(f"testcase/{kind}")) == int(suite.get(count) or -1)
        assert len(found) == int(suite.get("tests") or -1)
    assert suites[3].find("testcase/error") is not None


def test_json_is_one_document_and_jsonl_a_line_for_each(judged: list[Judgement]) -> None:
    document = json.loads(written("json", judged))
    assert document["schema"] == "netrx-tune/check/v1"
    assert [one["outcome"] for one in document["inputs"]] == [one.outcome for one in judged]
    assert document["summary"]["exit_code"] == 1
    assert document["summary"]["failed"] == 2
    lines = written("jsonl", judged).splitlines()
    assert [json.loads(one) for one in lines] == document["inputs"]


def test_a_line_gives_its_judgement_back(judged: list[Judgement]) -> None:
    for one in judged:
        again = parse_line(line(one), "x.jsonl")
        assert line(again) == line(one)
        assert type(again.ledger) is tuple
        assert again.findings[:1] == tuple(
            finding._replace(share=again.findings[0].share) for finding in one.findings[:1]
        )


@pytest.mark.parametrize(
    "text", ["", "{}", "[]", "1", "{", "null", '{"schema": "netrx-tune/judgement/v1"}', "[" * 9999]
)
def test_a_line_that_is_no_judgement_is_refused(text: str) -> None:
    with pytest.raises(ParseError):
        parse_line(text, "x.jsonl")


def test_empty_runs_are_valid() -> None:
    sarif(written("sarif", []))
    junit(written("junit", []))
    assert json.loads(written("json", []))["summary"]["exit_code"] == 3


def test_github_names_file_line_and_rule(judged: list[Judgement]) -> None:
    lines = written("github", judged).splitlines()
    assert lines[0].startswith(
        "::error file=web7.tar.gz,title=socket-buffer-full on web7::500 of 10,000 datagrams (5.0 %"
    )
    assert lines[0].endswith("%0ASeen in 1/proc/net/snmp:4")
    assert any(
        one.startswith("::error file=runs/db 1/1/proc/net/snmp,line=4,title=") for one in lines
    )
    assert (
        lines[-1]
        == "::notice title=netrx-tune::5 inputs: 1 passed, 2 failed, 1 unreadable, 1 not judged"
    )


def test_markdown_is_one_table(judged: list[Judgement]) -> None:
    text = written("markdown", judged)
    rows = [row for row in text.splitlines() if row.startswith("|")]
    assert {row.count("|") for row in rows} == {7}
    assert "| web7.tar.gz | critical | socket-buffer-full: 500 of 10,000 datagrams (5.0 %)" in text
    assert "**5 inputs: 1 passed, 2 failed, 1 unreadable, 1 not judged.**" in text


def test_a_row_of_markdown_keeps_the_command_its_cost_and_the_way_back(
    judged: list[Judgement],
) -> None:
    (finding, *_) = judged[0].findings
    assert finding.advice
    long = "its queue was full and nothing was read " * 40
    advice = finding.advice._replace(why=long, command="sysctl -w a=1", cost="memory", undo="off")
    one = judged[0]._replace(findings=(finding._replace(advice=advice),))
    (row,) = [row for row in written("markdown", [one]).splitlines() if "web7" in row]
    assert row.endswith(" Type: sysctl -w a=1. Costs: memory. Undo: off. |")
    told = row.rpartition("|")[0].rpartition("|")[2]
    assert ". Its queue was full" in told, "a sentence begins with a capital"
    assert set(told.partition(" ..")[0].rpartition(". Its ")[2].split()) <= set(long.split())


def test_a_long_table_is_cut_and_says_so(judged: list[Judgement]) -> None:
    text = written("markdown", judged * 400)
    assert text.count("\n| ") < 600
    assert "1,900 more rows are left out" in text


def test_text_shows_what_fails_and_quietly_nothing_else(judged: list[Judgement]) -> None:
    text = written("text", judged)
    assert "FAILED: web7.tar.gz (kernel 6.1.0-13-amd64" in text
    assert "PASSED: web8.tar.gz" in text
    assert "UNREADABLE: none.tar.gz: No such file or directory" in text
    assert "NOT JUDGED: web8.tar.gz: policy-setting net.core.somaxconn" in text
    assert "PASSED" not in written("text", judged, quiet=True)
    assert "Next: netrx-tune diagnose --from web7.tar.gz" in text
    assert "\x1b[" not in text
    assert "\x1b[1;31mFAILED:" in written("text", judged, color=True)


@settings(max_examples=60)
@given(name=st.text(max_size=60), reason=st.text(max_size=60))
@pytest.mark.parametrize("form", ["junit", "github", "markdown", "text", "sarif"])
def test_any_text_stays_one(form: str, name: str, reason: str) -> None:
    one = Judgement(name or "x", name or "x", "unreadable", reason)
    got = written(form, [one])
    assert all(char == "\n" or char.isprintable() for char in got)
    match form:
        case "junit":
            (suite,) = ET.fromstring(got.encode())  # noqa: S314 - our own
            assert suite.get("tests") == "1"
        case "github":
            assert len(got.splitlines()) == 2
        case "markdown":
            assert {row.count("|") for row in got.splitlines() if row.startswith("|")} == {7}
        case "sarif":
            assert len(json.loads(got)["runs"][0]["results"]) == 1
        case _:
            assert got.startswith("UNREADABLE:")


@pytest.mark.parametrize("form", FORMATS)
def test_hostile_names_stay_texts(form: str, hostile: list[Judgement]) -> None:
    text = written(form, hostile)
    if form not in {"json", "jsonl"}:
        text.encode("utf-8")
    assert all(char == "\n" or char.isprintable() for char in text)
    assert "\n::error::x" not in text
    match form:
        case "sarif":
            sarif(text)
        case "junit":
            junit(text)
        case "json":
            assert json.loads(text)["inputs"][0]["input"] == HOSTILE
        case "jsonl":
            assert len(text.splitlines()) == len(hostile)
        case "github":
            assert all(re.match("::(error|warning|notice) (file|title)=", one)
                       for one in text.splitlines())  # fmt: skip
            for one in text.splitlines()[:-1]:
                properties = one.partition(" ")[2].partition("::")[0]
                assert properties.count(",") in {1, 2}
        case "markdown":
            rows = [row for row in text.splitlines() if row.startswith("|")]
            assert {row.count("|") for row in rows} == {7}
            assert not re.search(r"`c|<b>|\[z\]|@me|<!--|https://", text)
        case _:
            pass
