"""Which inputs stand at an address: itself, what its wildcards match, what is in a folder.

s3://bucket/web7.tar.gz            itself
s3://bucket/sosreport-web7/        itself: the folder of one host
s3://bucket/2026-11                the archives and hosts' folders in it, however deep
s3://bucket/2026-11/*/*.tar.gz     what the pattern matches
https://host/2026-11/              what the page with that list of a web server links to
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from netrx_tune.host.check_inputs import SUFFIXES, is_mark, is_remote
from netrx_tune.host.storage import filesystem, is_web
from netrx_tune.host.workers import in_workers

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem

_WILD = frozenset("*?[")


def expanded(paths: Iterable[str]) -> Iterator[str]:
    """Yield paths, and in place of an address the inputs that stand there.

    Storage is asked by a process of its own: what reads it has threads, beside which nothing
    may be forked, and the workers are.
    """
    for found in in_workers(_inputs, _as_given, paths, 1):
        yield from found


def remote_inputs(address: str) -> Iterator[str]:
    """Yield the inputs at an address.

    One that cannot be reached, or where there is nothing, is yielded as it was given: who reads
    it says what is wrong.
    """
    is_all = address.endswith("/**")  # all in the folder, which is what a folder means
    try:
        files, path = filesystem(address.removesuffix("**") if is_all else address)
        found = [files.unstrip_protocol(one) for one in _found(files, address, path)]
    except Exception:  # noqa: BLE001 - each storage has its own
        found = []
    yield from found or [address]


def _inputs(path: str) -> tuple[str, ...]:
    return tuple(remote_inputs(path)) if is_remote(path) else (path,)


def _as_given(path: str, how: str) -> tuple[str, ...]:
    del how  # the process that listed it ended; so will the one that reads it, and be named
    return (path,)


def _found(files: AbstractFileSystem, address: str, path: str) -> Iterator[str]:
    if _is_pattern(files, address, path):
        for name, about in sorted(files.glob(path, detail=True).items()):
            if about.get("type") == "directory":
                yield from _below(files, name)
            else:
                yield name
    elif _may_be_folder(files, address, path):
        yield from _below(files, path)


def _is_pattern(files: AbstractFileSystem, address: str, path: str) -> bool:
    if is_web(address):
        return "*" in path
    return bool(_WILD & set(path)) and not files.exists(path)


def _may_be_folder(files: AbstractFileSystem, address: str, path: str) -> bool:
    if address.endswith(SUFFIXES):
        return False
    # Of a web server it takes the whole file to see that it is no page of links.
    return address.endswith("/") if is_web(address) else bool(files.isdir(path))


def _below(files: AbstractFileSystem, folder: str) -> Iterator[str]:
    """Yield the archives and hosts' folders in a folder, which may be a host's itself."""
    start = folder.rstrip("/") + "/"
    names = [one.removeprefix(start) for one in sorted(files.find(folder))]
    for one in hosts_among(names):
        # Nothing but the slash tells a folder of a web server from a file.
        is_folder = is_web(start) and not one.endswith(SUFFIXES)
        yield f"{start}{one}{'/' if is_folder else ''}" if one else folder


def hosts_among(names: Iterable[str]) -> Iterator[str]:
    """Yield the folders of hosts among the names of files, "" for all as one, and the archives."""
    others: list[str] = []
    hosts: dict[str, None] = {}
    for name in names:
        host = _host_of(name)
        if host is not None:
            hosts[host] = None
        elif name.endswith(SUFFIXES) and "/." not in f"/{name}":
            others.append(name)
    tops = [host for host in hosts if not _is_within(host, hosts)]
    yield from sorted((*tops, *(one for one in others if not _is_within(one, hosts))))


def _host_of(name: str) -> str | None:
    """Return the upper folder that is a host's if that file stands in it, None where none is."""
    parts = name.split("/")
    for level in range(len(parts)):
        if parts[level].startswith("."):
            return None
        if is_mark("/".join(parts[level:])):
            return "/".join(parts[:level])
    return None


def _is_within(name: str, hosts: Iterable[str]) -> bool:
    """Tell whether a file or folder stands in a host's folder."""
    if name and "" in hosts:
        return True
    parts = name.split("/")
    return any("/".join(parts[:level]) in hosts for level in range(1, len(parts)))
