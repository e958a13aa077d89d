"""Watching the queues during the interval, within a bounded share of one CPU.

Dumps find the sockets that matter; between dumps only those are asked, one by one. Each look
is followed by a pause that keeps its cost below the share.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import suppress

from netrx_tune.collectors import sock_diag
from netrx_tune.collectors.paths import TICKS
from netrx_tune.collectors.queue_probe import Probe, of_a_group, probes
from netrx_tune.host.netlink import Prober, scan_sockets
from netrx_tune.host.source import Tree
from netrx_tune.host.span import Span, pass_by
from netrx_tune.host.tick_record import Record
from netrx_tune.host.watched import Watched
from netrx_tune.model.errors import ParseError
from netrx_tune.model.sample import Socket, SocketTable

_PERIOD_SECONDS = 0.010
# Of one CPU: with the second sample and the search for readers a window of 5 s stays below 2 %.
_LOOK_SHARE = 0.006
_DUMP_SHARE = 0.0025
_FEW_SOCKETS = 4  # so many are all watched from the start, idle ones too
_MOST_SOCKETS = 16  # of more, those that matter
_MOST_LINES = 32  # sockets that one dump may add to the record
_MOST_FLOWS = 48  # to try: of a group of eight members, one in 600 is not found
_CHEAP_SECONDS = 0.00015  # a dump that may be taken instead of asking
_MOST_MET = 256  # sockets whose addresses are kept, in case they close


class _Queues:
    """The sockets under watch: found by dumps, asked one by one, dumped again if need be."""

    def __init__(self, table: SocketTable) -> None:
        self.table = table
        self.drops = {s.inode: s.drops or 0 for s in table.sockets}
        self.probes: dict[int, Probe] = {}
        self.met: dict[int, Socket] = {}  # by inode, as dumps showed them: asking shows no address
        self.by_dump: set[int] = set()  # sockets that cannot be asked for by address
        self.prober = Prober()
        self.next_dump = 0.0
        self.dump_seconds = 0.0  # CPU time of the last dump
        self.ask_seconds = 0.0  # and of one question
        self.extra_seconds = 0.0  # of the last look, for a dump that has a share of its own
        self.passed_over: set[int] | None = None  # by the last look's dump, None without one
        self._missed: set[int] = set()  # passed over by any dump: not known to have been idle
        self._now: float | None = None
        self._looked: float | None = None  # the look before
        self._dumped: float | None = None  # the last dump before this look
        self._asked: set[int] = set()  # sockets that could be asked in the look before

    def look(self, now: float) -> list[Socket]:
        """Return the sockets that hold a queue or gained drops since the first sample."""
        seen: dict[int, Socket] = {}
        self._remember(now)
        self.passed_over = None
        self.extra_seconds = 0.0
        is_due = now >= self.next_dump
        if is_due or self._dump_is_cheaper():
            began = time.thread_time()
            seen = {s.inode: s for s in self._dump()}
            self.dump_seconds = time.thread_time() - began
            self.extra_seconds = self.dump_seconds if is_due else 0.0
            self.next_dump = now + max(_PERIOD_SECONDS, self.dump_seconds / _DUMP_SHARE)
        else:
            began = time.thread_time()
            answers = [self._ask(probe) for probe in list(self.probes.values())]
            seen = {sock.inode: sock for sock in answers if sock}
            spent = (time.thread_time() - began) / max(1, len(answers))
            # Slowly up, at once down: a look that was interrupted is no measure.
            self.ask_seconds = min(spent, 1.1 * self.ask_seconds or spent)
        return [sock for sock in seen.values() if self._matters(sock)]

    def _dump_is_cheaper(self) -> bool:
        """Tell whether one dump costs less than asking for each socket, or is the only way."""
        asking = len(self.probes) * self.ask_seconds
        return self.dump_seconds < (max(asking, _CHEAP_SECONDS) if self.by_dump else asking)

    def looked_at(self, inode: int) -> bool:
        """Tell whether the last look would have shown this socket's queue."""
        if self.passed_over is None:
            return inode in self.probes
        return inode not in self.passed_over

    def _remember(self, now: float) -> None:
        """Keep what the last look was before the next one begins."""
        self._looked, self._now = self._now, now
        self._asked = set(self.probes)
        if self.passed_over is not None:
            self._dumped = self._looked

    def idle_at(self, inode: int) -> float | None:
        """Return the last moment before this look that would have shown a socket, if any."""
        if inode in self._missed:
            return None
        return self._looked if inode in self._asked else self._dumped

    def _matters(self, sock: Socket) -> bool:
        return bool(sock.unread_bytes) or (sock.drops or 0) != self.drops.get(sock.inode, 0)

    def _ask(self, probe: Probe) -> Socket | None:
        try:
            return self.prober.ask(probe)
        except LookupError:
            del self.probes[probe.inode]
            return self._ask_member(probe)

    def _ask_member(self, probe: Probe) -> Socket | None:
        """Find the flow that leads to a member of a SO_REUSEPORT group; else only dumps show it."""
        for port in range(1, _MOST_FLOWS + 1):
            other = of_a_group(probe, port)
            if other is None:
                break
            with suppress(LookupError):
                found = self.prober.ask(other)
                self.probes[probe.inode] = other
                return found
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
        self.passed_over = {sock.inode for sock in moving[_MOST_LINES:]}
        self._missed |= self.passed_over
        for sock in moving[:_MOST_LINES]:
            if sock.inode in self.met or len(self.met) < _MOST_MET:
                self.met[sock.inode] = sock
        yield from moving[:_MOST_LINES]


def watch_queues(tree: Tree, span: Span, table: SocketTable | None) -> Watched:
    """Watch for a span: the ticks as a sample's file, and who lost; wait where nothing is told."""
    if table is None or table.source != "sock_diag":
        pass_by(span)
        return Watched({})
    record, queues = Record(tree, table), _Queues(table)
    try:
        _look_until_end(record, queues, span)
    except (OSError, ParseError):
        pass_by(span)  # without sock_diag there is no watch; the samples still stand
        return Watched({})
    text = record.text()
    sockets = record.losers(queues.met.values())
    return Watched({TICKS: text} if text else {}, sockets, record.readers.processes)


def _look_until_end(record: Record, queues: _Queues, span: Span) -> None:
    began = time.monotonic()
    try:
        while True:
            cost = time.thread_time()
            now = time.monotonic() - began
            sockets = queues.look(now)
            record.add(now, sockets, queues.looked_at, queues.idle_at)
            cost = time.thread_time() - cost - queues.extra_seconds
            record.readers.find({sock.inode for sock in sockets}, now)
            pause = max(_PERIOD_SECONDS, min(cost, 0.1) / _LOOK_SHARE)
            if not span.wait(pause):
                return
    finally:
        queues.prober.close()
        record.counters.close()


def _dumps(table: SocketTable) -> Iterator[tuple[sock_diag.Protocol, sock_diag.Family]]:
    for protocol in ("udp", "udplite"):
        for family in ("inet", "inet6"):
            if protocol == "udp" or table.counts.get(f"{protocol}/{family}"):
                yield protocol, family
