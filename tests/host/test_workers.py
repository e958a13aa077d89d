"""Worker processes: order, bounded work, and the death of any of them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from netrx_tune.host.workers import in_workers


def _work(given: str) -> str:
    match given.split():
        case ["die", number]:
            os.kill(os.getpid(), int(number))
        case ["exit", code]:
            os._exit(int(code))
        case ["sleep", seconds]:
            time.sleep(float(seconds))
        case _:
            pass
    return f"did {given}"


def _lost(given: str, how: str) -> str:
    return f"lost {given}: {how}"


def test_answers_come_in_the_order_of_the_inputs() -> None:
    given = ["sleep 0.2", *(str(number) for number in range(50)), "sleep 0.1", "last"]
    assert list(in_workers(_work, _lost, given, 3)) == [f"did {one}" for one in given]


def test_a_worker_that_dies_costs_its_input_only() -> None:
    kill = f"die {int(signal.SIGKILL)}"
    given = ["a", kill, "b", "c", "exit 3", "d", kill, kill, *map(str, range(40))]
    got = list(in_workers(_work, _lost, given, 2))
    assert got == [
        "did a",
        f"lost {kill}: SIGKILL",
        "did b",
        "did c",
        "lost exit 3: exit code 3",
        "did d",
        f"lost {kill}: SIGKILL",
        f"lost {kill}: SIGKILL",
        *(f"did {number}" for number in range(40)),
    ]


def test_inputs_are_taken_as_there_is_room() -> None:
    taken = 0

    def many() -> Iterator[str]:
        nonlocal taken
        for number in range(100_000):
            taken += 1
            yield str(number)

    answers = in_workers(_work, _lost, many(), 2)
    assert [next(answers) for _ in range(3)] == ["did 0", "did 1", "did 2"]
    assert taken < 200
    answers.close()  # type: ignore[attr-defined]


def test_workers_end_when_nobody_wants_more_answers() -> None:
    answers = in_workers(_work, _lost, map(str, range(1000)), 2)
    next(answers)
    mine = _children(os.getpid())
    assert len(mine) == 2
    answers.close()  # type: ignore[attr-defined]
    assert not _children(os.getpid())


def test_workers_end_when_their_parent_is_killed() -> None:
    code = (
        "import itertools, sys, netrx_tune.host.workers as w\n"
        "from tests.host.test_workers import _work, _lost\n"
        "w._ALONE_SECONDS = 0.2\n"
        "answers = w.in_workers(_work, _lost, itertools.repeat('x'), 2)\n"
        "next(answers); print('ready', flush=True); sys.stdin.read()\n"
    )
    command = [sys.executable, "-c", code]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=Path(__file__).parents[2]
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        workers = _children(process.pid)
        assert len(workers) == 2
        process.kill()
    until = time.monotonic() + 10
    while any(_runs(one) for one in workers) and time.monotonic() < until:
        time.sleep(0.05)
    assert not any(_runs(one) for one in workers)


def _children(pid: int) -> set[int]:
    text = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    return {int(one) for one in text.split() if _runs(int(one))}


def _runs(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state not in {"Z", "X"}
