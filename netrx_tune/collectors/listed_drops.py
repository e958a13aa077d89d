"""The sockets of a text that shows both what ss lists and the tables of /proc.

On kernels up to 4.8 /proc/net/udp alone has drops; and ss was often asked for one port or for
connected sockets only, where the tables of /proc have all.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from netrx_tune.collectors.host import byte_order
from netrx_tune.collectors.proc_sockets import proc_sockets
from netrx_tune.collectors.ss_text import Listed, telling
from netrx_tune.model.sample import Gap, Socket, SocketTable


def with_tables(
    listed: Listed, files: Mapping[str, str], release: str | None
) -> SocketTable | None:
    """Return the table of what ss lists, with the drops and sockets that /proc alone has.

    The tables of /proc name sockets that lost something or hold something; others have lost
    nothing. What both show counts once.
    """
    if listed.table is None:
        return None
    gaps: list[Gap] = []  # who reads the files says what is wrong with them
    read = proc_sockets(files, byte_order(release), gaps)
    if read is None:
        return listed.table
    known: dict[object, list[Socket]] = {}
    for sock in read.sockets:
        known.setdefault(_number(sock), []).append(sock)
        known.setdefault(_place(sock), []).append(sock)
    seen: set[Socket] = set()
    sockets = [_with_drops(sock, known, read.counts, seen) for sock in listed.sockets]
    places = {_place(sock) for sock in sockets}
    counts = listed.table.counts
    sockets += [
        sock
        for sock in read.sockets
        if _kind(sock) in counts and sock not in seen and _place(sock) not in places
    ]
    both = {kind: max(total, read.counts.get(kind, 0)) for kind, total in counts.items()}
    return listed.table._replace(sockets=telling(sockets), counts=both)


def _with_drops(
    sock: Socket,
    known: Mapping[object, list[Socket]],
    counts: Mapping[str, int],
    seen: set[Socket],
) -> Socket:
    """Return a socket with the drops of /proc where they are more: drops never fall."""
    if _kind(sock) not in counts:
        return sock
    same = next(_same(sock, known, seen), None)
    if same is None:
        return sock if sock.drops is not None else sock._replace(drops=0)
    seen.add(same)
    return sock._replace(drops=max(sock.drops or 0, same.drops or 0))


def _same(
    sock: Socket, known: Mapping[object, list[Socket]], seen: set[Socket]
) -> Iterator[Socket]:
    """Yield the rows of /proc that may be of a socket; by its place only where it has no number."""
    found = known.get(_number(sock) if sock.inode > 0 else _place(sock), ())
    return (one for one in found if one not in seen)


def _kind(sock: Socket) -> str:
    return f"{sock.protocol}/{sock.family}"


def _number(sock: Socket) -> tuple[object, ...]:
    return sock.protocol, sock.inode, sock.local.rpartition(":")[2]


def _place(sock: Socket) -> tuple[str, ...]:
    return sock.protocol, sock.family, sock.local, sock.remote
