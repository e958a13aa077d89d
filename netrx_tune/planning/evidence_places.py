"""Where in an input a counter or a setting stands: the member, and the line where it is one."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping

from netrx_tune.collectors.dev import parse_dev
from netrx_tune.collectors.ethtool import link_statistics
from netrx_tune.collectors.host import byte_order
from netrx_tune.collectors.netstat import parse_netstat
from netrx_tune.collectors.nf_conntrack import parse_nf_conntrack
from netrx_tune.collectors.paths import (
    CONNTRACK_S,
    DIAGNOSED,
    LINKS,
    NETSTAT_S,
    NICS,
    NSTAT,
    OF_HOST,
    RULES,
    SOCKETS,
    SYSCTL_A,
)
from netrx_tune.collectors.snmp import parse_snmp
from netrx_tune.collectors.snmp6 import parse_snmp6
from netrx_tune.collectors.sysctl import path_of
from netrx_tune.collectors.text import Reading, attempt
from netrx_tune.model.judgement import Spot
from netrx_tune.model.places import Places
from netrx_tune.model.snapshot import Snapshot

_Parse = Callable[[str, str], Reading]
_LineOf = Callable[[str, str], int | None]  # of a counter in a text

_PROTOCOLS = frozenset(
    {"Ip", "Icmp", "IcmpMsg", "Tcp", "Udp", "UdpLite", "TcpExt", "IpExt", "MPTcpExt"}
    | {"Ip6", "Icmp6", "Udp6", "UdpLite6"}
)
_STAT = "/proc/stat"
# Where a counter is a column, or the sum of rows, the file is all that can be said.
_FILES = {
    "softnet": "/proc/net/softnet_stat",
    "rt_cache": "/proc/net/stat/rt_cache",
    "xfrm": "/proc/net/xfrm_stat",
    "stat": _STAT,
}
_CONNTRACK = "/proc/net/stat/nf_conntrack"
_DEV = "/proc/net/dev"
_RULE = re.compile(r"(?:nft|tc)[ :]")


def counter_spot(name: str, snapshot: Snapshot, places: Places | None) -> Spot:
    """Return where a counter stands.

    Args:
        name: as findings have it: "Udp.RcvbufErrors", "eth0.rx_dropped", "softnet.dropped".
        snapshot: whose files are searched for the line.
        places: where the members of its sample stand, None where nobody knows.
    """
    if places is None:
        return Spot("")
    group, _, rest = name.partition(".")
    if group in _PROTOCOLS:
        return _protocol_spot(name, snapshot, places)
    if rule := _RULE.match(name):
        return Spot(places.member(RULES, name[rule.end() :]))
    if group.endswith("_socket"):
        return _socket_spot(group.removesuffix("_socket"), snapshot, places)
    path = _conntrack(name, snapshot) if group == "nf_conntrack" else _FILES.get(group)
    if path is None:
        return _device_spot(name, snapshot, places)
    row = rf"{re.escape(rest.partition('.')[0])} " if path == _STAT else ""
    return _file_spot(path, snapshot, places, row)


def setting_spot(key: str, snapshot: Snapshot, places: Places | None) -> Spot:
    """Return where a sysctl stands: its own file, or the listing of all."""
    if places is None:
        return Spot("")
    path = path_of(key)
    if path in snapshot.files:
        return _spot(path, 1, snapshot, places)
    if OF_HOST + path in snapshot.files:
        return Spot(places.member(OF_HOST + path))
    return _file_spot(SYSCTL_A, snapshot, places, rf"{re.escape(key)} = ")


def _file_spot(path: str, snapshot: Snapshot, places: Places, start: str = "") -> Spot:
    """Return a file of the sample, and the line that begins so; the input where it is not there."""
    if path not in snapshot.files:
        return Spot("")
    return _spot(path, _line(snapshot.files[path], start) if start else None, snapshot, places)


def _spot(path: str, line: int | None, snapshot: Snapshot, places: Places) -> Spot:
    """Return a line of a file as a place in the input."""
    if places.text is None or line is None:
        return Spot(places.member(path), line)
    said = snapshot.files[path].split("\n")[line - 1].strip()
    return Spot("", _last_line(places.text, said) if said else None)


def _last_line(text: str, said: str) -> int | None:
    """Return the last line that ends so: what a text shows later is what counts."""
    ends = re.compile(rf"{re.escape(said)}[ \t\r]*$", re.MULTILINE)
    at = max((found.start() for found in ends.finditer(text)), default=None)
    return None if at is None else text.count("\n", 0, at) + 1


def _conntrack(name: str, snapshot: Snapshot) -> str:
    """Return the kernel's file, or what `conntrack -S` printed, where only that has it."""
    read = attempt(snapshot.files, _CONNTRACK, parse_nf_conntrack, [])
    return _CONNTRACK if read and name in read.per_cpu else CONNTRACK_S


def _protocol_spot(name: str, snapshot: Snapshot, places: Places) -> Spot:
    """Return where a protocol's counter stands: in the first text that tells of the protocol."""
    files = snapshot.files
    is_printed = NSTAT in files or NETSTAT_S in files
    for path, parse, line_of in _texts(files):
        # The kernel's own files have no protocol in common, so a look at one is enough.
        if _tells(files, path, parse, name) if is_printed else _has(files, path, name):
            return _spot(path, line_of(files[path], name), snapshot, places)
    return Spot("")


def _has(files: Mapping[str, str], path: str, name: str) -> bool:
    """Tell whether one of the kernel's files has lines of a counter's protocol."""
    found = _line(files.get(path, ""), rf"{name.partition('.')[0]}(?::|[A-Z])")
    return found is not None


def _tells(files: Mapping[str, str], path: str, parse: _Parse, name: str) -> bool:
    """Tell whether a text tells of a counter's protocol, with that counter or without."""
    read = attempt(files, path, parse, [])
    known = (*read.counters, *read.levels) if read else ()
    return any(one.partition(".")[0] == name.partition(".")[0] for one in known)


def _texts(files: Mapping[str, str]) -> Iterator[tuple[str, _Parse, _LineOf]]:
    """Yield the texts that tell of protocols, as `assemble` believes them: the first first."""
    yield "/proc/net/snmp", parse_snmp, _line_of_values
    yield "/proc/net/netstat", parse_netstat, _line_of_values
    yield "/proc/net/snmp6", parse_snmp6, _line_of_name
    if NSTAT in files:
        from netrx_tune.collectors.nstat import parse_nstat  # noqa: PLC0415 - seldom

        yield NSTAT, parse_nstat, _line_of_name
    if NETSTAT_S in files:
        from netrx_tune.collectors.netstat_s import (  # noqa: PLC0415 - likewise
            line_of,
            parse_netstat_s,
        )

        yield NETSTAT_S, parse_netstat_s, line_of


def _line_of_values(text: str, name: str) -> int | None:
    """Return the line of a group's values: "Udp: 17 ...", below "Udp: InDatagrams ..."."""
    return _line(text, rf"{name.partition('.')[0]}: *-?\d")


def _line_of_name(text: str, name: str) -> int | None:
    """Return the line "UdpInErrors 17"."""
    return _line(text, rf"{re.escape(name.replace('.', ''))}\s")


def _socket_spot(protocol: str, snapshot: Snapshot, places: Places) -> Spot:
    """Return the table that lists a protocol's sockets: the kernel's file where that was read."""
    if not places.members.get(SOCKETS):
        from netrx_tune.collectors.proc_sockets import proc_sockets  # noqa: PLC0415 - seldom

        for path, what in DIAGNOSED.items():
            if path in snapshot.files and what.startswith(f"{protocol}/"):
                read = proc_sockets({path: snapshot.files[path]}, byte_order(None), [])
                if read and any(sock.drops for sock in read.sockets):
                    return Spot(places.member(path))
    return Spot(places.member(SOCKETS))


def _device_spot(name: str, snapshot: Snapshot, places: Places) -> Spot:
    """Return where a device's counter stands; what is no device's is in no file we can name."""
    known = (one for one in snapshot.devices.values() if name.startswith(f"{one.name}."))
    device = max(known, key=lambda one: len(one.name), default=None)
    if device is None:
        return Spot("")
    field = name.removeprefix(f"{device.name}.")
    if field.startswith("ethtool."):
        return Spot(places.member(NICS, device.name))
    figure = device.statistics.get(field)
    own = f"/sys/class/net/{device.name}/statistics/{field}"
    # rtnetlink is asked a moment before or after: the file may show another figure.
    if figure is not None and snapshot.files.get(own, "").strip() == str(figure):
        return _spot(own, 1, snapshot, places)
    columns = (attempt(snapshot.files, _DEV, parse_dev, []) or ({}, ()))[0].get(device.name, {})
    if figure is not None and columns.get(field) == figure:
        return _file_spot(_DEV, snapshot, places, rf" *{re.escape(device.name)}:")
    by_driver = link_statistics(device.nic) if device.nic else {}
    is_drivers = by_driver == device.statistics and field in by_driver
    return Spot(places.member(NICS if is_drivers else LINKS, device.name))


def _line(text: str, start: str) -> int | None:
    """Return the number of the first line that begins so."""
    found = re.search(f"^{start}", text, re.MULTILINE)
    return text.count("\n", 0, found.start()) + 1 if found else None
