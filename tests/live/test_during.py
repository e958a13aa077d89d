"""A zero-loss gate around a real load test: one that loses and one that does not."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.live.children import MissingError
from tests.live.lab import Lab, alone, obstacle

LOAD_TEST = str(Path(__file__).parent / "load_test.py")
PYTHON = sys.executable


@pytest.mark.live
def test_the_gate_opens_without_loss_and_closes_with_it(tmp_path: Path) -> None:
    why = obstacle()
    if why:
        pytest.skip(why)
    try:
        with alone(), Lab() as lab:
            lab.host({"net.core.rmem_default": 212_992})
            good = during(lab.namespace(), tmp_path / "good.tar.gz", pause="0")
            bad = during(lab.namespace(), tmp_path / "bad.tar.gz", pause="0.5")
            outside = from_outside(lab.namespace(), tmp_path / "outside.tar.gz")
    except MissingError as error:
        pytest.skip(f"needs {error}")
    assert good == {"sent": 4_000, "read": 4_000}
    assert gate(tmp_path / "good.tar.gz") == 0
    document = diagnosis(tmp_path / "good.tar.gz")
    assert document["ledger"]["lost"] == 0
    assert document["ledger"]["delivered"] == 4_000

    lost = bad["sent"] - bad["read"]
    assert lost > 300
    assert gate(tmp_path / "bad.tar.gz") == 1
    document = diagnosis(tmp_path / "bad.tar.gz")
    assert document["ledger"]["lost"] == lost
    first = document["findings"][0]
    assert (first["stage"], first["lost"]) == ("udp-rcvbuf-full", lost)
    # The program ended before the second sample, and its socket with it.
    (sock,) = first["sockets"]
    assert (sock["local"], sock["drops"]) == ("127.0.0.1:9000", lost)
    assert sock["process"].startswith("python")
    assert first["cause"] in {"reader-stall", "unknown"}

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


def from_outside(netns: str, file: Path) -> dict[str, dict[str, int]]:
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
    words = ("diagnose", "--from", str(file), "--fail-on", "warning")
    return subprocess.run(
        [PYTHON, "-m", "netrx_tune", *words], capture_output=True, check=False
    ).returncode


def diagnosis(file: Path) -> dict[str, dict[str, int]]:
    done = subprocess.run(
        [PYTHON, "-m", "netrx_tune", "diagnose", "--from", str(file), "--format", "json"],
        capture_output=True,
        check=True,
    )
    document: dict[str, dict[str, int]] = json.loads(done.stdout)
    return document
