"""A queue that a program empties stands full at this moment, though no counter shows a loss.

What it means: datagrams wait in a socket's buffer, or connections for accept(), as many as the
queue takes. What comes next is lost, unless the program reads or accepts first. Where the counters
or the socket's drops could not be read, it may be lost already.

How it is counted: Recv-Q of a UDP socket against its buffer, from three quarters on; Recv-Q of a
listener against Send-Q, its length, which is reached when one more than it waits. In a window it
has to stand so at both ends. netstat shows no length: 50 waiting connections are spoken of then.
Kernel: include/net/sock.h, sk_acceptq_is_full(); net/ipv4/udp.c, __udp_enqueue_schedule_skb().

Remedy: find why the program does not read or accept: it hangs, waits for a disk, a lock or names,
or has a socket that it forgot.

When not to act: a socket that nobody is meant to read (a client's left-over) harms nobody but for
its memory.
"""

from __future__ import annotations

from collections.abc import Iterator

from netrx_tune.model.finding import Finding, Recommendation
from netrx_tune.model.sample import Socket
from netrx_tune.rules.advice import do, look, setting
from netrx_tune.rules.buffers import default_bytes, name_of, report
from netrx_tune.rules.rule import Facts, Rule, note
from netrx_tune.rules.words import count, counted, size

_SOMAXCONN = "net.core.somaxconn"
_FULL = 0.75  # of a buffer: what its reader has taken is credited a quarter at a time
_MANY = 50  # connections that wait on a listener whose length is not shown
_USUAL = {128: "up to 5.3", 4096: "from 5.4 on"}  # what the kernel gives net.core.somaxconn


def check(facts: Facts) -> Iterator[Finding]:
    """Yield a note for the fullest UDP socket and the fullest listener."""
    table = facts.delta.after.sockets
    if table is None:
        return
    udp = [sock for sock in table.sockets if _holds(facts, sock)]
    if udp and not facts.ledger.lost_at("udp-rcvbuf-full"):
        yield _of_udp(facts, max(udp, key=_held), udp)
    listeners = [sock for sock in table.sockets if _waits(facts, sock)]
    if listeners and not facts.ledger.lost_at("tcp-listen-overflow"):
        first = max(listeners, key=lambda sock: sock.accept_queue or 0)
        yield _of_listener(facts, first, len(listeners))


def _held(sock: Socket) -> int:
    return sock.unread_bytes or 0


def _holds(facts: Facts, sock: Socket) -> bool:
    """Tell whether a UDP socket's buffer is nearly full, at both ends of a window."""
    if not sock.unread_bytes or sock.protocol != "udp":
        return False
    known = sock.rcvbuf_bytes or default_bytes(facts.delta)
    return all(_held(one) >= _FULL * known for one in _ends(facts, sock))


def _waits(facts: Facts, sock: Socket) -> bool:
    """Tell whether a listener's queue takes no more, at both ends of a window."""
    if not sock.accept_queue:
        return False
    limit, most = sock.accept_limit, setting(facts, _SOMAXCONN)
    if limit is None:
        limit = _MANY - 1 if most is None else min(most, _MANY - 1)
    return all((one.accept_queue or 0) > limit for one in _ends(facts, sock))


def _ends(facts: Facts, sock: Socket) -> Iterator[Socket]:
    """Yield a socket at the end of the window and, if it has a start, as it was there."""
    yield sock
    if facts.delta.before:
        table = facts.delta.before.sockets
        same = [one for one in (table.sockets if table else ()) if one.inode == sock.inode]
        yield same[0] if same else sock._replace(unread_bytes=0, accept_queue=0)


def _of_udp(facts: Facts, sock: Socket, full: list[Socket]) -> Finding:
    name = name_of(facts.delta, sock)
    rcvbuf = sock.rcvbuf_bytes
    room = f" of a buffer of {size(rcvbuf)}" if rcvbuf else ""
    so_far = f"{count(sock.drops) if sock.drops else 'no'} drops so far"
    drops = "its drops are not shown" if sock.drops is None else so_far
    return _note(
        "udp-rcvbuf-full",
        f"{size(_held(sock))}{room} wait unread in {name} at this moment",
        f"Its program is behind, has stopped, or forgot the socket; {drops}."
        f"{_as_full(facts, sock, full)}"
        f" A larger buffer fills as well.{_beside(facts, sock)}",
        facts,
        sock,
        look(
            facts,
            "ss -uanmp",
            kind="application",
            target="the reading program",
            why="Shows each socket's drops (d), buffer (rb) and program. Look again after some"
            " seconds: a queue that stays as long is not read at all.",
        ),
    )


def _as_full(facts: Facts, sock: Socket, full: list[Socket]) -> str:
    """Say how many more are full."""
    more = len(full) - 1
    if not more:
        return ""
    if _is_a_row(facts, sock) and {one.local for one in full} == {sock.local}:
        return f" As full: {counted(more, 'more row')}: as many sockets, or one at as many looks."
    return f" As full: {counted(more, 'more socket')}."


def _is_a_row(facts: Facts, sock: Socket) -> bool:
    """Tell whether nothing but its address is known: a loop may have printed it again and again."""
    return sock.inode < 0 and sock.drops is None and sock.inode not in facts.delta.after.processes


def _beside(facts: Facts, sock: Socket) -> str:
    """Say that other sockets on the port have room, "" where there are none."""
    table = facts.delta.after.sockets
    where = (sock.protocol, sock.family, sock.local, "")
    same = [
        one
        for one in (table.sockets if table else ())
        if (one.protocol, one.family, one.local, one.remote) == where
    ]
    roomy = sum(1 for one in same if not _holds(facts, one))
    if not roomy or _is_a_row(facts, sock):
        return ""
    return (
        f" {count(roomy)} of the {count(len(same))} sockets there have room: with SO_REUSEPORT each"
        " flow (addresses and ports) stays with one of them, so few flows load few readers; of a"
        " multicast group each has a copy, and this one's reader is slow."
    )


def _of_listener(facts: Facts, sock: Socket, queues: int) -> Finding:
    limit = sock.accept_limit
    waiting = sock.accept_queue or 0
    room = "" if limit is None else f", whose queue holds {count(limit)},"
    beside = f" As full: {counted(queues - 1, 'more listener')}." if queues > 1 else ""
    return _note(
        "tcp-listen-overflow",
        f"{count(waiting)} connections wait for accept() on {name_of(facts.delta, sock)}{room} at"
        " this moment",
        f"{_length(sock)}The program hangs, or accepts more slowly than clients come.{beside}"
        f" A longer queue ({_SOMAXCONN} and the program's own backlog) fills as well while it does"
        " not accept.",
        facts,
        sock,
        do(
            "application",
            sock.local,
            why="Find why it does not accept: all workers busy, a lock, a slow step between two"
            " accepts, or a connection that it waits for. Then more acceptors.",
            cost="a change of the program or its configuration",
        ),
        look(
            facts,
            "ss -ltn",
            target="listen() backlog",
            why="Shows each listener's queue (Recv-Q) and its length (Send-Q): does it stay full?",
        ),
    )


def _length(sock: Socket) -> str:
    if sock.accept_limit is not None:
        return "One more than its length is how a full queue looks: new connections are refused. "
    usual = (sock.accept_queue or 0) - 1
    if usual in _USUAL:
        return (
            f"One more than {count(usual)}, which {_SOMAXCONN} is {_USUAL[usual]}: that is how a"
            " full queue looks, and new connections are refused. "
        )
    return "netstat does not show how many may wait: ss -ltn does (Send-Q). "


def _note(
    stage: str,
    summary: str,
    meaning: str,
    facts: Facts,
    sock: Socket,
    *recommendations: Recommendation,
) -> Finding:
    return note(
        stage,
        summary,
        confidence="medium",
        meaning=meaning,
        sockets=() if sock.drops is None else (report(facts.delta, sock, sock.drops),),
        recommendations=recommendations,
    )


RULE = Rule((), check)
