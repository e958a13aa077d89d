"""What to do about a full buffer that no room cures: the reader has to read again, or faster."""

from __future__ import annotations

from collections.abc import Iterator

from netrx_tune.model.finding import Recommendation
from netrx_tune.model.sample import Socket
from netrx_tune.rules.advice import do
from netrx_tune.rules.buffers import name_of
from netrx_tune.rules.queue_causes import Verdict
from netrx_tune.rules.rule import Facts
from netrx_tune.rules.sizing import capacity, truesize_of
from netrx_tune.rules.starved_reader import give_a_cpu
from netrx_tune.rules.words import about, count, size
from netrx_tune.rxpath.queue_shape import QueueShape

_INT_MAX = 2**31 - 1


def without_room(
    facts: Facts, sock: Socket, drops: int, verdict: Verdict
) -> Iterator[Recommendation]:
    """Yield what to do for a reader that stopped, starves or is too slow, best first."""
    shape = facts.shapes.get(sock.inode)
    no_room = _why_no_room(facts, sock, drops, shape)
    who = name_of(facts.delta, sock)
    if verdict.cause == "reader-stopped":
        yield Recommendation(
            kind="application",
            target=who,
            scope="application",
            why=f"make it read again: {verdict.seen}. {no_room}",
            cost="none",
            command=_look_at_reader(facts, sock),
        )
        return
    if verdict.cause == "reader-starved":
        yield from give_a_cpu(facts, sock, verdict, no_room)
        return
    yield from _faster(who, verdict, no_room)


def _faster(who: str, verdict: Verdict, no_room: str) -> Iterator[Recommendation]:
    yield do(
        "application",
        who,
        why=f"{verdict.seen}. {no_room} Read faster: less work per datagram in the thread that"
        " reads, recvmmsg() or UDP_GRO to take many at once, or more readers on the port with"
        " SO_REUSEPORT (one flow stays with one reader).",
        cost="a change to the program",
        takes_effect="restart",
    )
    yield Recommendation(
        kind="sender",
        target=who,
        scope="platform",
        why="send less to this socket: spread the senders over several ports or hosts, or sample",
        cost="a change at the senders",
    )


def _why_no_room(facts: Facts, sock: Socket, drops: int, shape: QueueShape | None) -> str:
    """Say by how much an eightfold buffer would only put the loss off."""
    seconds = shape.seconds if shape else facts.delta.seconds
    lost = shape.drops if shape else drops
    held = sock.rcvbuf_bytes or 0
    if not seconds or not lost or not held or facts.delta.mode == "since-boot":
        return "A bigger buffer only fills later, and what is read from it is older."
    surplus = lost / seconds
    larger = min(8 * held, _INT_MAX)
    more = capacity(facts.delta, larger) - capacity(facts.delta, held)
    return (
        f"A bigger buffer does not help: {count(round(surplus))}/s come in more than go out, so"
        f" {size(larger)} in place of {size(held)} would fill {about(more / surplus)} s later (at"
        f" {count(truesize_of(facts.delta)[0])} B each) and then lose as before."
    )


def _look_at_reader(facts: Facts, sock: Socket) -> str | None:
    process = facts.delta.after.processes.get(sock.inode)
    return f"ps -o pid,stat,wchan:32,etime,comm -L -p {process.pid}" if process else None
