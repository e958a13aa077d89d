"""What `ss -uanm`, -tanm and -anmpe print: sockets with their receive memory.

    UNCONN 142848 0  127.0.0.1:9000  0.0.0.0:*  users:(("named",pid=7,fd=3)) ino:4711 sk:1a
         skmem:(r156672,rb212992,t0,tb212992,f3072,w0,o0,bl0,d3908)

Without -m there is no memory, without -e no inode. ss leaves out sockets by its options; those
that it shows are taken for all of their kind.

Source: iproute2 misc/ss.c, inet_show_sock(), print_skmeminfo() (read at 6.1).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Literal, NamedTuple

from netrx_tune.collectors.text import MOST_DIGITS
from netrx_tune.model.sample import Process, Socket, SocketTable

HEADER = re.compile(r"(?:Netid\s+)?State\s+Recv-Q\s+Send-Q\s+Local Address:Port\b.*")
ROW = re.compile(
    r"(?:(?P<netid>[a-z_0-9]+)\s+)?(?P<state>[A-Z][A-Z0-9-]+)\s+(?P<unread>\d+)\s+(?P<limit>\d+)\s+"
    r"(?P<local>\S+:[\w*-]+)\s+(?P<remote>\S+:[\w*-]+)(?P<rest>.*)"
)
_MEMORY = re.compile(r"skmem:\(([a-z0-9,]+)\)")
_FIELD = re.compile(r"([a-z]+)(\d+)")
_INODE = re.compile(r"\bino:(\d+)")
_COOKIE = re.compile(r"\bsk:([0-9a-f]{1,16})\b")
_USER = re.compile(r'\("((?:[^"\\]|\\.)*)",(?:pid=)?(\d{1,10}),(?:fd=)?\d+\)')
_UID = re.compile(r"\buid:(\d{1,10})\b")
_PROTOCOLS: Mapping[str, Literal["udp", "tcp", "udplite"]] = {
    "udp": "udp",
    "tcp": "tcp",
    "udplite": "udplite",
}


class Listed(NamedTuple):
    """The sockets of a text, and who reads those whose inode it shows."""

    table: SocketTable | None
    processes: tuple[Process, ...]
    named_ports: int  # rows left out, since a service's name hides the number


class _Row(NamedTuple):
    socket: Socket
    owner: Process | None


def parse_ss(text: str) -> Listed:
    """Return the sockets of UDP and TCP that a text lists; None where there is none."""
    rows: list[_Row] = []
    named = 0
    old = ":::" in text  # up to 4.x, `*` is IPv4's any address, and `::` that of IPv6
    for chunk in _chunks(text):
        found = ROW.match(chunk)
        protocol = _protocol(found) if found else None
        if not found or protocol is None:
            continue
        if protocol == "tcp" and found["state"] != "LISTEN":
            continue  # as in our own samples: a connection waits for its reader, and loses nothing
        if not found["local"].rpartition(":")[2].isdigit():
            named += 1
            continue
        rows.append(_row(found, chunk, protocol, old=old))
    if not rows:
        return Listed(None, (), named)
    processes = tuple([row.owner for row in rows if row.owner])
    counts = Counter(f"{row.socket.protocol}/{row.socket.family}" for row in rows)
    return Listed(SocketTable(_telling(rows), dict(counts), "sock_diag"), processes, named)


def _chunks(text: str) -> Iterator[str]:
    """Yield each socket's text as one line; what is indented belongs to the line before."""
    chunk = ""
    for line in text.split("\n"):
        if line[:1] in {" ", "\t"}:
            chunk += line
            continue
        if chunk:
            yield chunk
        chunk = line
    if chunk:
        yield chunk


def _protocol(row: re.Match[str]) -> Literal["udp", "tcp", "udplite"] | None:
    """Return the protocol: said, or told by a state that only one has."""
    if row["netid"]:
        return _PROTOCOLS.get(row["netid"])
    if row["state"] == "UNCONN":
        return "udp"
    return None if row["state"] == "ESTAB" else "tcp"  # which both may have


def _row(row: re.Match[str], chunk: str, protocol: str, *, old: bool) -> _Row:
    memory = {name: _count(digits) for name, digits in _FIELD.findall(_first(_MEMORY, chunk) or "")}
    local, is_six = _address(row["local"], old=old)
    remote = "" if row["remote"].endswith(":*") else _address(row["remote"], old=old)[0]
    inode, uid = _count(_first(_INODE, chunk)), _count(_first(_UID, chunk))
    cookie = _first(_COOKIE, chunk)
    is_listener = protocol == "tcp" and row["state"] == "LISTEN"
    socket = Socket(
        family="inet6" if is_six else "inet",
        protocol=_PROTOCOLS[protocol],
        local=local,
        remote=remote,
        inode=inode or 0,
        cookie=int(cookie, 16) if cookie else None,
        uid=uid if uid is not None else (0 if inode else None),  # ss shows 0 as nothing
        interface=0,
        unread_bytes=None if is_listener else _count(row["unread"]),
        rmem_alloc_bytes=memory.get("r"),
        rcvbuf_bytes=memory.get("rb"),
        backlog_bytes=memory.get("bl"),
        drops=memory.get("d"),
        accept_queue=_count(row["unread"]) if is_listener else None,
        accept_limit=_count(row["limit"]) if is_listener else None,
    )
    user = _USER.search(chunk)
    owner = Process(inode, int(user[2]), user[1], "", "") if user and inode else None
    return _Row(socket, owner)


def _telling(rows: list[_Row]) -> tuple[Socket, ...]:
    """Return the sockets with drops or a queue, and those that share their port."""
    ports = {(s.protocol, s.local.rpartition(":")[2]) for s, _ in rows if s.drops}
    return tuple(
        s
        for s, _ in rows
        if s.drops
        or s.unread_bytes
        or s.rmem_alloc_bytes
        or s.accept_queue
        or (s.protocol, s.local.rpartition(":")[2]) in ports
    )


def _address(word: str, *, old: bool) -> tuple[str, bool]:
    """Return "0.0.0.0:53" or "[::]:53", and whether it is one of IPv6."""
    host, _, port = word.rpartition(":")
    host = host.partition("%")[0] + ("]" if host.startswith("[") and "%" in host else "")
    if host == "*":
        return (f"0.0.0.0:{port}", False) if old else (f"[::]:{port}", True)
    if ":" in host and not host.startswith("["):
        host = f"[{host}]"
    return f"{host}:{port}", host.startswith("[")


def _first(pattern: re.Pattern[str], text: str) -> str | None:
    found = pattern.search(text)
    return found[1] if found else None


def _count(digits: str | None) -> int | None:
    return int(digits) if digits and len(digits) <= MOST_DIGITS else None
