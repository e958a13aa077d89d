"""A losing socket's company is said as such: who else is on its port, and what its reader has."""

from __future__ import annotations

import pytest

from netrx_tune.model.sample import Process, Socket
from netrx_tune.rules.company import one_reader_words, shared_port_words
from netrx_tune.rules.rule import Facts
from netrx_tune.rxpath.delta import between
from netrx_tune.rxpath.ledger import settle
from netrx_tune.rxpath.queue_shape import queue_shapes
from tests.rxpath.queue_model import INODE, watched
from tests.rxpath.snapshots import snapshot, sock

GROUP = "239.7.7.7:9000"


def facts(
    *sockets: Socket, pids: dict[int, int] | None = None, mcast: int = 0, opened: int | None = 1
) -> Facts:
    """Return a window in which these sockets gained their drops."""
    lost = sum(one.drops or 0 for one in sockets)
    processes = {
        inode: Process(inode, pid, "reader", "", "S", opened) for inode, pid in (pids or {}).items()
    }
    after = snapshot(
        {"Udp.InDatagrams": 500, "Udp.RcvbufErrors": lost, "IpExt.InMcastPkts": mcast},
        sockets=sockets,
        uptime=105.0,
    )
    before = {"Udp.InDatagrams": 0, "Udp.RcvbufErrors": 0, "IpExt.InMcastPkts": 0}
    delta = between(
        snapshot(before, sockets=()),
        after._replace(processes=processes),
        live=True,
    )
    return Facts(delta, settle(delta), {})


@pytest.mark.parametrize(
    ("others", "words"),
    [
        ((), ""),
        ((sock(0, inode=8), sock(0, inode=9)), "this one alone lost"),
        ((sock(10, inode=8), sock(0, inode=9)), "2 lost"),
        ((sock(9, inode=8), sock(9, inode=9)), ""),
        ((sock(9, inode=8), sock(9, inode=9), sock(9, inode=10)), "4 lost"),
        ((sock(0, inode=8)._replace(local="0.0.0.0:9001"),), ""),
        ((sock(0, inode=8)._replace(local="127.0.0.1:9000"),), ""),
    ],
)
def test_an_uneven_loss_on_a_port_is_said_with_its_shares(
    others: tuple[Socket, ...], words: str
) -> None:
    mine = sock(9 if len(others) == 2 and others[1].drops == 9 else 100)
    said = shared_port_words(facts(mine, *others), mine, "burst")
    assert words in said
    assert bool(said) == bool(words)


def test_the_words_name_the_socket_its_process_and_an_even_share() -> None:
    mine = sock(90)
    window = facts(mine, sock(10, inode=8), sock(0, inode=9), sock(0, inode=10), pids={7: 12})
    said = shared_port_words(window, mine, "reader-stopped")
    assert "Of the 4 sockets on 0.0.0.0:9000" in said
    assert "this one (inode 7, pid 12) has 90 % of their loss" in said
    assert "an even share is 25 %" in said


def test_a_reader_that_is_itself_the_cause_is_to_be_mended() -> None:
    mine = sock(90)
    said = shared_port_words(facts(mine, sock(0, inode=8)), mine, "reader-stopped")
    assert "mend this one" in said
    assert "more flows" not in said


def test_a_member_that_is_overloaded_alone_has_a_heavy_flow() -> None:
    mine, window = sock(90), facts(sock(90), sock(0, inode=8))
    said = shared_port_words(window, mine, "sustained-overload")
    assert "One flow, or few, load this one alone" in said
    assert "never held a datagram" in said
    assert "multicast" not in said
    other = queue_shapes(watched(lambda _: 2, lambda _: 1))[INODE]._replace(inode=8)
    busy = shared_port_words(window._replace(shapes={8: other}), mine, "sustained-overload")
    assert "never held a datagram" not in busy


@pytest.mark.parametrize("local", [GROUP, "0.0.0.0:9000"])
def test_members_of_a_multicast_group_get_a_copy_each(local: str) -> None:
    full, member = sock(50)._replace(local=local), sock(0, inode=8)._replace(local=local)
    said = shared_port_words(facts(full, member, mcast=60), full, "reader-stopped")
    assert "copy of its own" in said
    assert "SO_REUSEPORT" not in said


def test_one_program_that_reads_several_losing_sockets_is_named() -> None:
    members = [sock(10, inode=7), sock(10, inode=8)]
    assert "reads all 2" in one_reader_words(facts(*members, pids={7: 1, 8: 1}), members)
    assert not one_reader_words(facts(*members, pids={7: 1, 8: 2}), members)
    assert not one_reader_words(facts(*members, pids={7: 1}), members[:1])


def test_one_of_many_sockets_of_a_program_is_said_with_how_many_it_has() -> None:
    mine, quiet = sock(10), sock(0, inode=8)._replace(local="0.0.0.0:9001")
    pids = {7: 1, 8: 1}
    said = one_reader_words(facts(mine, quiet, pids=pids, opened=61), [mine])
    assert "reader (pid 1) has 61 UDP sockets open, and this one (inode 7) alone lost" in said
    also = quiet._replace(drops=3)
    assert not one_reader_words(facts(mine, also, pids=pids, opened=61), [mine])
    assert not one_reader_words(facts(mine, quiet, pids=pids, opened=2), [mine])
    assert not one_reader_words(facts(mine, quiet, pids=pids, opened=None), [mine])
    shared = quiet._replace(local=mine.local)  # which the words on the port say
    assert not one_reader_words(facts(mine, shared, pids=pids, opened=61), [mine])
