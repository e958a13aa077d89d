"""The same arithmetic for the other queues: backlog, fragments, connections, listeners."""

from __future__ import annotations

from typing import NamedTuple

from netrx_tune.planning.size import Charge, Load
from netrx_tune.rxpath.queue_needs import (
    BUCKET_BYTES,
    ENTRIES_PER_BUCKET,
    ENTRY_BYTES,
    FRAGMENT_QUEUE_BYTES,
    USECS,
    WAITING_CONNECTION_BYTES,
    arrivals,
    bridged_usecs,
    buckets,
    entries,
    incomplete_bytes,
)


class QueueSize(NamedTuple):
    """A limit for a queue, and the lines that lead to it."""

    tunable: str
    value: int
    unit: str
    current: int | None
    memory_bytes: int
    steps: tuple[str, ...]
    wrong_when: tuple[str, ...]
    also: tuple[str, ...] = ()  # what must be set with it, or could be instead
    survives: str = ""  # what the present limit bears, in a sentence
    bridges_usecs: int | None = None  # how long it takes what comes while nothing is taken out

    @property
    def enough(self) -> bool | None:
        """Tell whether the present limit will do; None where it cannot be seen."""
        return None if self.current is None else self.current >= self.value


def backlog_for(load: Load, packets_each: int, charge: Charge, current: int | None) -> QueueSize:
    """Return the backlog that takes a burst, or what comes while a CPU is away.

    Kernel: enqueue_to_backlog() in net/core/dev.c: one queue for each CPU.
    """
    packets = load.waiting * packets_each
    if load.burst is not None:
        first = f"A burst of {load.burst:,} datagrams"
    else:
        first = f"{_rate(load.rate)} x {_seconds(load.stall_usecs)} = {load.waiting:,} datagrams"
    each = "one packet each" if packets_each == 1 else f"{packets_each} fragments each"
    return QueueSize(
        "net.core.netdev_max_backlog",
        packets,
        "packets",
        current,
        packets * charge.high_bytes // packets_each,
        (f"{first}, {each}: {packets:,} packets that wait on one CPU.",),
        (
            "the packets do not pass a backlog: only loopback, veth, tunnels and RPS use it",
            "the CPU is too slow on average: then a longer queue only makes packets late",
            "the socket behind it is too small: the loss moves there",
        ),
        survives=_pause(current, (load.rate or 0) * packets_each, "while the CPU is away"),
        bridges_usecs=_bridged(current, (load.rate or 0) * packets_each),
    )


def fragments_for(
    load: Load, lost_share: float, charge: Charge, wait_seconds: int, current: int | None
) -> QueueSize:
    """Return the memory that incomplete datagrams need until they are given up.

    Kernel: inet_frag_alloc() and ip_expire() in net/ipv4; from 4.19 every fragment is refused
    while the memory is full.
    """
    rate = load.rate or 0
    incomplete = max(1, round(rate * lost_share * wait_seconds))
    each = incomplete_bytes(1, charge.high_bytes)
    need = incomplete_bytes(incomplete, charge.high_bytes)
    per_second = rate * lost_share * each
    steps = (
        (
            f"{_rate(rate)} x {lost_share:.4g} incomplete x {wait_seconds:,} s (ipfrag_time)"
            f" = {incomplete:,} incomplete datagrams held at once."
        ),
        (
            f"Each holds up to {charge.high_bytes:,} B of truesize and {FRAGMENT_QUEUE_BYTES} B"
            f" for itself: {incomplete:,} x {each:,} B = {need:,} B."
        ),
    )
    also: tuple[str, ...] = ()
    if current is not None and per_second:
        held = current / per_second
        also = (f"Or keep {current:,} B and give up after {held:.3g} s (net.ipv4.ipfrag_time).",)
    return QueueSize(
        "net.ipv4.ipfrag_high_thresh",
        need,
        "bytes",
        current,
        need,
        steps,
        (
            "more fragments are lost than that: memory fills with halves and all are refused",
            "IPv6: it has net.ipv6.ip6frag_high_thresh and waits 60 s (ip6frag_time)",
        ),
        also,
        "" if current is None else f"{current:,} B hold {current // each:,} incomplete datagrams.",
    )


def conntrack_for(flows: int, timeout_seconds: int, current: int | None) -> QueueSize:
    """Return the entries that flows need until they time out.

    Kernel: __nf_conntrack_alloc() in net/netfilter/nf_conntrack_core.c.
    """
    room = entries(flows, timeout_seconds)
    lasts = (
        "" if current is None else f"New flows are refused above {current // timeout_seconds:,}/s."
    )
    return QueueSize(
        "net.netfilter.nf_conntrack_max",
        room,
        "entries",
        current,
        room * ENTRY_BYTES + buckets(room) * BUCKET_BYTES,
        (
            f"{flows:,} new flows/s x {timeout_seconds:,} s of an entry = {room:,} entries.",
            (
                f"Each takes about {ENTRY_BYTES} B, and {ENTRIES_PER_BUCKET} of them share a"
                f" bucket of {BUCKET_BYTES} B."
            ),
        ),
        (
            "flows last: then it is flows/s x (how long they last + the timeout)",
            "kube-proxy or another program writes the value again",
        ),
        (
            f"Set net.netfilter.nf_conntrack_buckets to {buckets(room):,} with it: short look-ups.",
            "Or keep stateless UDP out of the table: a notrack rule for its port.",
        ),
        lasts,
    )


def accept_for(connections: int, stall_usecs: int, current: int | None) -> QueueSize:
    """Return the accept backlog for connections that come while nobody accepts.

    Kernel: sk_acceptq_is_full() in include/net/sock.h; inet_listen() takes the smaller of
    listen()'s backlog and net.core.somaxconn.
    """
    waiting = max(1, arrivals(connections, stall_usecs))
    return QueueSize(
        "net.core.somaxconn",
        waiting,
        "connections",
        current,
        waiting * WAITING_CONNECTION_BYTES,
        (
            f"{connections:,}/s x {_seconds(stall_usecs)} without accept() = {waiting:,} waiting.",
            "The queue is the smaller of listen()'s backlog and net.core.somaxconn.",
        ),
        ("accept() is slower than the connections on average: then no queue is long enough",),
        (f"In the program: listen(fd, {waiting}); it takes effect at the next listen().",),
        _pause(current, connections, "without accept()"),
        _bridged(current, connections),
    )


def _pause(places: int | None, per_second: int, words: str) -> str:
    """Return how long a pause a queue bridges, nothing where that is not known."""
    usecs = _bridged(places, per_second)
    if usecs is None:
        return ""
    return f"{places:,} bridge {_seconds(usecs)} at {per_second:,}/s {words}."


def _bridged(places: int | None, per_second: int) -> int | None:
    return bridged_usecs(places, per_second) if places is not None and per_second else None


def _rate(rate: int | None) -> str:
    return f"{rate or 0:,}/s"


def _seconds(usecs: int | None) -> str:
    return f"{(usecs or 0) / USECS:.6g} s"
