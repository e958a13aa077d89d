"""`snapshot --during`: the command is the user's, and both samples are taken whatever it does."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from netrx_tune.host.archive import read_snapshot

TOOL = (sys.executable, "-m", "netrx_tune", "snapshot")
# Tells when it runs, counts each SIGINT and SIGTERM, and ends a moment after the first.
COUNTS_SIGNALS = """
import os, signal, sys, time
got = []
for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
    signal.signal(number, lambda number, frame: got.append(signal.Signals(number).name))
print("ready", flush=True)
deadline = time.monotonic() + 20
while not got and time.monotonic() < deadline:
    time.sleep(0.01)
time.sleep(0.3)
print(*got, flush=True)
sys.exit(9)
"""


def snapshot(file: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*TOOL, "-o", str(file), *words], capture_output=True, text=True, check=False, timeout=60
    )


def test_the_command_lies_between_the_two_samples(tmp_path: Path) -> None:
    file = tmp_path / "run.tar.gz"
    done = snapshot(file, "--during", "--", "sleep", "0.6")
    assert done.returncode == 0
    saved = read_snapshot(str(file))
    assert len(saved.samples) == 2
    assert saved.seconds is not None
    assert 0.5 <= saved.seconds < 5


def test_its_code_is_ours_and_its_output_stays_apart(tmp_path: Path) -> None:
    file = tmp_path / "run.tar.gz"
    done = snapshot(file, "--during", "sh", "-c", "printf out; printf err >&2; exit 7")
    assert done.returncode == 7
    assert done.stdout == "out"
    assert "err" in done.stderr
    assert f"saved {file}" in done.stderr
    assert file.exists()


@pytest.mark.parametrize("words", [("sh", "-c", "kill -KILL $$"), ("sh", "-c", "exit 137")])
def test_a_command_that_a_signal_ended_gives_what_a_shell_gives(
    tmp_path: Path, words: tuple[str, ...]
) -> None:
    file = tmp_path / "run.tar.gz"
    assert snapshot(file, "--during", "--", *words).returncode == 137
    assert len(read_snapshot(str(file)).samples) == 2


def test_words_are_the_commands_own_and_no_shells(tmp_path: Path) -> None:
    words = ("-o", "$HOME", "; exit 3", "--during", "a  b")
    shown = (sys.executable, "-c", "import sys; print(sys.argv[1:])", *words)
    done = snapshot(tmp_path / "run.tar.gz", "-q", "--during", *shown)
    assert (done.stdout, done.stderr) == (f"{list(words)}\n", "")
    assert done.returncode == 0


def test_what_python_ignores_is_not_ignored_in_the_command(tmp_path: Path) -> None:
    done = snapshot(
        tmp_path / "run.tar.gz", "--during", "grep", "-E", "Sig(Ign|Blk)", "/proc/self/status"
    )
    masks = [int(line.split()[1], 16) for line in done.stdout.splitlines()]
    own = Path("/proc/self/status").read_text()
    ours = next(int(line.split()[1], 16) for line in own.splitlines() if line.startswith("SigBlk"))
    assert masks[0] == ours
    assert not masks[1] & 1 << (signal.SIGPIPE - 1)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--during", "no-such-program-here"), "not found in PATH; nothing was run"),
        (("--during", "/proc/version"), "not executable; nothing was run"),
        (("--during",), "needs a COMMAND"),
        (("true",), "a command to run follows --during"),
        (("--interval", "5", "--during", "true"), "goes with no --interval"),
    ],
)
def test_what_cannot_be_run_is_refused_before_anything_is_sampled(
    tmp_path: Path, words: tuple[str, ...], says: str
) -> None:
    file = tmp_path / "run.tar.gz"
    done = snapshot(file, *words)
    assert done.returncode == 2
    assert says in done.stderr
    assert not file.exists()


def test_a_program_that_the_kernel_refuses_leaves_no_snapshot(tmp_path: Path) -> None:
    program = tmp_path / "program"
    program.write_text("no format that is known")
    program.chmod(0o755)
    done = snapshot(tmp_path / "run.tar.gz", "--during", str(program))
    assert done.returncode == 2
    assert "cannot be run: Exec format error" in done.stderr
    assert not (tmp_path / "run.tar.gz").exists()


@pytest.mark.parametrize("name", ["missing/run.tar.gz", "run.zip", "full", "-"])
def test_a_place_that_takes_no_snapshot_is_refused_before_the_run(
    tmp_path: Path, name: str
) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full/file").touch()
    ran = tmp_path / "ran"
    target = name if name == "-" else str(tmp_path / name)
    done = snapshot(Path(target), "--during", "touch", str(ran))
    assert done.returncode == 2
    assert not ran.exists()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_goes_to_the_command_and_the_second_sample_is_still_taken(
    tmp_path: Path, number: signal.Signals
) -> None:
    file = tmp_path / "run.tar.gz"
    started = subprocess.Popen(
        [*TOOL, "-o", str(file), "-q", "--during", sys.executable, "-c", COUNTS_SIGNALS],
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    with started:
        assert started.stdout is not None
        assert started.stdout.readline() == "ready\n"
        os.kill(started.pid, number)
        assert started.stdout.read() == f"{number.name}\n"
    assert started.returncode == 9
    assert len(read_snapshot(str(file)).samples) == 2


def test_the_interrupt_key_reaches_the_command_once(tmp_path: Path) -> None:
    file = tmp_path / "run.tar.gz"
    words = [*TOOL, "-o", str(file), "-q", "--during", sys.executable, "-c", COUNTS_SIGNALS]
    pid, terminal = pty.fork()
    if pid == 0:
        os.execv(words[0], words)  # noqa: S606 - no shell is meant
    seen = b""
    while b"ready" not in seen:
        seen += os.read(terminal, 1000)
    os.write(terminal, b"\x03")
    _, status = os.waitpid(pid, 0)
    seen += os.read(terminal, 1000)
    os.close(terminal)
    assert os.waitstatus_to_exitcode(status) == 9
    assert seen.count(b"SIGINT") == 1
    assert len(read_snapshot(str(file)).samples) == 2


def test_a_command_whose_code_is_a_failure_and_a_snapshot_that_fails_is_two(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    done = snapshot(folder / "run.tar.gz", "--during", "sh", "-c", f"rm -r {folder}; exit 9")
    assert done.returncode == 2
    assert "run.tar.gz" in done.stderr
    assert "COMMAND had ended with 9" in done.stderr


def test_a_killed_tool_leaves_no_command_that_waits(tmp_path: Path) -> None:
    marker = tmp_path / "ran"
    script = (
        "import sys; from netrx_tune.host.during import command\n"
        f"with command(['touch', {str(marker)!r}]) as ready:\n"
        "  print('ready', flush=True); import time; time.sleep(30)"
    )
    started = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    with started:
        assert started.stdout is not None
        assert started.stdout.readline() == "ready\n"
        waiting = _children(started.pid)
        assert len(waiting) == 1
        started.kill()
    deadline = time.monotonic() + 10
    while Path(f"/proc/{waiting[0]}").exists() and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not Path(f"/proc/{waiting[0]}").exists()
    assert not marker.exists()


def _children(pid: int) -> list[int]:
    return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def test_json_goes_where_the_commands_output_is_not(tmp_path: Path) -> None:
    done = snapshot(tmp_path / "run.tar.gz", "--format", "json", "-q", "--during", "echo", "mine")
    assert done.stdout == "mine\n"
    done = snapshot(tmp_path / "run.tar.gz", "--format", "json", "--during", "echo", "mine")
    told = json.loads(done.stderr[done.stderr.index("{") :])
    assert told["samples"] == 2
    assert told["command_exit_code"] == 0
