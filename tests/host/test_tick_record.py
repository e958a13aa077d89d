"""A watch of any length keeps bounded lines, and the time with most drops at full resolution."""

from __future__ import annotations

from netrx_tune.collectors.ticks import parse_ticks
from netrx_tune.host.source import Tree
from netrx_tune.host.tick_record import Record
from netrx_tune.model.sample import Socket, SocketTable
from netrx_tune.rxpath.queue_shape import queue_shapes

EMPTY = SocketTable((), {}, "sock_diag")


def sock(inode: int, drops: int, unread: int = 100_000) -> Socket:
    return Socket(
        family="inet", protocol="udp", local="0.0.0.0:9000", remote="", inode=inode,
        cookie=inode, uid=0, interface=0, unread_bytes=unread, rmem_alloc_bytes=unread,
        rcvbuf_bytes=212_992, backlog_bytes=0, drops=drops,
    )  # fmt: skip


def watched(drops: list[int], *, most_lines: int = 50_000, table: SocketTable = EMPTY) -> Record:
    record = Record(Tree("/nowhere"), table, most_lines=most_lines)
    for moment, so_far in enumerate(drops):
        record.add(moment / 100, [sock(7, so_far)], lambda _inode: True, lambda _inode: None)
    record.counters.close()
    return record


def test_a_short_watch_is_kept_whole() -> None:
    found = parse_ticks(watched([0, 5, 9]).text())
    assert found.moments == (0.0, 0.01, 0.02)
    assert [tick.drops for tick in found.sockets[7]] == [0, 5, 9]


def test_a_long_watch_keeps_the_block_with_most_drops() -> None:
    calm, worst, light = [0] * 100, list(range(1, 101)), [100] * 90 + list(range(101, 111))
    found = parse_ticks(watched([*calm, *worst, *light], most_lines=200).text())
    assert (found.moments[0], found.moments[-1]) == (1.0, 1.99)
    assert [tick.drops for tick in found.sockets[7]] == worst
    assert queue_shapes(found)[7].drops == 99


def test_the_block_under_way_is_kept_if_it_lost_most() -> None:
    found = parse_ticks(watched([0] * 100 + [0, 50, 90], most_lines=200).text())
    assert found.moments[0] == 1.0
    assert [tick.drops for tick in found.sockets[7]] == [0, 50, 90]


def test_an_hours_watch_holds_no_more_than_two_blocks() -> None:
    record = watched(list(range(10_000)), most_lines=500)
    assert record.text().count("\n") <= 500 + 2
    blocks = (record._worst, record._block)
    assert sum(len(block.moments) for block in blocks if block) <= 2 * 251


def test_a_socket_that_closes_is_told_with_its_own_drops() -> None:
    before = SocketTable((sock(7, 40), sock(8, 5)), {}, "sock_diag")
    record = Record(Tree("/nowhere"), before)
    record.add(0.0, [sock(7, 40), sock(8, 5)], lambda _inode: True, lambda _inode: None)
    record.add(0.1, [sock(7, 90), sock(8, 5)], lambda _inode: True, lambda _inode: None)
    record.counters.close()
    (lost,) = record.losers([sock(7, 60), sock(8, 5)])
    assert (lost.inode, lost.drops, lost.unread_bytes) == (7, 90, None)


def test_a_socket_was_idle_when_it_was_last_looked_at_and_not_in_looks_that_left_it_out() -> None:
    record = Record(Tree("/nowhere"), EMPTY)
    idle_at = {7: 0.01, 8: None}.get  # 7 was in the dump of that moment, 8 passed over by all
    for moment in (0.0, 0.01, 0.02):
        record.add(moment, [], lambda _inode: True, idle_at)
    record.add(0.03, [sock(7, 5), sock(8, 9)], lambda _inode: True, idle_at)
    record.counters.close()
    found = parse_ticks(record.text()).sockets
    assert [(tick.seconds, tick.drops) for tick in found[7]] == [(0.01, 0), (0.03, 5)]
    assert [(tick.seconds, tick.drops) for tick in found[8]] == [(0.03, 9)]
