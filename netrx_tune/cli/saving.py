"""From samples just taken to a snapshot on disk."""

from __future__ import annotations

from netrx_tune import __version__
from netrx_tune.host.save import write_snapshot
from netrx_tune.reporters.snapshot_files import SavedSnapshot


def save(path: str, saved: SavedSnapshot) -> None:
    """Write a snapshot as this version's tool does.

    Raises:
        InputError: it cannot be written.
    """
    write_snapshot(path, saved, __version__)
