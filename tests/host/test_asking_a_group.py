"""Each member of a SO_REUSEPORT group can be asked for alone, though all have one address."""

from __future__ import annotations

import os
import socket

import pytest

from netrx_tune.collectors.queue_probe import Probe, of_a_group, probes
from netrx_tune.host.netlink import Prober, scan_all, scan_sockets, sockets_of
from netrx_tune.host.ticks import _Queues


def _members(count: int) -> list[socket.socket]:
    members: list[socket.socket] = []
    for _ in range(count):
        member = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        member.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        member.bind(("127.0.0.1", members[0].getsockname()[1] if members else 0))
        members.append(member)
    return members


def test_every_member_of_a_group_is_asked_and_none_needs_a_dump() -> None:
    table, _ = sockets_of(scan_all()[0])
    if table is None:
        pytest.skip("this kernel answers no sock_diag")
    members = _members(4)
    inodes = {os.fstat(member.fileno()).st_ino for member in members}
    queues = _Queues(table)
    try:
        found = scan_sockets("udp", "inet")
        for probe in probes(found, inodes):
            queues.probes[probe.inode] = probe
            assert queues._ask(probe) is None  # it is idle
        assert inodes <= queues.probes.keys()
        assert not queues.by_dump
        # A member that holds a queue is seen to, by the question that was found for it.
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            sender.sendto(b"x", members[0].getsockname())
        seen = [queues._ask(queues.probes[inode]) for inode in inodes]
        assert sum(1 for one in seen if one is not None) == 1
    finally:
        queues.prober.close()
        for member in members:
            member.close()


def test_a_connected_socket_belongs_to_no_group() -> None:
    here = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        here.bind(("127.0.0.1", 0))
        inode = os.fstat(here.fileno()).st_ino
        (bound,) = probes(scan_sockets("udp", "inet"), {inode})
        assert of_a_group(bound, 9) not in {None, bound}
        here.connect(("127.0.0.1", 9))
        (connected,) = probes(scan_sockets("udp", "inet"), {inode})
        assert of_a_group(connected, 9) is None
        prober = Prober()
        assert prober.ask(connected) is None
        prober.close()
    finally:
        here.close()


def test_the_question_keeps_all_but_the_peers_port() -> None:
    probe = Probe(7, "udp", "inet", bytes(72))
    other = of_a_group(probe, 0x1234)
    assert other is not None
    assert other.inode == 7
    at = next(n for n, byte in enumerate(other.request) if byte)
    assert other.request[at : at + 2] == b"\x12\x34"
    assert not any(other.request[:at] + other.request[at + 2 :])
