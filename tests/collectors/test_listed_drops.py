"""Texts that show both what ss lists and a table of /proc."""

from __future__ import annotations

from netrx_tune.collectors.assemble import assemble
from netrx_tune.collectors.pasted import parse_pasted
from netrx_tune.model.sample import SocketTable

HEADER = (
    "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout"
    " inode ref pointer drops\n"
)
ONE = (
    "UNCONN 0 0 0.0.0.0:53 0.0.0.0:* ino:4711 sk:1\n\t skmem:(r0,rb425984,t0,tb1,f0,w0,o0,bl0,d0)\n"
)
OLD = "State Recv-Q Send-Q Local Address:Port Peer Address:Port\nUNCONN 0 0 0.0.0.0:53 0.0.0.0:*\n"


def row(port: int, inode: int, drops: int) -> str:
    return (
        f"  12: 00000000:{port:04X} 00000000:0000 07 00000000:00000000 00:00000000 00000000"
        f"     0        0 {inode} 2 0000000000000000 {drops}\n"
    )


def table(text: str) -> SocketTable:
    sample = parse_pasted(text)
    assert sample is not None
    found = assemble(sample).sockets
    assert found is not None
    return found


def drops(text: str) -> list[tuple[str, int | None]]:
    return [(one.local, one.drops) for one in table(text).sockets]


def test_a_socket_that_ss_was_not_asked_for_is_taken_from_proc() -> None:
    text = f"{ONE}{HEADER}{row(53, 4711, 0)}{row(514, 4712, 70)}"
    assert drops(text) == [("0.0.0.0:514", 70)]
    assert table(text).counts == {"udp/inet": 2}


def test_a_socket_that_both_show_counts_once_with_the_later_drops_and_its_buffer() -> None:
    for text in (
        f"{ONE}{HEADER}{row(53, 4711, 9)}",
        f"{ONE.replace('d0', 'd9')}{HEADER}{row(53, 4711, 0)}",
    ):
        assert [(one.drops, one.rcvbuf_bytes) for one in table(text).sockets] == [(9, 425984)]


def test_drops_of_sockets_that_share_a_port_are_not_given_to_each_of_them() -> None:
    listed = f"{OLD}UNCONN 0 0 0.0.0.0:53 0.0.0.0:*\n"
    found = drops(f"{listed}{HEADER}{row(53, 4711, 9)}{row(53, 4712, 30)}")
    assert sorted(found) == [("0.0.0.0:53", 9), ("0.0.0.0:53", 30)]


def test_drops_that_ss_does_not_show_are_none_where_proc_has_none() -> None:
    assert drops(f"{OLD}{HEADER}{row(514, 4712, 70)}") == [("0.0.0.0:514", 70)]
