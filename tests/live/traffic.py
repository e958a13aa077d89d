"""The traffic maker: datagrams and frames, counted, paced or in bursts, always bounded."""

from __future__ import annotations

import socket
import struct
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tests.live.children import Child, Place, number
from tests.live.packets import UDP, UDPLITE

# Nothing sends for longer than this, whatever was asked.
LONGEST_SECONDS = 8.0
SEQUENCE = struct.Struct("!Q")


@dataclass(frozen=True, kw_only=True)
class Pace:
    """How many, how fast: `per_second` None is as fast as the sender can.

    With `burst`, that many go at once, and `per_second` is the mean over the bursts.
    """

    count: int
    per_second: float | None = None
    burst: int = 1


@dataclass(frozen=True, kw_only=True)
class Datagrams:
    """What a sending program does: a socket, a destination and a pace.

    `skip_every` leaves out each n-th sequence number, as a network that loses it would.
    `segment_bytes` hands the kernel ten datagrams at a time (UDP_SEGMENT).
    """

    to: str
    port: int
    pace: Pace
    payload_bytes: int = 200
    protocol: int = UDP
    source_port: int = 0
    device: str = ""
    skip_every: int = 0
    segment_bytes: int = 0


def blast(send: Callable[[int], object], pace: Pace) -> int:
    """Call `send` for 0 .. count-1 at the pace; return how many calls there were."""
    start = time.monotonic()
    for index in range(pace.count):
        if index % pace.burst == 0:
            now = time.monotonic()
            if now - start > LONGEST_SECONDS:
                return index
            if pace.per_second is not None:
                time.sleep(max(0.0, start + index / pace.per_second - now))
        send(index)
    return pace.count


def send_datagrams(place: Place, datagrams: Datagrams) -> int:
    """Send from a process in `place`; return how many datagrams the kernel took."""
    return _in_child(place, lambda: _send_datagrams(datagrams))


def send_frames(
    place: Place, device: str, frames: Sequence[bytes], pace: Pace | None = None
) -> int:
    """Send frames in turn, each `count / len(frames)` times; return how many went out."""
    chosen = pace or Pace(count=len(frames))
    return _in_child(place, lambda: _send_frames(device, frames, chosen))


def _in_child(place: Place, work: Callable[[], int]) -> int:
    with Child(lambda _: work(), place) as child:
        return number(child.answer())


def _send_datagrams(datagrams: Datagrams) -> int:
    family = socket.AF_INET6 if ":" in datagrams.to else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM, datagrams.protocol) as sender:
        _prepare(sender, datagrams)
        filler = b"." * (datagrams.payload_bytes - SEQUENCE.size)
        destination = (datagrams.to, datagrams.port)
        skip = datagrams.skip_every
        copies = 10 if datagrams.segment_bytes else 1

        def send(number: int) -> None:
            sequence = number + number // (skip - 1) if skip else number
            sender.sendto((SEQUENCE.pack(sequence) + filler) * copies, destination)

        return blast(send, datagrams.pace) * copies


def _prepare(sender: socket.socket, datagrams: Datagrams) -> None:
    sender.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)
    sender.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
    if datagrams.device:
        sender.setsockopt(
            socket.SOL_SOCKET, socket.SO_BINDTODEVICE, datagrams.device.encode() + b"\0"
        )
    if datagrams.source_port:
        sender.bind(("", datagrams.source_port))
    if datagrams.segment_bytes:
        udp_segment = 103  # include/uapi/linux/udp.h
        sender.setsockopt(UDP, udp_segment, datagrams.segment_bytes)
    if datagrams.protocol == UDPLITE:
        send_coverage = 10  # UDPLITE_SEND_CSCOV: header and 12 octets
        sender.setsockopt(UDPLITE, send_coverage, 20)


def _send_frames(device: str, frames: Sequence[bytes], pace: Pace) -> int:
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as sender:
        sender.bind((device, 0))
        sender.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)
        return blast(lambda number: sender.send(frames[number % len(frames)]), pace)
