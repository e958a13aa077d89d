"""Which side of the socket an error was on: the sockets' drops divide what InErrors adds up.

    on arrival, before any socket     bad checksum (UDP length <= 76), short header     no drops
    at the socket                     filter, policy, buffer, memory, late checksum     drops

Kernel: net/ipv4/udp.c, __udp4_lib_rcv(), udp_queue_rcv_one_skb(), udp_recvmsg().
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from netrx_tune.model.ledger import Bound
from netrx_tune.model.snapshot import Delta
from netrx_tune.rxpath import kernel_features as features
from netrx_tune.rxpath.books.half_read import drops_of_unread_version
from netrx_tune.rxpath.books.udp_errors import (
    Errors,
    errors_of,
    has,
    memory_is_short,
    memory_pool,
    socket_drops,
)

RCVBUF = "udp-rcvbuf-full"


class Split(NamedTuple):
    """How checksum errors and nameless errors divide between arrival and socket."""

    csum_late: int
    at_socket: int  # nameless, and a socket counted it
    silent: int  # a socket counted it, InErrors did not
    certain: bool  # the sockets' drops explain all of it
    none_on_arrival: bool = False  # what no socket counted may still have been at one


def split_errors(delta: Delta, errors: Errors, drops: int | None) -> Split:
    """Divide by the drops that the named socket losses leave over."""
    if drops is None:
        return Split(0, 0, 0, certain=False)
    host = delta.after.host
    found = _divided(delta, errors, drops)
    if features.filter_counts_socket_drops(host.kernel, host.release or ""):
        return found
    return found._replace(none_on_arrival=True)


def _divided(delta: Delta, errors: Errors, drops: int) -> Split:
    csum, residual, slack = errors.csum, errors.residual, delta.socket_skew
    extra = drops - errors.rcvbuf - errors.memory
    gone = extra < -slack or delta.mode == "since-boot"
    if counts_memory_silently(delta):
        if extra > csum + residual + slack:
            return Split(csum, residual, extra - csum - residual, certain=True)
        if memory_is_short(delta) and extra > slack:
            return Split(0, 0, extra, certain=not (csum or residual))
    for late, nameless in ((0, 0), (csum, residual), (0, residual), (csum, 0)):
        if abs(extra - late - nameless) <= slack and (extra > 0 or not gone):
            return Split(late, nameless, 0, certain=True)
    if extra > 0 and not (csum and residual):
        return Split(min(extra, csum), min(extra, residual), 0, certain=not gone)
    return Split(max(0, min(csum, extra - residual)), max(0, min(residual, extra - csum)), 0,
                 certain=False)  # fmt: skip


def has_mem_errors(delta: Delta) -> bool:
    """Tell whether this kernel has the column for memory that was refused."""
    return "Udp.MemErrors" in delta.after.counters


def counts_memory_silently(delta: Delta) -> bool:
    """Tell whether refused memory is in the sockets' drops and nowhere else."""
    kernel = delta.after.host.kernel
    return features.memory_refusals(kernel, has_mem_errors(delta)) == "socket-drops-only"


def counts_full_buffers(delta: Delta) -> bool:
    """Tell whether RcvbufErrors is there and holds every full buffer.

    Of an unknown kernel the columns tell: one without IgnoredMulti is older than 3.19, or el7, or
    its line was left out. Where RcvbufErrors is the greater part of what has no other name it
    counts them: up to 3.15 it is next to nothing of them.
    """
    host = delta.after.host
    if host.kernel is None and not has(delta, "IgnoredMulti"):
        return names_most_full_buffers(delta)
    counts = features.rcvqueue_full_counts_rcvbuf_errors(host.kernel, host.release or "")
    return counts and has(delta, "RcvbufErrors")


def names_most_full_buffers(delta: Delta) -> bool:
    """Tell whether RcvbufErrors is more than all errors without a name, whatever the kernel."""
    errors = errors_of(delta)
    return errors is not None and errors.rcvbuf > errors.residual


def nameless_stage(delta: Delta, split: Split) -> tuple[str, Bound]:
    """Return the stage of an error that a socket counted and no counter names.

    Up to 5.10 a shortage of UDP memory is among them: only the pool's level tells.
    """
    host, pool = delta.after.host, memory_pool(delta)
    mode = features.memory_refusals(host.kernel, has_mem_errors(delta))
    if mode == "in-errors" and pool == "short":
        return "udp-proto-mem", "at-most"
    if not counts_full_buffers(delta):
        sure = has(delta, "RcvbufErrors") and pool == "ample"
        return RCVBUF, ("exact" if sure and split.certain else "at-most")
    if features.has_udp_backlog(host.kernel, host.release or ""):
        return "udp-backlog-full", "at-most"
    if mode != "in-errors":
        return "udp-sk-filter", "exact"
    if pool == "unknown":
        return "udp-unattributed", "exact"
    return "udp-sk-filter", "at-most"


def uncounted_drops(delta: Delta) -> Iterator[str]:
    """Yield that sockets dropped more than UDP counted, which no one namespace shows at once."""
    drops = socket_drops(delta)
    errors = errors_of(delta) if drops else None
    if errors is None or not drops or counts_memory_silently(delta):
        return
    more = drops - drops_of_unread_version(delta) - errors.in_errors
    if more > max(delta.socket_skew, drops // 10):
        yield (
            f"{more:,} of {drops:,} drops of UDP sockets are in no counter of UDP: the two are of"
            " different moments or network namespaces, or the kernel is a 6.18 that refused memory"
        )
