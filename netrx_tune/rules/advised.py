"""Which of many losing sockets are advised on: one for each program and for each who caps it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from netrx_tune.model.finding import Recommendation
from netrx_tune.model.sample import Socket
from netrx_tune.rules.buffer_advice import HELPED_BY_ROOM, needed, recommend
from netrx_tune.rules.buffers import ceiling, limit_of
from netrx_tune.rules.queue_causes import Verdict
from netrx_tune.rules.rule import Facts

_MOST_LOOKED_AT = 20
_MOST_ADVISED = 3

Member = tuple[Socket, int, Verdict]


def advise(facts: Facts, members: Sequence[Member]) -> Iterator[Recommendation]:
    """Yield what to do, best first: all of it for the worst socket, of others what they add."""
    told: dict[tuple[str, str], Recommendation] = {}
    for number, (sock, drops, verdict) in enumerate(_chosen(facts, members)):
        for one in recommend(facts, sock, drops, verdict):
            key = (one.target, one.why if one.kind == "setsockopt" else one.kind)
            known = told.get(key)
            if _is_more(one, known) if known else (not number or _adds(one, verdict)):
                told[key] = one
    yield from told.values()


def _adds(one: Recommendation, verdict: Verdict) -> bool:
    """Tell whether advice on a further socket says more than that on the first one did."""
    if verdict.cause in HELPED_BY_ROOM:
        return one.kind in ("sysctl", "setsockopt")
    return one.kind in ("application", "placement")


def _is_more(one: Recommendation, known: Recommendation) -> bool:
    """Tell whether a setting that all share has to be larger for another socket."""
    values = (one.proposed, known.proposed)
    return isinstance(values[0], int) and isinstance(values[1], int) and values[0] > values[1]


def _chosen(facts: Facts, members: Sequence[Member]) -> list[Member]:
    """Return the socket with the largest need of each program, or port, that one limit caps."""
    groups: list[list[Member]] = []
    for member in members[:_MOST_LOOKED_AT]:
        mine = next((group for group in groups if _are_alike(facts, group[0], member)), None)
        if mine is None:
            groups.append([member])
        else:
            mine.append(member)
    return [_neediest(facts, group) for group in groups[:_MOST_ADVISED]]


def _are_alike(facts: Facts, one: Member, other: Member) -> bool:
    """Tell sockets of one program or of one port that the same limit caps."""
    top = ceiling(facts.delta)
    if limit_of(one[0], top) != limit_of(other[0], top):
        return False
    readers = [facts.delta.after.processes.get(member[0].inode) for member in (one, other)]
    pids = [reader.pid for reader in readers if reader]
    return one[0].local == other[0].local or (len(pids) == len(readers) and pids[0] == pids[1])


def _neediest(facts: Facts, group: list[Member]) -> Member:
    if len(group) == 1 or group[0][2].cause not in HELPED_BY_ROOM:
        return group[0]
    return max(group, key=lambda member: needed(facts, member[0], member[1]).rcvbuf_bytes)
