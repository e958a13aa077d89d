"""Saved snapshots on disk, written whole or not at all, and read from whatever people have.

    read_snapshot("web7.tar.gz")          our own, in any compression that tar knows
    read_snapshot("sosreport-web7/")      a support archive, packed or not
    read_snapshot("copied/")              a folder with proc/net/snmp, or with 0/ and 1/ of it
    read_snapshot("ticket.txt")           what netstat -s and its like printed
    read_snapshot("-")                    any of these but a folder, on standard input
    read_snapshot("s3://bucket/web7.tar") any of these in storage that fsspec knows

What an input is, is told by what it holds, never by its name.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from functools import partial
from itertools import chain

from netrx_tune.host.check_inputs import ONE_TEXT, is_remote
from netrx_tune.host.decompress import STANDARD_INPUT, blocks, open_input, refuse_huge, unreadable
from netrx_tune.host.folder import read_folder
from netrx_tune.host.kernel_tree import RawTree, Roots, kernel_files, place
from netrx_tune.host.nested import NESTED, inner_blocks, is_packed_report, split
from netrx_tune.host.save import write_snapshot
from netrx_tune.host.tar_members import is_tar, tar_members
from netrx_tune.model.errors import InputError, ParseError
from netrx_tune.model.places import Places
from netrx_tune.model.sample import Gap, Sample
from netrx_tune.reporters.snapshot_files import (
    MANIFEST,
    SAMPLES,
    SavedSnapshot,
    interval,
    parse_snapshot,
    saved_snapshot,
)
from netrx_tune.reporters.snapshot_records import parse_records

__all__ = ["read_snapshot", "write_snapshot"]

_ACCEPTED = (
    "expected a snapshot, a folder with proc/net/snmp in it or with 0/ and 1/ of such, "
    "or a sosreport, each as a folder or packed by tar; or the text of netstat -s, nstat -az, "
    "ss -uanm, sysctl -a, ethtool -S or of files in /proc/net"
)
_LOOSE = "several texts of a host go one behind another: cat FILES | netrx-tune diagnose --from -"
_COUNTERS = ("proc/net/snmp", "proc/net/netstat", "proc/net/snmp6")
_OUTSIDE = "a name that leads out of the archive"
_MOST_GAPS = 8
_MOST_NAMED = 4
_MOST_HOSTS = 10_000
_HEAD_BYTES = 8 << 10
# What commands print of a host with 60,000 sockets; reading it takes twelve times as much memory.
_MOST_TEXT_BYTES = 16 << 20


def read_snapshot(path: str, netns: str | None = None) -> SavedSnapshot:
    """Return what a file or folder holds of a host, or for "-" what comes on standard input.

    Args:
        path: of a file or folder, or "-".
        netns: the network namespace that is meant, where an input has several.

    Raises:
        InputError: it cannot be read, or holds nothing of the kind; one line says why.
    """
    if is_remote(path):
        from netrx_tune.host.remote_copies import read_remote  # noqa: PLC0415 - for addresses only

        return read_remote(path, netns)
    try:
        is_folder = path != STANDARD_INPUT and os.path.isdir(path)  # noqa: PTH112 - quicker
        saved = _read_folder(path, netns) if is_folder else _read_file(path, netns)
        if saved and netns is not None and saved.netns != netns:
            whose = f"namespace {saved.netns!a}" if saved.netns else "the host's own namespace"
            raise InputError(f"{path}: is of {whose}, not of network namespace {netns!a}")
    except ParseError as error:
        raise InputError(f"{path}: {error}") from None
    except (OSError, ValueError) as error:  # ValueError: a NUL, no such namespace, no counter
        raise unreadable(path, error) from None
    if saved is None:
        raise InputError(f"{path}: nothing to judge in it; {_ACCEPTED}; {_LOOSE}")
    return saved


def _read_folder(path: str, netns: str | None) -> SavedSnapshot | None:
    saved = _snapshot(read_folder(path), netns)
    text = f"{path}/{ONE_TEXT}"
    return _read_file(text, netns) if saved is None and os.path.isfile(text) else saved  # noqa: PTH113 - quicker


def _read_file(path: str, netns: str | None) -> SavedSnapshot | None:
    outer, inner = split(path)
    with open_input(outer) as file:
        if not inner:
            refuse_huge(file, path)
        unpacked = blocks(file, outer)
        if inner:
            unpacked = inner_blocks(unpacked, outer, inner)
        start = next(unpacked, b"")
        if not is_tar(start):
            return _read_text(start, unpacked, path)
        packed: list[str] = []
        saved = _snapshot(_read_archive(chain((start,), unpacked), path, packed), netns)
    if saved or not packed or inner:
        return saved
    return _only_host(path, packed, netns)


def _only_host(path: str, packed: list[str], netns: str | None) -> SavedSnapshot | None:
    """Return the report in an archive that holds nothing but one.

    Raises:
        InputError: it holds several.
    """
    if path == STANDARD_INPUT:
        raise InputError(f"{path}: an archive of archives, which is read from a file only")
    if len(packed) == 1:
        return _within(packed[0], _read_file(f"{path}{NESTED}{packed[0]}", netns))
    named = ", ".join(ascii(name)[1:-1] for name in packed[:_MOST_NAMED])
    more = ", ..." if len(packed) > _MOST_NAMED else ""
    raise InputError(
        f"{path}: holds the reports of {len(packed)} hosts ({named}{more});"
        f" name one as {path}{NESTED}NAME"
    )


def _within(inner: str, saved: SavedSnapshot | None) -> SavedSnapshot | None:
    """Return the report of an inner archive, its members named as the outer one's."""
    if saved is None or saved.places is None:
        return saved
    if saved.places.text is not None:  # its lines are no lines of the archive
        return saved._replace(places=None)
    places = saved.places._replace(below=f"{inner}{NESTED}{saved.places.below}")
    beside = {name: partial(_read_within, inner, read) for name, read in saved.namespaces.items()}
    return saved._replace(places=places, namespaces=beside)


def _read_within(inner: str, read: Callable[[], SavedSnapshot]) -> SavedSnapshot:
    saved = read()
    return _within(inner, saved) or saved


def _read_archive(unpacked: Iterator[bytes], path: str, packed: list[str]) -> RawTree:
    """Return what an archive holds of a report, without unpacking it anywhere.

    Names of archives in it are added to `packed`.
    """
    roots = Roots()
    outside: list[Gap] = []

    def wanted(name: str) -> bool:
        if place(name) is not None:
            return True
        if (name.startswith("/") or "../" in name) and len(outside) < _MOST_GAPS:
            outside.append(Gap(ascii(name)[1:-1], "denied", _OUTSIDE))
        elif is_packed_report(name) and len(packed) < _MOST_HOSTS:
            packed.append(name)
        return False

    for member in tar_members(unpacked, path, wanted, roots.samples("")):
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


def _read_text(start: bytes, rest: Iterator[bytes], path: str) -> SavedSnapshot:
    """Return what the text of a bug report says.

    Raises:
        InputError: it is no text, or one that says nothing of a Linux host.
    """
    if problem := _no_text(start):
        raise InputError(f"{path}: {problem}; {_ACCEPTED}")
    from netrx_tune.collectors.pasted import foreign_system, parse_pasted  # noqa: PLC0415 - seldom
    from netrx_tune.collectors.text_scopes import scopes_of  # noqa: PLC0415 - likewise
    from netrx_tune.planning.logged import log_lines  # noqa: PLC0415 - likewise

    text = _whole(start, rest, path)
    if len(whose := scopes_of(text)) > 1:
        several = f"counters of several hosts or network namespaces ({', '.join(whose[:4])})"
        raise InputError(f"{path}: {several}; give each as a text of its own")
    sample = parse_pasted(text)
    logged, requests = log_lines(text)
    if sample is None and requests:
        sample = Sample({})
    if sample is None:
        system = foreign_system(text)
        if system:
            raise InputError(f"{path}: a text of {system}; only what Linux counts can be judged")
        if logged:
            said = logged[0].detail
            raise InputError(f"{path}: a log and no counters; of a line in it tells: {said}")
        from netrx_tune.collectors.refused import why_unread  # noqa: PLC0415 - likewise

        why = why_unread(text) or f"a text with nothing of a host in it; {_ACCEPTED}"
        raise InputError(f"{path}: {why}")
    sample = sample._replace(files={**sample.files, **requests}, gaps=sample.gaps + logged)
    return saved_snapshot((sample,), kind="text")._replace(places=Places(text=text))


def _whole(start: bytes, rest: Iterator[bytes], path: str) -> str:
    """Return a text that comes in blocks.

    Raises:
        InputError: it is longer than what commands print.
    """
    whole = bytearray(start)
    for block in rest:
        whole += block
        if len(whole) > _MOST_TEXT_BYTES:
            most = f"a text of more than {_MOST_TEXT_BYTES >> 20} MiB"
            raise InputError(f"{path}: {most}; cut out of it what the commands printed")
    return whole.decode("utf-8", "surrogateescape")


def _no_text(start: bytes) -> str | None:
    """Return what a file is that is neither an archive nor a text."""
    if not start:
        return "the file is empty"
    if start.startswith(b"PK\x03\x04"):
        return "a zip archive, which must be unpacked first"
    head = start[:_HEAD_BYTES]
    if b"\0" in head or any(byte < 9 for byte in head):
        return "no archive that tar made, and no text"
    return None


def _snapshot(tree: RawTree, netns: str | None = None) -> SavedSnapshot | None:
    """Return what a tree holds, or None if that is nothing of a host."""
    if MANIFEST in tree.files:
        own = parse_snapshot(tree.files[MANIFEST], tree.samples)
        last = SAMPLES[len(own.samples) - 1]
        saved: SavedSnapshot | None = own._replace(places=Places(tree.root + last))
    elif any(tree.samples):
        saved = _interval(tree, netns)
    else:
        saved = _host(tree, "", netns)
    if saved is None:
        _refuse_ill_packed(tree)
    return saved and saved._replace(gaps=saved.gaps + tree.gaps)


def _refuse_ill_packed(tree: RawTree) -> None:
    """Say what went wrong where files of /proc were packed without what they say, or whence.

    Raises:
        ValueError: so it is.
    """
    outside = [gap.path for gap in tree.gaps if gap.detail == _OUTSIDE]
    if outside:
        raise ValueError(
            f"nothing to judge in it but what has {_OUTSIDE} ({outside[0]}), which is not read;"
            " pack it from inside its folder, with relative names"
        )
    texts = chain.from_iterable(part.items() for part in (tree.files, *tree.samples))
    empty = next((name for name, text in texts if name.endswith(_COUNTERS) and not text), None)
    if empty:
        raise ValueError(
            f"{empty.lstrip('/')} is empty: tar and rsync take the size of files in /proc,"
            " which is 0, for what they hold; copy them first (cp -r --parents /proc/net/snmp"
            " /proc/net/netstat DIR), or save them by `netrx-tune snapshot`"
        )


def _interval(tree: RawTree, netns: str | None) -> SavedSnapshot | None:
    """Return the trees in 0/ and in 1/ as one snapshot; one of them alone is read as such."""
    hosts: list[SavedSnapshot] = []
    for number, texts in enumerate(tree.samples):
        start = f"{number}/"
        files = {path[1:]: text for path, text in texts.items()}
        links = {name[2:]: target for name, target in tree.links.items() if name.startswith(start)}
        part = RawTree(files, links, ({}, {}), root=tree.root + start)
        host = _host(part, str(number), netns)
        if host:
            hosts.append(host._replace(kind="folder"))
    return interval(*hosts) if len(hosts) == 2 else next(iter(hosts), None)


def _host(tree: RawTree, number: str, netns: str | None) -> SavedSnapshot | None:
    """Return one tree of a host as a snapshot of one sample, or None if it is none."""
    if tree.is_sosreport:
        from netrx_tune.host.sosreport import read_sosreport  # noqa: PLC0415 - for these only

        return read_sosreport(tree, netns)
    files, gaps, members = kernel_files(tree)
    if not any(path.startswith("/proc/net/") for path in files):
        return None
    saved = saved_snapshot((parse_records(files, number, gaps),), kind="tree")
    return saved._replace(places=Places(tree.root, members))
