"""Two inputs of one host as one window: what grew from the first report to the second.

What a report counts is subtracted from the same count of the other, never from another count of
its own. Nothing is subtracted between two hosts, or across a reboot.
"""

from __future__ import annotations

from datetime import datetime

from netrx_tune.collectors.assemble import assemble
from netrx_tune.host.archive import read_snapshot
from netrx_tune.model.errors import InputError
from netrx_tune.model.snapshot import Snapshot
from netrx_tune.planning.kinship import kinship
from netrx_tune.reporters.snapshot_files import UPTIME, SavedSnapshot, interval


def read_pair(first: str, second: str, netns: str | None = None) -> SavedSnapshot:
    """Return the last samples of two inputs as one snapshot, in the order they were taken.

    Raises:
        InputError: one cannot be read, or they are of two hosts, namespaces or boots.
    """
    earlier, later = read_snapshot(first, netns), read_snapshot(second, netns)
    if _seconds_between(earlier, later) < 0:
        first, second, earlier, later = second, first, later, earlier
    was, now = assemble(earlier.samples[-1]), assemble(later.samples[-1])
    why = _why_not(earlier, later, was, now)
    if why:
        raise InputError(f"{first}, {second}: {why}; judge each alone")
    if _seconds_between(earlier, later) == 0:
        raise InputError(f"{first}, {second}: both are of one moment; judge one alone")
    return interval(earlier, _finer(earlier, later))


def _why_not(
    earlier: SavedSnapshot, later: SavedSnapshot, was: Snapshot, now: Snapshot
) -> str | None:
    """Return why nothing may be subtracted, None where it may."""
    if earlier.netns != later.netns:
        names = [one.netns or "the host's own" for one in (earlier, later)]
        return f"of two network namespaces, {names[0]} and {names[1]}"
    kin = kinship(was, now, redacted=bool(earlier.redactions or later.redactions))
    return None if kin.kin == "same-boot" else kin.why


def _seconds_between(earlier: SavedSnapshot, later: SavedSnapshot) -> float:
    """Return the time from one to the other, 1 where nothing tells: then the order stands."""
    dates = [_epoch(one) for one in (earlier, later)]
    if dates[0] is not None and dates[1] is not None:
        return dates[1] - dates[0]
    clocks = [one.times[-1].uptime_seconds for one in (earlier, later)]
    if clocks[0] is None or clocks[1] is None:
        return 1.0
    return clocks[1] - clocks[0] or 1.0  # whole minutes may be equal


def _epoch(saved: SavedSnapshot) -> float | None:
    utc = saved.times[-1].utc
    try:
        return datetime.fromisoformat(utc).timestamp() if utc else None
    except ValueError:
        return None


def _finer(earlier: SavedSnapshot, later: SavedSnapshot) -> SavedSnapshot:
    """Return the later report with an uptime to the second, where both have whole minutes."""
    began = earlier.times[-1].uptime_seconds
    seconds = _seconds_between(earlier, later)
    if began is None or later.kind != "sosreport" or earlier.kind != "sosreport":
        return later
    if _epoch(earlier) is None or _epoch(later) is None:
        return later
    sample, moment = later.samples[-1], later.times[-1]
    files = {**sample.files, UPTIME: f"{began + seconds:.2f} 0.00\n"}
    return later._replace(
        samples=(sample._replace(files=files),),
        times=(moment._replace(uptime_seconds=began + seconds),),
    )
