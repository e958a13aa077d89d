"""Between the device and IP: per-CPU backlog, budget, the ring of a veth, memory of UDP."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from tests.live import bpf
from tests.live.children import LabError, Place
from tests.live.faults.common import PLAIN, all_read, closed_books, roomy, to
from tests.live.lab import Lab
from tests.live.netns import Wire
from tests.live.readers import STOPPED
from tests.live.traffic import Pace
from tests.live.truth import Fault, Play, Truth, at

FLOOD = Pace(count=30_000, per_second=60_000, burst=6_000)


def steer_to(lab: Lab, wire: Wire, cpu: int) -> None:
    """Let another CPU process what the device receives (RPS)."""
    mask = f"{1 << cpu:x}"
    lab.write(wire.rx.netns, f"/sys/class/net/{wire.rx.device}/queues/rx-0/rps_cpus", mask)


def long_ruleset(lab: Lab, netns: str) -> None:
    """Make each packet cost the receiving CPU more than it costs the sender."""
    rules = "\n".join(f"ip saddr 192.0.2.{number % 256} drop" for number in range(1_500))
    chain = "type filter hook prerouting priority 0;"
    ruleset = f"table ip slow {{\nchain c {{\n{chain}\n{rules}\n}}\n}}\n"
    lab.run(netns, "nft", "-f", "-", text=ruleset)


def _backlog(lab: Lab) -> Play:
    wire = lab.wire()
    steer_to(lab, wire, 1)
    long_ruleset(lab, wire.rx.netns)
    lab.host({"net.core.netdev_max_backlog": 100})
    reader = lab.read(Place(wire.rx.netns, cpu=0), roomy())
    yield wire.rx.netns
    sent = lab.send(Place(wire.tx.netns, cpu=0), to(wire, pace=FLOOD))
    return (yield from closed_books(sent, reader, wire.rx.netns, "cpu-backlog-overflow"))


def _flow_limit(lab: Lab) -> Play:
    """One flow that fills more than half of the backlog is held back."""
    wire = lab.wire()
    steer_to(lab, wire, 1)
    long_ruleset(lab, wire.rx.netns)
    lab.host({"net.core.flow_limit_cpu_bitmap": "3", "net.core.netdev_max_backlog": 400})
    reader = lab.read(Place(wire.rx.netns, cpu=0), roomy())
    yield wire.rx.netns
    sent = lab.send(Place(wire.tx.netns, cpu=0), to(wire, pace=FLOOD))
    return (yield from closed_books(sent, reader, wire.rx.netns, "rps-flow-limit"))


def _tiny_budget(lab: Lab) -> Play:
    wire = lab.wire()
    lab.host({"net.core.netdev_budget": 1})
    reader = lab.read(wire.rx.netns, roomy())
    yield wire.rx.netns
    sent = lab.send(wire.tx.netns, to(wire, pace=PLAIN))
    return (yield from all_read(sent, reader, wire.rx.netns))


def _veth_ring(lab: Lab) -> Play:
    """The thread that polls the receiving end gets no CPU while the sender has it."""
    wire = lab.wire()
    device = wire.rx.device
    program = lab.start(
        wire.rx.netns, lambda channel: bpf.hold_xdp(channel, device, "native", bpf.XDP_PASS)
    )
    program.answer()
    lab.write(wire.rx.netns, f"/sys/class/net/{device}/threaded", "1")
    starved = starve(f"napi/{device}-", cpu=0)
    reader = lab.read(Place(wire.rx.netns, cpu=1), roomy())
    yield wire.rx.netns
    sent = lab.send(Place(wire.tx.netns, cpu=0), to(wire, pace=FLOOD))
    feed(starved)  # what is in the ring now comes before the reader's last look, however busy it is
    return (yield from closed_books(sent, reader, wire.rx.netns, "veth-ring-overflow"))


def starve(thread: str, *, cpu: int) -> list[int]:
    """Give kernel threads of this name one CPU and only what nobody else wants of it.

    Returns:
        Their process numbers.
    """
    found = [
        int(entry.parent.name)
        for entry in Path("/proc").glob("[0-9]*/comm")
        if entry.read_text().startswith(thread)
    ]
    if not found:
        raise LabError(f"no kernel thread {thread}*")
    for pid in found:
        os.sched_setaffinity(pid, {cpu})
        os.sched_setscheduler(pid, os.SCHED_IDLE, os.sched_param(0))
    return found


def feed(threads: list[int]) -> None:
    """Give threads what others get, and all CPUs."""
    for pid in threads:
        os.sched_setscheduler(pid, os.SCHED_OTHER, os.sched_param(0))
        os.sched_setaffinity(pid, range(os.cpu_count() or 1))


def _udp_memory(lab: Lab) -> Play:
    """Room in the socket, none in net.ipv4.udp_mem."""
    wire = lab.wire()
    lab.host({"net.ipv4.udp_mem": "300 300 300"})
    reader = lab.read(wire.rx.netns, roomy(), habit=STOPPED)
    yield wire.rx.netns
    sent = lab.send(wire.tx.netns, to(wire, pace=Pace(count=5_000, per_second=10_000)))
    yield wire.rx.netns
    queued = sum(reader.drain())
    return Truth(sent=sent, delivered=0, queued=queued, lost={"udp-proto-mem": sent - queued})


def _fault(name: str, description: str, play: Callable[[Lab], Play], stage: str = "") -> Fault:
    expected = (at(stage),) if stage else ()
    return Fault(name=name, description=description, play=play, expected=expected, host_wide=True)


FAULTS = (
    _fault(
        "backlog-overflow",
        "netdev_max_backlog 8, RPS to another CPU",
        _backlog,
        "cpu-backlog-overflow",
    ),
    _fault(
        "flow-limit",
        "flow_limit_cpu_bitmap set, one dominating flow",
        _flow_limit,
        "rps-flow-limit",
    ),
    _fault("tiny-budget", "netdev_budget 1: squeezed at every packet, nothing lost", _tiny_budget),
    _fault(
        "veth-ring",
        "the ring of a veth with threaded NAPI overflows",
        _veth_ring,
        "veth-ring-overflow",
    ),
    _fault(
        "udp-mem", "net.ipv4.udp_mem exhausted, the socket has room", _udp_memory, "udp-proto-mem"
    ),
)
