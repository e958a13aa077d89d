"""--confirm-within: kept by a yes in time, else undone, whatever ends the terminal or the tool."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import time
from contextlib import suppress
from pathlib import Path

import pytest

from tests.host.host_tree import OURS, TOOL, files, made, run, value

_PATIENCE_SECONDS = 60  # of a test, with a busy machine


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return made(tmp_path)


def started(root: Path, seconds: int) -> tuple[subprocess.Popen[str], int]:
    """Start an apply that waits for a yes on a terminal; return it and the terminal's end."""
    ours, theirs = pty.openpty()
    words = ["apply", str(root.parent / "test.yaml"), "--root", str(root), "--yes"]
    words += ["--confirm-within", str(seconds)]
    done = subprocess.Popen(
        [*TOOL, *words],
        stdin=theirs,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    os.close(theirs)
    return done, ours


def confirming(root: Path, seconds: int) -> tuple[subprocess.Popen[str], int]:
    """Start it with so many seconds that they cannot be over, and wait for what it sets."""
    done, ours = started(root, seconds)
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while value(root, "net/ipv4/ipfrag_time") != "3" and time.monotonic() < deadline:
        time.sleep(0.02)
    assert value(root, "net/ipv4/ipfrag_time") == "3"
    return done, ours


def test_a_yes_in_time_keeps_it_and_only_then_is_it_for_the_next_boot(root: Path) -> None:
    done, terminal = confirming(root, 60)
    assert not (root / OURS).exists()
    os.write(terminal, b"yes\n")
    assert done.communicate(timeout=_PATIENCE_SECONDS)[0].endswith(
        f"Undo it with: netrx-tune rollback --root {root}\n"
    )
    assert (done.returncode, value(root, "net/core/rmem_max")) == (0, "800000")
    assert "net.core.rmem_max = 800000\n" in (root / OURS).read_text()
    assert run(root, "rollback", "--yes").returncode == 0
    assert (value(root, "net/core/rmem_max"), (root / OURS).exists()) == ("400000", False)
    os.close(terminal)


def test_a_file_that_cannot_be_written_after_the_yes_undoes_it(root: Path) -> None:
    before = files(root)
    done, terminal = confirming(root, 60)
    (root / OURS).mkdir()
    os.write(terminal, b"yes\n")
    assert "everything is as it was" in done.communicate(timeout=_PATIENCE_SECONDS)[1]
    (root / OURS).rmdir()
    assert (done.returncode, files(root)) == (2, before)
    os.close(terminal)


@pytest.mark.parametrize(("answer", "seconds"), [(b"no\n", 60), (b"\n", 60), (b"", 1)])
def test_without_a_yes_in_time_it_is_undone(root: Path, answer: bytes, seconds: int) -> None:
    before = files(root)
    done, terminal = started(root, seconds)
    os.write(terminal, answer)
    out, err = done.communicate(timeout=_PATIENCE_SECONDS)
    assert "Undone (not confirmed in time)" in out
    assert err.endswith(f"Type yes within {seconds} s: \n")
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
    done.communicate(timeout=_PATIENCE_SECONDS)
    assert done.returncode in (1, 2)
    assert files(root) == before
    if number is not None:
        os.close(terminal)


def test_a_tool_that_is_killed_is_undone_by_its_guardian(root: Path) -> None:
    before = files(root)
    done, terminal = confirming(root, 60)
    asks = done.stderr.read(30) if done.stderr else ""
    assert asks.startswith("Keep these settings?")
    os.killpg(done.pid, signal.SIGHUP)  # of the terminal, to all that it started
    done.kill()
    said = done.communicate(timeout=_PATIENCE_SECONDS)[1]
    assert files(root) == before
    assert "everything is as it was" in said
    assert run(root, "rollback", "--yes").stdout == "Nothing to undo.\n"
    os.close(terminal)


def test_a_whole_group_that_is_killed_is_undone(root: Path) -> None:
    before = files(root)
    done, terminal = confirming(root, 60)
    os.killpg(done.pid, signal.SIGKILL)
    assert (
        "apply of test was killed; everything is as it was"
        in done.communicate(timeout=_PATIENCE_SECONDS)[1]
    )
    assert files(root) == before
    os.close(terminal)


def test_a_tool_that_is_stopped_is_undone_when_its_time_is_over(root: Path) -> None:
    before = files(root)
    done, terminal = started(root, 2)  # so long there is to stop it
    assert (done.stderr.read(30) if done.stderr else "").startswith("Keep these settings?")
    done.send_signal(signal.SIGSTOP)
    done.communicate(timeout=_PATIENCE_SECONDS)
    assert (done.returncode, files(root)) == (-signal.SIGKILL, before)
    os.close(terminal)


def test_what_was_confirmed_stays_though_the_terminal_is_killed_afterwards(root: Path) -> None:
    done, terminal = confirming(root, 60)
    os.write(terminal, b"yes\n")
    out = done.stdout.readline() if done.stdout else ""
    while out and "Undo it with" not in out:
        out = done.stdout.readline() if done.stdout else ""
    with suppress(ProcessLookupError):
        os.killpg(done.pid, signal.SIGKILL)
    done.communicate(timeout=_PATIENCE_SECONDS)
    assert (value(root, "net/core/rmem_max"), (root / OURS).exists()) == ("800000", True)
    assert run(root, "status").returncode == 0
    os.close(terminal)


def test_while_its_guardian_undoes_nobody_else_changes_anything(root: Path) -> None:
    done, terminal = confirming(root, 60)
    done.kill()
    done.wait()
    got = run(root, "apply", "--yes")  # waits for nothing: locked out, or all was undone before
    done.communicate(timeout=_PATIENCE_SECONDS)
    assert got.returncode in (0, 2)
    assert got.returncode == 0 or "another netrx-tune is changing this host" in got.stderr
    os.close(terminal)


def test_to_keep_it_whatever_happens_and_to_undo_it_exclude_each_other(root: Path) -> None:
    done = run(root, "apply", "--yes", "--no-rollback", "--confirm-within", "5")
    assert (done.returncode, "keeps what --confirm-within is to undo" in done.stderr) == (2, True)
