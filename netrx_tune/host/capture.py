"""Taking a sample of a host: which files, in which order, and what netlink adds.

Order matters while packets flow: SNMP is read just before and just after the sockets, so that
the books know how far the two may lie apart.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Iterator

from netrx_tune.collectors import paths, sysctl_d
from netrx_tune.collectors.clock import CLOCK
from netrx_tune.host.source import Tree
from netrx_tune.model.sample import Gap, Sample, SocketTable

_SNMP = ("/proc/net/snmp", "/proc/net/snmp6")
# Read by whoever asks for them; their absence is normal and no gap worth a line.
_OPTIONAL = (
    "/proc/net/stat/nf_conntrack",
    "/proc/net/stat/rt_cache",
    "/proc/net/xfrm_stat",
    "/proc/net/sockstat6",
    "/proc/pressure/cpu",
    "/etc/os-release",
)


class _Collected:
    """Texts and gaps while a sample is being read."""

    def __init__(self, tree: Tree) -> None:
        self.tree = tree
        self.files: dict[str, str] = {}
        self.gaps: list[Gap] = []

    def add(self, path: str, under: str = "") -> None:
        text = self.tree.read(path)
        if isinstance(text, str):
            self.files[under + path] = text
        elif path.startswith("/proc/sys/") and text.why == "absent":
            pass  # other kernels, other namespaces: who needs a setting says so
        elif not (under or path in _OPTIONAL):
            self.gaps.append(text)

    def add_pattern(self, pattern: str) -> None:
        for path in expanded(self.tree, pattern):
            text = self.tree.read(path)
            if isinstance(text, str):
                self.files[path] = text


def expanded(tree: Tree, pattern: str) -> Iterator[str]:
    """Yield the paths that a pattern stands for; `*` is within one name, as in "rx-*"."""
    head, star, rest = pattern.partition("*")
    if not star:
        yield pattern
        return
    folder, _, prefix = head.rpartition("/")
    suffix, slash, tail = rest.partition("/")
    for name in tree.names(folder):
        if name.startswith(prefix) and name.endswith(suffix):
            yield from expanded(tree, f"{folder}/{name}{slash}{tail}")


def take_sample(tree: Tree, *, full: bool = False) -> Sample:
    """Read one sample; `full` adds what only a saved snapshot keeps.

    On another root only files are read; this host's netlink is not asked.
    """
    got = _Collected(tree)
    for path in paths.CORE_FILES:
        if path not in _SNMP:
            got.add(path)
    for pattern in paths.NET_CLASS_FILES + (paths.NET_CLASS_FULL_FILES if full else ()):
        got.add_pattern(pattern)
    for pattern in sysctl_d.PATTERNS:
        got.add_pattern(pattern)
    if full:
        for pattern in paths.FULL_FILES:
            got.add_pattern(pattern)
    for path in _SNMP:
        got.add(path)
    if not tree.is_live:
        return _from_files(got)
    return _with_netlink(got)


def host_settings(tree: Tree) -> dict[str, str]:
    """Return the settings of the whole host, as this namespace shows them.

    A child namespace shows some read-only and hides the others: net/core/sysctl_net_core.c,
    sysctl_core_net_init(). Nothing is returned where this is a child itself.
    """
    from netrx_tune.collectors.sysctl import name_of  # noqa: PLC0415 - for other places only
    from netrx_tune.rxpath.kernel_features import sysctl_scope  # noqa: PLC0415 - likewise

    found: dict[str, str] = {}
    for path in paths.SYSCTL_FILES:
        if sysctl_scope(name_of(path), None) != "netns":
            text = tree.read(path)
            if isinstance(text, str):
                found[paths.OF_HOST + path] = text
    own = paths.OF_HOST + "/proc/sys/net/core/netdev_max_backlog"
    return found if own in found else {}


def _from_files(got: _Collected) -> Sample:
    for path in paths.SOCKET_FILES + paths.DEVICE_FILES:
        got.add(path)
    for pattern in paths.NET_CLASS_FULL_FILES:
        got.add_pattern(pattern)
    return Sample(got.files, tuple(got.gaps))


def _with_netlink(got: _Collected) -> Sample:
    from netrx_tune.collectors import sock_diag  # noqa: PLC0415 - sockets are not needed for files
    from netrx_tune.collectors.udp_ports import (  # noqa: PLC0415 - likewise
        UDP_PORTS,
        render_udp_ports,
    )
    from netrx_tune.host import ethtool_ioctl, netlink  # noqa: PLC0415 - likewise

    founds, unread = netlink.scan_all()
    sockets, gaps = netlink.sockets_of(founds)
    got.gaps.extend((*unread, *gaps))
    ports = sock_diag.unconnected_ports(founds)
    if ports is not None:
        got.files[UDP_PORTS] = render_udp_ports(ports)
    for path in _SNMP:
        got.add(path, under="/netrx/again")
    _fill_in(got, sockets)
    links, gaps = netlink.read_links()
    got.gaps.extend(gaps)
    if links is None:
        for pattern in paths.DEVICE_FILES + paths.NET_CLASS_FULL_FILES:
            got.add_pattern(pattern)
    nics, gaps = ethtool_ioctl.read_nics([link.name for link in links or ()])
    got.gaps.extend(gaps)
    rules, gaps = netlink.read_rules()
    got.gaps.extend(gaps)
    got.files.update(_own_records())
    return Sample(got.files, tuple(got.gaps), sockets, links, nics, rules)


def _fill_in(got: _Collected, sockets: SocketTable | None) -> None:
    """Read the socket tables that sock_diag did not give: slow, but there is nothing else.

    Raw sockets have a module of their own for it (net/ipv4/raw_diag.c) that many hosts lack;
    their table is short.
    """
    known = sockets.counts if sockets else {}
    for path in paths.SOCKET_FILES:
        source = paths.DIAGNOSED[path]
        if source not in known:
            got.add(path)
            if path in got.files:
                got.gaps = [gap for gap in got.gaps if gap.path != f"sock_diag:{source}"]


def _own_records() -> Iterable[tuple[str, str]]:
    """Return what no kernel file says: two clocks, and which namespace this is."""
    clock = f"monotonic {time.monotonic():.3f}\nrealtime {time.time():.3f}\n"
    yield CLOCK, clock
    try:
        yield "/netrx/namespace", os.readlink("/proc/self/ns/net") + "\n"  # noqa: PTH115
    except OSError:
        return
