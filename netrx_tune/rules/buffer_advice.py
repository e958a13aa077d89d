"""What to do about a full buffer, by its cause and by who capped it.

Only a burst and a pause are cured by room. For the others the arithmetic says why not.
"""

from __future__ import annotations

from collections.abc import Iterator

from netrx_tune.model.finding import Cause, Limit, Recommendation
from netrx_tune.model.sample import Socket
from netrx_tune.rules.advice import Need, do, set_sysctl, setting, sysctl_for
from netrx_tune.rules.buffers import (
    RMEM_DEFAULT,
    RMEM_MAX,
    ceiling,
    is_older_default,
    limit_of,
    name_of,
)
from netrx_tune.rules.queue_causes import Verdict
from netrx_tune.rules.reader_advice import without_room
from netrx_tune.rules.rule import Facts
from netrx_tune.rules.sizing import (
    Size,
    plausible_charge,
    size_for,
    size_without_shape,
    truesize_of,
)
from netrx_tune.rules.words import about, count, percent, size
from netrx_tune.rxpath.queue_flow import UNKNOWN_TRUESIZE
from netrx_tune.rxpath.queue_shape import QueueShape

_MUCH_MORE = 4  # times what was asked for: worth a try before a limit is raised

_SPARE = 0.15  # the window need not have shown the worst
_AWAY = 1.5  # reads elsewhere over reads in overflow: nothing was read while it filled
HELPED_BY_ROOM: tuple[Cause, ...] = ("burst", "reader-stall", "unknown")


def recommend(facts: Facts, sock: Socket, drops: int, verdict: Verdict) -> Iterator[Recommendation]:
    """Yield what to do for one socket, best first."""
    if verdict.cause not in HELPED_BY_ROOM:
        yield from without_room(facts, sock, drops, verdict)
        return
    yield from _room(facts, sock, drops, verdict)
    if verdict.cause == "reader-stall":
        yield _end_the_pause(facts, sock)


def needed(facts: Facts, sock: Socket, drops: int) -> Size:
    """Return the buffer that would have taken the worst burst or pause that was seen."""
    delta = facts.delta
    shape = facts.shapes.get(sock.inode)
    if shape is not None and shape.episodes:
        return _needed_by_shape(facts, shape)
    account = facts.ledger.account("udp-rcvbuf-full")
    offered = (account.offered if account else 0) or 0
    return size_without_shape(delta, drops, sock.rcvbuf_bytes or 0, offered)


def _needed_by_shape(facts: Facts, shape: QueueShape) -> Size:
    """Return room for what was queued, refused and, in part, read in the worst episode.

    Memory of what was read comes back in quarters of the buffer: up to a third of what waits. So a
    queue is refused nothing before it is full by three quarters, though a quick reader may have
    emptied it by the next look.
    """
    measured = plausible_charge(facts.delta, shape.truesize_bytes)
    charge = measured or truesize_of(facts.delta)[0]
    was_away = (shape.flow.sag or 0.0) >= _AWAY
    room = shape.holds * (shape.truesize_bytes or UNKNOWN_TRUESIZE)
    sizes = []
    for episode in shape.episodes:
        held = -(-max(episode.unread_bytes, room * 3 // 4) // charge)
        waits = held + episode.drops
        late = 0 if was_away else min(episode.read or 0, waits // 3)
        sizes.append((waits + late, held, episode.drops, late))
    need, held, refused, late = max(sizes)
    reason = f"{count(held)} queued and {count(refused)} refused in the worst overflow of"
    reason += f" {count(len(sizes))} seen"
    if late:
        reason += f", {count(late)} read whose memory comes back late"
    reason += f", and {percent(_SPARE)} for a worse one"
    spared = need + int(need * _SPARE)
    return size_for(facts.delta, spared, reason=reason, truesize=measured)


def _room(facts: Facts, sock: Socket, drops: int, verdict: Verdict) -> Iterator[Recommendation]:
    want = needed(facts, sock, drops)
    top = ceiling(facts.delta)
    limit = limit_of(sock, top)
    if sock.rcvbuf_bytes and want.rcvbuf_bytes <= sock.rcvbuf_bytes:
        yield (_no_more_room if want.bounded else _look_longer)(facts, sock, want)
        return
    if is_older_default(sock.rcvbuf_bytes or 0, top):
        yield _restart(facts, sock, top.rmem_default or 0)
        if want.rcvbuf_bytes <= (top.rmem_default or 0):
            return
    if limit == "app-request":
        want = _within_the_ceiling(facts, sock, want, top.rmem_max or 0)
    why = _why(facts, sock, verdict, want)
    if limit == "app-request":
        yield _ask(facts, sock, want, why, limit)
    if limit != "forced":
        yield raise_rmem_max(facts, want, why, limit)
    if limit not in ("rmem-max", "app-request"):
        yield _ask(facts, sock, want, why, limit)
    default = _raise_default(facts, want) if limit == "rmem-default" else None
    if default is not None:
        yield default


def _restart(facts: Facts, sock: Socket, rmem_default: int) -> Recommendation:
    """Return the advice to take up a default that was raised since the socket was made."""
    return do(
        "application",
        name_of(facts.delta, sock),
        why=f"Restart it: {RMEM_DEFAULT} was raised to {count(rmem_default)} B after its socket was"
        " made, and a running socket keeps its size. Then look whether anything is still lost.",
        cost="a restart of the program",
        takes_effect="restart",
    )


def _within_the_ceiling(facts: Facts, sock: Socket, want: Size, rmem_max: int) -> Size:
    """Return what may be asked for today where that alone is much more than was asked for."""
    measured = sock.inode in facts.shapes
    asked = (sock.rcvbuf_bytes or 0) // 2
    if measured or want.request_bytes <= rmem_max or rmem_max < _MUCH_MORE * asked:
        return want
    text = f"{size(2 * rmem_max)} is what {RMEM_MAX} allows today, and much more than it has"
    return Size(2 * rmem_max, rmem_max, bounded=False, arithmetic=text)


def _why(facts: Facts, sock: Socket, verdict: Verdict, want: Size) -> str:
    shape = facts.shapes.get(sock.inode)
    if verdict.cause == "burst" and shape:
        apart = about(1000 * shape.seconds / shape.moments)
        return (
            f"{want.arithmetic}. One burst is at most that: bursts closer together than the looks,"
            f" {apart} ms on average, count as one"
        )
    if verdict.cause != "unknown":
        return want.arithmetic
    still = "if it goes on and " if facts.delta.mode == "since-boot" else "if it "
    return f"{still}is a burst or a pause, {want.arithmetic}"


def raise_rmem_max(facts: Facts, want: Size, why: str, limit: Limit) -> Recommendation:
    """Return the change of the ceiling for requests; never below a value that cannot be seen."""
    asks = (
        "The program asks for more, and was clamped: restart it to ask again. Where its own setting"
        " is just what was allowed, raise that, too."
        if limit == "rmem-max"
        else "Programs may then ask for that much; it changes no socket by itself."
    )
    found = set_sysctl(
        facts,
        RMEM_MAX,
        (want.request_bytes,),
        why=f"{why}. {asks}",
        cost=f"up to {size(want.rcvbuf_bytes)} of kernel memory for each socket that asks for it"
        " and falls behind",
        takes_effect="restart" if limit == "rmem-max" else "new-sockets",
    )
    return found if found.current is not None else _unless_higher(found, want.request_bytes)


def _unless_higher(found: Recommendation, value: int) -> Recommendation:
    """Return the advice for a limit that this input does not show: it may be higher already."""
    return found._replace(
        why=f"{found.why} Its value cannot be seen from here, so the command leaves a higher one"
        " alone. A program with CAP_NET_ADMIN in the host's own user namespace can pass the limit"
        " with SO_RCVBUFFORCE.",
        command=f'[ "$(sysctl -n {RMEM_MAX})" -ge {value} ] || sysctl -w {RMEM_MAX}={value}',
    )


def _ask(facts: Facts, sock: Socket, want: Size, why: str, limit: Limit) -> Recommendation:
    who = name_of(facts.delta, sock)
    did = {
        "rmem-default": "never asked for a size",
        "app-request": "asked for too little",
        "forced": f"has more than {RMEM_MAX} allows and needs SO_RCVBUFFORCE to have more still",
    }.get(limit, "may have asked for less than it needs")
    option = "SO_RCVBUFFORCE" if limit == "forced" else "SO_RCVBUF"
    return Recommendation(
        kind="setsockopt",
        target=option,
        scope="application",
        why=f"{who} {did}: {why}. Use the program's own setting for its receive buffer if it has"
        " one, and restart it: a running socket keeps its size.",
        cost=f"up to {size(want.rcvbuf_bytes)} of kernel memory for this socket",
        takes_effect="restart",
        current=None if sock.rcvbuf_bytes is None else sock.rcvbuf_bytes // 2,
        proposed=want.request_bytes,
        command=f"setsockopt(fd, SOL_SOCKET, {option}, {want.request_bytes})",
        undo="remove the setting and restart the program",
    )


def _raise_default(facts: Facts, want: Size) -> Recommendation | None:
    if setting(facts, RMEM_DEFAULT) is None:
        return None
    return sysctl_for(
        facts,
        RMEM_DEFAULT,
        Need((want.rcvbuf_bytes,), ""),
        why="Only for a program that cannot ask: the default is the one lever left, and it is not"
        " doubled. Restart the program afterwards.",
        cost=f"every new socket that never asks may then hold {size(want.rcvbuf_bytes)}",
        takes_effect="new-sockets",
    )


def _no_more_room(facts: Facts, sock: Socket, want: Size) -> Recommendation:
    return do(
        "application",
        name_of(facts.delta, sock),
        why=f"its buffer of {size(sock.rcvbuf_bytes or 0)} is as large as this host can spare"
        f" ({want.arithmetic}), so the reader has to become faster",
        cost="a change to the program",
        takes_effect="restart",
    )


def _look_longer(facts: Facts, sock: Socket, want: Size) -> Recommendation:
    """Return what to do where the overflows that were seen would have had room."""
    return Recommendation(
        kind="none",
        target=name_of(facts.delta, sock),
        scope="application",
        why=f"change nothing yet: what this window saw would fit ({want.arithmetic}), yet its"
        f" buffer of {size(sock.rcvbuf_bytes or 0)} overflowed, so the worst moment was not seen."
        " A longer window shows it.",
        cost="a minute",
        command="netrx-tune diagnose --interval 60",
    )


def _end_the_pause(facts: Facts, sock: Socket) -> Recommendation:
    return do(
        "application",
        name_of(facts.delta, sock),
        why="ending the pause cures it without memory: disk writes, name look-ups, locks, garbage"
        " collection or a CPU quota in the thread that reads",
        cost="a change to the program",
        takes_effect="restart",
    )
