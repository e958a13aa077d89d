"""`netrx-tune check` as a script meets it: exit codes, streams, files, a second run."""

from __future__ import annotations

import gzip
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.host.packing import pack
from tests.saved import archive

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    archive(Path("ok.tar.gz"))
    archive(Path("bad.tar.gz"), lost=500)
    Path("broken.tar.gz").write_bytes(Path("ok.tar.gz").read_bytes()[:200])
    Path("lacking.yaml").write_text("require: {net.core.somaxconn: {at_least: 1}}\n")


def run(*arguments: str, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "netrx_tune", "check", *arguments]
    return subprocess.run(command, capture_output=True, input=stdin, check=False)


LACKING = ("--policy", "lacking.yaml")


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["ok.tar.gz"], 0),
        (["bad.tar.gz"], 1),
        (["bad.tar.gz", "--fail-on", "never"], 0),
        (["bad.tar.gz", "--fail-on", "critical"], 1),
        (["broken.tar.gz"], 2),
        (["none.tar.gz"], 2),
        (["ok.tar.gz", *LACKING], 3),
        (["ok.tar.gz", "bad.tar.gz", "broken.tar.gz"], 1),
        (["bad.tar.gz", "broken.tar.gz", "ok.tar.gz", *LACKING], 1),
        (["broken.tar.gz", "ok.tar.gz"], 2),
        (["broken.tar.gz", "ok.tar.gz", *LACKING], 2),
        ([], 2),
        (["ok.tar.gz", "--policy", "none.yaml"], 2),
        (["ok.tar.gz", "--baseline", "none.yaml"], 2),
        (["ok.tar.gz", "--format", "pdf"], 2),
        (["ok.tar.gz", "--jobs", "0"], 2),
        (["ok.tar.gz", "-o", "none/x.txt"], 2),
        (["ok.tar.gz", "-o", "a", "-o", "b"], 2),
        (["ok.tar.gz", "-o", "json=a", "-o", "./a"], 2),
        (["ok.tar.gz", "-o", "json=-", "-o", "-"], 2),
        (["ok.tar.gz", "--update-baseline"], 2),
        (["ok.tar.gz", "--update-baseline", "--baseline", "b.yaml"], 2),
        (["ok.tar.gz", "--reason", "r"], 2),
        (["ok.tar.gz", "--update-baseline", "--baseline", "b", "--reason", "r", "--until", "x"], 2),
        (["-"], 3),
    ],
)
def test_the_exit_code(arguments: list[str], code: int) -> None:
    got = run(*arguments)
    assert got.returncode == code, got
    assert b"Traceback" not in got.stderr


def test_a_bad_input_is_one_line_on_standard_error_and_stops_nothing() -> None:
    got = run("broken.tar.gz", "ok.tar.gz", "bad.tar.gz", "--format", "jsonl")
    assert got.stderr.decode().splitlines() == [
        "netrx-tune: broken.tar.gz: damaged gzip: ends early"
    ]
    outcomes = [json.loads(line)["outcome"] for line in got.stdout.splitlines()]
    assert outcomes == ["unreadable", "passed", "failed"]


def test_a_policy_with_a_mistake_is_told_with_file_line_and_key() -> None:
    Path("p.yaml").write_text("fail-on: note\nrequire:\n  net.core.rmem_max: {at_least: 8MB}\n")
    got = run("ok.tar.gz", "--policy", "p.yaml")
    assert got.returncode == 2
    assert got.stderr.startswith(b"netrx-tune: p.yaml:3: require.net.core.rmem_max.at_least: ")
    assert got.stdout == b""


def test_several_outputs_in_one_run() -> None:
    got = run("bad.tar.gz", "-o", "junit=r.xml", "-o", "sarif=r.sarif", "-o", "jsonl=r.jsonl")
    assert got.returncode == 1
    assert got.stdout.startswith(b"FAILED: bad.tar.gz")
    assert Path("r.xml").read_text().startswith("<?xml")
    assert json.loads(Path("r.sarif").read_text())["version"] == "2.1.0"
    assert json.loads(Path("r.jsonl").read_text())["outcome"] == "failed"
    assert run("bad.tar.gz", "--format", "github", "-o", "g", "-o", "json=-").stdout[:1] == b"{"
    assert Path("g").read_text().startswith("::error ")
    assert not list(Path().glob(".*"))


def test_a_file_stays_as_it_was_when_the_run_fails() -> None:
    Path("r.json").write_text("before")
    got = run("-", "--format", "json", "-o", "r.json", stdin=b"x" * 1_000_000)
    assert got.returncode == 2
    assert Path("r.json").read_text() == "before"


def test_a_baseline_lives(tmp_path: Path) -> None:
    update = ("--baseline", "b.yaml", "--update-baseline", "--reason", "old NICs")
    got = run("ok.tar.gz", "bad.tar.gz", *update, "--until", "2999-12-31")
    assert got.returncode == 0
    assert b"1 accepted finding (1 new, 0 renewed, 0 gone)" in got.stderr
    first = Path("b.yaml").read_text()
    assert run("ok.tar.gz", "bad.tar.gz", "--baseline", "b.yaml").returncode == 0
    assert run("bad.tar.gz", *update).returncode == 0
    assert Path("b.yaml").read_text() == first
    Path("b.yaml").write_text(first.replace("2999-12-31", "2020-01-01"))
    got = run("bad.tar.gz", "--baseline", "b.yaml")
    assert got.returncode == 1
    assert b"until 2020-01-01 (b.yaml:6), which is over: old NICs" in b" ".join(got.stdout.split())
    archive(tmp_path / "bad.tar.gz")
    assert run("bad.tar.gz", *update).returncode == 0
    assert Path("b.yaml").read_text().endswith("accept: []\n")
    assert run("broken.tar.gz", *update).returncode == 2


def test_a_new_baseline_does_not_hide_an_input_that_could_not_be_read() -> None:
    update = ("--baseline", "b.yaml", "--update-baseline", "--reason", "old NICs")
    assert run("bad.tar.gz", "broken.tar.gz", *update).returncode == 2
    assert "socket-buffer-full" in Path("b.yaml").read_text()


def test_a_baseline_that_cannot_be_written_is_refused_before_anything_is_judged() -> None:
    got = run("bad.tar.gz", "--baseline", "no/b.yaml", "--update-baseline", "--reason", "r")
    assert (got.returncode, got.stdout) == (2, b"")
    assert got.stderr == b"netrx-tune: no/b.yaml: no folder no to write it to\n"


def test_what_was_judged_by_another_policy_is_said_to_be_of_no_use() -> None:
    run("ok.tar.gz", "--format", "jsonl", "-o", "run.jsonl")
    again = ("ok.tar.gz", "--resume", "run.jsonl")
    assert run(*again).stderr == b""
    got = run(*again, "--fail-on", "note")
    assert got.stderr.startswith(b"run.jsonl: no line of it is a judgement by this policy, so all")
    assert (got.returncode, run(*again, "--fail-on", "note", "-q").stderr) == (0, b"")


def test_a_file_to_resume_from_that_is_not_there_is_said_and_not_made() -> None:
    got = run("ok.tar.gz", "--resume", "run.jsonl")
    said = b"run.jsonl: nothing stands there, so all inputs are judged anew\n"
    assert (got.returncode, got.stderr) == (0, said)
    assert not Path("run.jsonl").exists()


@pytest.mark.parametrize("option", ["--policy", "--baseline", "--resume"])
def test_a_named_pipe_that_nobody_writes_to_is_not_waited_for(option: str) -> None:
    os.mkfifo("pipe")
    got = run("ok.tar.gz", option, "pipe")
    assert got.returncode == {"--policy": 2, "--baseline": 0, "--resume": 0}[option]


def test_a_run_is_resumed_where_nothing_changed() -> None:
    Path("many").mkdir()
    for number in range(5):
        shutil.copy("ok.tar.gz", f"many/{number}.tar.gz")
    resumed = ("--resume", "r.jsonl", "-o", "jsonl=r.jsonl", "-o", "json=-")

    def again(*more: str) -> tuple[int, int, int]:
        got = run("many", *resumed, *more)
        summary = json.loads(got.stdout)["summary"]
        lines = len(Path("r.jsonl").read_text().splitlines())
        return summary["inputs"], summary["resumed"], lines

    assert again() == (5, 0, 5)
    assert again() == (5, 5, 5)
    archive(Path("many/3.tar.gz"), lost=77)
    assert again() == (5, 4, 6)
    Path("r.jsonl").write_bytes(Path("r.jsonl").read_bytes()[:-100])
    assert again() == (5, 4, 7)
    assert again("--fail-on", "critical") == (5, 0, 12)
    outcomes = {json.loads(line)["host"]: json.loads(line)["outcome"]
                for line in Path("r.jsonl").read_text().splitlines()
                if line.endswith("}")}  # fmt: skip
    assert outcomes["3"] == "passed"


def test_a_run_that_was_killed_is_resumed() -> None:
    Path("many").mkdir()
    for number in range(400):
        os.link("ok.tar.gz", f"many/{number}.tar.gz")
    command = [sys.executable, "-m", "netrx_tune", "check", "many", "-o", "jsonl=r.jsonl"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        until = time.monotonic() + 60
        while time.monotonic() < until and not _lines("r.jsonl"):
            time.sleep(0.005)
        process.send_signal(signal.SIGKILL)
    done = _lines("r.jsonl")
    assert 0 < done < 400
    got = run("many", "--resume", "r.jsonl", "-o", "jsonl=r.jsonl", "-o", "json=-")
    assert json.loads(got.stdout)["summary"]["resumed"] == done
    whole = [line for line in Path("r.jsonl").read_text().splitlines() if line.endswith("}")]
    assert len({json.loads(line)["input"] for line in whole}) == 400


def test_a_killed_worker_costs_one_input() -> None:
    Path("many").mkdir()
    for number in range(400):
        os.link("ok.tar.gz", f"many/{number}.tar.gz")
    command = [sys.executable, "-m", "netrx_tune", "check", "many", "--jobs", "2"]
    with subprocess.Popen([*command, "-q", "-o", "jsonl=r.jsonl"], stderr=subprocess.PIPE) as run:
        until = time.monotonic() + 60
        while time.monotonic() < until and not _lines("r.jsonl"):
            time.sleep(0.005)
        children = Path(f"/proc/{run.pid}/task/{run.pid}/children").read_text().split()
        assert len(children) == 2
        os.kill(int(children[0]), signal.SIGKILL)
        told = run.communicate()[1].decode()
    assert run.returncode == 2
    assert told.count("the process that read it ended (SIGKILL)") == 1
    outcomes = [json.loads(line)["outcome"] for line in Path("r.jsonl").read_text().splitlines()]
    assert (outcomes.count("passed"), outcomes.count("unreadable")) == (399, 1)


def test_hostile_inputs_stop_nothing() -> None:
    Path("h").mkdir()
    os.mkfifo("h/a.tar")
    Path("h/b.tar").symlink_to("b.tar")
    Path("h/c.tar").symlink_to("/dev/zero")
    Path("h/d.tar.gz").write_bytes(b"")
    Path("h/e.tar.gz").write_bytes(gzip.compress(bytes(40_000_000)))
    Path("h/f.tar.zst").write_bytes(b"\x28\xb5\x2f\xfd junk")
    pack(Path("h/g.tar.gz"), {"netrx.yaml": "{" * 50_000, "0/proc/net/snmp": "x"})
    pack(Path("h/h.tar.gz"), {"proc/net/snmp": "Udp: A\nUdp: -5 1e9\n", "../../etc/passwd": "x"})
    Path("h/i\n::error::x\x1b[2J.tar").write_bytes(bytes(range(256)) * 9)
    shutil.copy("ok.tar.gz", "h/z.tar.gz")
    got = run("h", "--format", "jsonl")
    assert got.returncode == 2
    found = [json.loads(line) for line in got.stdout.splitlines()]
    assert [one["outcome"] for one in found[:-1] if one["outcome"] != "unreadable"] == [
        "not-judged"
    ]
    assert (len(found), found[-1]["outcome"]) == (10, "passed")
    assert len(got.stderr.splitlines()) == 9
    assert b"\x1b" not in got.stderr


def _lines(path: str) -> int:
    try:
        return Path(path).read_bytes().count(b"\n")
    except OSError:
        return 0


def test_results_stream() -> None:
    """The first answers are there before the list of inputs has ended."""
    command = [sys.executable, "-m", "netrx_tune", "check", "-", "--format", "jsonl", "--jobs", "1"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(b"ok.tar.gz\n" * 10_000)
        process.stdin.flush()
        assert json.loads(process.stdout.readline())["outcome"] == "passed"
        process.kill()


def test_a_reader_that_has_enough_ends_nothing_else() -> None:
    command = (
        f"{sys.executable} -m netrx_tune check ok.tar.gz bad.tar.gz ok.tar.gz --format json"
        " -o - -o junit=r.xml; echo rc $? >&2"
    )
    got = subprocess.run(
        ["sh", "-c", f"({command}) | true"], capture_output=True, text=True, check=False
    )
    assert got.stderr == "rc 1\n"
    assert Path("r.xml").read_text().endswith("</testsuites>\n")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
@pytest.mark.parametrize("where", ["-o junit=/dev/full", "-o jsonl=/dev/full", ">/dev/full"])
def test_a_full_disk_is_told_by_its_name(where: str) -> None:
    command = f"{sys.executable} -m netrx_tune check ok.tar.gz {where}"
    got = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=False)
    assert got.returncode == 2
    name = "standard output" if where.startswith(">") else "/dev/full"
    assert f"netrx-tune: {name}: No space left on device" in got.stderr
    assert "Traceback" not in got.stderr


def test_a_form_that_there_is_not_writes_no_file() -> None:
    got = run("ok.tar.gz", "-o", "junitt=report.xml")
    assert got.returncode == 2
    assert b"no form is called 'junitt'" in got.stderr
    assert not Path("junitt=report.xml").exists()
    assert run("ok.tar.gz", "-o", "./a=b").returncode == 0
    assert Path("a=b").exists()
