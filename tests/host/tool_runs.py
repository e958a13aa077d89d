"""Runs of the tool: as a program of its own, or as a fork that has it loaded; with faults.

A fork costs a tenth of a program's start, most of all below strace, which stops it at each call.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple, NoReturn

from netrx_tune import cli
from netrx_tune.cli import apply, rollback  # noqa: F401 - loaded once, and not in each fork
from netrx_tune.host import guardian

TOOL = (sys.executable, "-B", "-m", "netrx_tune")
# The tool with a guardian that ends at once, as if it were killed first.
_WITHOUT = (
    "import os; from netrx_tune.host import guardian; from netrx_tune.cli import main;"
    " guardian._guard = lambda *_: os._exit(0); main()"
)
UNGUARDED = (sys.executable, "-B", "-c", _WITHOUT)


class Command(NamedTuple):
    """What is typed after the tool's name, and whether its guardian lives."""

    words: tuple[str, ...]
    guarded: bool = True


class Ended(NamedTuple):
    """How a run ended, what it said, and what strace wrote of it."""

    code: int
    said: str
    traced: str


class RunError(AssertionError):
    """A run that had to succeed did not, or could not be watched."""


def program(command: Command, strace: Sequence[str] = ()) -> Ended:
    """Run the tool as a program; it has to succeed."""
    with tempfile.NamedTemporaryFile("r") as log:
        tool = TOOL if command.guarded else UNGUARDED
        trace = ["strace", "-qq", "-o", log.name, *strace] if strace else []
        whole = [*trace, *tool, *command.words]
        done = subprocess.run(whole, input="yes\n", capture_output=True, text=True, check=False)
        ended = Ended(done.returncode, done.stderr + done.stdout, log.read())
    if ended.code:
        raise RunError(f"{command}: {ended}")
    return ended


def fork(command: Command, strace: Sequence[str] = ()) -> Ended:
    """Run the tool as a fork of this process, below strace from its first step on."""
    go_read, go = os.pipe()
    said, said_write = os.pipe()
    sys.stdout.flush()
    child = os.fork()
    if child == 0:
        os.close(go)
        os.close(said)
        _be_the_tool(command, go_read, said_write)
    os.close(go_read)
    os.close(said_write)
    with tempfile.NamedTemporaryFile("r") as log, os.fdopen(said) as answer:
        tracer = _attached(child, log.name, strace) if strace else None
        os.write(go, b"yes\n")
        os.close(go)
        words = answer.read()  # until the guardian, too, has ended
        _, status = os.waitpid(child, 0)
        if tracer:
            tracer.communicate()
        return Ended(os.waitstatus_to_exitcode(status), words, log.read())


def _attached(child: int, log: str, strace: Sequence[str]) -> subprocess.Popen[str]:
    """Return a strace that has stopped the child once, so that it sees all that follows."""
    tracer = subprocess.Popen(
        ["strace", "-o", log, "-p", str(child), *strace], stderr=subprocess.PIPE, text=True
    )
    assert tracer.stderr
    if "attached" not in (line := tracer.stderr.readline()):
        raise RunError(f"strace: {line}")
    return tracer


def _be_the_tool(command: Command, go: int, said: int) -> NoReturn:
    code = 1
    try:
        os.read(go, 4)
        answers, write = os.pipe()
        os.write(write, b"yes\n")
        os.close(write)
        for number, place in enumerate((answers, said, said)):
            os.dup2(place, number)
        if not command.guarded:
            guardian._guard = lambda *_: os._exit(0)  # type: ignore[assignment]
        cli.main(command.words)
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def write_profile(name: str, settings: Sequence[tuple[str, int]]) -> str:
    """Write a profile and return its path."""
    path = Path(tempfile.gettempdir()) / "netrx-proof" / f"{name}.yaml"
    path.parent.mkdir(mode=0o700, exist_ok=True)
    lines = [f'  {key}: {{exactly: {value}, why: "w", source: "s"}}' for key, value in settings]
    head = f"schema: 1\nname: {name}\nsummary: s\nsettings:\n"
    path.write_text(head + "\n".join(lines) + "\n")
    path.chmod(0o600)
    return str(path)
