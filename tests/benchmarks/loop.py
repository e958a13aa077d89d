"""Does the loop close: a fault, the tool's first advice, the same traffic again.

    python -m tests.benchmarks loop --runs 4 --seed 1

Where the tool says that room helps, nothing may be lost with what it recommends, and that is at
least the smallest buffer that works (found by bisection) and at most twice it. Where it says
that no buffer helps, eight times the buffer has to lose as well.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from tests.benchmarks.cause_cases import Buffer, Case, capacity, draw
from tests.benchmarks.cause_runs import Played, Running, play
from tests.benchmarks.deadline import Deadline, are_enough
from tests.live.children import LabError
from tests.live.lab import alone, obstacle
from tests.live.performance import Watcher

STAGE = "udp-rcvbuf-full"
RMEM_MAX = "net.core.rmem_max"
STOCK_RMEM_MAX = 212_992
HELPED = ("burst", "reader-stall")
NOT_HELPED = ("sustained-overload", "reader-stopped", "reader-starved")
SECONDS = 5.0
MINUTES = 19.0
HELPED_SECONDS, OTHER_SECONDS = 75.0, 25.0  # of a whole loop, with its bisection
TRIES = 3
FINE = 1.06  # the bisection ends when its bounds are this close
MOST_FACTOR = 2.0
TIMES = 8


class Advice(NamedTuple):
    """What the tool said, and what a user who follows it gets."""

    cause: str
    words: str
    rcvbuf: int | None  # None where no buffer is to be changed
    buffer: Buffer | None


class Line(NamedTuple):
    """One row of the table."""

    case: Case
    advice: Advice
    before: int
    after: int
    smallest: int | None

    @property
    def is_closed(self) -> bool:
        """Tell whether the promise held."""
        if self.case.cause not in HELPED:
            return self.advice.rcvbuf is None and self.after > 0
        if self.advice.rcvbuf is None or self.smallest is None or self.after:
            return False
        return self.smallest <= self.advice.rcvbuf * FINE <= MOST_FACTOR * self.smallest * FINE


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the faults and print the table; 1 if a loop does not close."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks loop", description=__doc__)
    parser.add_argument("--runs", type=int, default=4, metavar="N", help="faults of each cause")
    parser.add_argument("--first", type=int, default=0, metavar="N", help="number of the first")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--cause", action="append", choices=(*HELPED, *NOT_HELPED))
    parser.add_argument(
        "--minutes", type=float, default=MINUTES, help="stop by then (default: %(default)g)"
    )
    options = parser.parse_args(arguments)
    deadline = Deadline(options.minutes)
    why = obstacle()
    if why:
        sys.exit(why)
    causes = options.cause or (*HELPED, *NOT_HELPED)
    numbers = range(options.first, options.first + options.runs)
    lines: list[Line] = []
    for number in numbers:
        for cause in causes:
            lines += _closed(draw(cause, number, options.seed), number, deadline)
    asked = len(causes) * len(numbers)
    sys.stderr.write(deadline.said(len(lines), asked))
    lines.sort(key=lambda line: (*HELPED, *NOT_HELPED).index(line.case.cause))
    sys.stdout.write(table(lines))
    closed = all(line.is_closed for line in lines)
    return int(not (closed and are_enough(len(lines), asked)))


def _closed(case: Case, number: int, deadline: Deadline) -> Iterator[Line]:
    """Yield a fault's line, nothing where the time or the machine does not allow it."""
    if not deadline.allows(HELPED_SECONDS if case.cause in HELPED else OTHER_SECONDS):
        return
    try:
        yield close(_stock(case))
    except (LabError, AssertionError) as error:
        sys.stderr.write(f"{case.cause} {number}: {error}\n")


def _stock(case: Case) -> Case:
    """Return the fault on one socket of a host whose rmem_max is the kernel's own."""
    case = case._replace(sockets=1, spread=False)
    if case.buffer.limit == "rmem-max":
        return case._replace(
            buffer=Buffer("rmem-max", 2 * STOCK_RMEM_MAX, 64 << 20, STOCK_RMEM_MAX)
        )
    if case.buffer.limit == "rmem-default":
        return case._replace(buffer=case.buffer._replace(rmem_max=STOCK_RMEM_MAX))
    request = min(case.buffer.request or 0, STOCK_RMEM_MAX - 1)
    return case._replace(buffer=Buffer("app-request", 2 * request, request, STOCK_RMEM_MAX))


def close(case: Case) -> Line:
    """Run a fault, follow the advice, run it again."""
    advice, before = _diagnosed(case)
    if case.cause in HELPED:
        after = _loss(case, advice.buffer or case.buffer)
        smallest = _smallest(case, advice.rcvbuf or case.buffer.rcvbuf) if advice.rcvbuf else None
    else:
        smallest = None
        after = _loss(case, _forced(TIMES * case.buffer.rcvbuf), losing=True)
    line = Line(case, advice, before, after, smallest)
    sys.stderr.write(row(line))
    return line


def _diagnosed(case: Case) -> tuple[Advice, int]:
    said = ""

    def window(running: Running) -> None:
        nonlocal said
        with Watcher(("diagnose", "--netns", running.netns), SECONDS) as watcher:
            said = watcher.finish()

    for played in _played(case, window, losing=True):
        if played.lost:
            return advice_of(case, json.loads(said)), played.lost
    raise LabError("the machine is too busy")


def _played(case: Case, window: Any, *, losing: bool) -> Iterator[Played]:  # noqa: ANN401
    for _ in range(TRIES):
        with alone():
            played = play(case, window, losing=losing)
        if not played.disturbed:
            yield played
        time.sleep(0.5)


def _loss(case: Case, buffer: Buffer, *, losing: bool = False) -> int:
    """Return what the same traffic loses with another buffer."""
    cycles = case.period if case.burst else case.reading.period if case.reading.stall else 0
    seconds = max(SECONDS, 2.5 * cycles)
    worst = _played(case._replace(buffer=buffer), lambda _: time.sleep(seconds), losing=losing)
    try:
        return next(worst).lost
    except StopIteration:
        raise LabError("the machine is too busy") from None


def _forced(rcvbuf: int) -> Buffer:
    return Buffer("forced", rcvbuf, rcvbuf // 2, None, force=True)


def _smallest(case: Case, works: int) -> int:
    """Return the smallest buffer with which nothing is lost, by bisection."""
    high = works
    while _loss(case, _forced(high)):
        high = int(1.5 * high)
    low = case.buffer.rcvbuf
    while high > FINE * low:
        middle = int((low * high) ** 0.5)
        if _loss(case, _forced(middle)):
            low = middle
        else:
            high = middle
    return high


def advice_of(case: Case, report: dict[str, Any]) -> Advice:
    """Return what a user gets who follows the first advice, with the one that it needs."""
    found = [f for f in report["findings"] if f["stage"] == STAGE and f["lost"]]
    advised = found[0]["recommendations"] if found else []
    top, request = STOCK_RMEM_MAX, case.buffer.request
    words = []
    for each in advised:
        if each["kind"] == "sysctl" and each["target"] == RMEM_MAX:
            top = int(str(each["proposed"]))
        elif each["kind"] == "setsockopt" and each["target"] == "SO_RCVBUF":
            request = int(each["proposed"])
        else:
            continue
        words.append(f"{each['target']} {each['proposed']}")
    cause = found[0]["cause"] if found else "nothing"
    if not words or request is None:
        return Advice(cause, advised[0]["kind"] if advised else "nothing", None, None)
    rcvbuf = 2 * min(request, top)
    return Advice(cause, " + ".join(words), rcvbuf, Buffer("asked", rcvbuf, request, top))


def table(lines: Sequence[Line]) -> str:
    """Return the rows under their heads."""
    heads = ("fault", "parameters", "advice", "buffer", "smallest that works", "ratio")
    heads += ("lost before", "lost after", "closed")
    rules = ("---", "---", "---", "---:", "---:", "---:", "---:", "---:", "---")
    return f"| {' | '.join(heads)} |\n| {' | '.join(rules)} |\n" + "".join(map(row, lines))


def row(line: Line) -> str:
    """Return a line of the table."""
    advice, case = line.advice, line.case
    smallest, rcvbuf = line.smallest, advice.rcvbuf
    helped = case.cause in HELPED
    said = "" if advice.cause == case.cause else f" (said {advice.cause})"
    tried = rcvbuf if helped or rcvbuf else TIMES * case.buffer.rcvbuf
    cells = (
        f"{case.cause}{said}",
        f"{case}, holds {capacity(case)}",
        advice.words,
        f"{tried:,}" if tried else "",
        f"{smallest:,}" if smallest else "none" if not helped else "",
        f"{rcvbuf / smallest:.2f}" if smallest and rcvbuf else "",
        f"{line.before:,}",
        f"{line.after:,}",
        "yes" if line.is_closed else "no",
    )
    return f"| {' | '.join(cells)} |\n"


if __name__ == "__main__":
    sys.exit(main())
