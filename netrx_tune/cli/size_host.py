"""What `size` takes from a host: its kernel, limits and memory; or a kernel's defaults."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple, cast

import click

from netrx_tune.collectors.host import PAGE_BYTES
from netrx_tune.collectors.meminfo import parse_memory_bytes
from netrx_tune.collectors.sysctl import parse_sysctl, path_of
from netrx_tune.host.source import Tree
from netrx_tune.model.errors import ParseError
from netrx_tune.model.kernel import parse_release
from netrx_tune.planning.size import Place
from netrx_tune.rxpath.kernel_features import rmem_max_default, somaxconn_default
from netrx_tune.rxpath.truesize import Family, Link, packets_of


class _Queues(NamedTuple):
    """The names of the limits."""

    backlog: str = "net.core.netdev_max_backlog"
    fragments: str = "net.ipv4.ipfrag_high_thresh"
    fragment_time: str = "net.ipv4.ipfrag_time"
    conntrack: str = "net.netfilter.nf_conntrack_max"
    flow_time: str = "net.netfilter.nf_conntrack_udp_timeout_stream"
    listeners: str = "net.core.somaxconn"


QUEUES = _Queues()


class Settings(NamedTuple):
    """The place and its other limits; a limit that cannot be seen is not there."""

    place: Place
    now: Mapping[str, int]


def settings_for(kernel: str, root: str | None = None) -> Settings:
    """Return what this host (or the tree below `root`) has, or the defaults of a named kernel.

    Raises:
        click.UsageError: it is no version.
    """
    if kernel == "this":
        return _here(Tree((root or "").rstrip("/")))
    version = parse_release(kernel)
    if version is None:
        raise click.UsageError(f"--kernel: {kernel!r} is no version such as 6.1, nor `this`")
    place = Place(version, kernel, rmem_max_default(version), assumed=True)
    return Settings(place, {QUEUES.listeners: somaxconn_default(version)})


def _here(tree: Tree) -> Settings:
    release = tree.text("/proc/sys/kernel/osrelease").strip()
    now = {key: value for key in QUEUES if (value := _setting(tree, key)) is not None}
    place = Place(
        kernel=parse_release(release),
        release=release,
        rmem_max=_setting(tree, "net.core.rmem_max"),
        udp_mem_pages=_setting(tree, "net.ipv4.udp_mem"),
        memory_bytes=_memory(tree),
        page_bytes=PAGE_BYTES,
    )
    return Settings(place, now)


def _setting(tree: Tree, key: str) -> int | None:
    path = path_of(key)
    try:
        return parse_sysctl(tree.text(path), path)[0]
    except ParseError:
        return None


def _memory(tree: Tree) -> int | None:
    path = "/proc/meminfo"
    try:
        return parse_memory_bytes(tree.text(path), path)
    except ParseError:
        return None


def packets_each(payload: int | None, link: str, family: str, mtu: int | None) -> int:
    """Return how many packets one datagram is on a link."""
    if payload is None:
        return 1
    return packets_of(payload, cast("Link", link), family=cast("Family", int(family)), mtu=mtu)
