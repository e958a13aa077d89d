"""A saved input as the window that it holds."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import NamedTuple

from netrx_tune.host.archive import read_snapshot
from netrx_tune.model.places import Places
from netrx_tune.model.snapshot import Delta
from netrx_tune.planning.diagnosis import measure
from netrx_tune.reporters.snapshot_files import SavedSnapshot


class SavedWindow(NamedTuple):
    """What grew in a saved input.

    `places` tell where in it the members of its last sample stand.
    `redactions` name what stand-ins replace, `namespaces` what else the input looks into.
    """

    delta: Delta
    places: Places | None
    redactions: tuple[str, ...]
    namespaces: Mapping[str, Callable[[], SavedWindow]] = {}


def saved_window(path: str, netns: str | None = None, *, earlier: str | None = None) -> SavedWindow:
    """Return what grew in a snapshot, a sosreport or a folder of kernel files.

    Args:
        path: of what is read.
        netns: the network namespace that is meant, where it has several.
        earlier: of an earlier input of the same host, from which on is counted.

    Raises:
        InputError: it cannot be read, or holds nothing of the kind.
    """
    if earlier is None:
        saved = read_snapshot(path, netns)
    else:
        from netrx_tune.host.pairs import read_pair  # noqa: PLC0415 - seldom

        saved = read_pair(earlier, path, netns)
    return _window(saved)


def _window(saved: SavedSnapshot) -> SavedWindow:
    before = saved.samples[0] if len(saved.samples) > 1 else None
    delta = measure(before, saved.samples[-1], live=False, netns=saved.netns)
    after = delta.after._replace(gaps=delta.after.gaps + saved.gaps)
    beside = {name: partial(_read, read) for name, read in saved.namespaces.items()}
    return SavedWindow(delta._replace(after=after), saved.places, saved.redactions, beside)


def _read(read: Callable[[], SavedSnapshot]) -> SavedWindow:
    return _window(read())
