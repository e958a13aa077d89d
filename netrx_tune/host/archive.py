"""Saved snapshots on disk, written whole or not at all, and read from whatever people have.

    read_snapshot("web7.tar.gz")          our own, in any compression that tar knows
    read_snapshot("sosreport-web7/")      a support archive, packed or not
    read_snapshot("copied/")              a folder with proc/net/snmp, or with 0/ and 1/ of it

What an input is, is told by what it holds, never by its name.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from pathlib import Path

from netrx_tune.host.decompress import blocks, open_regular, unreadable
from netrx_tune.host.folder import read_folder
from netrx_tune.host.kernel_tree import RawTree, Roots, kernel_files, place
from netrx_tune.host.save import write_snapshot
from netrx_tune.host.tar_members import is_tar, tar_members
from netrx_tune.model.errors import InputError, ParseError
from netrx_tune.model.sample import Gap, Sample
from netrx_tune.reporters.snapshot_files import (
    MANIFEST,
    SavedSnapshot,
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
        return parse_snapshot(tree.files, tree.gaps)
    if any(name.startswith("0/") for name in tree.files):
        samples = tuple(_samples(tree))
        return saved_snapshot(samples, kind="folder", gaps=tree.gaps) if samples else None
    sample = _sample(tree, "")
    return saved_snapshot((sample,), kind="tree", gaps=tree.gaps) if sample else None


def _samples(tree: RawTree) -> Iterator[Sample]:
    """Yield the sample in 0/ and the one in 1/, if they are there."""
    for number in ("0", "1"):
        start = f"{number}/"
        part = RawTree(
            files={n[2:]: text for n, text in tree.files.items() if n.startswith(start)},
            links={n[2:]: target for n, target in tree.links.items() if n.startswith(start)},
        )
        sample = _sample(part, number)
        if sample:
            yield sample


def _sample(tree: RawTree, number: str) -> Sample | None:
    files, gaps = kernel_files(tree)
    if not any(path.startswith("/proc/net/") for path in files):
        return None
    return parse_records(files, number, gaps)
