"""Which settings differ between two snapshots, and which file gives them at boot."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from netrx_tune.collectors.sysctl_d import CONF, FOLDERS
from netrx_tune.model.snapshot import Device, Snapshot
from netrx_tune.planning.boot import AtBoot, at_boot
from netrx_tune.planning.changes import text_of

# Of `sysctl -a`: what the kernel says of itself there, and nobody set.
_STATE = (
    "fs.aio-nr",
    "fs.dentry-state",
    "fs.file-nr",
    "fs.inode-nr",
    "fs.inode-state",
    "fs.quota.",
    "kernel.ns_last_pid",
    "kernel.pty.nr",
    "kernel.random.",
    "net.netfilter.nf_conntrack_count",
)
_FILES = (CONF, *(f"{folder}/" for folder in FOLDERS))


class SettingChange(NamedTuple):
    """One setting as both have it; None where a snapshot does not tell it.

    `file` is the line that gives B's value at boot, `at_boot` what the line that wins gives
    instead; both None where no file that B holds names the key.
    """

    name: str
    a: str | None
    b: str | None
    file: str | None = None
    at_boot: str | None = None


def setting_changes(a: Snapshot, b: Snapshot) -> tuple[SettingChange, ...]:
    """Return the settings that differ: sysctls first, then devices, sockets and the host."""
    return (
        *_sysctls(a, b),
        *_differing(_devices(a), _devices(b)),
        *(one for one in _differing(_sockets(a), _sockets(b)) if None not in (one.a, one.b)),
        *_differing(_host(a), _host(b)),
    )


def _sysctls(a: Snapshot, b: Snapshot) -> Iterator[SettingChange]:
    both = a.settings.keys() | b.settings.keys()
    keys = sorted(k for k in both if _value(a, k) != _value(b, k) and not k.startswith(_STATE))
    files = {path: text for path, text in b.files.items() if path.startswith(_FILES)}
    boots: dict[str, AtBoot] = {}
    for one in at_boot(files, keys):
        boots.setdefault(one.key, one)
    for key in keys:
        yield _with_file(SettingChange(key, _value(a, key), _value(b, key)), boots.get(key))


def _value(snap: Snapshot, key: str) -> str | None:
    values = snap.settings.get(key)
    return None if values is None else text_of(key, values)


def _with_file(change: SettingChange, boot: AtBoot | None) -> SettingChange:
    if boot is None:
        return change
    place = f"{boot.winner.path}:{boot.winner.line}"
    if boot.values is not None and text_of(change.name, boot.values) == change.b:
        return change._replace(file=place)
    return change._replace(at_boot=f"{boot.winner.value} ({place})")


def _differing(a: Mapping[str, str], b: Mapping[str, str]) -> Iterator[SettingChange]:
    for name in dict.fromkeys((*a, *b)):
        if a.get(name) != b.get(name):
            yield SettingChange(name, a.get(name), b.get(name))


def _devices(snap: Snapshot) -> dict[str, str]:
    found: dict[str, str] = {}
    for device in snap.devices.values():
        found |= {f"{device.name} {what}": text for what, text in _facets(device)}
    return found


def _facets(device: Device) -> Iterator[tuple[str, str]]:
    """Yield what somebody may have set on a device, as far as it is known."""
    yield "XDP", device.xdp
    if device.up is not None:
        yield "link", "up" if device.up else "down"
    if device.speed_mbits is not None:
        yield "speed", f"{device.speed_mbits} Mbit/s"
    if device.threaded is not None:
        yield "threaded NAPI", "on" if device.threaded else "off"
    if device.rps_cpus:
        yield "rps_cpus", ",".join(device.rps_cpus)
    nic = device.nic
    known = {
        "receive ring": nic and nic.ring_rx,
        "receive channels": nic and nic.channels_rx,
        "rx-usecs": nic and nic.coalesce_rx_usecs,
        "adaptive-rx": nic and nic.coalesce_adaptive_rx,
    }
    yield from ((what, str(value)) for what, value in known.items() if value is not None)


def _sockets(snap: Snapshot) -> dict[str, str]:
    """Return the buffers of the listed sockets that are alone on their address."""
    buffers: dict[str, list[int]] = {}
    for sock in snap.sockets.sockets if snap.sockets else ():
        if sock.rcvbuf_bytes is not None and not sock.remote:
            name = f"{sock.protocol} {sock.local} receive buffer"
            buffers.setdefault(name, []).append(sock.rcvbuf_bytes)
    return {name: str(found[0]) for name, found in buffers.items() if len(found) == 1}


def _host(snap: Snapshot) -> dict[str, str]:
    host = snap.host
    known = {
        "kernel": host.release,
        "distribution": host.distribution,
        "CPUs": host.cpus,
        "memory bytes": host.memory_bytes,
    }
    return {what: str(value) for what, value in known.items() if value is not None}
