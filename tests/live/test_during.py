"""A zero-loss gate around a real load test: one that loses and one that does not."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.live.children import MissingError
from tests.live.lab import Lab, alone, obstacle

LOAD_TEST = str(Path(__file__).parent / "load_test.py")
PYTHON = sys.executable


@pytest.mark.live
@pytest.mark.alone
def test_the_gate_opens_without_loss_and_closes_with_it(tmp_path: Path) -> None:
    why = obstacle()
    if why:
        pytest.skip(why)
    try:
        with alone(), Lab() as lab:
            lab.host({"net.core.rmem_default": 212_992})
            good = during(lab.namespace(), tmp_path / "good.tar.gz", pause="0")
            here = lab.namespace()
            bad = during(here, tmp_path / "bad.tar.gz", pause="0.5")
            lab.host({"net.core.rmem_default": 4 << 20})
            cured = during(here, tmp_path / "cured.tar.gz", pause="0.5")
            outside = from_outside(lab.namespace(), tmp_path / "outside.tar.gz")
    except MissingError as error:
        pytest.skip(f"needs {error}")
    assert good == {"sent": 4_000, "read": 4_000}
    assert gate(tmp_path / "good.tar.gz") == 0
    books = diagnosis(tmp_path / "good.tar.gz")["ledger"]
    assert (books["lost"], books["delivered"]) == (0, 4_000)

    lost = bad["sent"] - bad["read"]
    assert lost > 300
    assert gate(tmp_path / "bad.tar.gz") == 1
    said = diagnosis(tmp_path / "bad.tar.gz")
    assert said["ledger"]["lost"] == lost
    first = said["findings"][0]
    assert (first["stage"], first["lost"]) == ("udp-rcvbuf-full", lost)
    # The program ended before the second sample, and its socket with it.
    (sock,) = first["sockets"]
    assert (sock["local"], sock["drops"]) == ("127.0.0.1:9000", lost)
    assert sock["process"].startswith("python")
    assert first["cause"] in {"reader-stall", "unknown"}

    # The same traffic with room for the pause: the difference says what was set, and what it did.
    assert cured == {"sent": 4_000, "read": 4_000}
    assert gate(tmp_path / "cured.tar.gz") == 0
    changed = difference(tmp_path / "bad.tar.gz", tmp_path / "cured.tar.gz")
    assert changed["kinship"] == "same-boot"
    turns = {(one["change"], one["rule"]) for one in changed["findings"]}
    assert ("gone", "socket-buffer-full") in turns
    values = {one["name"]: (one["a"], one["b"]) for one in changed["settings"]}
    assert values["net.core.rmem_default"] == ("212992", str(4 << 20))
    (stage,) = changed["stages"]
    assert (stage["a"]["lost"], stage["b"]["lost"]) == (lost, 0)
    assert changed["between"]["ledger"]["lost"] == 0

    # --netns says where to look; the command runs where its caller is.
    assert outside["ledger"]["delivered"] == 0


def during(netns: str, file: Path, pause: str) -> dict[str, int]:
    inside = ("ip", "netns", "exec", netns)
    tool = (PYTHON, "-m", "netrx_tune", "snapshot", "-q", "-o", str(file), "--during", "--")
    done = subprocess.run(
        [*inside, *tool, PYTHON, LOAD_TEST, pause], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    counts: dict[str, int] = json.loads(done.stdout)
    return counts


def from_outside(netns: str, file: Path) -> dict[str, Any]:
    tool = (PYTHON, "-m", "netrx_tune", "snapshot", "-o", str(file), "--netns", netns)
    own = Path("/proc/self/ns/net").readlink()
    done = subprocess.run(
        [*tool, "--during", "readlink", "/proc/self/ns/net"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == str(own)
    return diagnosis(file)


def gate(file: Path) -> int:
    words = ("check", str(file), "--fail-on", "warning")
    return subprocess.run(
        [PYTHON, "-m", "netrx_tune", *words], capture_output=True, check=False
    ).returncode


def diagnosis(file: Path) -> dict[str, Any]:
    return document("diagnose", "--from", str(file))


def difference(before: Path, after: Path) -> dict[str, Any]:
    return document("diff", str(before), str(after))


def document(*words: str) -> dict[str, Any]:
    done = subprocess.run(
        [PYTHON, "-m", "netrx_tune", *words, "--format", "json"], capture_output=True, check=True
    )
    found: dict[str, Any] = json.loads(done.stdout)
    return found
