"""Who holds a socket, and how many UDP sockets that program has."""

from __future__ import annotations

import os
import socket

from netrx_tune.host.processes import find_processes
from netrx_tune.host.source import Tree


def test_a_programs_udp_sockets_are_counted_and_no_others() -> None:
    families = (socket.AF_INET, socket.AF_INET, socket.AF_INET6)
    opened = [socket.socket(family, socket.SOCK_DGRAM) for family in families]
    others = [socket.socket(socket.AF_INET, socket.SOCK_STREAM), *socket.socketpair()]
    before, _ = find_processes(Tree("/"), [os.fstat(others[0].fileno()).st_ino])
    try:
        inode = os.fstat(opened[0].fileno()).st_ino
        (found,), gaps = find_processes(Tree("/"), [inode])
        assert (found.pid, found.inode, gaps) == (os.getpid(), inode, ())
        opened.pop().close()
        (fewer,), _ = find_processes(Tree("/"), [inode])
        assert (found.udp_sockets or 0) - (fewer.udp_sockets or 0) == 1
        assert (fewer.udp_sockets or 0) >= 2
        assert before[0].udp_sockets == found.udp_sockets
    finally:
        for each in (*opened, *others):
            each.close()
