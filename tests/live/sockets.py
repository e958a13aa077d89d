"""What a receiving program asks of its socket."""

from __future__ import annotations

import ctypes
import socket
import struct
from dataclasses import dataclass

from tests.live.packets import UDP, UDPLITE

SO_ATTACH_FILTER = 26
SO_RCVBUFFORCE = 33
UDP_ENCAP = 100
UDPLITE_RECV_CSCOV = 11

# A cBPF instruction: code, jump if true, jump if false, constant.
Instruction = tuple[int, int, int, int]

LD_LEN, JGT_K, RET_K = 0x80, 0x25, 0x06
REFUSE_ALL: tuple[Instruction, ...] = ((RET_K, 0, 0, 0),)


def refuse_longer_than(octets: int) -> tuple[Instruction, ...]:
    """Return a filter that refuses datagrams whose UDP header and data exceed `octets`."""
    return ((LD_LEN, 0, 0, 0), (JGT_K, 0, 1, octets), (RET_K, 0, 0, 0), (RET_K, 0, 0, 0xFFFF))


@dataclass(frozen=True, kw_only=True)
class Socket:
    """One receiving socket; what is not given is left as the kernel has it.

    `rcvbuf_bytes` is what the program asks for, `force` asks past net.core.rmem_max.
    `blocking` matters: poll() checks a waiting datagram's checksum only then.
    """

    port: int = 9000
    address: str = ""
    family: int = socket.AF_INET
    protocol: int = UDP
    rcvbuf_bytes: int | None = None
    force: bool = False
    blocking: bool = False
    reuse_address: bool = False
    reuse_port: bool = False
    peer: tuple[str, int] | None = None
    group: str = ""
    device: str = ""
    refuse: tuple[Instruction, ...] = ()
    encapsulation: int | None = None


def open_socket(wanted: Socket) -> socket.socket:
    """Return the socket, bound, in the namespace of the calling process."""
    made = socket.socket(wanted.family, socket.SOCK_DGRAM, wanted.protocol)
    made.setblocking(wanted.blocking)
    if wanted.rcvbuf_bytes is not None:
        option = SO_RCVBUFFORCE if wanted.force else socket.SO_RCVBUF
        made.setsockopt(socket.SOL_SOCKET, option, wanted.rcvbuf_bytes)
    if wanted.reuse_address:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if wanted.reuse_port:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    if wanted.refuse:
        _attach(made, wanted.refuse)
    if wanted.encapsulation is not None:
        made.setsockopt(UDP, UDP_ENCAP, wanted.encapsulation)
    if wanted.protocol == UDPLITE:
        made.setsockopt(UDPLITE, UDPLITE_RECV_CSCOV, 8)
    made.bind((wanted.address, wanted.port))
    if wanted.peer is not None:
        made.connect(wanted.peer)
    if wanted.group:
        _join(made, wanted.group, wanted.device)
    return made


def _attach(made: socket.socket, program: tuple[Instruction, ...]) -> None:
    code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *step) for step in program))
    made.setsockopt(
        socket.SOL_SOCKET,
        SO_ATTACH_FILTER,
        struct.pack("HxxxxxxP", len(program), ctypes.addressof(code)),
    )


def _join(made: socket.socket, group: str, device: str) -> None:
    index = socket.if_nametoindex(device)
    if made.family == socket.AF_INET6:
        request = socket.inet_pton(socket.AF_INET6, group) + struct.pack("@i", index)
        made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_JOIN_GROUP, request)
    else:
        request = socket.inet_aton(group) + struct.pack("@4si", b"\0" * 4, index)
        made.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, request)
