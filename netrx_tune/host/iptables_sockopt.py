"""Read the tables of iptables-legacy, in the calling thread's network namespace.

Only tables that are in use are asked for: asking for another one would load its module and put
its hooks into the path of every packet. Few hosts have any, so their parser loads late.
"""

from __future__ import annotations

import os
import socket
from typing import Literal

from netrx_tune.model.sample import RuleCounter

Family = Literal["ip", "ip6"]

_LEVELS: dict[Family, tuple[int, int]] = {
    "ip": (socket.AF_INET, socket.IPPROTO_IP),
    "ip6": (socket.AF_INET6, socket.IPPROTO_IPV6),
}
# Not /proc/net: that is the namespace of the process, this may be a thread in another.
_NAMES: dict[Family, str] = {
    "ip": "/proc/thread-self/net/ip_tables_names",
    "ip6": "/proc/thread-self/net/ip6_tables_names",
}
_TRIES = 3  # a table that grows between its two questions is asked for again


def read_tables(family: Family) -> tuple[RuleCounter, ...]:
    """Return what the rules of a family's tables count of their discards.

    Raises:
        OSError: the kernel's refusal.
        ParseError: a reply that does not hold what it says.
    """
    try:
        with open(_NAMES[family], encoding="utf-8", errors="surrogateescape") as names:  # noqa: PTH123 - pathlib loads in 5 ms
            tables = names.read().split()
    except FileNotFoundError:
        return ()
    found: list[RuleCounter] = []
    for table in tables:
        found += _read_table(family, table)
    return tuple(found)


def _read_table(family: Family, table: str) -> tuple[RuleCounter, ...]:
    from netrx_tune.collectors import iptables  # noqa: PLC0415

    domain, level = _LEVELS[family]
    with socket.socket(domain, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as channel:
        for left in reversed(range(_TRIES)):
            reply = _ask(channel, level, iptables.GET_INFO, iptables.info_request(table))
            info = iptables.parse_info(family, reply)
            try:
                request = iptables.entries_request(info)
                entries = _ask(channel, level, iptables.GET_ENTRIES, request)
            except BlockingIOError:
                if left:
                    continue
                raise
            return iptables.parse_entries(family, info, entries)
    return ()


def _ask(channel: socket.socket, level: int, option: int, request: bytes) -> bytes:
    """Return the option's buffer as the kernel filled it.

    socket.getsockopt() cannot say which table is meant: it passes an empty buffer.
    """
    import ctypes  # noqa: PLC0415

    buffer = ctypes.create_string_buffer(request, len(request))
    length = ctypes.c_uint32(len(request))
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.getsockopt(channel.fileno(), level, option, buffer, ctypes.byref(length)) != 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))
    return buffer.raw[: length.value]
