"""Who reads a socket: looked up only for the sockets that matter, and not for ever."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Iterator

from netrx_tune.host.namespaces import own_inode
from netrx_tune.host.source import Tree
from netrx_tune.model.sample import Gap, Process

_BUDGET_SECONDS = 1.0


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
        held = _held_by(pid, wanted)
        if held is None:
            denied += 1
            continue
        found.extend(_process(tree, pid, inode) for inode in held)
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


def _held_by(pid: int, wanted: set[int]) -> set[int] | None:
    """Return which of the wanted sockets a process has open; None if it may not be asked."""
    held = set()
    try:
        with os.scandir(f"/proc/{pid}/fd") as entries:
            for entry in entries:
                target = os.readlink(entry.path)  # noqa: PTH115
                if target.startswith("socket:[") and int(target[8:-1]) in wanted:
                    held.add(int(target[8:-1]))
    except PermissionError:
        return None
    except OSError:
        return held
    return held


def _process(tree: Tree, pid: int, inode: int) -> Process:
    name = _text(tree, f"/proc/{pid}/comm").strip()
    cgroups = _text(tree, f"/proc/{pid}/cgroup").splitlines()
    unified = [line[3:] for line in cgroups if line.startswith("0::")]
    stat = _text(tree, f"/proc/{pid}/stat").rpartition(")")[2].split()
    return Process(inode, pid, name, unified[0] if unified else "", stat[0] if stat else "")


def _text(tree: Tree, path: str) -> str:
    text = tree.read(path)
    return text if isinstance(text, str) else ""
