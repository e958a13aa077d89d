"""Tiny BPF programs, assembled by hand, and where the kernel runs them."""

from __future__ import annotations

import ctypes
import os
import socket
import struct
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Literal

from tests.live import syscalls

# Kernel: include/uapi/linux/bpf.h.
_PROG_LOAD, _PROG_ATTACH, _LINK_CREATE = 5, 8, 28
_TYPE_XDP, _TYPE_CGROUP_SKB = 6, 8
_ATTACH_CGROUP_INET_INGRESS, _ATTACH_XDP = 0, 37
_ATTRIBUTES_BYTES = 128
XDP_DROP, XDP_PASS = 1, 2
XDP_FLAGS = {"generic": 1 << 1, "native": 1 << 2}
# tc's own notation of a classic program: one instruction, return TC_ACT_SHOT.
TC_SHOT = "1,6 0 0 2,"

_MOV_IMMEDIATE, _LOAD_WORD, _JUMP_IF_ABOVE, _EXIT = 0xB7, 0x61, 0x25, 0x95


def _instruction(
    code: int, *, to: int = 0, source: int = 0, offset: int = 0, value: int = 0
) -> bytes:
    return struct.pack("<BBhi", code, source << 4 | to, offset, value)


def always(verdict: int) -> bytes:
    """Return a program that gives every packet the same verdict."""
    return _instruction(_MOV_IMMEDIATE, value=verdict) + _instruction(_EXIT)


def refuse_longer_than(octets: int) -> bytes:
    """Return a cgroup program that refuses packets whose length from IP on exceeds `octets`."""
    length = 1  # register; struct __sk_buff begins with len, and r1 points to it
    return (
        _instruction(_LOAD_WORD, to=2, source=length)
        + _instruction(_MOV_IMMEDIATE, value=0)
        + _instruction(_JUMP_IF_ABOVE, to=2, offset=1, value=octets)
        + _instruction(_MOV_IMMEDIATE, value=1)
        + _instruction(_EXIT)
    )


def _attributes(layout: str, *values: int) -> bytes:
    return struct.pack(layout, *values).ljust(_ATTRIBUTES_BYTES, b"\0")


def _load(kind: int, program: bytes, expected_attach: int) -> int:
    code = ctypes.create_string_buffer(program, len(program))
    license_name = ctypes.create_string_buffer(b"GPL")
    head = struct.pack(
        "=IIQQ", kind, len(program) // 8, ctypes.addressof(code), ctypes.addressof(license_name)
    )
    # log_level, log_size, log_buf, kern_version, prog_flags, prog_name, prog_ifindex come first.
    attributes = head + bytes(4 + 4 + 8 + 4 + 4 + 16 + 4) + struct.pack("=I", expected_attach)
    return syscalls.bpf(_PROG_LOAD, attributes.ljust(_ATTRIBUTES_BYTES, b"\0"))


def hold_xdp(
    channel: Connection, device: str, mode: Literal["generic", "native"], verdict: int
) -> None:
    """Run an XDP program on a device of this namespace for as long as this process lives."""
    program = _load(_TYPE_XDP, always(verdict), _ATTACH_XDP)
    index = socket.if_nametoindex(device)
    flags = XDP_FLAGS[mode]
    syscalls.bpf(_LINK_CREATE, _attributes("=IIII", program, index, _ATTACH_XDP, flags))
    channel.send("attached")
    channel.recv()


def attach_to_cgroup(cgroup: Path, program: bytes) -> None:
    """Filter what the sockets of a cgroup receive; it goes when the cgroup goes."""
    loaded = _load(_TYPE_CGROUP_SKB, program, _ATTACH_CGROUP_INET_INGRESS)
    target = os.open(cgroup, os.O_RDONLY)
    try:
        attach = _attributes("=IIII", target, loaded, _ATTACH_CGROUP_INET_INGRESS, 0)
        syscalls.bpf(_PROG_ATTACH, attach)
    finally:
        os.close(target)
        os.close(loaded)
