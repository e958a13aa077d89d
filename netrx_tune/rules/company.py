"""A losing socket's company: others on its port that lose nothing, others that its reader has."""

from __future__ import annotations

from collections.abc import Sequence

from netrx_tune.model.sample import Socket
from netrx_tune.rules.rule import Facts
from netrx_tune.rules.words import count

_MULTICAST_FIRST = range(224, 240)


def shared_port_words(facts: Facts, sock: Socket) -> str:
    """Say that some members of a shared port lose and others do not; nothing without others.

    Kernel: net/core/sock_reuseport.c, reuseport_select_sock(): a flow's hash picks the member;
    net/ipv4/udp.c, __udp4_lib_mcast_deliver(): each member gets a copy.
    """
    table = facts.delta.after.sockets
    members = [
        one
        for one in (table.sockets if table else ())
        if (one.protocol, one.family, one.local) == (sock.protocol, sock.family, sock.local)
        and not one.remote
    ]
    gained = {one.inode for one, drops in facts.delta.socket_drops or () if drops}
    full = sum(1 for one in members if one.inode in gained)
    if not full or full == len(members) or sock.remote:
        return ""
    text = (
        f"{count(full)} of the {count(len(members))} sockets on its port lost, the others nothing:"
    )
    if _is_multicast(sock.local):
        return (
            f"{text} each has a copy of its own of what is sent to the group, so this reader is"
            " slow, not the traffic too much."
        )
    return (
        f"{text} with SO_REUSEPORT each flow stays with one member, so few flows or a heavy one"
        " load them unevenly, and more members do not help; members of a multicast group have a"
        " copy each, and only this reader is slow."
    )


def one_reader_words(facts: Facts, members: Sequence[Socket]) -> str:
    """Say that one program reads all of several losing sockets."""
    processes = facts.delta.after.processes
    readers = {processes[one.inode] for one in members if one.inode in processes}
    pids = {reader.pid for reader in readers}
    if len(members) < 2 or len(pids) != 1 or any(one.inode not in processes for one in members):
        return ""
    reader = next(iter(readers))
    return (
        f"One program, {reader.name} (pid {reader.pid}), reads all {count(len(members))} of these"
        " sockets, so they share its pauses and its speed."
    )


def _is_multicast(local: str) -> bool:
    if local.startswith("[ff"):
        return True
    first = local.partition(".")[0]
    return first.isdigit() and int(first) in _MULTICAST_FIRST
