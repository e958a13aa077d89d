"""Receive buffer arithmetic for traffic that does not run yet, in both directions.

All of it is integer arithmetic on datagrams and truesize, so that a buffer that was sized for a
pause survives that pause, exactly. What is not known is a range; of two ends the answer takes the
one that loses nothing.
"""

from __future__ import annotations

from typing import NamedTuple

from netrx_tune.model.kernel import KernelVersion
from netrx_tune.rxpath.admission import (
    deferred_credit_share,
    effective_rcvbuf,
    idle_credit_share,
    queue_capacity,
    rcvbuf_for,
    request_for,
)
from netrx_tune.rxpath.queue_needs import arrivals, bridged_usecs, up
from netrx_tune.rxpath.truesize import Family, Link, truesize_range

MOST_REQUEST_BYTES = (2**31 - 1) // 2  # __sock_set_rcvbuf() in net/core/sock.c doubles an int
_REQUEST_GRAIN_BYTES = 4096  # requests are rounded up to it, to be read and typed


class Load(NamedTuple):
    """What one socket has to bear; None where it was not said."""

    rate: int | None = None  # datagrams per second, on average
    burst: int | None = None  # datagrams at once
    stall_usecs: int | None = None  # how long the reader pauses
    drain: int | None = None  # datagrams per second that the reader takes when it reads

    @property
    def waiting(self) -> int:
        """Datagrams that wait when the burst or the pause is over."""
        if self.burst is not None:
            return self.burst
        return arrivals(self.rate or 0, self.stall_usecs or 0)

    @property
    def surplus(self) -> int:
        """Datagrams per second that no reader takes: above 0 no buffer helps."""
        return max(0, self.rate - self.drain) if self.rate and self.drain else 0


class Charge(NamedTuple):
    """What one datagram costs in the queue, at least and at most, and how that is known."""

    low_bytes: int
    high_bytes: int
    how: str


class Place(NamedTuple):
    """The host that the buffer is for, as far as it is known."""

    kernel: KernelVersion | None = None
    release: str = ""
    rmem_max: int | None = None
    udp_mem_pages: int | None = None  # udp_mem[0], the real limit
    memory_bytes: int | None = None
    page_bytes: int = 4096
    assumed: bool = False  # a kernel's defaults, not a host's settings


class Buffer(NamedTuple):
    """A buffer for a load; sizes are sk_rcvbuf, twice what a program asks for."""

    datagrams: int  # that wait at once
    room: int  # datagrams that it is made for: more, where read memory comes back late
    low_bytes: int  # could do, if every datagram costs the least
    rcvbuf_bytes: int  # what is recommended: never too small
    request_bytes: int
    possible: bool  # the kernel's int can hold it


class Survival(NamedTuple):
    """What a buffer bears: datagrams at once, and pauses; the low end is certain."""

    burst_low: int
    burst_high: int
    stall_low_usecs: int | None
    stall_high_usecs: int | None


def charge_for(
    payload_bytes: int,
    kernel: KernelVersion | None,
    link: Link,
    *,
    family: Family = 4,
    mtu: int | None = None,
) -> Charge:
    """Return what a datagram of a payload is charged, reckoned from the kernel's rules."""
    low, high = truesize_range(payload_bytes, kernel, link, family=family, mtu=mtu)
    whose = "a card, by its driver" if link == "nic" else link
    return Charge(low, high, f"payload {payload_bytes:,} B over IPv{family}, {whose}")


def buffer_for(load: Load, charge: Charge, place: Place) -> Buffer:
    """Return the buffer that bears a burst or a pause without loss."""
    waiting = max(1, load.waiting)
    room = up(waiting * _WHOLE, _kept(load, place))
    exact = rcvbuf_for(room, charge.high_bytes, place.kernel)
    request = up(request_for(exact), _REQUEST_GRAIN_BYTES) * _REQUEST_GRAIN_BYTES
    granted = min(request, MOST_REQUEST_BYTES)
    return Buffer(
        datagrams=waiting,
        room=room,
        low_bytes=(room if load.drain else waiting) * charge.low_bytes,
        rcvbuf_bytes=effective_rcvbuf(granted, granted),
        request_bytes=granted,
        possible=exact <= effective_rcvbuf(granted, granted),
    )


def survival(rcvbuf_bytes: int, load: Load, charge: Charge, place: Place) -> Survival:
    """Return what a buffer bears, by the dearest datagram and by the cheapest."""
    least = _usable(rcvbuf_bytes, charge.high_bytes, place)
    most = queue_capacity(rcvbuf_bytes, charge.low_bytes, place.kernel, place.release)
    if not load.rate:
        return Survival(least, most, None, None)
    certain = least * _kept(load, place) // _WHOLE
    return Survival(least, most, bridged_usecs(certain, load.rate), bridged_usecs(most, load.rate))


def first_loss_usecs(
    rcvbuf_bytes: int, load: Load, charge: Charge, place: Place
) -> tuple[int, int] | None:
    """Return how long an empty buffer takes to fill under overload; None if there is none.

    Memory that was read comes back in quarters, so the first loss may be a quarter early.
    """
    if not load.surplus:
        return None
    least = _usable(rcvbuf_bytes, charge.high_bytes, place)
    most = queue_capacity(rcvbuf_bytes, charge.low_bytes, place.kernel, place.release)
    late = deferred_credit_share(place.kernel, place.release)
    early = least * 3 // 4 if late else least
    return bridged_usecs(early, load.surplus), bridged_usecs(most, load.surplus)


def remaining_loss(load: Load) -> float | None:
    """Return the share that stays lost whatever the buffer is; None without both rates."""
    if load.rate is None or load.drain is None:
        return None
    return load.surplus / load.rate


def catch_up_usecs(load: Load) -> int | None:
    """Return how long the reader takes to empty the queue again; None if never or unknown."""
    if load.drain is None:
        return None
    spare = load.drain - (load.rate or 0)
    return bridged_usecs(load.waiting, spare) if spare > 0 else None


def delay_usecs(rcvbuf_bytes: int, load: Load, charge: Charge, place: Place) -> int | None:
    """Return how old a datagram may be that leaves a full buffer: what it holds / drain."""
    if not load.drain:
        return None
    most = queue_capacity(rcvbuf_bytes, charge.low_bytes, place.kernel, place.release)
    return bridged_usecs(most, load.drain)


def pages_for(rcvbuf_bytes: int, sockets: int, page_bytes: int) -> int:
    """Return how much of udp_mem that many full buffers take."""
    return sockets * up(rcvbuf_bytes, page_bytes)


# A pause ends with reading, and traffic goes on: until the first quarter was read and given
# back, arrivals still pile up. Of so many parts a pause may fill the kept ones.
_WHOLE = 1 << 20


def _kept(load: Load, place: Place) -> int:
    """Return how much of a queue, in parts of _WHOLE, may be full when the reader comes back.

    While the reader takes a quarter of the buffer, a quarter x rate / drain arrives: nothing
    for a fast reader, a quarter for one as slow as the traffic, which is taken where the
    reader's speed is not known. Kernels that keep credit of idle queues have paid for it in
    rcvbuf_for(). Kernel: udp_rmem_release() in net/ipv4/udp.c.
    """
    late = deferred_credit_share(place.kernel, place.release)
    if load.burst is not None or not late or idle_credit_share(place.kernel):
        return _WHOLE
    if not load.drain or not load.rate or load.rate >= load.drain:
        return _WHOLE * 3 // 4
    return _WHOLE - up(_WHOLE * load.rate, 4 * load.drain)


def _usable(rcvbuf_bytes: int, truesize_bytes: int, place: Place) -> int:
    """Return the datagrams that fit for certain: an idle queue may hold back a quarter."""
    if idle_credit_share(place.kernel):
        rcvbuf_bytes = rcvbuf_bytes * 3 // 4
    return queue_capacity(rcvbuf_bytes, truesize_bytes, place.kernel, place.release)
