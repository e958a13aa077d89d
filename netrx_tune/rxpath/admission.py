"""How much a receive buffer holds, by kernel: the tests a datagram must pass to be queued.

All sizes are truesize bytes: see truesize.py. Versions read: 3.10 to 6.19; capacities were
measured on 5.10, 6.1, 6.12, 6.18 and 7.3.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from netrx_tune.model.kernel import KernelVersion
from netrx_tune.rxpath.kernel_features import V, has_el7_new_udp, is_el7

MIN_RCVBUF_BYTES = 2304  # SOCK_MIN_RCVBUF in include/net/sock.h, x86-64, from 3.13
_INT_MAX = 2**31 - 1


class Admission(NamedTuple):
    """A way to admit datagrams; `until` is exclusive."""

    since: KernelVersion
    until: KernelVersion | None
    capacity: Callable[[int, int], int]  # receive buffer, truesize: datagrams
    source: str


def _until_reached(rcvbuf_bytes: int, truesize_bytes: int) -> int:
    """Admit while the charge is below the buffer."""
    return -(-rcvbuf_bytes // truesize_bytes)


def _until_passed(rcvbuf_bytes: int, truesize_bytes: int) -> int:
    """Admit while the charge is not above the buffer: the last one may pass it."""
    return rcvbuf_bytes // truesize_bytes + 1


def _until_passed_or_huge(rcvbuf_bytes: int, truesize_bytes: int) -> int:
    """As before, but never beyond a buffer that is itself near the largest number."""
    if rcvbuf_bytes > _INT_MAX // 2:
        return max(1, rcvbuf_bytes // truesize_bytes)
    return rcvbuf_bytes // truesize_bytes + 1


def _what_fits(rcvbuf_bytes: int, truesize_bytes: int) -> int:
    """Admit what fits; an empty queue takes one datagram of any size."""
    return max(1, rcvbuf_bytes // truesize_bytes)


ADMISSIONS: tuple[Admission, ...] = (
    Admission(
        V(0, 0),
        V(4, 10),
        _until_reached,
        "sk_rcvqueues_full() in include/net/sock.h, then sock_queue_rcv_skb() in "
        "net/core/sock.c: rmem >= rcvbuf is refused",
    ),
    Admission(
        V(4, 10),
        V(6, 15),
        _until_passed,
        "__udp_enqueue_schedule_skb() in net/ipv4/udp.c: rmem > rcvbuf is refused (up to 6.9 "
        "also rmem > rcvbuf + size once it is added)",
    ),
    Admission(
        V(6, 15),
        V(6, 18),
        _until_passed_or_huge,
        "__udp_enqueue_schedule_skb() in net/ipv4/udp.c: rmem + size > rcvbuf is refused if "
        "rmem > rcvbuf or rcvbuf > INT_MAX / 2 (read in 6.17 and late 6.12, absent in 6.14)",
    ),
    Admission(
        V(6, 18),
        None,
        _what_fits,
        "__udp_enqueue_schedule_skb() in net/ipv4/udp.c: rmem + size > rcvbuf is refused unless "
        "rmem is 0",
    ),
)


def admission(kernel: KernelVersion | None, release: str = "") -> Admission:
    """Return how a kernel admits datagrams; an unknown one as the newest, which admits least.

    The release tells el7, whose late builds (7.8) have the queue of 4.10.
    """
    if kernel is None:
        return ADMISSIONS[-1]
    if has_el7_new_udp(kernel, release):
        kernel = V(4, 10)
    fitting = [one for one in ADMISSIONS if one.since <= kernel]
    return fitting[-1]


def queue_capacity(
    rcvbuf_bytes: int, truesize_bytes: int, kernel: KernelVersion | None, release: str = ""
) -> int:
    """Return how many datagrams of one truesize an empty queue takes before the first loss.

    The buffer is sk_rcvbuf, twice what SO_RCVBUF asked for. Above half of it skb_condense() (4.10
    and later) may make small packets cheaper, so the queue can hold a few more.
    """
    return admission(kernel, release).capacity(rcvbuf_bytes, truesize_bytes)


def rcvbuf_for(datagrams: int, truesize_bytes: int, kernel: KernelVersion | None) -> int:
    """Return the effective buffer that takes so many datagrams into an empty queue.

    Where credit stays out even when a queue is empty, the buffer is larger by it. No credit
    is given for what a reader takes out meanwhile: memory comes back in quarters, and the
    need measured on 6.18 was the whole peak.
    """
    need = datagrams * truesize_bytes
    return -(-need * 4 // 3) if idle_credit_share(kernel) else need


def deferred_credit_share(kernel: KernelVersion | None, release: str = "") -> float:
    """Return the share of a buffer whose memory may be read and not yet given back.

    After a queue was full, nothing is admitted until that share of the buffer was read.

    Kernel: udp_rmem_release() in net/ipv4/udp.c, from 4.10; not in el7.9.
    """
    if kernel is not None and (kernel < V(4, 10) or is_el7(kernel, release)):
        return 0.0
    return 0.25


def idle_credit_share(kernel: KernelVersion | None) -> float:
    """Return the share of a buffer that may stay charged though its queue is empty.

    Kernel: udp_rmem_release() in net/ipv4/udp.c of 4.19.0 to 4.19.90, 5.0 to 5.3 and el8.1
    (4.18) does not ask whether the queue is empty; 5.4.286 and 5.7 do.
    """
    return 0.25 if kernel is not None and V(4, 18) <= kernel < V(5, 4) else 0.0


def effective_rcvbuf(request_bytes: int, rmem_max: int) -> int:
    """Return sk_rcvbuf after SO_RCVBUF: clamped at net.core.rmem_max, then doubled.

    Never an error: a request that is too large is cut without a word, a negative one becomes
    the largest.

    Kernel: sk_setsockopt() and __sock_set_rcvbuf() in net/core/sock.c.
    """
    value = rmem_max if request_bytes < 0 else min(request_bytes, rmem_max)
    return max(2 * min(value, _INT_MAX // 2), MIN_RCVBUF_BYTES)


def request_for(rcvbuf_bytes: int) -> int:
    """Return the least SO_RCVBUF that gives an effective buffer, if rmem_max allows it.

    A socket that never asks has net.core.rmem_default, which is not doubled.

    Kernel: __sock_set_rcvbuf() in net/core/sock.c.
    """
    return -(-rcvbuf_bytes // 2)
