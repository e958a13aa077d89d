"""Why a buffer was full: the five diseases, told apart by the shape of the queue."""

from __future__ import annotations

from netrx_tune.model.sample import Socket
from netrx_tune.rules.buffers import name_of
from netrx_tune.rules.queue_causes import Verdict, cause_of_shape
from netrx_tune.rules.rule import Facts
from netrx_tune.rules.shared_cpu import beside_softirq
from netrx_tune.rules.sizing import TINY_BYTES, is_full
from netrx_tune.rules.unknown_socket import suspect_of
from netrx_tune.rules.words import percent, size
from netrx_tune.rxpath.admission import deferred_credit_share
from netrx_tune.rxpath.books.udp_errors import errors_of, has
from netrx_tune.rxpath.queue_shape import QueueShape

# Without a watch: a buffer that holds more than bursts bring, and a share that no burst explains.
_LARGE_BYTES = 16 << 20
_LARGE_SHARE = 0.01
_AS_LONG = 0.9
_MOST = 0.6  # share of a program's watched loss that makes its cause that of the rest
_LEAST_SECONDS = 1.0  # of a window in which a reader would have read something


def cause_of(facts: Facts, sock: Socket) -> Verdict:
    """Return why a socket's buffer was full, `unknown` rather than wrong."""
    shape = facts.shapes.get(sock.inode)
    own = _own(facts, sock, shape) if shape is not None and shape.episodes else None
    # Waiting for a CPU is the process's, and few looks at one of its sockets may miss it.
    beside = _watched_beside(facts, sock)
    if beside is not None and own is not None and own.cause != "reader-starved":
        starved = beside.cause == "reader-starved"
        return beside if starved or own.cause == "unknown" else own
    return own or beside or _by_totals(facts, sock)


def cause_without_drops(facts: Facts) -> Verdict:
    """Return why buffers were full where no socket shows its drops: two looks at a long queue."""
    sock = suspect_of(facts)
    was = _earlier(facts, sock) if sock else None
    if sock is None or was is None or not _full_in_both(was, sock):
        return Verdict("unknown", "low", "no socket shows the loss")
    seen = f"no drops are shown, and {name_of(facts.delta, sock)} was as full in both samples"
    return Verdict("sustained-overload", "low", seen)


def _own(facts: Facts, sock: Socket, shape: QueueShape) -> Verdict:
    """Return what the watch of a socket tells of it, and where its reader had to work."""
    verdict = cause_of_shape(shape, is_alone=_is_alone(facts))
    if verdict.cause == "sustained-overload":
        return beside_softirq(facts, sock, shape) or verdict
    return verdict


def _is_alone(facts: Facts) -> bool:
    """Tell whether the namespace has one UDP socket, so that all that is read is read from it."""
    table = facts.delta.after.sockets
    counts = table.counts if table else {}
    return sum(count for kind, count in counts.items() if kind.startswith("udp")) == 1


def _watched_beside(facts: Facts, sock: Socket) -> Verdict | None:
    """Return what the other sockets of the same process tell, if most of their loss agrees."""
    processes = facts.delta.after.processes
    reader = processes.get(sock.inode)
    drops: dict[str, int] = {}
    verdicts: dict[str, Verdict] = {}
    for inode, shape in facts.shapes.items():
        if shape.episodes and reader and inode in processes and processes[inode].pid == reader.pid:
            verdict = cause_of_shape(shape)
            verdicts.setdefault(verdict.cause, verdict)
            drops[verdict.cause] = drops.get(verdict.cause, 0) + shape.drops
    cause = max(drops, key=lambda cause: drops[cause], default="unknown")
    if cause == "unknown" or drops[cause] < _MOST * sum(drops.values()):
        return None
    seen = f"another socket of its program was watched: {verdicts[cause].seen}"
    return Verdict(verdicts[cause].cause, "low", seen)


def _by_totals(facts: Facts, sock: Socket) -> Verdict:
    """Return what two samples, or one, tell of a queue that nobody watched: evident cases only."""
    if not _is_read(facts):
        return Verdict("reader-stopped", "medium", "no program read any datagram in this window")
    was = _earlier(facts, sock)
    if was is not None and _full_in_both(was, sock):
        defers = deferred_credit_share(facts.delta.after.host.kernel) > 0
        if defers and _stood_still(was, sock):
            seen = "its queue was full in both samples, and not a byte of it moved"
            return Verdict("reader-stopped", "medium", seen)
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


def _earlier(facts: Facts, sock: Socket) -> Socket | None:
    """Return the same socket as the first sample had it."""
    before = facts.delta.before
    table = before.sockets if before else None
    for was in table.sockets if table else ():
        if (was.inode, was.local) == (sock.inode, sock.local):
            return was
    return None


def _full_in_both(was: Socket, sock: Socket) -> bool:
    """Tell whether a queue stood at its limit in both samples.

    /proc/net/udp does not show the limit; a queue that drops and is as long as before stands there.
    """
    if sock.rcvbuf_bytes is not None:
        return is_full(was) and is_full(sock)
    lengths = sorted((was.unread_bytes or 0, sock.unread_bytes or 0))
    return lengths[0] > TINY_BYTES and lengths[0] > _AS_LONG * lengths[1]


def _stood_still(was: Socket, sock: Socket) -> bool:
    """Tell whether a full queue is the same to the byte, without credit for anything read.

    A reader gives memory back in quarters, so what is charged exceeds what is unread while it
    reads. Kernel: net/ipv4/udp.c, udp_rmem_release(), from 4.10.
    """
    charged = {was.rmem_alloc_bytes, sock.rmem_alloc_bytes, was.unread_bytes, sock.unread_bytes}
    return None not in charged and len(charged) == 1
