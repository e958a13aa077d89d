"""Every public case is judged right: stage, advice, and what must not be said."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests import scenario
from tests.cases.case import FOLDER, diagnose, load, never, problems, write
from tests.scenario import Case

_CASES = dict(load())
_KERNELS = dict(load(FOLDER / "kernels"))
_TEXTS = dict(load(FOLDER / "texts"))
_SCENARIOS = dict(scenario.load())


@pytest.mark.parametrize("name", _CASES)
def test_a_real_case_is_judged_right(name: str, tmp_path: Path) -> None:
    _check(_CASES[name], tmp_path)


@pytest.mark.parametrize("name", _KERNELS)
def test_a_kernel_is_judged_by_its_own_rules(name: str, tmp_path: Path) -> None:
    _check(_KERNELS[name], tmp_path)


@pytest.mark.parametrize("name", _TEXTS)
def test_a_pasted_text_is_judged_right(name: str, tmp_path: Path) -> None:
    _check(_TEXTS[name], tmp_path)


def _check(case: Case, folder: Path) -> None:
    diagnosis = diagnose(case, folder)
    found = list(problems(case, diagnosis))
    assert not found, "\n".join([*found, "", scenario.shown(diagnosis), *diagnosis.notes])


@pytest.mark.parametrize("name", _SCENARIOS)
def test_no_scenario_says_what_must_never_be_said(name: str) -> None:
    diagnosis = scenario.diagnose(_SCENARIOS[name])
    assert not list(never(diagnosis)), scenario.shown(diagnosis)


@pytest.mark.parametrize("name", ["udp-osc-pi3-burst", "udp-tiny-since-boot"])
def test_the_command_says_the_same(name: str, tmp_path: Path) -> None:
    case = _CASES[name]
    expected = diagnose(case, tmp_path)
    command = [
        sys.executable,
        "-m",
        "netrx_tune",
        "diagnose",
        "--format",
        "json",
        "--from",
        tmp_path,
    ]
    got = subprocess.run(command, capture_output=True, text=True, check=True)
    document = json.loads(got.stdout)
    assert [f["summary"] for f in document["findings"]] == [f.summary for f in expected.findings]
    assert document["ledger"]["lost"] == expected.ledger.lost


def test_a_case_names_its_source() -> None:
    both = {**_CASES, **_TEXTS}
    assert [name for name, case in both.items() if not case.get("source")] == []


def test_what_is_written_is_what_was_meant(tmp_path: Path) -> None:
    write(_CASES["udp-osc-pi3-burst"], tmp_path)
    assert (tmp_path / "0/proc/net/snmp").is_file()
    assert (tmp_path / "1/netrx/sockets.jsonl").is_file()
