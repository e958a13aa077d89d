"""Each command that takes a saved input takes every kind of it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from netrx_tune.cli import main
from netrx_tune.host.save import write_snapshot
from netrx_tune.reporters.snapshot_files import saved_snapshot
from tests.host import test_sosreport
from tests.planning.test_difference import host
from tests.scenario import samples

SNAPSHOTS = Path(__file__).parent.parent / "snapshots"
SNMP = (
    "Ip: InReceives InDelivers\nIp: {0} {0}\n"
    "Udp: InDatagrams NoPorts InErrors RcvbufErrors\nUdp: {0} 0 0 0\n"
)


def _windows(folder: Path) -> str:
    for number in (0, 1):
        _tree(folder / str(number), count=900 + number, up=100 + number)
    return str(folder)


def _tree(folder: Path, count: int = 900, up: int = 100) -> str:
    (folder / "proc/net").mkdir(parents=True)
    (folder / "proc/net/snmp").write_text(SNMP.format(count))
    (folder / "proc/uptime").write_text(f"{up}.00 1.00\n")
    return str(folder)


def _written(folder: Path, suffix: str = "") -> str:
    path = f"{folder}{suffix}"
    write_snapshot(path, saved_snapshot(samples(host(lost=200))), "0.1.0")
    return path


def _sosreport(folder: Path) -> str:
    test_sosreport.pack(folder, test_sosreport.REPORT, test_sosreport.LINKS)
    return str(folder)


def _sosreport_folder(folder: Path) -> str:
    folder.mkdir()
    test_sosreport.unpack(folder, test_sosreport.REPORT, test_sosreport.LINKS)
    return str(folder)


KINDS: dict[str, Callable[[Path], str]] = {
    "tree": _tree,
    "two trees": _windows,
    "one archive": lambda path: _written(path, ".tar.gz"),
    "one folder": _written,
    "sosreport, packed": _sosreport,
    "sosreport, a folder": _sosreport_folder,
}


def _kept() -> Iterator[Path]:
    yield from sorted(path for path in SNAPSHOTS.iterdir() if path.suffix != ".md")


@pytest.fixture(params=[*KINDS, *(path.name for path in _kept())])
def saved(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    make = KINDS.get(request.param)
    return make(tmp_path / "input") if make else str(SNAPSHOTS / request.param)


def run(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    with pytest.raises(SystemExit) as stop:
        main(words)
    said = capsys.readouterr()
    assert stop.value.code == 0, (words, said.err)
    assert "bug" not in said.err
    return said.out


@pytest.mark.parametrize(
    "words",
    [
        ("diagnose", "--from"),
        ("path", "--from"),
        ("path", "udp-rcvbuf-full", "--from"),
        ("profile", "generate", "-q", "--from"),
        ("profile", "generate", "-q", "--profile", "syslog-collector", "--from"),
        ("check", "--fail-on", "never"),
    ],
)
@pytest.mark.parametrize("form", ["text", "json"])
def test_every_command_reads_every_kind(
    capsys: pytest.CaptureFixture[str], saved: str, words: tuple[str, ...], form: str
) -> None:
    out = run(capsys, *words, saved, "--format", form)
    assert out
    if form == "json":
        assert json.loads(out)


def test_every_kind_is_compared_with_every_other(
    capsys: pytest.CaptureFixture[str], saved: str, tmp_path: Path
) -> None:
    for other in KINDS.values():
        path = other(tmp_path / "other")
        for pair in ((saved, path), (path, saved)):
            assert json.loads(run(capsys, "diff", *pair, "--format", "json"))
            assert run(capsys, "diff", *pair, "-v")
        shutil.rmtree(path) if Path(path).is_dir() else Path(path).unlink()


def test_a_generated_profile_is_one_that_is_taken(
    capsys: pytest.CaptureFixture[str], saved: str, tmp_path: Path
) -> None:
    made = str(tmp_path / "made.yaml")
    run(capsys, "profile", "generate", "-q", "--from", saved, "-o", made)
    assert "valid" in run(capsys, "profile", "validate", made)


def test_every_name_in_a_diagnosis_has_a_page(
    capsys: pytest.CaptureFixture[str], saved: str
) -> None:
    document = json.loads(run(capsys, "diagnose", "--from", saved, "--format", "json"))
    names = {found["rule"] for found in document["findings"]}
    names |= {found["stage"] for found in document["findings"] if found["stage"]}
    names |= {rule["rule"] for rule in document["skipped"]}
    names |= {item["counter"] for found in document["findings"] for item in found["evidence"]}
    for name in sorted(names):
        assert run(capsys, "explain", name)
