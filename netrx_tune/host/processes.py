"""Who reads a socket: looked up only for the sockets that matter, and not for ever."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Iterator

from netrx_tune.host.namespaces import own_inode
from netrx_tune.host.source import Tree
from netrx_tune.model.sample import Gap, Process

_BUDGET_SECONDS = 1.0
_MOST_OPENED = 4096  # sockets of one process that are asked for their protocol, 1 us each


def find_processes(
    tree: Tree, inodes: Iterable[int]
) -> tuple[tuple[Process, ...], tuple[Gap, ...]]:
    """Return one process for each socket inode that any visible process holds.

    Processes of other network namespaces are passed over without a look at their files.
    """
    wanted = set(inodes) - {0}
    found: list[Process] = []
    denied = 0
    deadline = time.monotonic() + _BUDGET_SECONDS
    for pid in _pids_here() if wanted else ():
        if time.monotonic() > deadline:
            why = f"gave up after {_BUDGET_SECONDS:g} s with {len(wanted)} sockets to go"
            return tuple(found), (Gap("/proc/PID/fd", "absent", why),)
        opened = _opened_by(pid)
        if opened is None:
            denied += 1
            continue
        held = wanted & opened.keys()
        datagrams = _datagram_sockets(pid, opened) if held else None
        found.extend(_process(tree, pid, inode, datagrams) for inode in held)
        wanted -= held
        if not wanted:
            break
    if wanted and denied:
        why = f"{denied} processes cannot be looked into; run as root to name the readers"
        return tuple(found), (Gap("/proc/PID/fd", "denied", why),)
    return tuple(found), ()


def _pids_here() -> Iterator[int]:
    """Yield the processes of this network namespace, and those that hide theirs."""
    own = own_inode()
    for name in os.listdir("/proc"):  # noqa: PTH208 - thousands of names
        if not name.isdigit():
            continue
        try:
            inode = os.stat(f"/proc/{name}/ns/net").st_ino  # noqa: PTH116
        except FileNotFoundError:
            continue
        except OSError:
            inode = own or 0
        if inode == own:
            yield int(name)


def _opened_by(pid: int) -> dict[int, str] | None:
    """Return the sockets that a process has open, by inode; None if it may not be asked."""
    opened = {}
    try:
        with os.scandir(f"/proc/{pid}/fd") as entries:
            for entry in entries:
                target = os.readlink(entry.path)  # noqa: PTH115
                if target.startswith("socket:["):
                    opened[int(target[8:-1])] = entry.name
    except PermissionError:
        return None
    except OSError:
        return opened
    return opened


def _datagram_sockets(pid: int, opened: dict[int, str]) -> int | None:
    """Return how many of its sockets are of UDP or UDP-Lite; None of too many, or if unknown.

    Kernel: net/socket.c, sockfs_xattr_get(), "system.sockprotoname", from 3.7.
    """
    if len(opened) > _MOST_OPENED:
        return None
    names = []
    for number in opened.values():
        try:
            names.append(os.getxattr(f"/proc/{pid}/fd/{number}", "system.sockprotoname"))
        except FileNotFoundError:
            continue  # it was closed meanwhile
        except OSError:
            return None
    return sum(1 for name in names if name.startswith(b"UDP"))


def _process(tree: Tree, pid: int, inode: int, sockets: int | None) -> Process:
    name = tree.text(f"/proc/{pid}/comm").strip()
    cgroups = tree.text(f"/proc/{pid}/cgroup").splitlines()
    unified = [line[3:] for line in cgroups if line.startswith("0::")]
    stat = tree.text(f"/proc/{pid}/stat").rpartition(")")[2].split()
    group, state = unified[0] if unified else "", stat[0] if stat else ""
    return Process(inode, pid, name, group, state, sockets)
