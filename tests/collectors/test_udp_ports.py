"""Ports that take datagrams of anyone: from a dump, from /proc, and through a file of ours."""

from __future__ import annotations

import struct

from hypothesis import given
from hypothesis import strategies as st

from netrx_tune.collectors import sock_diag
from netrx_tune.collectors.udp_ports import UDP_PORTS, render_udp_ports, udp_ports
from tests.collectors.test_sock_diag import UDP_WITH_DROPS, message

_TABLE = """\
   sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
  167: 00000000:2328 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 4711 2
  168: 0100007F:0035 0100007F:8001 01 00000000:00000000 00:00000000 00000000     0        0 4712 2
  169: 0100007F:zzzz 00000000:0000 07
"""


def dump(*blocks: bytes) -> sock_diag.Found:
    return sock_diag.scan("udp", "inet", blocks)


def connected(made: bytes, port: int) -> bytes:
    return made[:22] + struct.pack(">H", port) + made[24:]


def test_a_dump_gives_the_ports_of_sockets_without_a_peer() -> None:
    blocks = message(port=53) + connected(message(port=40000), 53), UDP_WITH_DROPS
    assert sock_diag.unconnected_ports([dump(*blocks)]) == {53, 7000}


def test_without_a_dump_of_udp_no_port_is_known() -> None:
    assert sock_diag.unconnected_ports([]) is None
    assert sock_diag.unconnected_ports([sock_diag.scan("tcp", "inet", [message()])]) is None
    assert sock_diag.unconnected_ports([dump()]) == frozenset()


def test_very_many_ports_are_not_listed() -> None:
    assert sock_diag.unconnected_ports([dump(message() * (sock_diag.MOST_PORTS + 1))]) is None


def test_the_kernels_table_says_the_same() -> None:
    assert udp_ports({"/proc/net/udp": _TABLE}) == {9000}
    assert udp_ports({"/proc/net/udp6": ""}) == frozenset()
    assert udp_ports({}) is None


@given(st.sets(st.integers(1, 65535)))
def test_what_is_written_is_read_back(ports: set[int]) -> None:
    assert udp_ports({UDP_PORTS: render_udp_ports(ports)}) == ports


@given(st.text())
def test_any_text_is_borne(text: str) -> None:
    assert udp_ports({UDP_PORTS: text}) is not None
    assert udp_ports({"/proc/net/udp": text}) is not None
