"""System calls that Python 3.11 lacks, each raising OSError as the standard library would."""

from __future__ import annotations

import ctypes
import os
import signal

CLONE_NEWNET = 0x40000000
PR_SET_PDEATHSIG = 1

# System call numbers are the same on every 64-bit architecture from 424 on; the older ones
# are not. Kernel: arch/x86/entry/syscalls/syscall_64.tbl, scripts/syscall.tbl.
_FSOPEN, _FSCONFIG, _FSMOUNT = 430, 431, 432
_BPF = {"x86_64": 321, "aarch64": 280}
_USERFAULTFD = {"x86_64": 323, "aarch64": 282}

_FSCONFIG_CMD_CREATE = 6
_FSMOUNT_CLOEXEC = 1

_LIBC = ctypes.CDLL(None, use_errno=True)


def _checked(result: int, what: str) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), what)
    return result


def enter_netns(name: str) -> None:
    """Move this process into the named network namespace; /proc and /sys stay as they are."""
    descriptor = os.open(f"/run/netns/{name}", os.O_RDONLY)
    try:
        _checked(_LIBC.setns(descriptor, CLONE_NEWNET), f"setns {name}")
    finally:
        os.close(descriptor)


def leave_netns() -> None:
    """Move this process into a new network namespace, which goes with its last process."""
    _checked(_LIBC.unshare(CLONE_NEWNET), "unshare")


def die_with_parent() -> None:
    """Let the kernel end this process when its parent ends, however that happens."""
    _checked(_LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0), "prctl")


def detached_mount(filesystem: str) -> int:
    """Return a descriptor of a fresh mount that is visible to nobody else.

    Kernel: fs/fsopen.c, fsopen() and fsmount() (5.2 and newer).
    """
    context = _checked(_LIBC.syscall(_FSOPEN, filesystem.encode(), 0), f"fsopen {filesystem}")
    try:
        created = _LIBC.syscall(_FSCONFIG, context, _FSCONFIG_CMD_CREATE, None, None, 0)
        _checked(created, f"fsconfig {filesystem}")
        return _checked(_LIBC.syscall(_FSMOUNT, context, _FSMOUNT_CLOEXEC, 0), "fsmount")
    finally:
        os.close(context)


def bpf(command: int, attributes: bytes) -> int:
    """Run a command of the BPF system call, with its attributes packed; return its answer."""
    union = ctypes.create_string_buffer(attributes, len(attributes))
    number = _BPF[os.uname().machine]
    return _checked(_LIBC.syscall(number, command, union, len(attributes)), f"bpf {command}")


def userfaultfd(flags: int) -> int:
    """Return a descriptor that reports page faults of this process."""
    number = _USERFAULTFD[os.uname().machine]
    return _checked(_LIBC.syscall(number, flags), "userfaultfd")
