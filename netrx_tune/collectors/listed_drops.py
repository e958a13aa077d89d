"""Drops for sockets of an ss that shows none: on kernels up to 4.8 /proc/net/udp alone has them."""

from __future__ import annotations

from collections.abc import Mapping

from netrx_tune.collectors.host import byte_order
from netrx_tune.collectors.proc_sockets import proc_sockets
from netrx_tune.model.sample import Gap, Socket, SocketTable


def with_drops(
    listed: SocketTable | None, files: Mapping[str, str], release: str | None
) -> SocketTable | None:
    """Return a list of sockets with the drops that tables of /proc in the same text have.

    The tables name sockets that lost something or hold something; others have lost nothing.
    """
    if listed is None or all(sock.drops is not None for sock in listed.sockets):
        return listed
    gaps: list[Gap] = []  # who reads the files says what is wrong with them
    read = proc_sockets(files, byte_order(release), gaps)
    if read is None:
        return listed
    known: dict[object, Socket] = {_place(sock): sock for sock in read.sockets}
    known.update((sock.inode, sock) for sock in read.sockets)
    return listed._replace(
        sockets=tuple(_with_drops(sock, known, read.counts) for sock in listed.sockets)
    )


def _with_drops(sock: Socket, known: Mapping[object, Socket], counts: Mapping[str, int]) -> Socket:
    if sock.drops is not None or f"{sock.protocol}/{sock.family}" not in counts:
        return sock
    same = known.get(sock.inode if sock.inode > 0 else _place(sock))
    return sock._replace(drops=(same.drops or 0) if same else 0)


def _place(sock: Socket) -> tuple[str, ...]:
    return sock.protocol, sock.family, sock.local, sock.remote
