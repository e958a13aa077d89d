"""Where in a snapshot a counter or a setting stands: the file, and the line where it is one."""

from __future__ import annotations

from netrx_tune.collectors.paths import SYSCTL_A
from netrx_tune.collectors.sysctl import path_of
from netrx_tune.model.judgement import Spot
from netrx_tune.model.snapshot import Snapshot

# Files whose lines have a heading line above them: "Udp: InDatagrams ..." and "Udp: 17 ...".
_PAIRS = {
    "Ip": "/proc/net/snmp",
    "Icmp": "/proc/net/snmp",
    "IcmpMsg": "/proc/net/snmp",
    "Tcp": "/proc/net/snmp",
    "Udp": "/proc/net/snmp",
    "UdpLite": "/proc/net/snmp",
    "TcpExt": "/proc/net/netstat",
    "IpExt": "/proc/net/netstat",
}
_LINES = "/proc/net/snmp6"
_SNMP6 = frozenset({"Ip6", "Icmp6", "Udp6", "UdpLite6"})
_LISTING = "/sos_commands/kernel/sysctl_-a"  # where a support archive has it
# Where one counter is a column, or the sum of rows, the file is all that can be said.
_FILES = {
    "softnet": "/proc/net/softnet_stat",
    "nf_conntrack": "/proc/net/stat/nf_conntrack",
    "rt_cache": "/proc/net/stat/rt_cache",
    "xfrm": "/proc/net/xfrm_stat",
    "nft": "/netrx/rules.jsonl",
    "tc": "/netrx/rules.jsonl",
}


def counter_spot(name: str, snapshot: Snapshot, below: str | None) -> Spot:
    """Return where a counter stands.

    Args:
        name: as findings have it: "Udp.RcvbufErrors", "eth0.rx_dropped", "softnet.dropped".
        snapshot: whose files are searched for the line.
        below: the folder of the sample: "1/", "" where there is none, None where the input has
            no files of the kernel.
    """
    group, _, field = name.partition(".")
    if group in _PAIRS:
        text = snapshot.files.get(_PAIRS[group])
        return Spot("") if text is None else _spot(_PAIRS[group], below, _pair_line(text, group))
    if group in _SNMP6:
        text = snapshot.files.get(_LINES)
        return Spot("") if text is None else _spot(_LINES, below, _line(text, group + field))
    if group in _FILES:
        return _spot(_FILES[group], below, None)
    if group.endswith("_socket"):
        return _spot("/netrx/sockets.jsonl", below, None)
    return _device_spot(group, field, snapshot, below)


def setting_spot(key: str, snapshot: Snapshot, below: str | None) -> Spot:
    """Return where a sysctl stands: its own file, or the listing of all."""
    path = path_of(key)
    if path in snapshot.files:
        return _spot(path, below, 1)
    if SYSCTL_A in snapshot.files:
        return _spot(_LISTING, below, _line(snapshot.files[SYSCTL_A], key))
    return Spot("")


def _device_spot(device: str, field: str, snapshot: Snapshot, below: str | None) -> Spot:
    """Return where a device's counter stands; what is no device's is in no file we can name."""
    if device not in snapshot.devices:
        return Spot("")
    if field.startswith("ethtool."):
        return _spot("/netrx/nics.jsonl", below, None)
    own = f"/sys/class/net/{device}/statistics/{field}"
    if own in snapshot.files:
        return _spot(own, below, 1)
    listing = "/proc/net/dev"
    if listing in snapshot.files:
        return _spot(listing, below, _line(snapshot.files[listing], f"{device}:"))
    return _spot("/netrx/links.jsonl", below, None)


def _spot(path: str, below: str | None, line: int | None) -> Spot:
    return Spot("") if below is None else Spot(below + path.lstrip("/"), line)


def _pair_line(text: str, group: str) -> int | None:
    """Return the line of a group's values, the second that begins with its name."""
    start, seen = f"{group}:", False
    for number, line in enumerate(text.split("\n"), 1):
        if line.startswith(start):
            if seen:
                return number
            seen = True
    return None


def _line(text: str, first: str) -> int | None:
    """Return the line whose first word that is."""
    for number, line in enumerate(text.split("\n"), 1):
        if line.lstrip().startswith(first) and not line.lstrip()[len(first) :][:1].isalnum():
            return number
    return None
