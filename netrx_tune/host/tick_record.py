"""What a watch saw, moment by moment, in bounded memory however long it lasts.

The record is kept in blocks of so many lines. Of all blocks but the one under way only that with
most drops is kept: it shows the cause best, at full resolution, and the counters of the two
samples still say what the whole time lost.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from netrx_tune.collectors.ticks import Counts, Tick, render_ticks
from netrx_tune.host.readers import Activity, Readers
from netrx_tune.host.source import Tree
from netrx_tune.host.udp_counts import UdpCounters
from netrx_tune.model.sample import Socket, SocketTable

# Lines of a block: four minutes of one socket, one and a half of sixteen, in 10 MiB of memory.
_MOST_LINES = 50_000


class _Block:
    """Some time of the watch."""

    def __init__(self) -> None:
        self.moments: list[tuple[float, list[Tick]]] = []
        self.counts: dict[float, Counts] = {}
        self.lines = 0
        self.drops = 0  # gained in this time by the sockets under watch

    def add(self, now: float, ticks: list[Tick], counts: Counts | None) -> None:
        self.moments.append((now, ticks))
        self.lines += 1 + len(ticks)
        if counts:
            self.counts[now] = counts


class Record:
    """The moments of a watch."""

    def __init__(self, tree: Tree, table: SocketTable, *, most_lines: int = _MOST_LINES) -> None:
        has_inet6 = table.counts.get("udp/inet6") or table.counts.get("udplite/inet6")
        self.counters = UdpCounters(tree, inet6=bool(has_inet6))
        self.readers = Readers(tree)
        self._most_lines = most_lines
        self._drops = {sock.inode: sock.drops or 0 for sock in table.sockets}
        self._first = dict(self._drops)
        self._last: dict[int, Tick] = {}
        self._block = _Block()
        self._worst: _Block | None = None

    def add(
        self,
        now: float,
        sockets: Iterable[Socket],
        looked_at: Callable[[int], bool],
        idle_at: Callable[[int], float | None],
    ) -> None:
        """Add a moment: the sockets that matter, and those that are idle again.

        Args:
            now: the moment.
            sockets: those that hold a queue or gained drops.
            looked_at: whether this look would have shown a socket.
            idle_at: the last earlier moment that would have shown it.
        """
        if self._block.lines >= self._most_lines:
            self._begin_block()
        counts = self.counters.read()
        self.readers.begin(now)
        ticks = {
            sock.inode: _tick(now, sock, self.readers.activity(sock.inode)) for sock in sockets
        }
        for inode in ticks.keys() - self._last.keys():
            self._add_baseline(ticks[inode], idle_at(inode))
        idle = [
            Tick(now, inode, 0, 0, last.rcvbuf_bytes, last.drops)
            for inode, last in self._last.items()
            if inode not in ticks and looked_at(inode)
        ]
        for inode, tick in ticks.items():
            self._block.drops += max(0, tick.drops - self._drops.get(inode, 0))
            self._drops[inode] = tick.drops
        self._last.update(ticks)
        self._block.add(now, [*ticks.values(), *idle], counts)

    def _add_baseline(self, tick: Tick, idle_at: float | None) -> None:
        """Give a socket that was idle until now a line for the moment that tells so."""
        moments = reversed(self._block.moments)
        lines = next((lines for earlier, lines in moments if earlier == idle_at), None)
        if lines is not None and idle_at is not None:
            drops = self._drops.get(tick.inode, 0)
            lines.append(Tick(idle_at, tick.inode, 0, 0, tick.rcvbuf_bytes, drops))

    def _begin_block(self) -> None:
        """Begin a block; its sockets are listed anew, those that are gone not again."""
        if self._worst is None or self._block.drops >= self._worst.drops:
            self._worst = self._block
        self._block = _Block()
        self._last.clear()

    def losers(self, sockets: Iterable[Socket]) -> tuple[Socket, ...]:
        """Return those that gained drops, with the drops last seen and without what they hold."""
        return tuple(
            sock._replace(
                drops=self._drops[sock.inode],
                unread_bytes=None,
                rmem_alloc_bytes=None,
                backlog_bytes=None,
            )
            for sock in sockets
            if self._drops.get(sock.inode, 0) > self._first.get(sock.inode, 0)
        )

    def text(self) -> str:
        """Return the record as a sample's file."""
        worst, block = self._worst, self._block
        chosen = worst if worst is not None and worst.drops >= block.drops else block
        return render_ticks(chosen.moments, chosen.counts)


def _tick(now: float, sock: Socket, reader: Activity) -> Tick:
    return Tick(
        now,
        sock.inode,
        sock.unread_bytes or 0,
        sock.rmem_alloc_bytes or 0,
        sock.rcvbuf_bytes or 0,
        sock.drops or 0,
        *reader,
    )
