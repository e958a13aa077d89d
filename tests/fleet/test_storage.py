"""`check` of addresses: snapshots, folders and reports in S3 and on a web server."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from netrx_tune.host.check_inputs import inputs
from netrx_tune.host.remote_listing import hosts_among
from tests.cli.test_check_namespaces import counted, report
from tests.fleet.storage_servers import S3, s3, web
from tests.host.packing import pack, unpack
from tests.saved import archive, folder, members

LOCAL = ("--scheduler", "local", "--jobs", "1")


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a folder with each kind of input."""
    made = tmp_path_factory.mktemp("storage")
    files = made / "fleet"
    archive(files / "day/web1.tar.gz")
    archive(files / "day/web2.tar.gz", lost=500)
    archive(files / "day/db/web3.tgz")
    (files / "day/note.txt").write_text("nothing")
    folder(files / "folders/host 1", lost=500)
    unpack(report(blue=counted(3000)), files / "folders/sosreport-web7")
    pack(files / "folders/sosreport-web7/var-log.tar.gz", {"x": "y"})
    pack(files / "folders/web8.tar.gz", report(green=counted(0)))
    whole = (files / "day/web2.tar.gz").read_bytes()
    (files / "bad").mkdir()
    (files / "bad/cut.tar.gz").write_bytes(whole[: len(whole) // 2])
    (files / "bad/empty.tar.gz").write_bytes(b"")
    (files / "bad/notes.tar.gz").write_bytes(b"hello\n")
    (files / "many").mkdir()
    with tarfile.open(files / "many/sos-collector-1.tar", "w") as several:
        several.add(files / "day/web1.tar.gz", "all/web1.tar.gz")
        several.add(files / "day/web2.tar.gz", "all/web2.tar.gz")
    return made


@pytest.fixture(scope="module")
def server(here: Path) -> Iterator[S3]:
    for package in ("s3fs", "moto", "flask_cors"):
        pytest.importorskip(package, reason=f"{package} is not installed", exc_type=ImportError)
    with s3(here) as made:
        files = [path for path in (here / "fleet").rglob("*") if path.is_file()]
        names = {str(path.relative_to(here / "fleet")): path.read_bytes() for path in files}
        made.make("fleet", {name.replace(" ", "%20"): text for name, text in names.items()})
        yield made


def check(server: S3, *words: str) -> tuple[int, list[dict[str, Any]], str]:
    """Return the exit code, the judgements, and standard error."""
    done = run(server, "check", *words, "--format", "jsonl", "--quiet")
    return done.returncode, [json.loads(one) for one in done.stdout.splitlines()], done.stderr


def printed(server: S3, *words: str, command: str = "check", given: str = "") -> str:
    """Return what a command writes to standard output."""
    return run(server, command, *words, given=given).stdout


def run(server: S3, *words: str, given: str = "") -> subprocess.CompletedProcess[str]:
    """Run a command where the server is what fsspec finds."""
    return subprocess.run(
        [sys.executable, "-m", "netrx_tune", *words],
        input=given,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **server.environment},
    )


def told(judged: list[dict[str, Any]]) -> list[tuple[str, str | None, str]]:
    return [(one["input"], one["namespace"], one["outcome"]) for one in judged]


DAY = [
    ("day/db/web3.tgz", None, "passed"),
    ("day/web1.tar.gz", None, "passed"),
    ("day/web2.tar.gz", None, "failed"),
]
FOLDERS = [
    ("folders/host 1", None, "failed"),
    ("folders/sosreport-web7", None, "passed"),
    ("folders/sosreport-web7", "blue", "failed"),
    ("folders/web8.tar.gz", None, "passed"),
    ("folders/web8.tar.gz", "green", "passed"),
]


@pytest.mark.parametrize("engine", [(), LOCAL], ids=["pool", "dask"])
def test_folders_patterns_and_single_objects_are_judged(server: S3, engine: tuple[str]) -> None:
    if engine:
        pytest.importorskip("distributed", reason="the extra fleet is not installed")
    given = ("s3://fleet/day/web1.tar.gz", "s3://fleet/day", "s3://fleet/day/*.tar.gz")
    code, judged, stderr = check(server, *given, "s3://fleet/folders/", *engine)
    wanted = [DAY[1], *DAY, *DAY[1:], *FOLDERS]
    assert (code, stderr) == (1, "")
    assert told(judged) == [(f"s3://fleet/{name}", *more) for name, *more in wanted]


def test_all_in_a_folder_and_addresses_on_standard_input(server: S3) -> None:
    wanted = [f"s3://fleet/{name}" for name, *_ in DAY]
    assert [one["input"] for one in check(server, "s3://fleet/day/**")[1]] == wanted
    listed = printed(server, "-", "--format", "jsonl", given="s3://fleet/day\n")
    assert [json.loads(line)["input"] for line in listed.splitlines()] == wanted


def test_an_object_is_judged_as_the_file_is(server: S3, here: Path) -> None:
    _, far, _ = check(server, "s3://fleet/day", "s3://fleet/folders")
    _, near, _ = check(server, str(here / "fleet/day"), str(here / "fleet/folders"))
    for one in far:
        one["input"] = one["input"].replace("s3://fleet", f"{here}/fleet")
    assert len(far) == len(DAY) + len(FOLDERS)
    assert [one | {"stamp": ""} for one in far] == [one | {"stamp": ""} for one in near]
    assert all(one["stamp"] for one in far)


def test_a_report_in_an_archive_of_several_is_named(server: S3) -> None:
    code, judged, _ = check(server, "s3://fleet/many")
    outer = "s3://fleet/many/sos-collector-1.tar"
    assert code == 1
    assert told(judged) == [
        (f"{outer}::all/web1.tar.gz", None, "passed"),
        (f"{outer}::all/web2.tar.gz", None, "failed"),
    ]
    assert told(check(server, f"{outer}::all/web2.tar.gz")[1]) == told(judged)[1:]


GONE = "there is no such file or folder"


@pytest.mark.parametrize("engine", [(), LOCAL], ids=["pool", "dask"])
def test_what_cannot_be_read_is_one_line_each_and_stops_nothing(
    server: S3, engine: tuple[str]
) -> None:
    if engine:
        pytest.importorskip("distributed", reason="the extra fleet is not installed")
    reasons = {
        "s3://fleet/bad/cut.tar.gz": "damaged gzip: ends early",
        "s3://fleet/bad/empty.tar.gz": "the file is empty",
        "s3://fleet/bad/notes.tar.gz": "a text with nothing of a host in it",
        "s3://fleet/day/gone.tar.gz": GONE,
        "s3://fleet/days/": GONE,
        "s3://fleet/day/*.zip": GONE,
        "s3://fleet/day/note.txt": "a text with nothing of a host in it",
        "s3://nobody/day/web1.tar.gz": f"{GONE}: The specified bucket does not exist",
        "s3://nobody/*": f"{GONE}: The specified bucket does not exist",
        "nonsense://x/web1.tar.gz": "nonsense:// cannot be read here: Protocol not known",
    }
    code, judged, stderr = check(server, *reasons, "s3://fleet/day/web1.tar.gz", *engine)
    assert code == 2
    assert [one["input"] for one in judged] == [*reasons, "s3://fleet/day/web1.tar.gz"]
    assert [one["outcome"] for one in judged] == ["unreadable"] * len(reasons) + ["passed"]
    for line, (name, reason) in zip(stderr.splitlines(), reasons.items(), strict=True):
        assert line.startswith(f"netrx-tune: {name}: {reason}"), line
    assert all(one["input"] not in one["reason"] for one in judged)


@pytest.mark.parametrize("engine", [(), LOCAL], ids=["pool", "dask"])
def test_credentials_that_are_refused_are_said_so(server: S3, engine: tuple[str]) -> None:
    if engine:
        pytest.importorskip("distributed", reason="the extra fleet is not installed")
    server.lock()
    try:
        code, judged, stderr = check(server, "s3://fleet/day/web1.tar.gz", "s3://fleet", *engine)
    finally:
        server.unlock()
    assert code == 2
    assert len(judged) == 2
    for line in stderr.splitlines():
        assert re.fullmatch(r"netrx-tune: s3://\S+: access is denied: Forbidden", line)
    assert stderr.count("\n") == 2


def test_no_credentials_and_no_server_are_said_so(server: S3) -> None:
    code, _, stderr = check(S3(server.address, has_key=False), "s3://fleet/day/web1.tar.gz")
    assert code == 2
    assert stderr.endswith("web1.tar.gz: the storage says: Unable to locate credentials\n")
    code, _, stderr = check(S3("http://127.0.0.1:1"), "s3://fleet/day/web1.tar.gz")
    assert code == 2
    assert stderr.count("\n") == 1
    assert "the storage says: Could not connect to the endpoint URL" in stderr


@pytest.mark.parametrize("place", ["often/web1.tar.gz", "often/web2"])
def test_an_input_that_did_not_change_is_not_judged_again(
    server: S3, tmp_path: Path, place: str
) -> None:
    lines = str(tmp_path / "run.jsonl")
    packed = {
        lost: Path(archive(tmp_path / f"{lost}.tar.gz", lost=lost)).read_bytes()
        for lost in (0, 500)
    }
    for lost, resumed, failed in ((0, 0, 0), (0, 1, 0), (500, 0, 1)):
        loose = {f"web2/{name}": text.encode() for name, text in members(lost).items()}
        server.make("often", {"web1.tar.gz": packed[lost], **loose})
        words = (f"s3://{place}", "--resume", lines, "-o", f"jsonl={lines}", "-o", "json=-")
        summary = json.loads(printed(server, *words))["summary"]
        assert (summary["resumed"], summary["failed"]) == (resumed, failed)


def test_a_web_servers_files_and_lists_are_judged(server: S3, here: Path) -> None:
    with web(here / "fleet", here / "web.log") as address:
        given = (f"{address}/day/web1.tar.gz?key=a", f"{address}/day/", f"{address}/folders/")
        code, judged, stderr = check(server, *given)
        assert (code, stderr) == (1, "")
        folders = [(name.replace("host 1", "host%201"), *more) for name, *more in FOLDERS]
        folders = [(f"{n}{'/' * ('tar' not in n)}", *more) for n, *more in folders]
        wanted = [("day/web1.tar.gz?key=a", None, "passed"), *DAY, *folders]
        assert told(judged) == [(f"{address}/{name}", *more) for name, *more in wanted]
        assert judged[0]["host"] == "web1"
        code, _, stderr = check(server, f"{address}/gone.tar.gz")
        assert (code, stderr) == (2, f"netrx-tune: {address}/gone.tar.gz: {GONE}\n")
    code, _, stderr = check(server, f"{address}/gone.tar.gz")
    assert (code, stderr.count("\n")) == (2, 1)
    assert "the storage says: Cannot connect to host" in stderr


@pytest.mark.parametrize(
    ("place", "more", "lost"),
    [
        ("day/web2.tar.gz", (), 500),
        ("folders/host 1", (), 500),
        ("folders/sosreport-web7", ("--netns", "blue"), 3000),
        ("many/sos-collector-1.tar::all/web2.tar.gz", (), 500),
    ],
)
def test_from_takes_an_address_too(
    server: S3, place: str, more: tuple[str, ...], lost: int
) -> None:
    words = ("--from", f"s3://fleet/{place}", *more, "--format", "json")
    document = json.loads(printed(server, *words, command="diagnose"))
    assert document["ledger"]["lost"] == lost


def test_from_says_what_is_wrong_with_an_address_in_one_line(server: S3) -> None:
    for place, words in (
        ("day/gone.tar.gz", GONE),
        ("bad/cut.tar.gz", "damaged gzip: ends early"),
        ("many/sos-collector-1.tar", "holds the reports of 2 hosts"),
    ):
        done = run(server, "diagnose", "--from", f"s3://fleet/{place}")
        assert done.returncode == 2
        assert done.stderr.startswith(f"netrx-tune: s3://fleet/{place}: {words}")
        assert done.stderr.count("\n") == 1
        assert "/tmp" not in done.stderr  # noqa: S108 - where the copy was


def test_sarif_keeps_an_address(server: S3) -> None:
    words = ("s3://fleet/folders/host 1", "--format", "sarif")
    (result,) = json.loads(printed(server, *words))["runs"][0]["results"]
    place = result["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == "s3://fleet/folders/host%201/1/proc/net/snmp"


def test_the_folders_of_hosts_are_found_as_on_a_disk(here: Path) -> None:
    top = here / "fleet"
    names = [str(one.relative_to(top)) for one in sorted(top.rglob("*")) if one.is_file()]
    near = [one for one in inputs([str(top)], None) if "::" not in one]
    assert [str(top / one) for one in hosts_among(names) if "many" not in one] == near


@pytest.mark.parametrize(
    ("names", "found"),
    [
        (["netrx.yaml", "0/proc/net/snmp", "logs.tar.gz"], [""]),
        (["a/net/snmp", "a/net/udp"], ["a"]),
        (["a/proc/3255/net/snmp", "a/sos_commands/x/y"], ["a"]),
        (["a/.cache/b.tar.gz", ".x/proc/net/snmp", "b.txt"], []),
        (["a/0/proc/net/snmp", "a/1/proc/net/snmp", "a.tar.gz"], ["a", "a.tar.gz"]),
        (["snmpd.conf", "a/process/x", "a/snmp6"], []),
    ],
)
def test_which_names_make_a_host(names: list[str], found: list[str]) -> None:
    assert list(hosts_among(names)) == found
