"""--confirm-within: kept by a yes in time, else undone, also when the terminal goes away."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.host.host_tree import TOOL, files, made, value


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return made(tmp_path)


def confirming(root: Path, seconds: int) -> tuple[subprocess.Popen[str], int]:
    """Start an apply that waits for a yes on a terminal; return it and the terminal's end."""
    ours, theirs = pty.openpty()
    words = ["apply", str(root.parent / "test.yaml"), "--root", str(root), "--yes"]
    words += ["--confirm-within", str(seconds)]
    done = subprocess.Popen(
        [*TOOL, *words], stdin=theirs, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    os.close(theirs)
    deadline = time.monotonic() + 20
    while value(root, "net/ipv4/ipfrag_time") != "3" and time.monotonic() < deadline:
        time.sleep(0.02)
    assert value(root, "net/ipv4/ipfrag_time") == "3"
    return done, ours


def test_a_yes_in_time_keeps_it(root: Path) -> None:
    done, terminal = confirming(root, 20)
    os.write(terminal, b"yes\n")
    assert done.communicate(timeout=20)[0].endswith("Undo it with: netrx-tune rollback\n")
    assert (done.returncode, value(root, "net/core/rmem_max")) == (0, "800000")
    os.close(terminal)


@pytest.mark.parametrize("answer", [b"no\n", b"\n", b""])
def test_without_a_yes_in_time_it_is_undone(root: Path, answer: bytes) -> None:
    before = files(root)
    done, terminal = confirming(root, 1)
    os.write(terminal, answer)
    assert "Undone (nobody confirmed it in time)" in done.communicate(timeout=20)[0]
    assert (done.returncode, files(root)) == (1, before)
    os.close(terminal)


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGTERM, signal.SIGINT, None])
def test_a_terminal_that_goes_away_undoes_it(root: Path, number: signal.Signals | None) -> None:
    before = files(root)
    done, terminal = confirming(root, 60)
    if number is None:
        os.close(terminal)
    else:
        done.send_signal(number)
    done.communicate(timeout=20)
    assert done.returncode in (1, 2)
    assert files(root) == before
    if number is not None:
        os.close(terminal)
