"""The kernel files of a scenario: counters and settings written as the kernel prints them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Case = Mapping[str, Any]

_IPV6 = ("Ip6", "Udp6", "UdpLite6", "Icmp6")
_NETSTAT = ("TcpExt", "IpExt")


def host_files(case: Case, seconds: float) -> dict[str, str]:
    """Return what says which host it is, and its settings."""
    cpus = range(case.get("cpus", 2))
    files = {
        "/proc/uptime": f"{seconds:.2f} 0.00\n",
        "/proc/cpuinfo": "".join(f"processor\t: {cpu}\n\n" for cpu in cpus),
        "/proc/sys/net/core/somaxconn": "4096\n",
    }
    if "kernel" in case:
        files["/proc/sys/kernel/osrelease"] = f"{case['kernel']}\n"
    if "memory" in case:
        files["/proc/meminfo"] = f"MemTotal: {case['memory'] // 1024} kB\n"
    if case.get("initial", True):
        files["/proc/sys/net/core/netdev_max_backlog"] = "1000\n"
    swap = str.maketrans("./", "/.")
    for name, value in case.get("settings", {}).items():
        files[f"/proc/sys/{name.translate(swap)}"] = f"{value}\n"
    return files


def counter_files(counters: Mapping[str, int]) -> dict[str, str]:
    """Return the files that hold these counters."""
    groups: dict[str, dict[str, int]] = {}
    for name, value in counters.items():
        group, _, field = name.partition(".")
        groups.setdefault(group, {})[field] = value
    files: dict[str, str] = {}
    for group, fields in groups.items():
        path, text = _group_text(group, fields)
        files[path] = files.get(path, "") + text
    return files


def _group_text(group: str, fields: Mapping[str, int]) -> tuple[str, str]:
    names, values = " ".join(fields), " ".join(map(str, fields.values()))
    if group in ("nf_conntrack", "rt_cache"):
        words = " ".join(f"{value:08x}" for value in (0, *fields.values()))
        return f"/proc/net/stat/{group}", f"entries {names}\n{words}\n"
    if group == "xfrm":
        lines = [f"{field} {value}\n" for field, value in fields.items()]
        return "/proc/net/xfrm_stat", "".join(lines)
    if group in ("sockstat", "sockstat6"):
        lines = []
        for field, value in fields.items():
            protocol, _, name = field.partition(".")
            lines.append(f"{protocol}: inuse 0 {name} {value}\n")
        return f"/proc/net/{group}", "".join(lines)
    if group in _IPV6:
        return "/proc/net/snmp6", "".join(f"{group}{f} {v}\n" for f, v in fields.items())
    path = "/proc/net/netstat" if group in _NETSTAT else "/proc/net/snmp"
    return path, f"{group}: {names}\n{group}: {values}\n"


def softnet(rows: list[list[int]]) -> str:
    """Return /proc/net/softnet_stat, a row for each CPU."""
    lines = []
    for cpu, row in enumerate(rows):
        processed, dropped, squeezed, rps, limited = (*row, 0, 0, 0, 0, 0)[:5]
        words = (processed, dropped, squeezed, 0, 0, 0, 0, 0, 0, rps, limited, 0, cpu, 0, 0)
        lines.append(" ".join(f"{word:08x}" for word in words) + "\n")
    return "".join(lines)
