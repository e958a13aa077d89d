"""Run the faults and print a table: `python -m tests.live [--list] [NAME...]`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.live.children import LabError
from tests.live.faults import FAULTS
from tests.live.lab import obstacle
from tests.live.performance import Outcome, perform, rehearse
from tests.live.tracing import Trace, tracing
from tests.live.truth import Fault

HEADER = """\
| fault | stage expected | true loss | stage reported | lost reported | verdict |
| --- | --- | ---: | --- | ---: | --- |
"""


def main() -> int:
    """Run the chosen faults; 1 when the tool was wrong about one of them."""
    options = _options()
    chosen = _chosen(options.names)
    why = None if options.list else obstacle()
    if why:
        sys.exit(why)
    if options.list:
        for fault in chosen:
            sys.stdout.write(f"{fault.name}: {fault.description} ({fault.stages})\n")
        return 0
    sys.stdout.write(HEADER)
    wrong = 0
    with tracing() as trace, _folder(options.snapshots) as snapshots:
        for fault in chosen:
            wrong += not _show(fault, trace, None if options.truth else snapshots)
    return int(wrong > 0)


@contextmanager
def _folder(wanted: Path | None) -> Iterator[Path]:
    """Give a folder for snapshots: one that stays, or one that goes."""
    if wanted is None:
        with TemporaryDirectory() as scratch:
            yield Path(scratch)
        return
    wanted.mkdir(parents=True, exist_ok=True)
    yield wanted.absolute()


def _show(fault: Fault, trace: Trace, snapshots: Path | None) -> bool:
    """Print a fault's line as soon as it is known; return whether all is right."""
    try:
        outcome = perform(fault, trace, snapshots) if snapshots else rehearse(fault, trace)
    except (AssertionError, LabError, OSError) as error:
        line = f"| {fault.name} | {fault.stages} | | | | failed |\n"
        wrongs: tuple[str, ...] = (str(error),)
    else:
        line, wrongs = row(outcome), _wrongs(outcome)
    sys.stdout.write(line)
    sys.stdout.flush()
    for wrong in wrongs:
        sys.stderr.write(f"{fault.name}: {wrong}\n")
    return not wrongs


def _wrongs(outcome: Outcome) -> tuple[str, ...]:
    return (
        *outcome.doubts,
        *outcome.complaints,
        *outcome.wrong_causes,
        *outcome.missing_words,
        *outcome.differences,
    )


def row(outcome: Outcome) -> str:
    """Return an outcome as a line of a Markdown table."""
    said = outcome.report.stages if outcome.report else {}
    cells = (
        f"{outcome.fault.name}: {outcome.fault.description}",
        outcome.fault.stages,
        _counts({stage: lost for stage, lost in outcome.truth.lost.items() if lost}),
        ", ".join(said) or "none",
        _counts(said),
        _verdict(outcome),
    )
    return f"| {' | '.join(cells)} |\n"


def _counts(lost: Mapping[str, int]) -> str:
    return ", ".join(f"{count:,}" for count in lost.values()) or "0"


def _verdict(outcome: Outcome) -> str:
    if outcome.doubts:
        return "doubtful"
    if outcome.complaints:
        return "wrong"
    if outcome.report is None:
        return "not asked"
    if sum(outcome.truth.lost.values()) != sum(outcome.report.stages.values()):
        return "not visible here"
    unnamed = any(stage.endswith("-unattributed") for stage in outcome.report.stages)
    return "exact, unnamed" if unnamed else "exact"


def _chosen(names: Sequence[str]) -> tuple[Fault, ...]:
    known = {fault.name: fault for fault in FAULTS}
    unknown = [name for name in names if name not in known]
    if unknown:
        sys.exit(f"no such fault: {', '.join(unknown)} (--list shows them)")
    return tuple(known[name] for name in names) or FAULTS


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.live", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help="faults; all if none is named")
    parser.add_argument("--list", action="store_true", help="name the faults and stop")
    parser.add_argument(
        "--snapshots", type=Path, metavar="DIR", help="keep the snapshot of each window"
    )
    parser.add_argument("--truth", action="store_true", help="play them without the tool")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
