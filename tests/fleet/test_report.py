"""`fleet report` from the command line: what check wrote, snapshots, roles, and hostile lines."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from netrx_tune.model.judgement import JudgedFinding, JudgedHost, Judgement
from netrx_tune.reporters.checks.judgement_json import line

SMALL, LARGE = 212_992, 8_388_608


def fleet(losing: int, others: int) -> Iterator[Judgement]:
    """Yield hosts; the losing ones, and no others, have small buffers."""
    for number in range(losing + others):
        loses = number < losing
        finding = JudgedFinding(
            rule="socket-buffer-full",
            stage="udp-rcvbuf-full",
            severity="critical",
            confidence="high",
            summary="100 of 1,000 datagrams met a full buffer",
            fingerprint="f",
            fails=True,
            lost=100,
            share=0.1 + number / 1e4,
        )
        yield Judgement(
            name=f"fetched/1/{'web' if loses else 'dns'}/host{number}/snapshot.tar.gz",
            host=f"host{number}",
            outcome="failed" if loses else "passed",
            reason="r",
            findings=(finding,) if loses else (),
            about=JudgedHost(kernel="6.1.0"),
            settings={"net.core.rmem_max": (SMALL if loses else LARGE,)},
        )


def report(*words: str | Path, given: str | None = None) -> tuple[int, str, str]:
    done = subprocess.run(
        [sys.executable, "-m", "netrx_tune", "fleet", "report", *map(str, words)],
        input=given,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout, done.stderr


@pytest.fixture
def jsonl(tmp_path: Path) -> Path:
    path = tmp_path / "fleet.jsonl"
    path.write_text("".join(map(line, fleet(3, 97))))
    return path


def test_text_names_findings_outliers_and_what_losing_hosts_share(jsonl: Path) -> None:
    code, text, stderr = report(jsonl, "--role-from", "3")
    assert (code, stderr) == (0, "")
    assert text.startswith("3 of 100 hosts (3.0 %) lose packets that someone can act on.\n")
    assert "CRITICAL: socket-buffer-full on 3 of 100 hosts (3.0 %), 300 lost" in text
    assert "Roles: web 3 of 3" in text
    assert "host2: 10 % (socket-buffer-full, web;" in text
    assert "net.core.rmem_max 212992: 3 of 3 losing hosts, 0 of 97 others" in text
    assert "Fisher" in text
    assert all(len(row) <= 110 for row in text.splitlines())


def test_standard_input_and_json(jsonl: Path) -> None:
    code, text, _ = report("-", "--format", "json", given=jsonl.read_text())
    found = json.loads(text)
    assert code == 0
    assert found["schema"] == "netrx-tune/fleet-report/v1"
    assert (found["judged"], found["losing"]) == (100, 3)
    assert [one["host"] for one in found["outliers"]] == ["host2", "host1", "host0"]
    assert found["differences"][0]["key"] == "net.core.rmem_max"


def test_of_an_input_that_stands_there_twice_the_last_one_counts(
    jsonl: Path, tmp_path: Path
) -> None:
    healed = next(fleet(1, 0))._replace(findings=(), outcome="passed")
    twice = tmp_path / "twice.jsonl"
    twice.write_text(jsonl.read_text() + line(healed))
    found = json.loads(report(twice, "--format", "json")[1])
    assert (found["judged"], found["losing"]) == (100, 2)


BAD = line(next(fleet(1, 0))).replace("host0", "other")


@pytest.mark.parametrize(
    "bad",
    [
        "{",
        "[]",
        '"\x1b[2J"',
        '{"schema": "netrx-tune/judgement/v1"}',
        "[" * 100_000,
        BAD.replace('"critical"', '"\\u001b[2J"'),
        BAD.replace('"lost":100', '"lost":"many"'),
        BAD.replace("[212992]", '["x"]'),
    ],
)
def test_a_line_that_is_no_judgement_is_named_and_stops_nothing(
    jsonl: Path, tmp_path: Path, bad: str
) -> None:
    path = tmp_path / "bad.jsonl"
    path.write_text(bad + "\n" + jsonl.read_text())
    code, text, stderr = report(path)
    assert (code, stderr) == (0, "")
    assert "3 of 100 hosts" in text
    assert "1 of 101 inputs could not be read" in text
    assert "bad.jsonl:1:" in text
    assert "\x1b" not in text


def test_markdown_makes_nothing_of_hostile_names(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    bad = "<script>|[a](http://b)`@all\x1b"
    hostile = [
        one._replace(host=bad, name=f"fetched/1/a|b/c{number}/d")
        for number, one in enumerate(fleet(2, 60))
    ]
    path.write_text("".join(map(line, hostile)))
    code, text, _ = report(path, "--format", "markdown", "--role-from", "3")
    assert code == 0
    assert "Hosts far above" in text
    assert not any(bad in text for bad in ("<script", "[a](", "\x1b", "a|b", "@all", "`"))


def test_roles_of_an_inventory(jsonl: Path, tmp_path: Path) -> None:
    ini = tmp_path / "hosts.ini"
    ini.write_text("[edge]\nhost[0:9] ansible_host=10.0.0.1\n[core:children]\nedge\n[zz]\nhost1\n")
    yml = tmp_path / "hosts.yml"
    yml.write_text("all: {children: {edge: {hosts: {'host[0:9]': {}}}}}\n")
    for inventory in (ini, yml):
        found = json.loads(report(jsonl, "--role-from", inventory, "--format", "json")[1])
        assert found["rules"][0]["roles"] == [{"name": "edge", "hosts": 3, "of": 10}]


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["/nowhere/x.jsonl"], 2, "/nowhere/x.jsonl"),
        (["/nowhere/x.tar.gz"], 2, "/nowhere/x.tar.gz: No such file or directory"),
        (["-", "--role-from", "/nowhere/hosts.ini"], 2, "/nowhere/hosts.ini"),
        (["-", "--role-from", "0"], 2, "--role-from 0: parts of a path are counted from 1"),
        (["-"], 3, "nothing to report on"),
    ],
)
def test_what_cannot_be_read_is_one_line(words: list[str], code: int, said: str) -> None:
    got, _, stderr = report(*words, given="")
    assert got == code
    assert said in stderr
    assert stderr.count("\n") == 1
    assert stderr.count("\n") <= 1
