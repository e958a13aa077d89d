"""Live: a listener that goes away is missed, and a queue of the computed length loses nothing."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.live.children import MissingError, Place
from tests.live.faults.common import roomy, to
from tests.live.faults.softirq import long_ruleset, steer_to
from tests.live.lab import Lab, alone, beside, obstacle
from tests.live.netns import Wire
from tests.live.sockets import Socket
from tests.live.traffic import Datagrams, Pace, send_datagrams

KEY = "net.core.somaxconn"
BACKLOG = "net.core.netdev_max_backlog"
BURSTS = Pace(count=18_000, per_second=6_000, burst=6_000)
TRIES = 3
# Takes all that wait, then is away for 0.4 s: bursts of 120 connections meet its queue.
ACCEPTS = """
import socket, sys, time
here = socket.create_server(("127.0.0.1", 8080), backlog=5000)
here.setblocking(False)
until = time.monotonic() + float(sys.argv[1])
print("ready", flush=True)
while time.monotonic() < until:
    time.sleep(0.4)
    try:
        while True:
            here.accept()[0].close()
    except BlockingIOError:
        pass
"""
CONNECTS = """
import socket, time
for _ in range(5):
    burst = []
    for _ in range(120):
        one = socket.socket()
        one.setblocking(False)
        one.connect_ex(("127.0.0.1", 8080))
        burst.append(one)
    time.sleep(0.8)
    for one in burst:
        one.close()
"""


@pytest.fixture
def lab(request: pytest.FixtureRequest) -> Iterator[Lab]:
    why = obstacle()
    if why:
        pytest.skip(why)
    shared = request.node.get_closest_marker("alone") is None
    try:
        with beside() if shared else alone(), Lab(shared=shared) as made:
            yield made
    except MissingError as error:
        pytest.skip(f"needs {error}")


@contextmanager
def diagnosis(here: str, seconds: int) -> Iterator[dict[str, list[dict[str, object]]]]:
    """Watch a namespace while the body runs; the findings are there when it is done."""
    words = ["diagnose", "--netns", here, "--interval", str(seconds), "--format", "json", "-q"]
    watcher = subprocess.Popen(
        [sys.executable, "-m", "netrx_tune", *words], stdout=subprocess.PIPE, text=True
    )
    time.sleep(1.0)
    document: dict[str, list[dict[str, object]]] = {}
    try:
        yield document
    finally:
        answer, _ = watcher.communicate(timeout=30)
    assert watcher.returncode == 0
    document.update(json.loads(answer))


@pytest.mark.live
def test_a_listener_that_goes_away_is_missed(lab: Lab) -> None:
    here = lab.namespace()
    leaves, stays = lab.read(here, Socket(port=9000)), lab.read(here, Socket(port=9001))
    few = Datagrams(to="127.0.0.1", port=9000, pace=Pace(count=20))
    many = Datagrams(to="127.0.0.1", port=9001, pace=Pace(count=2000, per_second=2000))
    with diagnosis(here, 4) as said:
        send_datagrams(Place(here), many)
        send_datagrams(Place(here), few)
        leaves.settle()
        stays.settle()
        leaves.close()
        send_datagrams(Place(here), few)
    (found,) = [one for one in said["findings"] if one["rule"] == "udp-no-listener"]
    assert (found["severity"], found["lost"]) == ("warning", 20)
    assert "port 9000 went away" in str(found["summary"])
    stays.close()


def overflows(lab: Lab, here: str) -> int:
    lines = lab.run(here, "cat", "/proc/net/netstat").splitlines()
    names, values = (line.split() for line in lines if line.startswith("TcpExt:"))
    return int(dict(zip(names, values, strict=True))["ListenOverflows"])


def bursts(lab: Lab, here: str) -> int:
    """Start the program anew, send it bursts of connections, and return what met a full queue."""
    before = overflows(lab, here)
    program = subprocess.Popen(
        ["ip", "netns", "exec", here, sys.executable, "-c", ACCEPTS, "6"],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert program.stdout
    assert program.stdout.readline() == "ready\n"
    lab.run(here, sys.executable, "-c", CONNECTS)
    assert program.wait(timeout=20) == 0
    program.stdout.close()
    return overflows(lab, here) - before


@pytest.mark.live
def test_an_accept_queue_of_the_computed_length_loses_nothing(lab: Lab) -> None:
    here = lab.namespace()
    lab.set(here, {KEY: 16})
    with diagnosis(here, 6) as said:
        assert bursts(lab, here) > 100
    (found,) = [one for one in said["findings"] if one["rule"] == "tcp-listen-overflow"]
    advice = found["recommendations"]
    assert isinstance(advice, list)
    assert (advice[0]["target"], advice[0]["current"]) == (KEY, 16)
    assert 120 <= advice[0]["proposed"] <= 4096
    lab.set(here, {KEY: advice[0]["proposed"]})
    assert bursts(lab, here) == 0


def refused(lab: Lab, wire: Wire) -> int:
    """Send bursts to a device whose packets another CPU takes, and return what it refused."""
    reader = lab.read(Place(wire.rx.netns, cpu=0), roomy())
    path = f"/sys/class/net/{wire.rx.device}/statistics/rx_dropped"
    before = int(lab.run(wire.rx.netns, "cat", path))
    lab.send(Place(wire.tx.netns, cpu=0), to(wire, pace=BURSTS))
    reader.settle()
    reader.close()
    return int(lab.run(wire.rx.netns, "cat", path)) - before


@pytest.mark.live
@pytest.mark.alone
def test_a_backlog_of_the_computed_length_loses_nothing(lab: Lab) -> None:
    wire = lab.wire()
    here = wire.rx.netns
    steer_to(lab, wire, 1)
    long_ruleset(lab, here)
    lab.host({BACKLOG: 1000})
    for _ in range(TRIES):
        with diagnosis(here, 6) as said:
            lost = refused(lab, wire)
        if lost > 100:
            break
    else:  # a sender that is held up sends no burst; there is nothing to be judged then
        pytest.skip(f"the sender was too slow {TRIES} times to fill a queue of 1,000")
    (found,) = [one for one in said["findings"] if one["rule"] == "backlog-overflow"]
    advice = found["recommendations"]
    assert isinstance(advice, list)
    raises = [one for one in advice if one["target"] == BACKLOG]
    needed = int(str(raises[0]["proposed"] or raises[0]["why"].rpartition("set ")[2].split()[0]))
    assert 2048 <= needed <= 16384
    lab.host({BACKLOG: needed})
    assert refused(lab, wire) == 0
