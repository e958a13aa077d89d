"""Advice on where to run, followed to the letter on the live kernel: the loss goes, and comes back.

The commands are split into words and run without a shell.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import pytest

from tests.benchmarks.cause_players import spin
from tests.live.children import Place
from tests.live.faults.common import to
from tests.live.lab import Lab, alone, obstacle
from tests.live.netns import Wire
from tests.live.performance import REPOSITORY, SilentError, Watcher
from tests.live.sockets import Socket
from tests.live.traffic import Pace

Said = dict[str, Any]

_SECONDS = 3.0
_PACE = Pace(count=12_000, per_second=5_000, burst=10)
_NEIGHBOURS = 3
_NO_LOSS = "the neighbours left the reader enough of its CPU: nothing was lost"
_SILENT = "the neighbours kept the kernel's own threads from their CPU, too"
_IDLE = 0.5  # of the window: so much the tool asks of a CPU
_MARGIN = 0.15  # the window is shorter than what is measured here
_PATIENCE_SECONDS = 10


def _times() -> tuple[int, int]:
    """Return for how long CPU 0 has idled, and all its time, in hundredths of a second."""
    text = Path("/proc/stat").read_text()
    row = next(line for line in text.split("\n") if line.startswith("cpu0 "))
    numbers = [int(word) for word in row.split()[1:9]]
    return numbers[3] + numbers[4], sum(numbers)


def _idled(since: tuple[int, int]) -> float:
    now = _times()
    return (now[0] - since[0]) / max(1, now[1] - since[1])


def _wait_for_quiet() -> None:
    for _ in range(_PATIENCE_SECONDS):
        since = _times()
        time.sleep(1.0)
        if _idled(since) > _IDLE + _MARGIN:
            return


def _spin_urgently(channel: Connection) -> object:
    os.setpriority(os.PRIO_PROCESS, 0, -19)
    return spin(channel)


def _watched(lab: Lab, wire: Wire, *more: str) -> Said:
    arguments = ("diagnose", "--netns", wire.rx.netns, *more)
    with Watcher(arguments, _SECONDS, cpus={0}) as watcher:  # not where it would starve, too
        lab.send(Place(wire.tx.netns, cpu=0), to(wire, pace=_PACE))
        return dict(json.loads(watcher.finish()))


def _full_buffer(document: Said) -> Said | None:
    found = [one for one in document["findings"] if one["rule"] == "socket-buffer-full"]
    return dict(found[0]) if found else None


def _played(snapshot: Path) -> str:
    """Return what went otherwise than the tool said, nothing if its advice was right."""
    with alone(), Lab() as lab:
        wire = lab.wire()
        for _ in range(_NEIGHBOURS):
            lab.start(Place(wire.rx.netns, cpu=1), _spin_urgently).answer()
        lab.read(Place(wire.rx.netns, cpu=1), Socket(rcvbuf_bytes=65_536))
        since = _times()
        said = _full_buffer(_watched(lab, wire, "--save", str(snapshot)))
        idled = _idled(since)
        if said is None:
            return _NO_LOSS
        (sock,) = said["sockets"]
        pid = sock["pid"]
        first = said["recommendations"][0]
        if said["cause"] == "reader-starved" and "No CPU of this host" in first["why"]:
            assert "taskset" not in json.dumps(said)
            return "" if idled < _IDLE + _MARGIN else f"CPU 0 idled {idled}, and was called busy"
        if (said["cause"], first["command"]) != ("reader-starved", f"taskset -cp 0 {pid}"):
            return json.dumps(said, indent=1)
        assert first["undo"] == f"taskset -cp 1 {pid}"
        subprocess.run(first["command"].split(), check=True, capture_output=True)
        assert os.sched_getaffinity(pid) == {0}
        again = _full_buffer(_watched(lab, wire))
        if again is not None:
            return f"it still loses: {json.dumps(again, indent=1)}"
        subprocess.run(first["undo"].split(), check=True, capture_output=True)
        assert os.sched_getaffinity(pid) == {1}
    command = [sys.executable, "-m", "netrx_tune", "diagnose", "--from", str(snapshot)]
    done = subprocess.run(
        [*command, "--format", "json"], cwd=REPOSITORY, capture_output=True, check=True
    )
    assert _full_buffer(json.loads(done.stdout)) == said
    return ""


@pytest.mark.live
@pytest.mark.alone
def test_a_reader_without_cpu_is_moved_to_an_idle_one_and_loses_no_more(tmp_path: Path) -> None:
    """On a machine whose other CPU has other work all the time, the tool has to say that."""
    why = obstacle()
    if why:
        pytest.skip(why)
    for attempt in range(3):
        _wait_for_quiet()
        try:
            problem = _played(tmp_path / f"{attempt}.tar.gz")
        except SilentError:
            problem = _SILENT
        if not problem:
            return
    if problem in (_NO_LOSS, _SILENT):
        pytest.skip(problem)
    pytest.fail(problem)
