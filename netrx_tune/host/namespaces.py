"""Entering and finding network namespaces."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import suppress
from typing import NamedTuple

from netrx_tune.model.errors import InputError

_CLONE_NEWNET = 0x40000000
_CLONE_NEWNS = 0x00020000
_MS_BIND, _MS_REC = 0x1000, 0x4000
_MS_PRIVATE = 1 << 18
_GROUPS = "/sys/fs/cgroup"
_NAMED = ("/run/netns", "/var/run/netns")


class Namespace(NamedTuple):
    """A network namespace: how to open it, how to name it, and a process in it if any."""

    path: str  # "/proc/123/ns/net" or "/run/netns/blue"
    inode: int
    name: str
    pid: int | None


def path_of(name: str) -> str:
    """Return the file of a namespace given by `ip netns` name or by path.

    Raises:
        InputError: there is no such namespace.
    """
    candidates = [name] if "/" in name else [f"{folder}/{name}" for folder in _NAMED]
    for path in candidates:
        if os.path.exists(path):  # noqa: PTH110 - start-up time
            return path
    raise InputError(f"network namespace {name!r}: not found in {', '.join(candidates)}")


def path_of_pid(pid: int) -> str:
    """Return the file of a process's network namespace.

    Raises:
        InputError: there is no such process.
    """
    path = f"/proc/{pid}/ns/net"
    if not os.path.lexists(path):
        raise InputError(f"process {pid}: not found in /proc")
    return path


def is_own(path: str) -> bool:
    """Tell whether this process is in that network namespace."""
    return _inode(path) == own_inode() is not None


def is_guest() -> bool:
    """Tell whether the system that boots here has another network namespace than this process.

    Process 1 tells; where it may not be looked at, a name that `ip netns` gave this namespace.
    """
    own, first = own_inode(), _inode("/proc/1/ns/net")
    if first is not None:
        return own not in (None, first)
    named = [f"{folder}/{name}" for folder in _NAMED for name in _listed(folder)]
    return any(map(is_own, named))


def enter(path: str) -> None:
    """Move this process into a network namespace, with a /sys of its own.

    /proc/net follows the process; /sys/class/net shows the namespace that mounted it, so a
    private mount is laid over /sys, and the control groups are laid over that again, for the
    quotas of readers. Kernel: fs/sysfs/mount.c, sysfs_init_fs_context().

    Raises:
        InputError: the namespace cannot be entered.
    """
    import ctypes  # noqa: PLC0415 - 10 ms that only this path pays

    libc = ctypes.CDLL(None, use_errno=True)
    fd = groups = -1
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        _must(libc.setns(fd, _CLONE_NEWNET), path)
        _must(libc.unshare(_CLONE_NEWNS), path)
        _must(libc.mount(None, b"/", None, _MS_REC | _MS_PRIVATE, None), path)
        with suppress(OSError):
            groups = os.open(_GROUPS, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
        # EBUSY: /sys is that namespace's already. fs/namespace.c, do_add_mount() (v6.18).
        _must(libc.mount(b"sysfs", b"/sys", b"sysfs", 0, None), path, but=errno.EBUSY)
        if groups >= 0:  # without them a quota is not told, and that is all
            source = f"/proc/self/fd/{groups}".encode()
            libc.mount(source, _GROUPS.encode(), None, _MS_BIND | _MS_REC, None)
    except OSError as error:
        if error.errno == errno.EINVAL:  # setns() of another file
            raise InputError(f"{path}: not a network namespace; ip netns list names some") from None
        hint = "; entering a namespace needs root" if os.geteuid() else ""
        raise InputError(f"{path}: cannot enter: {error.strerror}{hint}") from error
    finally:
        for opened in (fd, groups):
            if opened >= 0:
                os.close(opened)


def _must(result: int, path: str, *, but: int = 0) -> None:
    """Raise what went wrong, except for one error."""
    if result:
        import ctypes  # noqa: PLC0415

        code = ctypes.get_errno()
        if code != but:
            raise OSError(code, os.strerror(code), path)


def own_inode() -> int | None:
    """Return the inode of this process's network namespace."""
    return _inode("/proc/self/ns/net")


def _inode(path: str) -> int | None:
    try:
        return os.stat(path).st_ino  # noqa: PTH116 - start-up time
    except OSError:
        return None


def others() -> Iterator[Namespace]:
    """Yield the network namespaces that processes or names keep, other than this one."""
    seen = {own_inode()}
    for folder in _NAMED:
        for name in _listed(folder):
            yield from _if_new(seen, f"{folder}/{name}", name, None)
    for entry in _listed("/proc"):
        if entry.isdigit():
            path = f"/proc/{entry}/ns/net"
            yield from _if_new(seen, path, "", int(entry))


def _listed(folder: str) -> list[str]:
    try:
        return os.listdir(folder)  # noqa: PTH208 - start-up time
    except OSError:
        return []


def _if_new(seen: set[int | None], path: str, name: str, pid: int | None) -> Iterator[Namespace]:
    inode = _inode(path)
    if inode is None or inode in seen:
        return
    seen.add(inode)
    yield Namespace(path, inode, name or f"pid {pid}", pid)
