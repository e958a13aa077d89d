"""Where a finding stands in an input that is one text: its line, in each form of output."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest

from netrx_tune.host.checking import judge_input
from netrx_tune.model.judgement import Judgement
from netrx_tune.planning.policy import Policy
from netrx_tune.planning.tally import Tally
from netrx_tune.reporters.checks import Setup, form_of
from netrx_tune.reporters.checks.judgement_json import line, parse_line

TICKET = """\
Hello, it loses:
Udp:
    500 packets received
    90 packet receive errors
    90 receive buffer errors
"""


@pytest.fixture
def judged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Judgement:
    monkeypatch.chdir(tmp_path)
    Path("ticket.txt").write_text(TICKET)
    return judge_input("ticket.txt", Policy(), date(2026, 12, 1))[0]


def written(name: str, judged: Judgement) -> str:
    form = form_of(name, Setup(Policy()))
    tally = Tally()
    tally.add(judged)
    return form.begin() + form.each(judged) + form.end(tally)


def test_code_scanning_opens_the_text_at_the_line(judged: Judgement) -> None:
    (result,) = json.loads(written("sarif", judged))["runs"][0]["results"]
    assert result["locations"] == [
        {
            "physicalLocation": {
                "artifactLocation": {"uri": "ticket.txt"},
                "region": {"startLine": 5},
            }
        }
    ]


def test_an_annotation_is_at_the_line(judged: Judgement) -> None:
    assert written("github", judged).startswith("::error file=ticket.txt,line=5,title=")


@pytest.mark.parametrize("name", ["text", "junit", "markdown"])
def test_other_forms_say_the_line(judged: Judgement, name: str) -> None:
    said = "[line 5]" if name != "markdown" else "ticket.txt"
    assert said in written(name, judged)


def test_a_line_of_json_is_read_again(judged: Judgement) -> None:
    assert parse_line(line(judged), "x").findings[0].spot == judged.findings[0].spot
