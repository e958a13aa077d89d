"""TCP programs of the lab: well-behaved ones, and a peer that sends what it likes."""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import mmap
import socket
import struct
import threading
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import NamedTuple

from tests.live import syscalls
from tests.live.netns import Wire
from tests.live.packets import TCP, Flow, ethernet, ipv4, tcp

PORT = 9100
# An address that nobody has, so that no kernel answers for the peer.
PEER = "10.77.0.77"
SYN, PSH, ACK = 0x02, 0x08, 0x10

# Kernel: include/uapi/linux/userfaultfd.h.
_UFFD_API, _UFFDIO_API = 0xAA, 0xC018AA3F
_UFFDIO_REGISTER, _UFFDIO_ZEROPAGE = 0xC020AA00, 0xC020AA04
_REGISTER_MISSING = 1

Program = Callable[[Connection], object]


def listen(address: str, *, backlog: int, accepts: int) -> Program:
    """Return a program that listens, accepts so many connections and then only waits."""

    def body(channel: Connection) -> None:
        with socket.create_server((address, PORT), backlog=backlog) as server:
            channel.send("listening")
            kept = [server.accept()[0] for _ in range(accepts)]
            channel.send(len(kept))
            channel.recv()

    return body


def connect(address: str, connections: int) -> Program:
    """Return a program that opens so many connections and keeps them."""

    def body(channel: Connection) -> None:
        kept = [socket.create_connection((address, PORT)) for _ in range(connections)]
        channel.send(len(kept))
        channel.recv()

    return body


def stream(address: str, octets: int) -> Program:
    """Return a program that sends so many octets, or as many as it can until it is asked."""

    def body(channel: Connection) -> int:
        with socket.create_connection((address, PORT)) as connection:
            connection.setblocking(False)
            taken = 0
            while taken < octets and not channel.poll(0.001):
                with contextlib.suppress(BlockingIOError):
                    taken += connection.send(bytes(min(65_536, octets - taken)))
            return taken

    return body


def serve(address: str, *, rcvbuf_bytes: int) -> Program:
    """Return a program that accepts one connection and reads when it is told.

    "block" makes it read into memory that does not answer, so that it sits in recv() with
    the socket locked; "read" ends that and answers with all octets that have come.
    """

    def body(channel: Connection) -> int:
        with socket.socket() as server:
            server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            server.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, rcvbuf_bytes)
            server.bind((address, PORT))
            server.listen()
            channel.send("listening")
            connection = server.accept()[0]
        with connection:
            channel.send("accepted")
            if channel.recv() == "read":
                return _read_all(connection)
            return _read_blocked(connection, channel)

    return body


def _read_all(connection: socket.socket) -> int:
    octets = 0
    connection.settimeout(0.2)
    with contextlib.suppress(TimeoutError):
        while piece := connection.recv(65_536):
            octets += len(piece)
    return octets


def _read_blocked(connection: socket.socket, channel: Connection) -> int:
    page = mmap.mmap(-1, mmap.PAGESIZE)
    buffer = (ctypes.c_char * mmap.PAGESIZE).from_buffer(page)
    faults = syscalls.userfaultfd(0)
    fcntl.ioctl(faults, _UFFDIO_API, struct.pack("QQQ", _UFFD_API, 0, 0))
    place = (ctypes.addressof(buffer), mmap.PAGESIZE)
    fcntl.ioctl(faults, _UFFDIO_REGISTER, struct.pack("QQQQ", *place, _REGISTER_MISSING, 0))
    first: list[int] = []
    reader = threading.Thread(target=lambda: first.append(connection.recv_into(buffer)))
    reader.start()
    channel.send("blocked")
    channel.recv()
    fcntl.ioctl(faults, _UFFDIO_ZEROPAGE, struct.pack("QQQq", *place, 0, 0))
    reader.join()
    return first[0] + _read_all(connection)


class Peer(NamedTuple):
    """One end of an established connection, held by nobody's kernel."""

    wire: Wire
    flow: Flow
    seq: int  # of the first octet of data
    ack: int

    def segment(self, offset: int, payload: bytes, *, tos: int = 0) -> bytes:
        """Return a frame that carries data from this place of the stream."""
        body = tcp(self.flow, payload, seq=self.seq + offset, ack=self.ack, flags=ACK | PSH)
        return ethernet(self.wire, ipv4(self.flow, body, protocol=TCP, tos=tos))


def syn(wire: Wire, sport: int) -> bytes:
    """Return a frame that asks for a connection."""
    flow = Flow(PEER, wire.rx.ipv4, sport, PORT)
    return ethernet(wire, ipv4(flow, tcp(flow, b"", seq=1, ack=0, flags=SYN), protocol=TCP))


def shake_hands(wire: Wire, sport: int = 40_000) -> Peer:
    """Return a peer after the three-way handshake; runs in the sender's namespace."""
    flow = Flow(PEER, wire.rx.ipv4, sport, PORT)
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x0800)) as raw:
        raw.bind((wire.tx.device, 0x0800))
        raw.settimeout(5)
        raw.send(syn(wire, sport))
        ack = _answer_to(raw, flow) + 1
        third = tcp(flow, b"", seq=2, ack=ack, flags=ACK)
        raw.send(ethernet(wire, ipv4(flow, third, protocol=TCP)))
    return Peer(wire, flow, 2, ack)


def _answer_to(raw: socket.socket, flow: Flow) -> int:
    """Return the sequence number of the listener's SYN-ACK."""
    ethernet_bytes, ip_bytes = 14, 20
    while True:
        segment = raw.recv(2_048)[ethernet_bytes + ip_bytes :]
        sport, dport, seq, _, _, flags = struct.unpack("!HHIIBB", segment[:14])
        if (sport, dport, flags) == (flow.dport, flow.sport, SYN | ACK):
            return int(seq)


def count_answers(wire: Wire, channel: Connection) -> int:
    """Return how many segments the listener's host sent to the peer until it is asked."""
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x0800)) as raw:
        raw.bind((wire.tx.device, 0x0800))
        channel.send("counting")
        channel.recv()
        raw.setblocking(False)
        answers = 0
        with contextlib.suppress(BlockingIOError):
            while frame := raw.recv(2_048):
                protocol, to = frame[23], frame[30:34]
                answers += protocol == TCP and to == socket.inet_aton(PEER)
        return answers
