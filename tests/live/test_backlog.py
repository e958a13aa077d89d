"""A full backlog on the live kernel: bursts or a saturated CPU, one flow or many.

Each play is judged live and once more from the snapshot of the same window. A cause is an
inference, so a play that looks otherwise once is played again.
"""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.live.children import Child, LabError, Place, number
from tests.live.faults.common import PORT, roomy, to
from tests.live.lab import Lab, alone, obstacle
from tests.live.netns import Wire
from tests.live.performance import REPOSITORY, TooLateError, Watcher
from tests.live.traffic import Pace, blast

Said = dict[str, Any]

_SECONDS = 2.0
_PORTS = range(41_000, 41_040)
_FLOOD = Pace(count=56_000, per_second=40_000, burst=100)
_BURSTS = Pace(count=15_000, per_second=10_000, burst=1_000)
_CHEAP, _EXPENSIVE = 1_500, 6_000  # rules, of 5 to 10 ns each


class Play(NamedTuple):
    """What is sent, by how many flows to each CPU, and what a packet costs there."""

    pace: Pace
    rules: int
    mask: str = "2"
    flows: tuple[int, int] = (0, 1)  # that the kernel hashes to CPU 0 and to CPU 1


BURSTS = Play(_BURSTS, _CHEAP)
SATURATED = Play(_FLOOD, _EXPENSIVE)
ONE_FLOW = Play(_FLOOD, _EXPENSIVE, mask="3")
# The sender's own CPU handles its part at once, so the other one gets more.
MANY_FLOWS = Play(_FLOOD, _EXPENSIVE, mask="3", flows=(1, 4))
MANY_FLOWS_TO_ONE_CPU = Play(_FLOOD, _EXPENSIVE, flows=(0, 8))


def _perform(play: Play, snapshot: Path) -> tuple[Said, Said]:
    """Return what the tool says of the backlog, live and from the snapshot.

    A machine that is busy with other things gets a second, longer chance.
    """
    try:
        live = _performed(play, snapshot, _SECONDS)
    except TooLateError:
        live = _performed(play, snapshot, 2.5 * _SECONDS)
    command = [sys.executable, "-m", "netrx_tune", "diagnose", "--from", str(snapshot)]
    done = subprocess.run(
        [*command, "--format", "json"], cwd=REPOSITORY, capture_output=True, check=True
    )
    return _backlog(live), _backlog(json.loads(done.stdout))


def _performed(play: Play, snapshot: Path, seconds: float) -> Said:
    with alone(), Lab() as lab:
        wire = lab.wire()
        path = f"/sys/class/net/{wire.rx.device}/queues/rx-0/rps_cpus"
        lab.write(wire.rx.netns, path, play.mask)
        ports = list(_ports(lab, wire, play.flows))
        _make_expensive(lab, wire, play.rules)
        lab.host({"net.core.netdev_max_backlog": 100})
        lab.read(Place(wire.rx.netns, cpu=0), roomy())
        arguments = ("diagnose", "--netns", wire.rx.netns, "--save", str(snapshot))
        with Watcher(arguments, seconds) as watcher:
            place = Place(wire.tx.netns, cpu=0)
            with Child(lambda _: _send(wire, play.pace, ports), place) as sender:
                number(sender.answer())
            watcher.check_time()
            return dict(json.loads(watcher.finish()))


def _make_expensive(lab: Lab, wire: Wire, rules: int) -> None:
    """Let each packet cost the receiving CPU as much as a long ruleset does."""
    lines = "\n".join(f"ip saddr 198.18.{n // 256}.{n % 256} drop" for n in range(rules))
    chain = "type filter hook prerouting priority 0;"
    text = f"table ip slow {{\nchain c {{\n{chain}\n{lines}\n}}\n}}\n"
    lab.run(wire.rx.netns, "nft", "-f", "-", text=text)


def _send(wire: Wire, pace: Pace, ports: list[int]) -> int:
    senders = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in ports]
    for sender, port in zip(senders, ports, strict=True):
        sender.bind(("", port))
    payload = b"." * 200
    goal = (wire.rx.ipv4, PORT)
    return blast(lambda index: senders[index % len(senders)].sendto(payload, goal), pace)


def _ports(lab: Lab, wire: Wire, flows: tuple[int, int]) -> Iterator[int]:
    """Yield source ports, so many of flows that the kernel hashes to each CPU."""
    wanted = list(flows)
    for port in _PORTS:
        before = _handled()
        few = replace(to(wire, pace=Pace(count=500, per_second=20_000)), source_port=port)
        lab.send(Place(wire.tx.netns, cpu=0), few)
        gains = [b - a for a, b in zip(before, _handled(), strict=True)]
        cpu = gains.index(max(gains))
        if max(gains) > 400 and wanted[cpu]:
            wanted[cpu] -= 1
            yield port
        if not any(wanted):
            return
    raise LabError(f"{len(_PORTS)} flows, and still {wanted} to find for the CPUs")


def _handled() -> list[int]:
    rows = Path("/proc/net/softnet_stat").read_text().splitlines()
    return [int(row.split()[0], 16) for row in rows]


def _backlog(document: Said) -> Said:
    (found,) = [one for one in document["findings"] if one["rule"] == "backlog-overflow"]
    return dict(found)


def _twice(play: Play, folder: Path, complaints: Callable[[Said], list[str]]) -> None:
    """Hold both reports against what was played; a play may look otherwise once."""
    why = obstacle()
    if why:
        pytest.skip(why)
    for attempt in range(2):
        live, saved = _perform(play, folder / f"{attempt}.tar.gz")
        assert saved == live
        found = complaints(live)
        if not found:
            return
    assert not found, json.dumps(live, indent=1)


def _targets(said: Said) -> list[str]:
    return [one["target"].rpartition("/")[2] for one in said["recommendations"]]


def _complaints(said: Said, cause: str, text: str, *, longer: bool) -> list[str]:
    found = []
    if said["cause"] != cause:
        found.append(f"cause {said['cause']}, played {cause}")
    if text not in said["summary"]:
        found.append(f"the summary does not say {text}")
    if ("net.core.netdev_max_backlog" in _targets(said)) is not longer:
        found.append("a longer queue" if not longer else "no longer queue")
    return found


@pytest.mark.live
@pytest.mark.alone
def test_bursts_get_a_longer_queue(tmp_path: Path) -> None:
    def complaints(said: Said) -> list[str]:
        return _complaints(said, "burst", "bursts exceed the queue", longer=True)

    _twice(BURSTS, tmp_path, complaints)


@pytest.mark.live
@pytest.mark.alone
def test_a_saturated_cpu_gets_no_longer_queue(tmp_path: Path) -> None:
    def complaints(said: Said) -> list[str]:
        return _complaints(said, "sustained-overload", "no time left", longer=False)

    _twice(SATURATED, tmp_path, complaints)


@pytest.mark.live
@pytest.mark.alone
def test_one_flow_that_rps_cannot_divide_gets_no_rps(tmp_path: Path) -> None:
    def complaints(said: Said) -> list[str]:
        found = _complaints(said, "sustained-overload", "no time left", longer=False)
        if "rps_cpus" in _targets(said):
            found.append("RPS for one flow")
        return found + ([] if "One flow cannot be spread" in _words(said) else ["no word of it"])

    _twice(ONE_FLOW, tmp_path, complaints)


@pytest.mark.live
@pytest.mark.alone
def test_many_flows_are_not_called_one(tmp_path: Path) -> None:
    def complaints(said: Said) -> list[str]:
        return ["called one flow"] if "One flow cannot be spread" in _words(said) else []

    _twice(MANY_FLOWS, tmp_path, complaints)


@pytest.mark.live
@pytest.mark.alone
def test_many_flows_on_one_cpu_get_more_cpus(tmp_path: Path) -> None:
    def complaints(said: Said) -> list[str]:
        found = _complaints(said, "sustained-overload", "no time left", longer=False)
        return found + ([] if _targets(said)[:1] == ["rps_cpus"] else ["no RPS first"])

    _twice(MANY_FLOWS_TO_ONE_CPU, tmp_path, complaints)


def _words(said: Said) -> str:
    return json.dumps(said)
