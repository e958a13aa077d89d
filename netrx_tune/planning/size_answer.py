"""What `size` answers: a buffer, what a buffer survives, other queues, and how each was found."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from netrx_tune.planning.size import (
    Buffer,
    Charge,
    Load,
    Place,
    Survival,
    buffer_for,
    catch_up_usecs,
    delay_usecs,
    first_loss_usecs,
    pages_for,
    remaining_loss,
    survival,
)
from netrx_tune.planning.size_queues import QueueSize
from netrx_tune.rules.words import percent, size
from netrx_tune.rxpath.admission import deferred_credit_share, idle_credit_share
from netrx_tune.rxpath.queue_needs import USECS

_MUCH_MEMORY = 0.25  # of RAM; more than that for buffers starves the rest


class Question(NamedTuple):
    """All that was asked of one kind of socket."""

    load: Load
    charge: Charge
    place: Place
    sockets: int = 1


class Filled(NamedTuple):
    """What a buffer means once it is full; None where a speed was not said."""

    rcvbuf_bytes: int
    memory_bytes: int
    udp_pages: int
    delay_usecs: int | None
    first_loss_usecs: tuple[int, int] | None


class BufferAnswer(NamedTuple):
    """A buffer for a load, the way to it, and its limits."""

    buffer: Buffer
    filled: Filled
    remaining_loss: float | None
    helps: bool
    steps: tuple[str, ...]
    warnings: tuple[str, ...]
    wrong_when: tuple[str, ...]


class SurvivalAnswer(NamedTuple):
    """What a buffer bears, and the way to it."""

    survival: Survival
    filled: Filled
    remaining_loss: float | None
    steps: tuple[str, ...]
    wrong_when: tuple[str, ...]


class Answer(NamedTuple):
    """Everything that one call answers; the parts that were not asked for are None or empty."""

    question: Question | None
    buffer: BufferAnswer | None
    survives: SurvivalAnswer | None
    queues: tuple[QueueSize, ...]


def answer_buffer(question: Question) -> BufferAnswer:
    """Return the buffer that a load needs."""
    load = question.load
    found = buffer_for(load, question.charge, question.place)
    filled = fill(question, found.rcvbuf_bytes)
    return BufferAnswer(
        buffer=found,
        filled=filled,
        remaining_loss=remaining_loss(load),
        helps=found.possible and not load.surplus,
        steps=tuple(_steps(question, found)),
        warnings=tuple(_warnings(question, found, filled)),
        wrong_when=tuple(_wrong_when(question)),
    )


def answer_survival(
    question: Question, rcvbuf_bytes: int, request_bytes: int | None = None
) -> SurvivalAnswer:
    """Return what a buffer of this effective size bears, which a program asked for if known."""
    charge = question.charge
    found = survival(rcvbuf_bytes, question.load, charge, question.place)
    fits = _range(found.burst_low, found.burst_high)
    steps = [] if request_bytes is None else [_granted(request_bytes, rcvbuf_bytes, question.place)]
    steps.append(
        f"{rcvbuf_bytes:,} B / {_each(charge)} of truesize ({charge.how}) = {fits} datagrams."
    )
    if question.load.rate and found.stall_low_usecs is not None:
        high = found.stall_high_usecs or 0
        certain = found.stall_low_usecs * question.load.rate // USECS
        steps.append(
            f"Of those, {certain:,} may be waiting for certain when the reader comes back, since"
            f" read memory comes back in quarters: {certain:,} / {question.load.rate:,}/s ="
            f" {duration(found.stall_low_usecs)}, at best {duration(high)}."
        )
    return SurvivalAnswer(
        found,
        fill(question, rcvbuf_bytes),
        remaining_loss(question.load),
        tuple(steps),
        tuple(_wrong_when(question)),
    )


def _granted(request_bytes: int, rcvbuf_bytes: int, place: Place) -> str:
    """Return what became of a request."""
    top = place.rmem_max
    if top is None:
        cut = "; net.core.rmem_max cannot be seen here and may cut it"
    elif request_bytes > top:
        cut = f", since net.core.rmem_max ({top:,}) cuts it"
    else:
        cut = ""
    return (
        f"A program that asks for {request_bytes:,} B gets {rcvbuf_bytes:,} B: the kernel doubles"
        f" what it grants{cut}."
    )


def fill(question: Question, rcvbuf_bytes: int) -> Filled:
    """Return what it means that buffers of this size are full."""
    load, charge, place, sockets = question
    return Filled(
        rcvbuf_bytes,
        rcvbuf_bytes * sockets,
        pages_for(rcvbuf_bytes, sockets, place.page_bytes),
        delay_usecs(rcvbuf_bytes, load, charge, place),
        first_loss_usecs(rcvbuf_bytes, load, charge, place),
    )


def duration(usecs: int) -> str:
    """Return 85 us, 12.5 ms or 1.25 s."""
    if usecs < 1000:
        return f"{usecs} us"
    if usecs < USECS:
        return f"{usecs / 1000:.4g} ms"
    return f"{usecs / USECS:,.4g} s" if usecs < 1000 * USECS else f"{usecs // USECS:,} s"


def _steps(question: Question, found: Buffer) -> Iterator[str]:
    load, charge, place, _ = question
    if load.burst is not None:
        yield f"A burst of {load.burst:,} datagrams waits at once."
    else:
        yield (
            f"{load.rate or 0:,}/s x {duration(load.stall_usecs or 0)} = {found.datagrams:,}"
            " datagrams wait when the pause is over."
        )
    if found.room > found.datagrams:
        speed = f"{load.drain:,}/s" if load.drain else "perhaps no more than that"
        yield (
            "Memory that was read comes back in quarters of the buffer (udp_rmem_release()), and"
            f" {load.rate:,}/s go on coming while {speed} are read: room for {found.room:,}."
        )
    needs = _range(found.room * charge.low_bytes, found.room * charge.high_bytes)
    yield f"{found.room:,} x {_each(charge)} of truesize ({charge.how}) = {needs} B."
    if idle_credit_share(place.kernel):
        yield "This kernel may keep a quarter of an idle buffer charged: x 4/3."
    yield (
        f"The kernel doubles what SO_RCVBUF asks for, so half of it, in steps of 4 KiB:"
        f" {found.request_bytes:,} B."
    )


def _warnings(question: Question, found: Buffer, filled: Filled) -> Iterator[str]:
    load, _, place, sockets = question
    if not found.possible:
        yield "The kernel holds sizes in an int: no larger buffer than that can be set."
    if load.surplus and load.rate:
        low, high = filled.first_loss_usecs or (0, 0)
        yield (
            f"No buffer helps: {load.rate:,}/s come and {load.drain:,}/s are read. This one is full"
            f" after {_apart(low, high)}, then {percent(load.surplus / load.rate)} are lost, as"
            " with any other. The reader has to become faster, or several have to share the load."
        )
    elif load.drain and load.drain == load.rate:
        yield "The reader is never faster than the traffic: the queue of one pause stays for good."
    if place.memory_bytes and filled.memory_bytes > _MUCH_MEMORY * place.memory_bytes:
        share = percent(filled.memory_bytes / place.memory_bytes)
        yield f"Full buffers would hold {size(filled.memory_bytes)}, {share} of memory."
    if place.udp_mem_pages is not None and filled.udp_pages > place.udp_mem_pages:
        yield (
            f"All UDP sockets together get {place.udp_mem_pages:,} pages (net.ipv4.udp_mem, first"
            f" value), and {sockets:,} full take {filled.udp_pages:,}: raise it as well, or"
            " datagrams are refused before the buffer is full."
        )


def _wrong_when(question: Question) -> Iterator[str]:
    """Yield what makes the answer wrong: each is a thing that was taken for granted."""
    load, charge, place, sockets = question
    if charge.how != "measured":
        yield (
            "datagrams cost more: divide r of `ss -uam` by what is queued, and give that with"
            " --truesize"
        )
    again = catch_up_usecs(load) if load.burst is None and load.stall_usecs else None
    if again is not None:
        yield f"the next pause comes within {duration(again)}: so long it takes to catch up"
    if load.drain is None:
        yield "the reader is slower on average than the traffic: then no buffer helps (--drain)"
    if load.rate is not None and load.stall_usecs:
        yield "the traffic comes in bursts above its average rate: give --burst"
    if sockets > 1:
        yield "the kernel spreads flows unevenly over the sockets: one flow stays with one socket"
    if place.assumed or place.kernel is None:
        yield "the host's settings are not a kernel's defaults, which were taken here"
    if deferred_credit_share(place.kernel, place.release):
        yield "a memory cgroup of the reader is smaller than its buffers"


def _each(charge: Charge) -> str:
    return f"{_range(charge.low_bytes, charge.high_bytes)} B"


def _range(low: int, high: int) -> str:
    return f"{low:,}" if low == high else f"{min(low, high):,} to {max(low, high):,}"


def _apart(low: int, high: int) -> str:
    return (
        duration(low) if duration(low) == duration(high) else f"{duration(low)} to {duration(high)}"
    )
