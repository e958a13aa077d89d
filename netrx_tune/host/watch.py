"""Two samples of a host, an interval apart, and who reads the sockets that lost something."""

from __future__ import annotations

import time
from collections.abc import Callable

from netrx_tune.host.capture import take_sample
from netrx_tune.host.neighbours import read_neighbours
from netrx_tune.host.processes import find_processes
from netrx_tune.host.source import Tree
from netrx_tune.host.ticks import watch_queues
from netrx_tune.model.sample import Sample, SocketTable

_MOST_READERS = 64  # sockets whose process is looked up, those with most drops first


def watch(
    tree: Tree,
    interval: float,
    *,
    full: bool = False,
    started: Callable[[], None] = lambda: None,
) -> tuple[Sample, ...]:
    """Return one sample (interval 0) or two, the last with the readers' processes.

    `started` is called once the first of two samples is taken.
    """
    before = None
    ticks: dict[str, str] = {}
    if interval:
        before = _with(take_sample(tree, full=full), read_neighbours(tree))
        started()
        ticks = watch_queues(tree, interval, before.sockets) if tree.is_live else _sleep(interval)
    after = take_sample(tree, full=full)
    after = _with(after, ticks)
    if before is not None:
        after = _with(after, read_neighbours(tree))
    if tree.is_live and after.sockets:
        processes, gaps = find_processes(tree, _losers(before, after.sockets))
        after = after._replace(processes=processes, gaps=after.gaps + gaps)
    return (after,) if before is None else (before, after)


def _with(sample: Sample, files: dict[str, str]) -> Sample:
    return sample._replace(files={**sample.files, **files}) if files else sample


def _sleep(seconds: float) -> dict[str, str]:
    time.sleep(seconds)
    return {}


def _losers(before: Sample | None, table: SocketTable) -> list[int]:
    """Return the inodes of sockets that gained drops, or that hold datagrams now."""
    earlier = {
        sock.cookie: sock.drops or 0
        for sock in (before.sockets.sockets if before and before.sockets else ())
    }
    gains = [
        (((sock.drops or 0) - earlier.get(sock.cookie, 0)) % (1 << 32), sock.inode)
        for sock in table.sockets
        if sock.drops or sock.unread_bytes or sock.accept_queue
    ]
    gains.sort(reverse=True)
    return [inode for _, inode in gains[:_MOST_READERS]]
