"""`check --scheduler`: the same judgements on a cluster, a worker lost in the middle, Parquet."""

from __future__ import annotations

import json
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import pytest

from netrx_tune.host.remote_inputs import judge_anywhere
from netrx_tune.host.remote_listing import remote_inputs
from netrx_tune.host.save import write_snapshot
from netrx_tune.model.judgement import Judgement
from netrx_tune.planning.policy import Policy
from tests.benchmarks.big_host import big_host

MANY = 600


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give snapshots of one host under many names, and one that is none."""
    made = tmp_path_factory.mktemp("dask") / "in"
    made.mkdir()
    first = made / "host0000.tar.gz"
    write_snapshot(str(first), big_host(4), "0.1.0")
    for number in range(1, MANY):
        (made / f"host{number:04}.tar.gz").hardlink_to(first)
    (made / "none.tar.gz").write_bytes(b"\x1f\x8bnothing")
    return made


def check(*words: str | Path) -> tuple[int, str, str]:
    done = subprocess.run(
        [sys.executable, "-m", "netrx_tune", "check", *map(str, words)],
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout, done.stderr


def few(folder: Path) -> list[Path]:
    return [*sorted(folder.iterdir())[:40], folder / "none.tar.gz"]


def test_without_the_extra_one_line_says_what_to_install(folder: Path) -> None:
    hidden = (
        "import sys; sys.modules.update(dict.fromkeys(('dask', 'fsspec', 'pyarrow')));"
        "from netrx_tune.cli import main; main()"
    )
    first = str(folder / "host0000.tar.gz")
    for words in (["--scheduler", "local"], ["--output", "parquet=x"]):
        done = subprocess.run(
            [sys.executable, "-c", hidden, "check", first, *words],
            capture_output=True,
            text=True,
            check=False,
            cwd=folder.parent,
        )
        assert done.returncode == 2
        assert done.stderr.count("\n") == 1
        assert "pip install 'netrx-tune[fleet]'" in done.stderr


def test_a_local_cluster_says_what_the_pool_says_and_writes_tables(
    folder: Path, tmp_path: Path
) -> None:
    pytest.importorskip("distributed", reason="the extra fleet is not installed")
    parquet = pytest.importorskip("pyarrow.parquet", reason="the extra fleet is not installed")
    # Without --quiet a run that takes more than some seconds says how far it is.
    own = check(*few(folder), "--format", "jsonl", "--quiet")
    found = check(
        *(*few(folder), "--format", "jsonl", "--quiet", "--scheduler", "local"),
        *("--output", "-", "--output", f"parquet={tmp_path / 'out'}"),
    )
    assert found[2] == own[2]
    assert found[2].count("\n") == 1
    assert found == own
    lines = [json.loads(line) for line in own[1].splitlines()]
    inputs = parquet.read_table(tmp_path / "out/inputs.parquet").to_pylist()
    assert [(row["input"], row["outcome"]) for row in inputs] == [
        (one["input"], one["outcome"]) for one in lines
    ]
    assert dict(inputs[0]["settings"]) == lines[0]["settings"]
    findings = parquet.read_table(tmp_path / "out/findings.parquet").to_pylist()
    assert [(row["input"], row["rule"], row["lost"]) for row in findings] == [
        (one["input"], finding["rule"], finding["lost"])
        for one in lines
        for finding in one["findings"]
    ]
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "findings.parquet",
        "inputs.parquet",
    ]


@contextmanager
def cluster(folder: Path) -> Iterator[tuple[str, list[subprocess.Popen[bytes]]]]:
    """Give a scheduler's address and its workers, each a process that nobody starts again."""
    place = folder.parent / "scheduler.json"
    place.unlink(missing_ok=True)
    scheduler = [
        "scheduler",
        "--host",
        "127.0.0.1",
        "--port",
        "0",
        "--no-dashboard",
        "--no-jupyter",
    ]
    worker = ["worker", "--no-nanny", "--no-dashboard", "--nthreads", "1", "--name"]
    started: list[subprocess.Popen[bytes]] = []

    def start(*words: str) -> None:
        command = [sys.executable, "-m", "dask", *words, "--scheduler-file", str(place)]
        with (folder.parent / f"dask{len(started)}.log").open("wb") as log:
            started.append(subprocess.Popen(command, stdout=log, stderr=log, cwd=folder.parent))

    try:
        start(*scheduler)
        for _ in range(300):
            if place.exists() and place.read_text().endswith("}"):
                break
            time.sleep(0.05)
        start(*worker, "one")
        start(*worker, "two")
        yield json.loads(place.read_text())["address"], started[1:]
    finally:
        for process in reversed(started):
            process.kill()
            process.wait()


def test_a_worker_killed_in_the_middle_costs_nothing(folder: Path) -> None:
    pytest.importorskip("distributed", reason="the extra fleet is not installed")
    out = folder.parent / "out.jsonl"
    with cluster(folder) as (address, (one, _)):
        run = subprocess.Popen(
            [
                *(sys.executable, "-m", "netrx_tune", "check", str(folder), "--quiet"),
                *("--scheduler", address, "--format", "jsonl", "-o", str(out)),
            ],
            stderr=subprocess.PIPE,
        )
        for _ in range(1200):
            if out.exists() and out.read_bytes().count(b"\n") >= 32:
                break
            time.sleep(0.02)
        one.send_signal(signal.SIGSTOP)
        at = lines_when_still(out)
        assert 0 < at < MANY, "the other worker went on to the end: this one had nothing to do"
        one.kill()
        _, stderr = run.communicate(timeout=120)
    assert run.returncode == 2, stderr  # the one that is no snapshot
    assert "name: one" in lost_workers(folder), "the scheduler did not lose it"
    lines = [json.loads(line) for line in out.read_text().splitlines()]
    assert [row["input"] for row in lines] == sorted(str(path) for path in folder.iterdir())
    assert {row["outcome"] for row in lines[:-1]} <= {"passed", "failed"}
    assert lines[-1]["outcome"] == "unreadable"
    assert stderr.count(b"\n") == 1, stderr


def lines_when_still(out: Path) -> int:
    """Return how many lines there are once no more come: a stopped worker has what is next."""
    before = -1
    for _ in range(60):
        now = out.read_bytes().count(b"\n")
        if now == before:
            return now
        before = now
        time.sleep(1)
    raise AssertionError("it goes on")


def lost_workers(folder: Path) -> str:
    """Return what the scheduler said of workers that went away while there was a client."""
    log = (folder.parent / "dask0.log").read_text().partition("Remove client")[0]
    return "\n".join(line for line in log.splitlines() if "Remove worker" in line)


def test_no_scheduler_is_one_line(folder: Path) -> None:
    pytest.importorskip("distributed", reason="the extra fleet is not installed")
    for address in ("tcp://127.0.0.1:1", "nonsense://x"):
        code, _, stderr = check(folder / "none.tar.gz", "--scheduler", address)
        assert code == 2
        assert re.fullmatch(r"netrx-tune: --scheduler \S+: nobody answers there .*\n", stderr)


def test_an_address_needs_no_scheduler(folder: Path) -> None:
    pytest.importorskip("fsspec", reason="the extra fleet is not installed")
    places = (folder, f"file://{folder}")
    near, far = (check(f"{one}/host000[0-4].tar.gz", "--format", "jsonl") for one in places)
    assert near[0] == far[0] == 0
    lines = [json.loads(line) for line in near[1].splitlines()]
    same = [json.loads(line) for line in far[1].replace("file://", "").splitlines()]
    assert [one | {"stamp": ""} for one in same] == [one | {"stamp": ""} for one in lines]
    assert len(lines) == 5


def test_addresses_of_fsspec_are_read_like_files(folder: Path) -> None:
    fsspec = pytest.importorskip("fsspec", reason="the extra fleet is not installed")
    first = folder / "host0000.tar.gz"
    memory = fsspec.filesystem("memory")
    for name in ("a/web1.tar.gz", "a/b/web2.tar.gz", "a/note.txt"):
        with memory.open(f"/fleet/{name}", "wb") as target, first.open("rb") as source:
            shutil.copyfileobj(source, target)
    assert list(remote_inputs("memory://fleet/a")) == [
        "memory:///fleet/a/b/web2.tar.gz",
        "memory:///fleet/a/web1.tar.gz",
    ]
    assert list(remote_inputs("memory://fleet/a/*.tar.gz")) == ["memory:///fleet/a/web1.tar.gz"]
    for nothing in ("memory://fleet/none/*.tar.gz", "memory://fleet/gone.tar.gz"):
        assert list(remote_inputs(nothing)) == [nothing]
    near = judge_anywhere(str(first), Policy(), date(2026, 1, 1))[0]
    far = judge_anywhere("memory:///fleet/a/web1.tar.gz", Policy(), date(2026, 1, 1))[0]
    assert far.host == "web1"
    assert blurred(far) == blurred(near)
    (same,) = judge_anywhere(f"file://{first}", Policy(), date(2026, 1, 1))
    assert same.outcome == near.outcome
    gone = judge_anywhere("memory://fleet/gone.tar.gz", Policy(), date(2026, 1, 1))[0]
    assert (gone.outcome, gone.name) == ("unreadable", "memory://fleet/gone.tar.gz")


def blurred(one: Judgement) -> Judgement:
    """Return a judgement without what differs for another place."""
    findings = tuple(finding._replace(fingerprint="") for finding in one.findings)
    return one._replace(name="", host="", stamp="", findings=findings)
