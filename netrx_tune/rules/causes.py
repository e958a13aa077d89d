"""Why a buffer was full: the five diseases, told apart by the shape of the queue."""

from __future__ import annotations

from typing import NamedTuple

from netrx_tune.model.finding import Cause, Confidence
from netrx_tune.model.sample import Socket
from netrx_tune.rules.rule import Facts
from netrx_tune.rules.sizing import truesize_of
from netrx_tune.rules.words import percent, size
from netrx_tune.rxpath.books.udp_errors import errors_of, has
from netrx_tune.rxpath.queue_shape import FULL, QueueShape, middle

_ALWAYS = 0.80  # share of moments with a full queue from which it never empties
_SELDOM = 0.05
_WAITING = 0.30  # share of the watch in which the reader waited for a CPU
_IDLE = 0.10  # reader's CPU time in an episode, against its usual: it was away
_LONG_SECONDS = 0.3  # an episode that no burst explains
# Without a watch: a buffer that holds more than bursts bring, and a share that no burst explains.
_LARGE_BYTES = 16 << 20
_LARGE_SHARE = 0.01
_TINY_BYTES = 64 << 10  # one burst of a few dozen packets fills it
_LEAST_SECONDS = 1.0  # of a window in which a reader would have read something
_PACE = 2.5  # arrivals in an episode over the usual rate: a burst, not a pause


class Verdict(NamedTuple):
    """A cause with what was seen of it."""

    cause: Cause
    confidence: Confidence
    seen: str


def cause_of(facts: Facts, sock: Socket) -> Verdict:
    """Return why a socket's buffer was full, `unknown` rather than wrong."""
    shape = facts.shapes.get(sock.inode)
    if shape is None or not shape.episodes:
        return _by_totals(facts, sock)
    full = f"its queue was full in {percent(shape.full_share)} of {shape.moments} looks"
    if shape.drained_bytes == 0 and shape.full_share >= _ALWAYS:
        return Verdict("reader-stopped", "high", f"{full} and nothing was read from it")
    if shape.full_share >= _ALWAYS and shape.low_share <= _SELDOM:
        return _never_empty(shape, full)
    if shape.low_share >= _SELDOM:
        return _emptied_between(facts, shape)
    return Verdict("unknown", "low", f"{full} and neither empty nor full throughout")


def _by_totals(facts: Facts, sock: Socket) -> Verdict:
    """Return what two samples, or one, tell of a queue that nobody watched: evident cases only."""
    if not _is_read(facts):
        return Verdict("reader-stopped", "medium", "no program read any datagram in this window")
    if _is_full(sock) and _was_full_before(facts, sock):
        seen = "its queue was full in both samples, so its reader is behind, if it reads at all"
        return Verdict("sustained-overload", "low", seen)
    account = facts.ledger.account("udp-rcvbuf-full")
    share = account.share if account else None
    if (sock.rcvbuf_bytes or 0) >= _LARGE_BYTES and (share or 0) >= _LARGE_SHARE:
        seen = (
            f"{percent(share or 0)} were lost though its buffer is {size(sock.rcvbuf_bytes or 0)}:"
            " no burst explains that"
        )
        return Verdict("sustained-overload", "low", seen)
    return Verdict("unknown", "low", "the queue was not watched while it lost")


def _is_read(facts: Facts) -> bool:
    """Tell whether any UDP datagram was read, or nobody knows: InDatagrams counts at the read."""
    delta = facts.delta
    errors = errors_of(delta)
    if delta.before is None or errors is None or not has(delta, "InDatagrams"):
        return True
    return errors.delivered > 0 or (delta.seconds or 0) < _LEAST_SECONDS


def _is_full(sock: Socket) -> bool:
    """Tell whether a queue stands near its limit; of a tiny buffer that says nothing."""
    held, limit = sock.rmem_alloc_bytes or 0, sock.rcvbuf_bytes or 0
    return limit > _TINY_BYTES and held > FULL * limit


def _was_full_before(facts: Facts, sock: Socket) -> bool:
    before = facts.delta.before
    table = before.sockets if before else None
    return any(
        one.inode == sock.inode and one.local == sock.local and _is_full(one)
        for one in (table.sockets if table else ())
    )


def _never_empty(shape: QueueShape, full: str) -> Verdict:
    wait = shape.wait_share
    if wait is not None and wait >= _WAITING:
        seen = f"{full}, and its reader waited for a CPU {percent(min(1.0, wait))} of the time"
        return Verdict("reader-starved", "high", seen)
    run = (
        "" if shape.run_share is None else f"; its reader used {percent(shape.run_share)} of a CPU"
    )
    confidence: Confidence = "medium" if wait is None else "high"
    return Verdict("sustained-overload", confidence, f"{full} and never empty{run}")


def _emptied_between(facts: Facts, shape: QueueShape) -> Verdict:
    """Tell a pause of the reader from a burst: steady arrivals against a sudden rate."""
    times = f"{len(shape.episodes)} times" if len(shape.episodes) > 1 else "once"
    wait = shape.wait_share
    if wait is not None and wait >= _WAITING:
        seen = f"it overflowed {times}; its reader waited for a CPU {percent(min(1.0, wait))}"
        return Verdict("reader-starved", "medium", seen)
    period = shape.period_seconds
    every = f", about every {period:.2g} s" if period and len(shape.episodes) > 2 else ""
    away = _reader_was_away(shape)
    if away is None:
        away = _pace(facts, shape) < _PACE
    if away:
        seen = f"the reader paused {times}{every}, for up to {shape.pause_seconds:.2g} s"
        return Verdict("reader-stall", "medium", seen)
    if _cannot_keep_up(facts, shape):
        longest = max(e.seconds for e in shape.episodes)
        seen = f"more came in than its reader could take out, for {longest:.2g} s on end"
        return Verdict("sustained-overload", "medium", seen)
    seen = (
        f"its queue stood empty in {percent(shape.low_share)} of the looks and overflowed"
        f" {times}{every}, within {middle(e.seconds for e in shape.episodes):.2g} s each"
    )
    return Verdict("burst", "medium", seen)


def _cannot_keep_up(facts: Facts, shape: QueueShape) -> bool:
    """Tell whether the reader, busy all the time, would still have read less than came."""
    busy = 1.0 - shape.low_share
    if max(e.seconds for e in shape.episodes) < _LONG_SECONDS or not busy:
        return False
    read = _read_from(facts, shape)
    return read + shape.drops > read / busy


def _read_from(facts: Facts, shape: QueueShape) -> int:
    """Return about how many datagrams were read from a socket in the watch.

    InDatagrams is the namespace's: it is this socket's where no other was busy.
    """
    if len(facts.shapes) == 1:
        mibs = ("Udp", "Udp6", "UdpLite", "UdpLite6")
        return sum(facts.delta.increase(f"{mib}.InDatagrams") or 0 for mib in mibs)
    return shape.drained_bytes // truesize_of(facts.delta)[0]


def _reader_was_away(shape: QueueShape) -> bool | None:
    """Tell by CPU time whether the reader ran while its queue filled; None if unknown."""
    usual = shape.run_share
    shares = [e.run_share for e in shape.episodes if e.run_share is not None]
    if usual is None or not shares or usual < 0.001:
        return None
    return middle(shares) < _IDLE * usual


def _pace(facts: Facts, shape: QueueShape) -> float:
    """Return the rate of drops in episodes over the rate of all arrivals in the watch."""
    usual = (shape.drops + _read_from(facts, shape)) / shape.seconds if shape.seconds else 0.0
    peak = sum(e.drops for e in shape.episodes) / (sum(e.seconds for e in shape.episodes) or 1.0)
    return peak / usual if usual else 0.0
