"""What to do about full buffers where no socket shows them, or only totals do."""

from __future__ import annotations

from collections.abc import Iterator

from netrx_tune.model.finding import Recommendation
from netrx_tune.model.ledger import Account
from netrx_tune.model.sample import Socket
from netrx_tune.rules.advice import look
from netrx_tune.rules.buffer_advice import raise_rmem_max
from netrx_tune.rules.buffers import RMEM_MAX, ceiling, default_bytes, name_of
from netrx_tune.rules.rule import Facts
from netrx_tune.rules.sizing import TINY_BYTES, Size, size_without_shape
from netrx_tune.rules.words import percent, size

_LARGE_RMEM_MAX = 16 << 20  # a ceiling that no longer is what stands in the way
_LARGE_SHARE = 0.05
_LONG_SECONDS = 60.0
_FULL = 0.9


def watch_it(facts: Facts) -> Recommendation:
    """Return the advice to look while it happens."""
    where = facts.delta.after.host.netns
    inside = f" --netns {where}" if where and " " not in where and "/" not in where else ""
    why = (
        "totals cannot tell a burst from a slow or stopped reader, and room helps the first only:"
        " watch it while it happens"
    )
    if facts.delta.mode == "since-boot":
        why = (
            "a total since boot does not tell whether anything is lost now: watch the host before"
            " anything is changed. What else stands here is for a loss that goes on"
        )
    return Recommendation(
        kind="none",
        target="netrx-tune diagnose",
        scope="host",
        why=why,
        cost="at most 2 % of one CPU for 30 s",
        command=f"netrx-tune diagnose --interval 30{inside}",
    )


def is_long_and_large(facts: Facts, part: Account) -> bool:
    """Tell whether too much was lost for too long for single bursts."""
    seconds = facts.delta.seconds
    return bool(seconds and seconds >= _LONG_SECONDS and (part.share or 0) >= _LARGE_SHARE)


def unread_words(sock: Socket) -> str:
    """Return what a long queue tells of a buffer whose size is not shown, "" for a short one."""
    unread = sock.unread_bytes or 0
    if unread <= TINY_BYTES:
        return ""
    return (
        f"{size(unread)} wait in it unread at this moment, so its buffer is no smaller, and its"
        " reader is behind or has stopped."
    )


def suspect_of(facts: Facts) -> Socket | None:
    """Return the longest queue that a default buffer hardly holds, where no drops are shown."""
    table = facts.delta.after.sockets
    least = _FULL * default_bytes(facts.delta)
    long = [
        sock
        for sock in (table.sockets if table else ())
        if sock.protocol == "udp" and sock.drops is None and (sock.unread_bytes or 0) >= least
    ]
    return max(long, key=lambda one: one.unread_bytes or 0, default=None)


def suspects_words(facts: Facts) -> str:
    """Return which queue is about as long as a default buffer, "" where none is."""
    sock = suspect_of(facts)
    if sock is None:
        return ""
    return (
        f"{name_of(facts.delta, sock)} is the first to look at: {size(sock.unread_bytes or 0)} wait"
        " in it unread, which is as much as a buffer of default size holds."
    )


def without_size(
    facts: Facts, part: Account, who: str, held_bytes: int
) -> Iterator[Recommendation]:
    """Yield what the host's limits alone allow to say.

    `who` is the socket if it is known; its size is not: /proc/net/udp does not show it. It is no
    less than what it holds.
    """
    top = ceiling(facts.delta)
    current = default_bytes(facts.delta)
    want = size_without_shape(facts.delta, part.lost or 0, current, part.offered or 0)
    if held_bytes > TINY_BYTES and held_bytes >= want.rcvbuf_bytes:
        yield _read(facts, who, held_bytes)
        return
    if top.rmem_max is not None and top.rmem_max >= _LARGE_RMEM_MAX:
        yield _find_reader(facts, part, top.rmem_max)
        if want.request_bytes <= top.rmem_max:
            yield raise_rmem_max(facts, want, want.arithmetic, "unknown")
        return
    hidden = top.rmem_max is None
    inside = facts.delta.after.host.initial_netns is False
    if inside or not hidden:
        most = f" than {size(2 * top.rmem_max)} today" if top.rmem_max else ""
        why = f"no program can have more{most or ' than the limit allows'}: {want.arithmetic}"
        yield raise_rmem_max(facts, want, why, "unknown")
    yield _ask(want, who, hides_limit=hidden and not inside)
    if is_long_and_large(facts, part):
        yield keep_up(facts, part)


def _read(facts: Facts, who: str, held_bytes: int) -> Recommendation:
    return look(
        facts,
        "ss -uanmp",
        kind="application",
        target="the reading program",
        why=f"{size(held_bytes)} wait unread in {who}: a buffer of that size is full, and a larger"
        " one fills as well and makes what is read older. Find why its program does not read (it"
        " hangs, waits for a disk, a lock or name lookups), or give it more readers or ports.",
    )


def _ask(want: Size, who: str, *, hides_limit: bool) -> Recommendation:
    cap = (
        f" {RMEM_MAX} is not in this input: on the host it must be at least that, or cuts it."
        if hides_limit
        else ""
    )
    unseen = f"how large the one of {who} is" if who else "which socket loses"
    return Recommendation(
        kind="setsockopt",
        target="SO_RCVBUF",
        scope="application",
        why="Only the program can make its socket's buffer larger: by its own setting for the"
        f" receive buffer, read when it starts. This input does not tell {unseen}: `ss -uanmp`"
        f" shows each one's drops (d) and buffer (rb).{cap}",
        cost=f"up to {size(want.rcvbuf_bytes)} of kernel memory for this socket",
        takes_effect="restart",
        proposed=want.request_bytes,
        command=f"setsockopt(fd, SOL_SOCKET, SO_RCVBUF, {want.request_bytes})",
        undo="remove the setting and restart the program",
    )


def _find_reader(facts: Facts, part: Account, rmem_max: int) -> Recommendation:
    share = "" if part.share is None else f"{percent(part.share)} were lost under a ceiling of "
    return look(
        facts,
        "ss -uanmp",
        kind="application",
        target="the reading program",
        why=f"{share}{size(rmem_max)} ({RMEM_MAX}), which is not what stands in the way. The socket"
        " with drops (d in skmem) shows its buffer (rb): if that is large, the reader is too slow"
        " and a larger one only fills later: read faster, in batches, or with more readers or"
        " ports; if it is small, the program never asked for more, or runs since before the limit"
        " was raised.",
    )


def keep_up(facts: Facts, part: Account) -> Recommendation:
    """Return the advice to look whether the reader is slower than its traffic."""
    return look(
        facts,
        "ss -uanmp",
        kind="application",
        target="the reading program",
        why=f"{percent(part.share or 0)} over so long a time is more than single bursts: if Recv-Q"
        " stays near the buffer, the reader is slower than its traffic, and room only puts the"
        " loss off. Then read faster, in batches, or with more readers or ports.",
    )
