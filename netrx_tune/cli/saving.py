"""From samples just taken to a snapshot on disk."""

from __future__ import annotations

from datetime import UTC, datetime

from netrx_tune import __version__
from netrx_tune.host.save import write_snapshot
from netrx_tune.model.sample import Sample
from netrx_tune.reporters.snapshot_files import SavedSnapshot
from netrx_tune.reporters.snapshot_manifest import Moment


def saved_of(samples: tuple[Sample, ...], netns: str | None) -> SavedSnapshot:
    """Return the snapshot of one or two samples, with the time of each."""
    release = samples[-1].files.get("/proc/sys/kernel/osrelease", "").strip()
    times = tuple(_moment(sample) for sample in samples)
    return SavedSnapshot(samples, times, kernel=release or None, netns=netns)


def save(path: str, saved: SavedSnapshot) -> None:
    """Write a snapshot as this version's tool does.

    Raises:
        InputError: it cannot be written.
    """
    write_snapshot(path, saved, __version__)


def _moment(sample: Sample) -> Moment:
    uptime = (sample.files.get("/proc/uptime", "").split() or [""])[0]
    now = datetime.now(UTC)
    for line in sample.files.get("/netrx/clock", "").splitlines():
        if line.startswith("realtime "):
            now = datetime.fromtimestamp(float(line.split()[1]), UTC)
    utc = now.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return Moment(utc, float(uptime) if uptime else None)
