"""What `size` answers, as text and as JSON (schema netrx-tune/size/v1)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from netrx_tune import TOOL
from netrx_tune.planning.size import Place
from netrx_tune.planning.size_answer import (
    Answer,
    BufferAnswer,
    Filled,
    Question,
    SurvivalAnswer,
    duration,
)
from netrx_tune.planning.size_queues import QueueSize
from netrx_tune.reporters.finding_text import exact_size
from netrx_tune.reporters.plain import BLANK, Block, layout
from netrx_tune.rules.words import count, percent, size
from netrx_tune.rxpath.queue_needs import USECS

SCHEMA = "netrx-tune/size/v1"


def render_size(answer: Answer, *, width: int, color: bool) -> str:
    """Return the answer for people."""
    return layout(_blocks(answer), width=width, color=color)


def size_json(answer: Answer, place: Place) -> dict[str, object]:
    """Return the answer, ready for json.dumps()."""
    asked = answer.question
    return {
        "schema": SCHEMA,
        "tool": TOOL,
        "host": {
            "kernel": str(place.kernel) if place.kernel else None,
            "assumed": place.assumed,
            "memory_bytes": place.memory_bytes,
        },
        "truesize": asked and asked.charge._asdict(),
        "load": asked and {**asked.load._asdict(), "sockets": asked.sockets},
        "buffer": answer.buffer and _buffer_json(answer.buffer, place),
        "survives": answer.survives and _survival_json(answer.survives, place),
        "queues": [{**one._asdict(), "enough": one.enough} for one in answer.queues],
    }


def _buffer_json(found: BufferAnswer, place: Place) -> dict[str, object]:
    sized = found.buffer
    return {
        "helps": found.helps,
        "datagrams": sized.datagrams,
        "room_datagrams": sized.room,
        "range_bytes": [sized.low_bytes, sized.rcvbuf_bytes],
        "so_rcvbuf_bytes": sized.request_bytes,
        "rmem_max": _limit_json(sized.request_bytes, place.rmem_max),
        **_filled_json(found.filled, place),
        "remaining_loss_share": found.remaining_loss,
        "steps": found.steps,
        "warnings": found.warnings,
        "wrong_when": found.wrong_when,
    }


def _survival_json(found: SurvivalAnswer, place: Place) -> dict[str, object]:
    low, high, stall_low, stall_high = found.survival
    return {
        "burst_datagrams": [low, high],
        "stall_seconds": None
        if stall_low is None or stall_high is None
        else [stall_low / USECS, stall_high / USECS],
        **_filled_json(found.filled, place),
        "remaining_loss_share": found.remaining_loss,
        "steps": found.steps,
        "wrong_when": found.wrong_when,
    }


def _filled_json(filled: Filled, place: Place) -> dict[str, object]:
    first = filled.first_loss_usecs
    return {
        "rcvbuf_bytes": filled.rcvbuf_bytes,
        "memory_bytes": filled.memory_bytes,
        "udp_mem_pages": _limit_json(filled.udp_pages, place.udp_mem_pages),
        "delay_seconds": None if filled.delay_usecs is None else filled.delay_usecs / USECS,
        "first_loss_seconds": first and [usecs / USECS for usecs in first],
    }


def _limit_json(needed: int, current: int | None) -> dict[str, object]:
    enough = None if current is None else current >= needed
    return {"needed": needed, "current": current, "enough": enough}


def _blocks(answer: Answer) -> Iterator[Block]:
    parts = [_queue(one) for one in answer.queues]
    if answer.question and answer.survives:
        parts.insert(0, _survival(answer.survives, answer.question))
    if answer.question and answer.buffer:
        parts.insert(0, _buffer(answer.buffer, answer.question))
    for number, part in enumerate(parts):
        if number:
            yield BLANK
        yield from part


def _buffer(found: BufferAnswer, asked: Question) -> Iterator[Block]:
    sized = found.buffer
    what = f"a burst of {count(asked.load.burst)}" if asked.load.burst else "that pause"
    ask, get = exact_size(sized.request_bytes), exact_size(sized.rcvbuf_bytes)
    if found.helps:
        yield Block(f"For {what}, ask for {ask}; the kernel makes it {get}.", style="title")
    elif sized.possible:
        yield Block(f"For {what} alone it would be {ask}, doubled to {get}.", style="title")
    else:
        yield Block(
            f"{what.capitalize()} needs more than the largest buffer, {get}.", style="title"
        )
    for warning in found.warnings:
        yield Block(warning, 0, 2, "WARNING:", "warning")
    yield from _numbered("How:", found.steps)
    if found.helps:
        least = exact_size(sized.low_bytes)
        yield Block(f"{least} could do; {get} loses nothing.", 0, 2, "Range:", "title")
    yield from _settings(found, asked)
    yield from _meaning(found.filled, asked)
    yield from _left(found.remaining_loss)
    yield from _listed("Wrong when:", found.wrong_when)


def _settings(found: BufferAnswer, asked: Question) -> Iterator[Block]:
    if not found.helps:
        return
    request, place = found.buffer.request_bytes, asked.place
    yield Block("", label="Set:", style="title")
    command = f"setsockopt(fd, SOL_SOCKET, SO_RCVBUF, {request})"
    yield Block(command, 4, style="command", verbatim=True)
    whose = "by default on that kernel" if place.assumed else "now"
    if place.rmem_max is None:
        yield Block("net.core.rmem_max cannot be seen from here; it must be at least that.", 2)
    elif place.rmem_max >= request:
        yield Block(f"net.core.rmem_max is {count(place.rmem_max)} B {whose}: enough.", 2)
    else:
        command = f"sysctl -w net.core.rmem_max={request}"
        yield Block(command, 4, style="command", verbatim=True)
        yield Block(f"since net.core.rmem_max is {count(place.rmem_max)} B {whose}.", 2)


def _survival(found: SurvivalAnswer, asked: Question) -> Iterator[Block]:
    low, high, stall_low, stall_high = found.survival
    buffer = exact_size(found.filled.rcvbuf_bytes)
    text = f"A buffer of {buffer} takes a burst of {count(low)} datagrams"
    if stall_low is not None:
        text += f", or a pause of {duration(stall_low)} at {count(asked.load.rate or 0)}/s"
    yield Block(f"{text}.", style="title")
    if asked.load.surplus:
        yield Block("No buffer helps: more comes in than the reader takes.", 0, 2, "WARNING:")
    yield from _numbered("How:", found.steps)
    if high > low:
        pause = "" if stall_high is None else f", or {duration(stall_high)}"
        yield Block(f"at best {count(high)} datagrams{pause}.", 0, 2, "Range:", "title")
    yield from _meaning(found.filled, asked)
    yield from _left(found.remaining_loss)
    yield from _listed("Wrong when:", found.wrong_when)


def _meaning(filled: Filled, asked: Question) -> Iterator[Block]:
    place = asked.place
    limit = ""
    if place.udp_mem_pages is not None:
        limit = f" of the {count(place.udp_mem_pages)} that all UDP sockets share (udp_mem)"
    sockets = "" if asked.sockets == 1 else f" in {count(asked.sockets)} sockets"
    text = f"up to {size(filled.memory_bytes)}{sockets}, {count(filled.udp_pages)} pages{limit}."
    yield Block(text, 0, 2, "Memory:", "title")
    if filled.delay_usecs is not None:
        text = f"what leaves a full buffer is up to {duration(filled.delay_usecs)} old."
        yield Block(text, 0, 2, "Delay:", "title")
    if filled.first_loss_usecs:
        low, high = filled.first_loss_usecs
        text = f"after {duration(low)} to {duration(high)} from empty."
        yield Block(text, 0, 2, "First loss:", "title")


def _left(share: float | None) -> Iterator[Block]:
    if share is not None:
        words = f"{percent(share)}, whatever the buffer is" if share else "none"
        yield Block(f"{words}.", 0, 2, "Loss that stays:", "title")


def _queue(one: QueueSize) -> Iterator[Block]:
    unit = exact_size(one.value) if one.unit == "bytes" else f"{count(one.value)} {one.unit}"
    yield Block(f"{one.tunable}: {unit}.", style="title")
    yield from _numbered("How:", one.steps)
    bears = f" {one.survives}" if one.survives else ""
    if one.enough:
        text = f"{count(one.current or 0)} is enough: change nothing.{bears}"
        yield Block(text, 0, 2, "Now:", "title")
    else:
        known = "cannot be seen from here" if one.current is None else count(one.current)
        yield Block(f"{known}.{bears}", 0, 2, "Now:", "title")
        yield Block("", label="Set:", style="title")
        yield Block(f"sysctl -w {one.tunable}={one.value}", 4, style="command", verbatim=True)
    yield Block(f"up to {size(one.memory_bytes)}.", 0, 2, "Memory:", "title")
    yield from _listed("Also:", one.also)
    yield from _listed("Wrong when:", one.wrong_when)


def _numbered(label: str, lines: Iterable[str]) -> Iterator[Block]:
    yield Block("", label=label, style="title")
    for number, line in enumerate(lines, 1):
        yield Block(line, 2, 3, f"{number}.")


def _listed(label: str, lines: Iterable[str]) -> Iterator[Block]:
    for number, line in enumerate(lines):
        if not number:
            yield Block("", label=label, style="title")
        yield Block(line, 2, 2, "-")
