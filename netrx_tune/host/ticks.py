"""Watching the queues during the interval, within a bounded share of one CPU.

Dumps find the sockets that matter; between dumps only those are asked, one by one. Each look
is followed by a pause that keeps its cost below the share.
"""

from __future__ import annotations

import time
from collections.abc import Iterator

from netrx_tune.collectors import sock_diag
from netrx_tune.collectors.paths import TICKS
from netrx_tune.collectors.queue_probe import Probe, probes
from netrx_tune.collectors.ticks import Tick, render_ticks
from netrx_tune.host.netlink import Prober, scan_sockets
from netrx_tune.host.processes import find_processes
from netrx_tune.host.source import Tree
from netrx_tune.model.errors import ParseError
from netrx_tune.model.sample import Socket, SocketTable

_PERIOD_SECONDS = 0.010
# Of one CPU: with the second sample and the search for readers a window of 5 s stays below 2 %.
_LOOK_SHARE = 0.008
_DUMP_SHARE = 0.004
_FEW_SOCKETS = 32  # so many are all watched from the start, idle ones too
_MOST_SOCKETS = 16  # of more, those that matter
_MOST_TASKS = 16  # threads of a reader whose CPU time is added up
_LOOKUPS = 3  # times that readers are looked for: it walks /proc


class _Readers:
    """The processes behind the sockets that move, found a few times, then only sampled."""

    def __init__(self, tree: Tree) -> None:
        self.tree = tree
        self.tasks: dict[int, list[str]] = {}  # inode -> schedstat paths
        self.asked: set[int] = set()
        self.lookups = 0

    def find(self, inodes: set[int]) -> None:
        new = inodes - self.asked
        if not new or self.lookups >= _LOOKUPS:
            return
        self.lookups += 1
        self.asked |= new
        for process in find_processes(self.tree, new)[0]:
            folder = f"/proc/{process.pid}/task"
            names = self.tree.names(folder)[:_MOST_TASKS]
            self.tasks[process.inode] = [f"{folder}/{name}/schedstat" for name in names]

    def times(self, inode: int) -> tuple[int | None, int | None]:
        """Return running and run-queue-waiting time in ns. Kernel: fs/proc/base.c."""
        run = wait = 0
        for path in self.tasks.get(inode, ()):
            text = self.tree.read(path)
            words = text.split() if isinstance(text, str) else []
            if len(words) >= 2:
                run, wait = run + int(words[0]), wait + int(words[1])
        return (run, wait) if inode in self.tasks else (None, None)


class _Queues:
    """The sockets under watch: found by dumps, asked one by one, dumped again if need be."""

    def __init__(self, table: SocketTable) -> None:
        self.table = table
        self.drops = {s.inode: s.drops or 0 for s in table.sockets}
        self.probes: dict[int, Probe] = {}
        self.by_dump: set[int] = set()  # sockets that cannot be asked for by address
        self.prober = Prober()
        self.next_dump = 0.0
        self.dump_seconds = 0.0  # CPU time of the last look's dump

    def look(self, now: float) -> list[Socket]:
        """Return the sockets that hold a queue or gained drops since the first sample."""
        seen: dict[int, Socket] = {}
        self.dump_seconds = 0.0
        if now >= self.next_dump:
            began = time.thread_time()
            seen = {s.inode: s for s in self._dump()}
            self.dump_seconds = time.thread_time() - began
            self.next_dump = now + max(_PERIOD_SECONDS, self.dump_seconds / _DUMP_SHARE)
        for inode, probe in list(self.probes.items()):
            if inode not in seen:
                sock = self._ask(probe)
                if sock:
                    seen[inode] = sock
        return [sock for sock in seen.values() if self._matters(sock)]

    def _matters(self, sock: Socket) -> bool:
        return bool(sock.unread_bytes) or (sock.drops or 0) != self.drops.get(sock.inode, 0)

    def _ask(self, probe: Probe) -> Socket | None:
        try:
            return self.prober.ask(probe)
        except LookupError:
            del self.probes[probe.inode]
            self.by_dump.add(probe.inode)
            return None

    def _dump(self) -> Iterator[Socket]:
        """Dump all sockets, yield those with a queue or drops, choose whom to ask next."""
        founds = [scan_sockets(protocol, family) for protocol, family in _dumps(self.table)]
        moving = [s for found in founds for s in sock_diag.hits(found) if self._matters(s)]
        moving.sort(key=lambda s: self.drops.get(s.inode, 0) - (s.drops or 0))
        few = sum(found.total for found in founds) <= _FEW_SOCKETS
        wanted = None if few else {s.inode for s in moving[:_MOST_SOCKETS]} | set(self.probes)
        for found in founds:
            for probe in probes(found, wanted):
                if probe.inode not in self.by_dump:
                    self.probes.setdefault(probe.inode, probe)
        yield from moving[: max(_FEW_SOCKETS, _MOST_SOCKETS)]


def watch_queues(tree: Tree, seconds: float, table: SocketTable | None) -> dict[str, str]:
    """Watch for so long and return the ticks as a sample's file; sleep when there is nothing."""
    began = time.monotonic()
    moments: list[tuple[float, list[Tick]]] = []
    if table is not None and table.source == "sock_diag":
        try:
            _look_until(tree, began, seconds, table, moments)
        except (OSError, ParseError):
            moments.clear()  # without sock_diag there is no watch; the samples still stand
    time.sleep(max(0.0, began + seconds - time.monotonic()))
    return {TICKS: render_ticks(moments)} if moments else {}


def _look_until(
    tree: Tree,
    began: float,
    seconds: float,
    table: SocketTable,
    moments: list[tuple[float, list[Tick]]],
) -> None:
    readers, queues = _Readers(tree), _Queues(table)
    try:
        while True:
            cost = time.thread_time()
            now = time.monotonic() - began
            sockets = queues.look(now)
            moments.append((now, [_tick(now, sock, readers) for sock in sockets]))
            cost = time.thread_time() - cost - queues.dump_seconds
            readers.find({sock.inode for sock in sockets})
            pause = max(_PERIOD_SECONDS, min(cost, 0.1) / _LOOK_SHARE)
            if time.monotonic() - began + pause >= seconds:
                return
            time.sleep(pause)
    finally:
        queues.prober.close()


def _dumps(table: SocketTable) -> Iterator[tuple[sock_diag.Protocol, sock_diag.Family]]:
    for protocol in ("udp", "udplite"):
        for family in ("inet", "inet6"):
            if protocol == "udp" or table.counts.get(f"{protocol}/{family}"):
                yield protocol, family


def _tick(now: float, sock: Socket, readers: _Readers) -> Tick:
    run, wait = readers.times(sock.inode)
    return Tick(
        now,
        sock.inode,
        sock.unread_bytes or 0,
        sock.rmem_alloc_bytes or 0,
        sock.rcvbuf_bytes or 0,
        sock.drops or 0,
        run,
        wait,
    )
