"""Two samples of a host, an interval apart, and who reads the sockets that lost something."""

from __future__ import annotations

from collections.abc import Callable

from netrx_tune.host.capture import take_sample
from netrx_tune.host.source import Tree
from netrx_tune.host.span import Interval, Span, pass_by
from netrx_tune.host.watched import Watched
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
    if not interval:
        return (with_readers(tree, None, take_sample(tree, full=full)),)
    return watch_span(tree, Interval(interval), full=full, started=started)


def watch_span(
    tree: Tree,
    span: Span,
    *,
    full: bool = False,
    started: Callable[[], None] = lambda: None,
) -> tuple[Sample, Sample]:
    """Return a sample from before a span and one from after it, which has the queues' watch."""
    from netrx_tune.host.neighbours import read_neighbours  # noqa: PLC0415 - only with a window

    before = _with(take_sample(tree, full=full), read_neighbours(tree))
    started()
    span.begin()
    watched = _wait(tree, span, before.sockets)
    after = _with(take_sample(tree, full=full), {**watched.files, **read_neighbours(tree)})
    after = _with_closed(with_readers(tree, before, after), watched)
    return before, _with_placement(tree, before, after, full=full)


def _with_placement(tree: Tree, before: Sample, after: Sample, *, full: bool) -> Sample:
    """Add where interrupts and readers run, if something was lost; to a saved snapshot always."""
    if not tree.is_live:
        return after
    from netrx_tune.host.placement import has_lost, read_placement  # noqa: PLC0415 - with a window

    if not (full or has_lost(before, after)):
        return after
    return _with(after, read_placement(tree, (process.pid for process in after.processes)))


def _with(sample: Sample, files: dict[str, str]) -> Sample:
    return sample._replace(files={**sample.files, **files}) if files else sample


def _with_closed(sample: Sample, watched: Watched) -> Sample:
    """Add the sockets that lost something and were closed within the span, with their readers.

    A load test takes its sockets along when it ends; what they lost is theirs all the same.
    """
    table = sample.sockets
    if table is None:
        return sample
    open_now = {sock.inode for sock in table.sockets}
    closed = tuple(sock for sock in watched.sockets if sock.inode not in open_now)
    gone = {sock.inode for sock in closed} - {process.inode for process in sample.processes}
    readers = tuple(process for process in watched.processes if process.inode in gone)
    return sample._replace(
        sockets=table._replace(sockets=table.sockets + closed),
        processes=sample.processes + readers,
    )


def _wait(tree: Tree, span: Span, sockets: SocketTable | None) -> Watched:
    """Let the time pass; on a live host return how queues and CPUs did, as files of a sample."""
    if tree.is_live:
        from netrx_tune.host.cpu_watch import watch_cpus  # noqa: PLC0415 - only with a window
        from netrx_tune.host.ticks import watch_queues  # noqa: PLC0415 - likewise

        with watch_cpus(tree, span) as cpus:
            queues = watch_queues(tree, cpus, sockets)
            return queues._replace(files={**queues.files, **cpus.files()})
    pass_by(span)
    return Watched({})


def with_readers(tree: Tree, before: Sample | None, after: Sample) -> Sample:
    """Add the processes of the sockets that lost something or hold datagrams."""
    losers = _losers(before, after.sockets) if tree.is_live and after.sockets else []
    if not losers:
        return after
    from netrx_tune.host.processes import find_processes  # noqa: PLC0415 - seldom

    processes, gaps = find_processes(tree, losers)
    return after._replace(processes=processes, gaps=after.gaps + gaps)


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
