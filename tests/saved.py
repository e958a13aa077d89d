"""Saved snapshots for tests of what judges many: a few counters, a few settings."""

from __future__ import annotations

from pathlib import Path

from tests.host.packing import pack, unpack

_SNMP = """\
Ip: Forwarding DefaultTTL InReceives InHdrErrors InAddrErrors ForwDatagrams InUnknownProtos\
 InDiscards InDelivers OutRequests
Ip: 1 64 {ip} 0 0 0 0 0 {ip} 0
Udp: InDatagrams NoPorts InErrors OutDatagrams RcvbufErrors SndbufErrors InCsumErrors IgnoredMulti
Udp: {read} 0 {lost} 0 {lost} 0 0 0
"""


def members(lost: int = 0, rmem_max: int = 212992, offered: int = 10_000) -> dict[str, str]:
    """Return the files of a host that lost so many of the datagrams that came in 10 s."""
    files = {
        "0/proc/net/snmp": _SNMP.format(ip=0, read=0, lost=0),
        "1/proc/net/snmp": _SNMP.format(ip=offered, read=offered - lost, lost=lost),
        "0/proc/uptime": "1000.00 100.00\n",
        "1/proc/uptime": "1010.00 100.00\n",
    }
    for sample in ("0", "1"):
        files[f"{sample}/proc/sys/net/core/rmem_max"] = f"{rmem_max}\n"
        files[f"{sample}/proc/sys/kernel/osrelease"] = "6.1.0-13-amd64\n"
        files[f"{sample}/proc/meminfo"] = "MemTotal:        8000000 kB\n"
    return files


def archive(path: Path, lost: int = 0, rmem_max: int = 212992, offered: int = 10_000) -> str:
    """Write such a host as an archive."""
    path.parent.mkdir(parents=True, exist_ok=True)
    return pack(path, members(lost, rmem_max, offered))


def folder(path: Path, lost: int = 0, rmem_max: int = 212992) -> str:
    """Write such a host as a folder."""
    return unpack(members(lost, rmem_max), path)
