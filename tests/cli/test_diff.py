"""`netrx-tune diff` as a program: its output, its exit codes, and hostile names."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from netrx_tune.host.save import write_snapshot
from netrx_tune.reporters.snapshot_files import saved_snapshot
from tests.planning.test_difference import host
from tests.scenario import samples


def save(path: Path, case: dict[str, Any]) -> str:
    write_snapshot(str(path), saved_snapshot(samples(case)), "0.0.0")
    return str(path)


def diff(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "netrx_tune", "diff", *words],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


@pytest.fixture
def before(tmp_path: Path) -> str:
    return save(tmp_path / "before.tar.gz", host(lost=200))


@pytest.fixture
def after(tmp_path: Path) -> str:
    conf = {"/etc/sysctl.d/90-netrx-tune.conf": "net.core.rmem_max = 8388608\n"}
    case = host(up=2000, settings={"net.core.rmem_max": 8_388_608}, files=conf)
    return save(tmp_path / "after.tar.gz", case)


def test_the_text_says_what_went_and_which_file_set_it(before: str, after: str) -> None:
    done = diff(before, after)
    assert (done.returncode, done.stderr) == (0, "")
    flat = " ".join(done.stdout.split())
    assert "GONE: 200 of 1,200 datagrams (17 %)" in flat
    where = "/etc/sysctl.d/90-netrx-tune.conf:1"
    assert f"net.core.rmem_max 212992 -> 8388608 (set by {where})" in flat
    assert "udp-rcvbuf-full 200 of 1,200 (17 %, 40.0 per second) -> 0 of 1,000" in flat
    lines = [line for line in done.stdout.splitlines() if ".tar.gz" not in line]
    assert max(map(len, lines)) <= 80  # a path stays in one piece


def test_an_interval_where_both_are_saved_is_said_to_be_of_no_use(before: str, after: str) -> None:
    said = "note: --interval is not used: what is saved has its own window\n"
    assert diff(before, after, "--interval", "9").stderr == said


def test_the_json_has_its_schema_and_both_sides(before: str, after: str) -> None:
    document = json.loads(diff(before, after, "--format", "json").stdout)
    assert document["schema"] == "netrx-tune/diff/v1"
    assert document["kinship"] == "same-boot"
    assert (document["a"]["input"], document["b"]["input"]) == (before, after)
    (stage,) = document["stages"]
    assert (stage["stage"], stage["a"]["lost"], stage["b"]["lost"]) == ("udp-rcvbuf-full", 200, 0)
    assert stage["a"]["per_second"] == 40.0
    (setting,) = document["settings"]
    assert (setting["name"], setting["a"], setting["b"]) == (
        "net.core.rmem_max", "212992", "8388608",
    )  # fmt: skip
    gone = [one for one in document["findings"] if one["change"] == "gone"]
    assert [one["rule"] for one in gone] == ["socket-buffer-full"]
    assert gone[0]["b"] is None
    assert document["between"]["seconds"] == 1000.0
    assert {one["counter"] for one in document["counters"]} >= {"Udp.RcvbufErrors"}


def test_from_is_another_name_for_b(before: str, after: str) -> None:
    assert diff(before, "--from", after).stdout == diff(before, after).stdout


@pytest.mark.parametrize(
    ("bar", "code"), [("never", 0), ("critical", 1), ("warning", 1), ("note", 1)]
)
def test_a_worse_verdict_fails_when_asked(before: str, after: str, bar: str, code: int) -> None:
    assert diff(after, before, "--fail-on", bar).returncode == code
    assert diff(before, after, "--fail-on", bar).returncode == 0


def test_what_cannot_be_judged_is_three_and_what_cannot_be_read_is_two(
    tmp_path: Path, before: str
) -> None:
    poor = tmp_path / "poor"
    (poor / "proc/net").mkdir(parents=True)
    (poor / "proc/net/snmp").write_text("junk\n")
    assert diff(before, str(poor)).returncode == 3
    done = diff(before, str(tmp_path / "missing"))
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    done = diff(before, before, "--root", "/")
    assert done.returncode == 2
    assert "B is given" in done.stderr
    assert diff().returncode == 2


def test_settings_alone_are_compared_but_no_verdict_is_made_of_them(
    tmp_path: Path, before: str
) -> None:
    tree = tmp_path / "tree"
    for path, text in (("proc/sys/net/core/rmem_max", "425984\n"), ("proc/net/snmp", "junk\n")):
        (tree / path).parent.mkdir(parents=True, exist_ok=True)
        (tree / path).write_text(text)
    done = diff(before, str(tree))
    assert done.returncode == 0
    assert "net.core.rmem_max 212992 -> 425984" in " ".join(done.stdout.split())
    done = diff(before, str(tree), "--fail-on", "warning")
    assert done.returncode == 3


def test_a_hostile_host_moves_no_cursor(tmp_path: Path, before: str) -> None:
    case = host(lost=900, up=2000, boot="two", files={"/etc/hostname": "\x1b[2Jweb\x07\n"})
    case["after"]["sockets"] = [{"inode": 7, "drops": 900, "local": "[red]:1"}]
    case["processes"] = [{"inode": 7, "name": "\x1b]0;x\x07[bold]"}]
    hostile = save(tmp_path / "hostile\x1b[2J.tar.gz", case)
    done = diff(before, hostile, "-v")
    assert done.returncode == 0
    assert "\x1b" not in done.stdout
    assert "\x07" not in done.stdout
    assert "[bold]" in done.stdout


def test_without_b_the_present_is_this_host(before: str) -> None:
    done = diff(before, "--interval", "0", "-q", "--format", "json")
    assert done.returncode == 0
    document = json.loads(done.stdout)
    assert document["b"]["input"] == "this host"
    assert document["b"]["window"]["mode"] == "since-boot"


def test_counters_that_cannot_be_read_are_no_improvement(before: str, tmp_path: Path) -> None:
    blind = tmp_path / "blind" / "proc" / "net"
    blind.mkdir(parents=True)
    (blind / "snmp").write_text("Udp: nothing of the kind\n")
    (blind / "softnet_stat").write_text("00000001" + " 00000000" * 12 + "\n")
    assert diff(before, str(tmp_path / "blind")).returncode == 0
    done = diff(before, str(tmp_path / "blind"), "--fail-on", "warning")
    assert done.returncode == 3
    assert "UDP counters could not all be read" in done.stderr
    assert "/proc/net/snmp:1: Udp: expected a second line with values" in done.stderr
