"""Reading and writing keys below /proc/sys: each one written whole, and read back.

Kernel: fs/proc/proc_sysctl.c, proc_sys_call_handler(): one write() is one value; the kernel
refuses what is out of range with EINVAL.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterable
from pathlib import Path

from netrx_tune.collectors.sysctl import path_of
from netrx_tune.host.replacing import below, put, state_of
from netrx_tune.host.source import Tree
from netrx_tune.model.errors import ApplyError
from netrx_tune.planning.changes import Obstacle, Seen

_MEANINGS = {
    errno.EPERM: "not permitted: it needs CAP_NET_ADMIN in the namespace that owns the key",
    errno.EACCES: "not permitted: it needs root, or the key is read-only in this namespace",
    errno.EROFS: "/proc/sys is mounted read-only here, as in a container",
    errno.EINVAL: "the kernel refuses the value",
    errno.ERANGE: "the kernel refuses the value",
    errno.ENOENT: "no such key here: the kernel lacks it, or its module is not loaded",
}


def look(tree: Tree, keys: Iterable[str]) -> dict[str, Seen]:
    """Return each key's text and what hinders writing it."""
    return {key: _look(tree, key) for key in keys}


def _look(tree: Tree, key: str) -> Seen:
    path = _path(key)
    text = tree.read(path)
    if not isinstance(text, str):
        return Seen(None, "absent" if text.why == "absent" else "denied")
    return Seen(text.rstrip("\n"), _obstacle(tree.root + path))


def _obstacle(path: str) -> Obstacle:
    """Return what hinders writing a file that can be read.

    Kernel: proc_sys_permission() asks for the namespace's capability, not for the mode alone.
    """
    try:
        os.close(os.open(path, os.O_WRONLY | os.O_CLOEXEC | os.O_NONBLOCK))
    except OSError as error:
        if error.errno == errno.EROFS or os.geteuid() == 0:
            return "read-only"
        return "denied"
    return ""


def has_running_values(root: str) -> bool:
    """Tell whether values below a root are to be set: not those of the kernel that builds it.

    An image that is built has /proc of the building host mounted, or none.
    """
    if not root:
        return True
    return Path(root + "/proc/sys").is_dir() and not os.path.lexists(root + "/proc/self")


def read(root: str, key: str) -> str:
    """Return a key's text without the line's end.

    Raises:
        ApplyError: it does not read.
    """
    text = Tree(root).read(_path(key))
    if isinstance(text, str):
        return text.rstrip("\n")
    raise ApplyError(f"{key}: cannot be read: {text.detail}")


def write(root: str, key: str, text: str) -> None:
    """Set a key and see that it took.

    Raises:
        ApplyError: with what the kernel said, or what it kept instead, which was put back.
    """
    before = read(root, key)
    _set(root, key, text)
    got = read(root, key)
    if not same(got, text):
        _set(root, key, before)
        raise ApplyError(f"{key} = {text}: written without an error, and it reads {got}")


def _set(root: str, key: str, text: str) -> None:
    place = below(root, _path(key))
    try:
        if root:  # files that stand for a kernel
            put(place, state_of(place)._replace(text=text + "\n"))
        else:
            _write(place, text)
    except OSError as error:
        said = _MEANINGS.get(error.errno or 0, error.strerror or str(error))
        raise ApplyError(f"{key} = {text}: {said} ({errno_name(error)})") from error


def same(one: str, other: str) -> bool:
    """Tell whether two texts are the same numbers: the kernel writes tabs between them."""
    return one.split() == other.split()


def _write(place: Path, text: str) -> None:
    descriptor = os.open(place, os.O_WRONLY | os.O_CLOEXEC)
    try:
        os.write(descriptor, f"{text}\n".encode())
    finally:
        os.close(descriptor)


def errno_name(error: OSError) -> str:
    """Return EPERM and the like."""
    return errno.errorcode.get(error.errno or 0, "?")


def _path(key: str) -> str:
    """Return a key's path, which must stay below /proc/sys.

    Raises:
        ApplyError: a part of the name is empty or dots.
    """
    path = path_of(key)
    if any(part in ("", ".", "..") for part in path.split("/")[1:]) or "\0" in path:
        raise ApplyError(f"{key!a}: not the name of a sysctl")
    return path
