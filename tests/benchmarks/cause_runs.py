"""One fault of the cause benchmark, played in namespaces of its own while a window is watched."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from socket import AF_INET, AF_INET6
from typing import NamedTuple

from tests.benchmarks.cause_cases import Case
from tests.benchmarks.cause_players import Sent, Traffic, read, send, spin
from tests.live.children import Child, LabError, MissingError, Place, number, own_name
from tests.live.lab import Lab
from tests.live.sockets import Socket

PORT = 9000
FIRST_LOSS_SECONDS = 12.0
SENDER_CPU, READER_CPU = 0, 1
PERIOD_USECS = 100_000
# The machine was too busy with other things for the fault to be the one that was meant.
MOST_LATE_SECONDS = 0.03
MOST_WAITING = 0.1
_CPU_GROUPS = Path("/sys/fs/cgroup/cpu")


class Running(NamedTuple):
    """A fault under way."""

    netns: str
    reader: int  # process

    def errors(self) -> int:
        """Return RcvbufErrors of the namespace so far."""
        return _errors(self.reader)

    def waited(self) -> float:
        """Return for how many seconds the reader was runnable and did not run."""
        return int(Path(f"/proc/{self.reader}/schedstat").read_text().split()[1]) / 1e9


class Played(NamedTuple):
    """What the programs and the kernel know of a window."""

    lost: int
    seconds: float
    disturbed: str  # why the run proves nothing, or ""


def play(case: Case, window: Callable[[Running], None], *, losing: bool = True) -> Played:
    """Run a fault, and call `window` once it loses (or, if not `losing`, once it runs)."""
    with Lab() as lab:
        wire = lab.wire(ipv6=case.ipv6)
        if case.buffer.rmem_max is not None:
            lab.host({"net.core.rmem_max": case.buffer.rmem_max})
        ports = tuple(range(PORT, PORT + case.sockets))
        family = AF_INET6 if case.ipv6 else AF_INET
        sockets = tuple(
            Socket(
                port=port,
                family=family,
                rcvbuf_bytes=case.buffer.request,
                force=case.buffer.force,
            )
            for port in ports
        )
        with _group(case.quota) as group:
            place = Place(wire.rx.netns, READER_CPU, group)
            reader = lab.start(place, read(sockets, case.reading))
            running = Running(wire.rx.netns, number(reader.answer()))
            for _ in range(case.neighbours):
                lab.start(Place(cpu=READER_CPU), spin).answer()
            traffic = Traffic(
                to=wire.rx.ipv6 if case.ipv6 else wire.rx.ipv4,
                ports=ports if case.spread else ports[:1],
                payload_bytes=case.payload,
                per_second=case.per_second,
                burst=case.burst,
                period=case.period,
            )
            sender = lab.start(Place(wire.tx.netns, SENDER_CPU), send(traffic))
            sender.answer()
            played = _watched(case, running, sender, window, losing=losing)
            reader.close()
            return played


def _watched(
    case: Case,
    running: Running,
    sender: Child,
    window: Callable[[Running], None],
    *,
    losing: bool,
) -> Played:
    sender.tell("go")
    if losing:
        _wait_for_loss(running)
    errors, waited, began = running.errors(), running.waited(), time.monotonic()
    window(running)
    seconds = time.monotonic() - began
    waiting = (running.waited() - waited) / seconds
    lost = running.errors() - errors
    sent = sender.ask("stop")
    assert isinstance(sent, Sent)
    disturbed = ""
    if sent.latest > MOST_LATE_SECONDS:
        disturbed = f"the sender was late by {1000 * sent.latest:.0f} ms"
    elif waiting > MOST_WAITING and case.cause != "reader-starved":
        disturbed = f"a reader that should have its CPU waited {waiting:.0%} of the time"
    return Played(lost, seconds, disturbed)


def _wait_for_loss(running: Running) -> None:
    until = time.monotonic() + FIRST_LOSS_SECONDS
    while not running.errors():
        if time.monotonic() > until:
            raise LabError("the fault loses nothing")
        time.sleep(0.01)


def _errors(pid: int) -> int:
    rows = [
        line.split()
        for line in Path(f"/proc/{pid}/net/snmp").read_text().splitlines()
        if line.startswith("Udp:")
    ]
    total = int(rows[1][rows[0].index("RcvbufErrors")])
    snmp6 = Path(f"/proc/{pid}/net/snmp6")
    lines = snmp6.read_text().splitlines() if snmp6.exists() else []
    return total + sum(int(line.split()[1]) for line in lines if "Udp6RcvbufErrors" in line)


@contextmanager
def _group(quota: float | None) -> Iterator[Path | None]:
    """Make a control group that allows so many CPUs; it goes once its program has gone."""
    if quota is None:
        yield None
        return
    if not (_CPU_GROUPS / "cpu.cfs_quota_us").exists():
        raise MissingError("no control group can limit CPU time here")
    group = _CPU_GROUPS / own_name("quota")
    group.mkdir()
    try:
        (group / "cpu.cfs_period_us").write_text(str(PERIOD_USECS))
        (group / "cpu.cfs_quota_us").write_text(str(int(quota * PERIOD_USECS)))
        yield group
    finally:
        for _ in range(50):
            try:
                group.rmdir()
                break
            except OSError:
                time.sleep(0.02)
