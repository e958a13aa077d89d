"""Where a command's data comes from: this host, one of its namespaces, or something saved."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from typing import NamedTuple

import click

from netrx_tune.cli.options import progress
from netrx_tune.host import namespaces
from netrx_tune.host.capture import take_sample
from netrx_tune.host.source import Tree
from netrx_tune.host.watch import watch
from netrx_tune.model.errors import InputError
from netrx_tune.model.sample import Sample
from netrx_tune.model.snapshot import Delta
from netrx_tune.planning.diagnosis import measure


class Place(NamedTuple):
    """What the user pointed at; all None is this host and namespace."""

    saved: str | None = None
    root: str | None = None
    netns: str | None = None
    pid: int | None = None

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
        if len(given) > 1:
            raise click.UsageError(f"{' and '.join(given)} exclude each other")


def delta_of(place: Place, interval: float, *, quiet: bool, keep: str | None = None) -> Delta:
    """Return what grew at a place; a saved one brings its own window.

    `keep` is where to save the samples of a live one, so that they can be judged again.
    """
    place.check()
    if place.saved is not None:
        return _saved(place.saved)
    where = enter(place)
    samples = live_samples(place, interval, quiet=quiet, full=keep is not None)
    if keep is not None:
        from netrx_tune.cli.saving import save, saved_of  # noqa: PLC0415 - seldom

        save(keep, saved_of(samples, where))
    return _measured(samples, live=True, netns=where)


def _saved(path: str) -> Delta:
    from netrx_tune.host.archive import read_snapshot  # noqa: PLC0415 - not for live runs

    saved = read_snapshot(path)
    delta = _measured(saved.samples, live=False, netns=saved.netns)
    after = delta.after._replace(gaps=delta.after.gaps + saved.gaps)
    return delta._replace(after=after)


def _measured(samples: tuple[Sample, ...], *, live: bool, netns: str | None) -> Delta:
    before = samples[0] if len(samples) > 1 else None
    return measure(before, samples[-1], live=live, netns=netns)


def enter(place: Place) -> str | None:
    """Enter the namespace that was asked for and return its name."""
    if place.netns:
        namespaces.enter(namespaces.path_of(place.netns))
        return place.netns
    if place.pid:
        namespaces.enter(namespaces.path_of_pid(place.pid))
        return f"pid {place.pid}"
    return None


def live_samples(
    place: Place, interval: float, *, quiet: bool, full: bool = False
) -> tuple[Sample, ...]:
    """Return one or two samples of a running host, with a word of progress between them."""

    def started() -> None:
        progress(f"watching for {interval:g} s", quiet=quiet)

    return watch(Tree((place.root or "").rstrip("/")), interval, full=full, started=started)


def all_namespaces(interval: float, *, quiet: bool) -> Iterator[tuple[str | None, Delta]]:
    """Yield (name, delta) of this namespace, name None, and of every other one.

    All are sampled, then all again, so each window is about the interval. A namespace that
    ends meanwhile is left out; what it lost went with it.
    """
    tree = Tree()
    own = os.open("/proc/self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
    home = namespaces.Namespace(f"/proc/self/fd/{own}", 0, "", None)
    places = [home, *namespaces.others()]
    before = {place.path: take_sample(tree) for place in places if _entered(place, home)}
    progress(f"watching {len(before)} namespaces for {interval:g} s", quiet=quiet)
    time.sleep(interval)
    for place in places:
        if place.path in before and _entered(place, home):
            after = take_sample(tree)
            first = before[place.path] if interval else None
            yield place.name or None, measure(first, after, live=True, netns=place.name or None)


def _entered(place: namespaces.Namespace, home: namespaces.Namespace) -> bool:
    try:
        namespaces.enter(place.path)
    except InputError:
        if place is home:
            raise
        return False
    return True
