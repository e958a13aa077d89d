"""What `ss -uanm`, -tanm and -anmpe print, or `netstat -anup`: sockets, with ss their memory, too.

    UNCONN 142848 0  127.0.0.1:9000  0.0.0.0:*  users:(("named",pid=7,fd=3)) ino:4711 sk:1a
         skmem:(r156672,rb212992,t0,tb212992,f3072,w0,o0,bl0,d3908)

    udp   8390400      0 0.0.0.0:1900      0.0.0.0:*             17804/perl
    tcp       129      0 0.0.0.0:5060      0.0.0.0:*   LISTEN    56907/kamailio

Without -m there is no memory, without -e no inode: then a negative number stands for it, made of
what is known of the socket, the same in two texts of one host. ss leaves out sockets by its
options; those that it shows are taken for all of their kind, unless a table of /proc has more.
Of a listener netstat shows how many connections wait and not how many may.

Source: iproute2 misc/ss.c, inet_show_sock(), print_skmeminfo() (read at 6.1); net-tools netstat.c,
udp_do_one() (read at 2.10).
"""

from __future__ import annotations

import re
import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from netrx_tune.collectors.ss_protocol import (
    RowProtocol,
    protocol_of_list,
    protocol_of_row,
    protocol_of_state,
)
from netrx_tune.collectors.text import MOST_DIGITS
from netrx_tune.model.sample import Process, Socket, SocketTable

HEADER = re.compile(
    r"(?:Netid\s+)?(?:State\s+)?Recv-Q\s+Send-Q\s+Local Address:Port\b.*"
    r"|Proto\s+Recv-Q\s+Send-Q\s+Local Address\s+Foreign Address\b.*"
)
ROW = re.compile(
    r"(?:(?:(?P<netid>[a-z_0-9]+)\s+)?(?P<state>[A-Z][A-Z0-9-]+)\s+)?"
    r"(?P<unread>-?\d+)\s+(?P<limit>\d+)\s+"
    r"(?P<local>\S+:[\w*-]+)\s+(?P<remote>\S+:[\w*-]+)(?P<rest>.*)"
)
NETSTAT_ROW = re.compile(
    r"(?P<netid>udp|udplite|tcp(?=.* LISTEN\b))6?\s+(?P<unread>\d+)\s+\d+\s+"
    r"(?P<local>\S+:[\w*-]+)\s+(?P<remote>\S+:[\w*-]+)(?P<rest>.*)"
)
# How a row looks where its header is gone, as `ss -lnt | grep 8080` leaves it.
_ANY_ROW = (
    r"(?:(?:udp|tcp)\s+)?(?:UNCONN|LISTEN)\s+-?\d+\s+\d+\s+\S+:[\w*-]+(?:\s.*)?"
    r"|(?:(?:udp|tcp)\s+)?ESTAB\s+-?\d+\s+\d+\s+\S+:[\w*-]+\s+\S+:[\w*-]+.*"
    r"|(?:udp|udplite|tcp)6?\s+\d+\s+\d+\s+\S+:[\w*-]+\s+\S+:[\w*-]+(?:\s.*)?"
)
STARTS = rf"{HEADER.pattern}|{_ANY_ROW}"
# What awk left of a row: these have no peer, so nothing is lost with its column.
_NO_PEER = re.compile(
    r"^((?:[a-z]+[ \t]+)?(?:UNCONN|LISTEN)[ \t]+-?\d+[ \t]+\d+[ \t]+\S+:[\w*-]+)"
    r"(?=[ \t]*$|[ \t]+users:)",
    re.MULTILINE,
)
_NETSTAT_USER = re.compile(r"\s(\d{1,10})/(\S+(?: \S+)*)$")
# netstat prints its rows every second, so a socket has one for each.
_LOOPED = re.compile(r"\bnetstat\b[^|;]*\s(?:-[a-z]*c[a-z]*|--continuous)\b")
_MEMORY = re.compile(r"skmem:\(([a-z0-9,]+)\)")
_DROPS = re.compile(r"skmem:\([a-z0-9,]*,d\d")
_FIELD = re.compile(r"([a-z]+)(\d+)")
_INODE = re.compile(r"\bino:(\d+)")
_COOKIE = re.compile(r"\bsk:([0-9a-f]{1,16})\b")
_USER = re.compile(r'\("((?:[^"\\]|\\.)*)",(?:pid=)?(\d{1,10}),(?:fd=)?(\d+)\)')
_UID = re.compile(r"\buid:(\d{1,10})\b")


class Listed(NamedTuple):
    """The sockets of a text, and who reads those whose inode it shows."""

    table: SocketTable | None  # of those that matter
    processes: tuple[Process, ...]
    named_ports: int  # rows left out, since a service's name hides which row of /proc they are
    is_repeated: bool = False  # a list of another moment stands before it
    nameless: int = 0  # rows left out: nothing tells whether they are of UDP or TCP
    sockets: tuple[Socket, ...] = ()  # all


class _Row(NamedTuple):
    socket: Socket
    pid: int
    name: str
    fd: str

    @property
    def owner(self) -> Process | None:
        """Return who has the socket, None where the text does not say."""
        return Process(self.socket.inode, self.pid, self.name, "", "") if self.pid else None


def parse_ss(texts: Sequence[str], *, beside_tables: bool = False) -> Listed:
    """Return the sockets of UDP and TCP that texts list; None where there is none.

    A list that has a socket of an earlier one is of another moment: the last counts. A text may
    begin with the command that printed it, which tells what no column does. A port may have a
    service's name, as without -n, but not beside the tables of /proc: these number it.
    """
    rows: list[_Row] = []
    named = nameless = 0
    is_repeated = False
    for text in texts:
        found, unknown = _rows_of(text)
        if beside_tables:
            numbered = [row for row in found if _has_number(row)]
            named += len(found) - len(numbered)
            found = numbered
        nameless += unknown
        if _LOOPED.search(text.partition("\n")[0]):
            last = {_place(row): row for row in found}
            is_repeated = is_repeated or len(last) < len(found)
            found = [*last.values()]
        again = {_kind(row) for row in found} & {_kind(row) for row in rows}
        same = {_place(row) for row in found} & {_place(row) for row in rows}
        if same:
            is_repeated = True
            rows = [row for row in rows if _kind(row) not in again]
        rows += found
    if not rows:
        return Listed(None, (), named, nameless=nameless)
    rows = _numbered(rows)
    processes = tuple([row.owner for row in rows if row.owner])
    counts = Counter(f"{row.socket.protocol}/{row.socket.family}" for row in rows)
    sockets = tuple(row.socket for row in rows)
    table = SocketTable(telling(sockets), dict(counts), "sock_diag")
    return Listed(table, processes, named, is_repeated, nameless, sockets)


def _has_number(row: _Row) -> bool:
    return row.socket.local.rpartition(":")[2].isdigit()


def _kind(row: _Row) -> tuple[str, str]:
    return row.socket.protocol, row.socket.family


def _place(row: _Row) -> tuple[str, str, str]:
    return row.socket.protocol, row.socket.local, row.socket.remote


def _rows_of(text: str) -> tuple[list[_Row], int]:
    """Return the sockets of one list, and how many hide their protocol."""
    rows: list[_Row] = []
    nameless = 0
    old = _is_old(text)
    of_list = protocol_of_list(text)
    for chunk in _chunks(_NO_PEER.sub(r"\1 *:*", text)):
        found = ROW.match(chunk) or NETSTAT_ROW.match(chunk)
        protocol = protocol_of_row(found, of_list) if found else None
        if not found or protocol is None:
            nameless += bool(found and not found["netid"])
            continue
        if protocol == "tcp" and not _is_listener(found):
            continue  # as in our own samples: a connection waits for its reader, and loses nothing
        rows.append(_row(found, chunk, protocol, old=old))
    return rows, nameless


def _is_old(text: str) -> bool:
    """Tell whether `*` is IPv4's any address and `::` that of IPv6, as up to iproute2 4.14.

    A newer one has brackets around IPv6, 0.0.0.0 and mostly drops; its `*` is for both.
    """
    if ":::" in text or (" mem:(" in text and "skmem:(" not in text):
        return True
    new = ("[", "0.0.0.0:", "Process")
    return "skmem:(" in text and not _DROPS.search(text) and not any(word in text for word in new)


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


def _row(row: re.Match[str], chunk: str, protocol: RowProtocol, *, old: bool) -> _Row:
    memory = {name: _count(digits) for name, digits in _FIELD.findall(_first(_MEMORY, chunk) or "")}
    old = old or row.re is NETSTAT_ROW  # which has a row of its own kind for IPv6
    local, is_six = _address(row["local"], old=old)
    remote = "" if row["remote"].endswith(":*") else _address(row["remote"], old=old)[0]
    inode, uid = _count(_first(_INODE, chunk)), _count(_first(_UID, chunk))
    cookie = _first(_COOKIE, chunk)
    is_listener = _is_listener(row)
    socket = Socket(
        family="inet6" if is_six else "inet",
        protocol=protocol,
        local=local,
        remote=remote,
        inode=inode or 0,
        cookie=int(cookie, 16) if cookie else None,
        uid=uid if uid is not None else (0 if inode else None),  # ss shows 0 as nothing
        interface=0,
        unread_bytes=None if is_listener else _unsigned(row["unread"]),
        rmem_alloc_bytes=memory.get("r"),
        rcvbuf_bytes=memory.get("rb"),
        backlog_bytes=memory.get("bl"),
        drops=memory.get("d"),
        accept_queue=_count(row["unread"]) if is_listener else None,
        accept_limit=_count(row["limit"]) if is_listener and row.re is ROW else None,
    )
    return _Row(socket, *_user(row, chunk))


def _unsigned(digits: str) -> int | None:
    """Return what ss printed as an int, which a queue of more than 2 GiB makes negative."""
    number = _count(digits.removeprefix("-"))
    return number if number is None or digits[0] != "-" else (1 << 32) - number


def _is_listener(row: re.Match[str]) -> bool:
    if row.re is NETSTAT_ROW:
        return row["netid"] == "tcp"
    return row["state"] == "LISTEN" or (row["state"] is None and protocol_of_state(row) == "tcp")


def _user(row: re.Match[str], chunk: str) -> tuple[int, str, str]:
    """Return pid, name and descriptor of who has a socket; 0 where it is not said."""
    found = _USER.search(chunk)
    if found:
        return int(found[2]), found[1], found[3]
    found = _NETSTAT_USER.search(row["rest"].rstrip()) if row.re is NETSTAT_ROW else None
    return (int(found[1]), found[2], "") if found else (0, "", "")


def _numbered(rows: list[_Row]) -> list[_Row]:
    """Return the rows with a number for each socket whose inode is not shown."""
    seen: Counter[tuple[object, ...]] = Counter()
    numbered = []
    for row in rows:
        sock = row.socket
        known = (sock.protocol, sock.local, sock.remote, sock.cookie, row.pid, row.fd)
        seen[known] += 1
        made = -1 - zlib.crc32(repr((known, seen[known])).encode())
        numbered.append(row._replace(socket=sock._replace(inode=sock.inode or made)))
    return numbered


def telling(sockets: Sequence[Socket]) -> tuple[Socket, ...]:
    """Return the sockets with drops or a queue, and those that share their port.

    Those whose drops are not shown are all listed: nobody knows that they have none.
    """
    ports = {(s.protocol, s.local.rpartition(":")[2]) for s in sockets if s.drops or s.accept_queue}
    return tuple(
        s
        for s in sockets
        if s.drops
        or (s.drops is None and s.protocol != "tcp")
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
