"""Saved snapshots on disk, written whole or not at all, and read from whatever people have.

    read_snapshot("web7.tar.gz")          our own, in any compression that tar knows
    read_snapshot("sosreport-web7/")      a support archive, packed or not
    read_snapshot("copied/")              a folder with proc/net/snmp, or with 0/ and 1/ of it

What an input is, is told by what it holds, never by its name.
"""

from __future__ import annotations

from itertools import chain
from pathlib import Path

from netrx_tune.host.decompress import blocks, open_regular, unreadable
from netrx_tune.host.folder import read_folder
from netrx_tune.host.kernel_tree import RawTree, Roots, kernel_files, place
from netrx_tune.host.save import write_snapshot
from netrx_tune.host.tar_members import is_tar, tar_members
from netrx_tune.model.errors import InputError, ParseError
from netrx_tune.model.sample import Gap
from netrx_tune.reporters.snapshot_files import (
    MANIFEST,
    SavedSnapshot,
    interval,
    parse_snapshot,
    saved_snapshot,
)
from netrx_tune.reporters.snapshot_records import parse_records

__all__ = ["read_snapshot", "write_snapshot"]

_ACCEPTED = (
    "expected a snapshot, a folder with proc/net/snmp in it or with 0/ and 1/ of such, "
    "or a sosreport, each as a folder or packed by tar"
)
_MOST_GAPS = 8
_TAR_BLOCK = 512


def read_snapshot(path: str) -> SavedSnapshot:
    """Return what a file or folder holds of a host.

    Raises:
        InputError: it cannot be read, or holds nothing of the kind; one line says why.
    """
    try:
        tree = read_folder(path) if Path(path).is_dir() else _read_archive(path)
        saved = _snapshot(tree)
    except ParseError as error:
        raise InputError(f"{path}: {error}") from None
    except (OSError, ValueError) as error:  # ValueError: a name with a NUL
        raise unreadable(path, error) from None
    if saved is None:
        raise InputError(f"{path}: nothing to judge in it; {_ACCEPTED}")
    return saved


def _read_archive(path: str) -> RawTree:
    """Return what an archive holds of a report, without unpacking it anywhere."""
    roots = Roots()
    outside: list[Gap] = []

    def wanted(name: str) -> bool:
        if place(name) is not None:
            return True
        if (name.startswith("/") or "../" in name) and len(outside) < _MOST_GAPS:
            outside.append(Gap(ascii(name)[1:-1], "denied", "a name that leads out of the archive"))
        return False

    with open_regular(path) as file:
        unpacked = blocks(file, path)
        start = next(unpacked, b"")
        if not is_tar(start):
            raise InputError(f"{path}: {_foreign(start)}; {_ACCEPTED}")
        samples = roots.files("")
        for member in tar_members(chain((start,), unpacked), path, wanted, samples):
            placed = place(member.name)
            if placed is None:
                continue
            if not member.target:
                roots.add(placed, member.content.decode("utf-8", "surrogateescape"))
            elif member.hard:
                roots.add_hard_link(placed, member.target)
            else:
                roots.add_link(placed, member.target)
    tree = roots.best()
    return tree._replace(gaps=tree.gaps + tuple(outside))


def _foreign(start: bytes) -> str:
    """Return what a file is that is no archive."""
    if not start:
        return "the file is empty"
    if start.startswith(b"PK\x03\x04"):
        return "a zip archive, which must be unpacked first"
    head = start[:_TAR_BLOCK]
    if b"\0" not in head and not any(byte < 9 for byte in head):
        return "a single text"
    return "no archive that tar made"


def _snapshot(tree: RawTree) -> SavedSnapshot | None:
    """Return what a tree holds, or None if that is nothing of a host."""
    if MANIFEST in tree.files:
        saved: SavedSnapshot | None = parse_snapshot(tree.files)
    elif any(name.startswith(("0/", "1/")) for name in tree.files):
        saved = _interval(tree)
    else:
        saved = _host(tree, "")
    return saved and saved._replace(gaps=saved.gaps + tree.gaps)


def _interval(tree: RawTree) -> SavedSnapshot | None:
    """Return the trees in 0/ and in 1/ as one snapshot; one of them alone is read as such."""
    hosts: list[SavedSnapshot] = []
    for number in ("0", "1"):
        start = f"{number}/"
        files = {name[2:]: text for name, text in tree.files.items() if name.startswith(start)}
        links = {name[2:]: target for name, target in tree.links.items() if name.startswith(start)}
        host = _host(RawTree(files, links), number)
        if host:
            hosts.append(host._replace(kind="folder"))
    return interval(*hosts) if len(hosts) == 2 else next(iter(hosts), None)


def _host(tree: RawTree, number: str) -> SavedSnapshot | None:
    """Return one tree of a host as a snapshot of one sample, or None if it is none."""
    if tree.is_sosreport:
        from netrx_tune.host.sosreport import read_sosreport  # noqa: PLC0415 - for these only

        return read_sosreport(tree)
    files, gaps = kernel_files(tree)
    if not any(path.startswith("/proc/net/") for path in files):
        return None
    return saved_snapshot((parse_records(files, number, gaps),), kind="tree")
