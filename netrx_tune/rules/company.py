"""A losing socket's company: others on its port, others that its reader has, and who loses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from netrx_tune.model.finding import Cause
from netrx_tune.model.sample import Process, Socket
from netrx_tune.rules.rule import Facts
from netrx_tune.rules.words import count, percent

_MULTICAST_FIRST = range(224, 240)
_UNEVEN = 2.0  # times an even share of the loss
_MANY = 3  # sockets of a program
_MOST_COPIES = 0.5  # of a member's loss: so many multicast packets came, so they were for it
_ITS_OWN: tuple[Cause, ...] = ("reader-stopped", "reader-stall", "reader-starved")


def shared_port_words(facts: Facts, sock: Socket, cause: Cause) -> str:
    """Say that a member of a shared port loses most and why; nothing where all lose alike.

    Kernel: net/core/sock_reuseport.c, reuseport_select_sock(): a flow's hash picks the member;
    net/ipv4/udp.c, __udp4_lib_mcast_deliver(): each member gets a copy.
    """
    members = _on_the_port(facts, sock)
    lost = _gained(facts)
    total = sum(lost.get(one, 0) for one in members)
    if len(members) < 2 or not total:
        return ""
    share, even = lost.get(sock.inode, 0) / total, 1 / len(members)
    losers = sum(1 for one in members if lost.get(one))
    if losers == len(members) and share < _UNEVEN * even:
        return ""
    text = (
        f"Of the {count(len(members))} sockets on {sock.local},"
        f" {'this one alone' if losers == 1 else count(losers)} lost; this one"
        f"{_which(facts, sock)} has {percent(share)} of their loss, where an"
        f" even share is {percent(even)}: "
    )
    is_multicast = _is_multicast(facts, sock, lost.get(sock.inode, 0))
    if is_multicast:
        return text + _OWN_COPY
    idle = losers == 1 and not _were_busy(facts, members, sock)
    return text + _by_flow(cause, idle=idle) + ("" if is_multicast is False else f" {_OR_COPY}")


_OWN_COPY = (
    "each member of a multicast group has a copy of its own of what is sent, so this reader is"
    " slow, not the traffic too much."
)
_OR_COPY = "If it is a multicast group, each member has a copy, and only this reader is slow."


def _by_flow(cause: Cause, *, idle: bool) -> str:
    """Return what SO_REUSEPORT has to do with it."""
    if cause in _ITS_OWN:
        return (
            "with SO_REUSEPORT each flow stays with its member, so the others cannot take what"
            " this reader leaves; mend this one."
        )
    seen = "; the others never held a datagram when they were looked at" if idle else ""
    return (
        f"with SO_REUSEPORT each flow (addresses and ports) stays with one member{seen}. One flow,"
        " or few, load this one alone: more members do not help, more flows do."
    )


def one_reader_words(facts: Facts, members: Sequence[Socket]) -> str:
    """Say that one program reads all of several losing sockets, or many of which few lose."""
    processes = facts.delta.after.processes
    readers = {processes[one.inode].pid for one in members if one.inode in processes}
    if len(readers) != 1 or any(one.inode not in processes for one in members):
        return ""
    reader = processes[members[0].inode]
    if len(members) > 1:
        return (
            f"One program, {reader.name} (pid {reader.pid}), reads all {count(len(members))} of"
            " these sockets, so they share its pauses and its speed."
        )
    return _one_of_many(facts, members[0], reader)


def _one_of_many(facts: Facts, sock: Socket, reader: Process) -> str:
    """Say that a program has many sockets and loses on one of them."""
    lost = _gained(facts)
    own = {n for n, process in facts.delta.after.processes.items() if process.pid == reader.pid}
    losers = sum(1 for inode in own if lost.get(inode))
    if (reader.udp_sockets or 0) < _MANY or losers != 1 or len(_on_the_port(facts, sock)) > 1:
        return ""
    return (
        f"{reader.name} (pid {reader.pid}) has {count(reader.udp_sockets or 0)} UDP sockets open,"
        f" and this one{_which(facts, sock, with_pid=False)} alone lost, 100 % of the program's"
        " loss: more comes in here than its turn of being read takes out, and the others are read"
        " in time."
    )


def _on_the_port(facts: Facts, sock: Socket) -> tuple[int, ...]:
    """Return the sockets that get what comes for this one's port, itself among them."""
    table = facts.delta.after.sockets
    where = (sock.protocol, sock.family, sock.local)
    return tuple(
        one.inode
        for one in (table.sockets if table and not sock.remote else ())
        if (one.protocol, one.family, one.local) == where and not one.remote
    )


def _gained(facts: Facts) -> Mapping[int, int]:
    return {one.inode: drops for one, drops in facts.delta.socket_drops or () if drops}


def _were_busy(facts: Facts, members: Sequence[int], sock: Socket) -> bool:
    """Tell whether any other member was seen to hold a datagram."""
    others = set(members) - {sock.inode}
    shapes = (facts.shapes[inode] for inode in others if inode in facts.shapes)
    return any(shape.peak_unread_bytes for shape in shapes)


def _which(facts: Facts, sock: Socket, *, with_pid: bool = True) -> str:
    """Return " (inode 4711, pid 12)", as far as it is known."""
    reader = facts.delta.after.processes.get(sock.inode)
    words = [f"inode {sock.inode}"] if sock.inode > 0 else []
    words += [f"pid {reader.pid}"] if reader and with_pid else []
    return f" ({', '.join(words)})" if words else ""


def _is_multicast(facts: Facts, sock: Socket, lost: int) -> bool | None:
    """Tell whether a socket's datagrams were multicast, by its address or by what came."""
    if sock.local.startswith("[ff"):
        return True
    first = sock.local.partition(".")[0]
    if first.isdigit() and int(first) in _MULTICAST_FIRST:
        return True
    mib = "Ip6" if sock.family == "inet6" else "IpExt"
    came = facts.delta.increase(f"{mib}.InMcastPkts")
    return None if came is None else came >= _MOST_COPIES * lost
