"""A folder that holds a snapshot, a host's files or an unpacked support archive.

Links are followed as far as they stay in the folder: a report may come from anywhere, and what
it points to must not become part of a verdict.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from netrx_tune.host.decompress import open_regular, unreadable
from netrx_tune.host.kernel_tree import RawTree, place
from netrx_tune.host.source import Tree
from netrx_tune.host.tar_members import MOST_KEPT_BYTES, MOST_MEMBER_BYTES, MOST_MEMBERS
from netrx_tune.model.errors import InputError
from netrx_tune.model.sample import Gap
from netrx_tune.reporters.snapshot_files import MANIFEST, by_sample

# Where the files of a host stand. A whole file system may be given, so the rest is not entered.
_FOLDERS = (
    "",
    "net",
    "proc",
    "proc/sys/kernel",
    "proc/sys/kernel/random",
    "etc",
    "etc/sysctl.d",
    "run/sysctl.d",
    "usr/local/lib/sysctl.d",
    "usr/lib/sysctl.d",
    "usr/lib",
    "lib/sysctl.d",
    "sys/devices/system/cpu",
    "sys/module/nf_conntrack/parameters",
)
# The same, with all folders in them.
_DEEP_FOLDERS = (
    "net/stat",
    "net/dev_snmp6",
    "proc/net",
    "proc/self/net",
    "proc/sys/net",
    "proc/sys/vm",
    "proc/pressure",
    "proc/irq",
    "sys/class/net",
    "netrx",
    "sos_commands",
)
_MARKS = (MANIFEST, "0", "proc", "sos_commands", "net", "snmp")
_MOST_LEVELS = 16
_MOST_PROCESSES = 64


class _Files:
    """What is being read; a link that leads out of `root` is not followed."""

    def __init__(self, root: str) -> None:
        self.root = root
        self.files: dict[str, str] = {}
        self.gaps: list[Gap] = []
        self._kept = 0

    def add(self, path: str, name: str) -> None:
        """Read a file, or note why not."""
        try:
            with open_regular(path) as file:
                size = os.fstat(file.fileno()).st_size  # 0 in a live /proc
                if size > MOST_MEMBER_BYTES or self._kept + size > MOST_KEPT_BYTES:
                    raise InputError(f"{path}: it and what is before it are too large to read")
                content = file.readall()
        except PermissionError as error:
            self.gaps.append(Gap(name, "denied", error.strerror or ""))
        except OSError as error:
            if not name.startswith("sys/"):  # where many files have no value, as a link's speed
                self.gaps.append(Gap(name, "absent", error.strerror or ""))
        else:
            self._kept += len(content)
            self.files[name] = content.decode("utf-8", "surrogateescape")
            if len(self.files) > MOST_MEMBERS:
                raise InputError(f"{self.root}: holds more than {MOST_MEMBERS:,} files")

    def real(self, path: str, name: str) -> str | None:
        """Return where a path leads, or None if that is out of the folder."""
        real = os.path.realpath(path)
        if self.root == "/" or f"{real}/".startswith(f"{self.root}/"):
            return real
        if name.endswith("proc/net") or place(name):
            self.gaps.append(Gap(name, "denied", "a link that leads out of the folder"))
        return None


def read_folder(path: str) -> RawTree:
    """Return what a folder holds of a report.

    Raises:
        InputError: it cannot be listed, or holds more than any report does.
    """
    root = _report_folder(path)
    found = _Files(root)
    if (Path(root) / MANIFEST).is_file():
        found.add(f"{root}/{MANIFEST}", MANIFEST)
        for sample in ("0", "1"):
            _walk(found, sample, deep=True, wanted=lambda _: True)
    elif (Path(root) / "0").is_dir():
        for sample in ("0", "1"):
            _walk_host(found, f"{sample}/")
    else:
        _walk_host(found, "")
    inside = root.removeprefix(os.path.realpath(path)).strip("/")
    return RawTree(
        found.files,
        {},
        by_sample(found.files),
        tuple(found.gaps),
        f"{inside}/" if inside else "",
    )


def _report_folder(path: str) -> str:
    """Return the folder of the report: the given one, or the only one in it."""
    root = os.path.realpath(path)
    for _ in range(2):
        try:
            names = os.listdir(root)  # noqa: PTH208 - names are all it takes
        except OSError as error:
            raise unreadable(path, error) from None
        folders = [name for name in names if (Path(root) / name).is_dir()]
        if any(mark in names for mark in _MARKS) or len(folders) != 1:
            break
        root = f"{root}/{folders[0]}"
    return root


def _walk_host(found: _Files, base: str) -> None:
    """Read the files of one host, whose names begin with `base`."""

    def wanted(name: str) -> bool:
        return place(name.removeprefix(base)) is not None

    for folder in _FOLDERS:
        _walk(found, base + folder, deep=False, wanted=wanted)
    for folder in _DEEP_FOLDERS:
        _walk(found, base + folder, deep=True, wanted=wanted)
    if any(name.startswith((f"{base}proc/net/", f"{base}proc/self/net/")) for name in found.files):
        return
    names = Tree(found.root).names(f"/{base}proc")
    processes = (name for name in names if name.isdigit())
    for process in sorted(processes, key=int)[:_MOST_PROCESSES]:
        _walk(found, f"{base}proc/{process}/net", deep=True, wanted=wanted)


def _walk(
    found: _Files, name: str, *, deep: bool, wanted: Callable[[str], bool], level: int = 0
) -> None:
    """Read the wanted files of a folder that is there, and if `deep` of all folders in it."""
    folder = found.real(f"{found.root}/{name}", name)
    if folder is None or level > _MOST_LEVELS:
        return
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError as error:
        if isinstance(error, PermissionError):
            found.gaps.append(Gap(name, "denied", error.strerror or ""))
        return
    for entry in entries:
        below = f"{name.rstrip('/')}/{entry.name}".lstrip("/")
        # A device in /sys/class/net is a link; other links to folders lead round in circles.
        is_folder, is_file = _kind(entry, follow=name.endswith("sys/class/net"))
        if is_folder and deep:
            _walk(found, below, deep=True, wanted=wanted, level=level + 1)
        elif is_file and wanted(below):
            path = found.real(entry.path, below) if entry.is_symlink() else entry.path
            if path is not None:
                found.add(path, below)


def _kind(entry: os.DirEntry[str], *, follow: bool) -> tuple[bool, bool]:
    """Tell whether an entry is a folder, and whether it is a file."""
    try:
        return entry.is_dir(follow_symlinks=follow), entry.is_file()
    except OSError:  # a link that leads to itself
        return False, False
