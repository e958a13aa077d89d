"""Where a command's data comes from: this host, one of its namespaces, or something saved."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import click

from netrx_tune import __version__
from netrx_tune.cli.options import Later, progress, say_unused
from netrx_tune.host.source import Tree
from netrx_tune.host.watch import watch
from netrx_tune.model.sample import Sample
from netrx_tune.model.snapshot import Delta
from netrx_tune.planning.diagnosis import measure

# Why --interval says nothing of a saved input.
HAS_WINDOW = "what is saved has its own window"


class Place(NamedTuple):
    """What the user pointed at; all None is this host and namespace."""

    saved: str | None = None
    root: str | None = None
    netns: str | None = None
    pid: int | None = None

    @property
    def name(self) -> str:
        """Return what to call it."""
        if self.saved is not None:
            return self.saved
        if self.netns:
            return f"namespace {self.netns}"
        if self.pid:
            return f"process {self.pid}"
        return f"the tree {self.root}" if self.root else "this host"

    def check(self) -> None:
        """Refuse combinations that contradict each other.

        Raises:
            click.UsageError: more than one place was given.
        """
        given = [
            f"--{name}"
            for name, value in zip(("from", "root", "netns", "pid"), self, strict=True)
            if value is not None
        ]
        if given == ["--from", "--netns"]:
            return  # a namespace that a report looked into
        if len(given) > 1:
            raise click.UsageError(f"{' and '.join(given)} exclude each other")


def delta_of(place: Place, interval: float, *, quiet: bool, keep: str | None = None) -> Delta:
    """Return what grew at a place; a saved one brings its own window.

    `keep` is where to save the samples of a live one, so that they can be judged again.
    """
    place.check()
    if place.saved is not None:
        say_unused("interval", HAS_WINDOW, quiet=quiet)
        return saved_delta(place.saved, place.netns)[0]
    if keep is not None:
        from netrx_tune.host.save import check_target  # noqa: PLC0415 - seldom

        check_target(keep)
    where, samples = sampled(place, interval, quiet=quiet, full=keep is not None)
    if keep is not None:
        from netrx_tune.host.save import write_snapshot  # noqa: PLC0415 - seldom
        from netrx_tune.reporters.snapshot_files import saved_snapshot  # noqa: PLC0415

        write_snapshot(keep, saved_snapshot(samples, netns=where), __version__)
    before = samples[0] if len(samples) > 1 else None
    return measure(before, samples[-1], live=True, netns=where)


def saved_delta(path: str, netns: str | None = None) -> tuple[Delta, tuple[str, ...]]:
    """Return the window that a saved input brings, and what was redacted in it."""
    from netrx_tune.host.saved import saved_window  # noqa: PLC0415 - not for live runs

    earlier = path.earlier if isinstance(path, Later) else None
    window = saved_window(str(path), netns, earlier=earlier)
    return window.delta, window.redactions


def sampled(
    place: Place, interval: float, *, quiet: bool, full: bool = False
) -> tuple[str | None, tuple[Sample, ...]]:
    """Return the name of a live place and one or two samples of it."""
    return sampled_by(place, lambda: live_samples(place, interval, quiet=quiet, full=full))


def sampled_by(
    place: Place, take: Callable[[], tuple[Sample, ...]]
) -> tuple[str | None, tuple[Sample, ...]]:
    """Return the name of a live place and the samples that `take` makes within it.

    Settings of the whole host are read before a namespace is entered, which hides them.
    """
    if not (place.netns or place.pid):
        return None, take()
    from netrx_tune.host import namespaces  # noqa: PLC0415 - the caller's own needs none of it
    from netrx_tune.host.capture import host_settings  # noqa: PLC0415 - likewise

    ours = host_settings(Tree())
    if place.netns:
        path = namespaces.path_of(place.netns)
    else:
        path = namespaces.path_of_pid(place.pid or 0)
    if not namespaces.is_own(path):  # which everybody may look into
        namespaces.enter(path)
    samples = take()
    with_ours = tuple(s._replace(files={**ours, **s.files}) for s in samples)
    return place.netns or f"pid {place.pid}", with_ours


def live_samples(
    place: Place, interval: float, *, quiet: bool, full: bool = False
) -> tuple[Sample, ...]:
    """Return one or two samples of a running host, with a word of progress between them."""

    def started() -> None:
        progress(f"watching for {interval:g} s", quiet=quiet)

    return watch(Tree((place.root or "").rstrip("/")), interval, full=full, started=started)
