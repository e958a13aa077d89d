"""A saved snapshot as the files it consists of, written and read; no IO.

netrx.yaml                  what it is, see snapshot_manifest
0/proc/net/snmp             the kernel's own file, raw, as the first sample met it
0/netrx/sockets.jsonl       what no file holds, see snapshot_records
1/proc/net/snmp             the same of the second sample
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Literal, NamedTuple

from netrx_tune.collectors.boot_id import hashed_boot
from netrx_tune.collectors.clock import CLOCK
from netrx_tune.model.places import Places
from netrx_tune.model.sample import Gap, Sample
from netrx_tune.reporters.snapshot_manifest import (
    About,
    Manifest,
    Moment,
    parse_manifest,
    render_manifest,
)
from netrx_tune.reporters.snapshot_queues import packed_queues
from netrx_tune.reporters.snapshot_records import Known, parse_records, render_records

__all__ = [
    "BOOT_ID",
    "MANIFEST",
    "SAMPLES",
    "BySample",
    "Kind",
    "Moment",
    "SavedSnapshot",
    "by_sample",
    "interval",
    "moment_of",
    "parse_snapshot",
    "render_snapshot",
    "saved_snapshot",
]

MANIFEST = "netrx.yaml"
SAMPLES = ("0/", "1/")
BOOT_ID = "/proc/sys/kernel/random/boot_id"
UPTIME = "/proc/uptime"
_MOST_SECONDS = 100_000_000_000  # 3,000 years: above it is no clock, and no date

# The texts of each sample by the kernel's path.
BySample = tuple[dict[str, str], dict[str, str]]
Kind = Literal["netrx", "folder", "tree", "sosreport", "text"]


class SavedSnapshot(NamedTuple):
    """One host at one moment or two, as a file, a folder or a support archive holds it."""

    samples: tuple[Sample, ...]
    times: tuple[Moment, ...]
    kind: Kind = "netrx"
    kernel: str | None = None  # uname -r
    netns: str | None = None  # name or path the user gave
    redactions: tuple[str, ...] = ()
    gaps: tuple[Gap, ...] = ()  # what the reading met that belongs to neither sample
    meta: Mapping[str, str] = {}  # what else the input says of itself: "tool", "sos"
    # Further network namespaces that it looks into, each read when it is asked for.
    namespaces: Mapping[str, Callable[[], SavedSnapshot]] = {}
    places: Places | None = None  # of the last sample, as far as it was read from an input

    @property
    def seconds(self) -> float | None:
        """Time between the two samples, or None where there is one or a clock is missing."""
        clocks = [moment.uptime_seconds for moment in self.times]
        if len(clocks) != 2 or clocks[0] is None or clocks[1] is None:
            return None
        return clocks[1] - clocks[0]


def saved_snapshot(
    samples: tuple[Sample, ...],
    *,
    kind: Kind = "netrx",
    netns: str | None = None,
    gaps: tuple[Gap, ...] = (),
    meta: Mapping[str, str] | None = None,
) -> SavedSnapshot:
    """Return samples as a snapshot, with the times and the release that their files tell."""
    return SavedSnapshot(
        samples=samples,
        times=tuple(moment_of(sample.files) for sample in samples),
        kind=kind,
        kernel=_release(samples[-1].files),
        netns=netns,
        gaps=gaps,
        meta=meta or {},
    )


def interval(first: SavedSnapshot, second: SavedSnapshot) -> SavedSnapshot:
    """Return two snapshots of one host as one, from the last sample of each."""
    return second._replace(
        samples=(first.samples[-1], second.samples[-1]),
        times=(first.times[-1], second.times[-1]),
        redactions=tuple(dict.fromkeys(first.redactions + second.redactions)),
        gaps=first.gaps + second.gaps,
        namespaces={
            name: partial(_both, first.namespaces[name], read)
            for name, read in second.namespaces.items()
            if name in first.namespaces
        },
    )


def _both(first: Callable[[], SavedSnapshot], second: Callable[[], SavedSnapshot]) -> SavedSnapshot:
    return interval(first(), second())


def moment_of(files: Mapping[str, str]) -> Moment:
    """Return when a sample was taken, from /proc/uptime and what its taker noted."""
    realtime = _seconds(files.get(CLOCK, "").partition("realtime ")[2])
    return Moment(
        utc=None if realtime is None else _iso(realtime),
        uptime_seconds=_seconds(files.get(UPTIME, "")),
    )


def _iso(realtime: float) -> str:
    from datetime import UTC, datetime  # noqa: PLC0415 - only where there is a clock

    return datetime.fromtimestamp(realtime, UTC).isoformat(timespec="milliseconds")[:-6] + "Z"


def _seconds(text: str) -> float | None:
    """Return the number that a text begins with."""
    try:
        seconds = float(text.split(maxsplit=1)[0])
    except (IndexError, ValueError):
        return None
    return seconds if 0 <= seconds < _MOST_SECONDS else None  # turns nan away, too


def _release(files: Mapping[str, str]) -> str | None:
    """Return `uname -r`, from its own file or the third word of /proc/version."""
    words = files.get("/proc/sys/kernel/osrelease", "").split()
    words = words or files.get("/proc/version", "").split()[2:3]
    return words[0] if words else None


def render_snapshot(saved: SavedSnapshot, tool_version: str) -> Iterator[tuple[str, str]]:
    """Yield each file of a snapshot as (name, text), the manifest first."""
    yield MANIFEST, render_manifest(_manifest(saved), tool_version)
    for number, sample in enumerate(saved.samples):
        for path, text in packed_queues(sample.files).items():
            if path != BOOT_ID:  # its hash is in the manifest
                yield f"{number}{path}", text
        for path, text in render_records(sample):
            yield f"{number}{path}", text


def parse_snapshot(text: str, files: BySample) -> SavedSnapshot:
    """Return the snapshot that a manifest and the files of its samples are.

    Args:
        text: of the manifest.
        files: of the samples; the tables among them are taken out.

    Raises:
        ParseError: the manifest is not one, or is of a later version.
    """
    manifest = parse_manifest(text)
    samples: list[Sample] = []
    known: Known = {}
    for number, about in enumerate(manifest.samples):
        own = files[number]
        if about.boot is not None:
            own[BOOT_ID] = f"{about.boot}\n"
        samples.append(parse_records(own, str(number), about.gaps, known))
    return SavedSnapshot(
        samples=tuple(samples),
        times=tuple(about.moment for about in manifest.samples),
        kernel=manifest.kernel,
        netns=manifest.netns,
        redactions=manifest.redactions,
        gaps=manifest.gaps,
        meta={"tool": manifest.tool},
    )


def by_sample(files: Mapping[str, str]) -> BySample:
    """Return the files of each sample, from those of an input by their names in it."""
    found: BySample = ({}, {})
    for name, text in files.items():
        if name.startswith(SAMPLES):
            found[int(name[0])][name[1:]] = text
    return found


def _manifest(saved: SavedSnapshot) -> Manifest:
    samples: list[About] = []
    for sample, moment in zip(saved.samples, saved.times, strict=True):
        boot_id = sample.files.get(BOOT_ID)
        boot = None if boot_id is None else hashed_boot(boot_id)
        samples.append(About(moment, boot, sample.gaps))
    return Manifest(
        samples=tuple(samples),
        kernel=saved.kernel,
        netns=saved.netns,
        redactions=saved.redactions,
        gaps=saved.gaps,
    )
