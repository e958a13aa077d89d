"""Finding and reading profiles: by name or by path, and none that another user could change.

A name is looked up in /etc/netrx-tune/profiles, then among those that come with the tool: in
the installed package, or in the folder beside it in a checkout.
"""

from __future__ import annotations

import errno
import os
import stat
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path

import netrx_tune
from netrx_tune.collectors.host import PAGE_BYTES
from netrx_tune.collectors.meminfo import parse_memory_bytes
from netrx_tune.collectors.sysctl import parse_sysctl, path_of
from netrx_tune.host.source import Tree
from netrx_tune.model.errors import InputError, ParseError, ProfileError
from netrx_tune.model.profile import Profile
from netrx_tune.planning.profile import Memory, resolve
from netrx_tune.planning.profile_document import MOST_BYTES
from netrx_tune.planning.profile_fields import NAME
from netrx_tune.planning.profile_written import Written, parse_profile

OWN_FOLDER = "/etc/netrx-tune/profiles"
_SUFFIXES = (".yaml", ".yml")
_MOST_LINKS = 40  # as the kernel, MAXSYMLINKS in include/linux/namei.h
_HERE = Path(netrx_tune.__file__).parent


# Folders in which a name is looked up; the first that has it counts.
Shelf = tuple[str, ...]


def shelf(own_folder: str = OWN_FOLDER, *, root: str = "") -> Shelf:
    """Return the folders of this installation, and before them that of the tree at `root`."""
    packaged = _HERE / "profiles"
    ours = packaged if packaged.is_dir() else _HERE.parent / "profiles"
    return tuple(dict.fromkeys((root + own_folder, own_folder, str(ours))))


def names(where: Shelf) -> Iterator[tuple[str, str]]:
    """Yield each profile's name and path, sorted; the base of all is none to choose."""
    found: dict[str, str] = {}
    for folder in where:
        for file in Tree().names(folder):
            stem, suffix = os.path.splitext(file)  # noqa: PTH122 - text
            if suffix in _SUFFIXES and NAME.fullmatch(stem):
                found.setdefault(stem, f"{folder}/{file}")
    yield from sorted(found.items())


def load(name_or_path: str, memory: Memory, where: Shelf | None = None) -> Profile:
    """Return a profile with its bases, for a host of that memory; a path has a slash or a suffix.

    Raises:
        ProfileError: it is refused, or its text is no profile.
        InputError: there is none, or it cannot be read.
    """
    return opened(name_or_path, where)(memory)


def opened(name_or_path: str, where: Shelf | None = None) -> Callable[[Memory], Profile]:
    """Read a profile now, and return what gives it for a host of a memory.

    Raises:
        ProfileError: it is refused, or its text is no profile.
        InputError: there is none, or it cannot be read.
    """
    folders = where or shelf()
    first = written(name_or_path, folders)
    return lambda memory: resolve(first, lambda name: by_name(name, folders), memory)


def written(name_or_path: str, where: Shelf) -> Written:
    """Return what one file says.

    Raises:
        ProfileError: it is refused, or its text is no profile.
        InputError: there is none, or it cannot be read.
    """
    if "/" in name_or_path or name_or_path.endswith(_SUFFIXES):
        return parse_profile(read(name_or_path), name_or_path)
    found = by_name(name_or_path, where)
    if found is None:
        known = ", ".join(name for name, _ in names(where))
        hint = " (a file is given with a slash or .yaml)"
        raise InputError(f"no profile is named {name_or_path[:80]!r}{hint}; there are: {known}")
    return found


def by_name(name: str, where: Shelf) -> Written | None:
    """Return the profile of a name, None if there is none.

    Raises:
        ProfileError: it is refused, is no profile, or calls itself otherwise.
    """
    if not NAME.fullmatch(name):
        return None
    path = dict(names(where)).get(name)
    if path is None:
        return None
    found = parse_profile(read(path), path)
    if found.name != name:
        raise ProfileError(path, f"1: name: the file is named {name}", found.name)
    return found


def memory(tree: Tree) -> Memory:
    """Return a host's memory, from which shares are computed."""
    page_bytes = os.sysconf("SC_PAGE_SIZE") if tree.is_live else PAGE_BYTES
    try:
        total = parse_memory_bytes(tree.text("/proc/meminfo"))
    except ParseError:
        total = None
    return Memory(total, page_bytes)


def current(tree: Tree, profile: Profile) -> dict[str, tuple[int, ...]]:
    """Return a host's values of a profile's keys; one that cannot be read is not there."""
    found: dict[str, tuple[int, ...]] = {}
    for one in profile.settings:
        path = path_of(one.key)
        with suppress(ParseError):
            found[one.key] = parse_sysctl(tree.text(path), path)
    return found


def read(path: str) -> str:
    """Return a profile's text.

    Raises:
        ProfileError: another user could change it, or it is no UTF-8, no file, or too large.
        InputError: it cannot be read.
    """
    try:
        real = _followed(path)
        fd = os.open(real, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOFOLLOW)
    except OSError as error:
        raise InputError(f"{path}: {error.strerror}") from None
    try:
        _check(os.fstat(fd), path, real)
        raw = os.read(fd, MOST_BYTES + 1)
    finally:
        os.close(fd)
    if len(raw) > MOST_BYTES:
        raise ProfileError(path, f"1: expected at most {MOST_BYTES} bytes", "a larger file")
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        got = raw[error.start : error.end].decode("latin-1")
        raise ProfileError(path, f"{line}: expected UTF-8", got) from None


def _followed(path: str) -> str:
    """Return the file that a path leads to, by links that only root or we could have made.

    Raises:
        ProfileError: a link is another user's.
        OSError: something on the way is missing, or links go round in a circle.
    """
    done, left, links = "/", f"{os.getcwd()}/{path}".split("/"), 0  # noqa: PTH109 - text
    if path.startswith("/"):
        left = path.split("/")
    while left:
        part = left.pop(0)
        here = os.path.join(done, part)  # noqa: PTH118 - text
        found = os.lstat(here)
        if part in {"", "."}:
            continue
        if part == "..":
            done = os.path.dirname(done)  # noqa: PTH120 - text
            continue
        if not stat.S_ISLNK(found.st_mode):
            done = here
            continue
        if found.st_uid not in {0, os.geteuid()}:
            raise ProfileError(path, f"1: a symbolic link of user {found.st_uid}", here)
        links += 1
        if links > _MOST_LINKS:
            raise OSError(errno.ELOOP, os.strerror(errno.ELOOP))
        target = os.readlink(here)  # noqa: PTH115 - text
        done = "/" if target.startswith("/") else done
        left = target.split("/") + left
    return done


def _check(found: os.stat_result, path: str, real: str) -> None:
    """Refuse what is no file, and for root what others could have written.

    Raises:
        ProfileError: that is so.
    """
    if not stat.S_ISREG(found.st_mode):
        raise ProfileError(path, "1: expected a file", stat.filemode(found.st_mode))
    if os.geteuid() != 0:
        return
    if found.st_mode & stat.S_IWOTH:
        what = "1: every user can write this file, and you are root: chmod o-w it first"
        raise ProfileError(path, what, stat.filemode(found.st_mode))
    for depth, folder in enumerate(Path(real).parents):
        mode = folder.stat().st_mode
        # In a folder such as /tmp others cannot rename what is ours there, or further down.
        is_ours = mode & stat.S_ISVTX and (depth or found.st_uid == 0)
        if mode & stat.S_IWOTH and not is_ours:
            what = "1: every user can write its folder, and you are root: move it to one of yours"
            raise ProfileError(path, what, f"{folder} {stat.filemode(mode)}")


def write(path: str, files: Sequence[tuple[str, str]], *, folder: bool = False) -> None:
    """Write one text to a file, or several below a folder, each whole or not at all.

    Args:
        path: the file, or a folder.
        files: name below the folder, and text; a single file's name is not used.
        folder: whether `path` is one; so it is, too, if it is there or ends in a slash.

    Raises:
        InputError: it cannot be written.
    """
    try:
        if not (folder or path.endswith("/") or os.path.isdir(path)):  # noqa: PTH112 - text
            _write(Path(path), files[0][1])
            return
        for name, text in files:
            target = Path(path) / name
            target.parent.mkdir(parents=True, exist_ok=True)
            _write(target, text)
    except OSError as error:
        raise InputError(f"{error.filename or path}: {error.strerror}") from None


def _write(target: Path, text: str) -> None:
    """Replace a file; what stood there stays until all is written. Devices are written to."""
    if target.exists() and not target.is_file():
        target.write_text(text, encoding="utf-8")
        return
    try:
        fd, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(target)) from None
    try:
        with os.fdopen(fd, "w", encoding="utf-8") as file:
            file.write(text)
            os.fchmod(file.fileno(), 0o644)
        Path(name).replace(target)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
