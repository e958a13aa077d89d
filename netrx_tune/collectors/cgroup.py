"""What a control group allows its readers: memory for their sockets, time on a CPU.

Kernel: mm/memcontrol.c, memory_files[] and mem_cgroup_legacy_files[]; kernel/sched/core.c,
cpu_files[] and cpu_legacy_files[]; net/ipv4/tcp_memcontrol.c up to 4.4, then mm/memcontrol.c,
for memory.kmem.tcp.*. Version 2 charges the memory of all sockets to memory.max; version 1
only that of TCP, and only where memory.kmem.tcp.limit_in_bytes is set.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from netrx_tune.collectors.text import attempt, decimal, numbered, signed
from netrx_tune.model.errors import ParseError
from netrx_tune.model.sample import Gap

# Kernel: include/linux/page_counter.h, PAGE_COUNTER_MAX in bytes: version 1's "no limit" is
# the largest multiple of a page. No host has 2**62 bytes.
_UNLIMITED_FROM = 2**62
_NANOSECONDS_PER_USEC = 1000


class CgroupMemory(NamedTuple):
    """Bytes; None where the file is missing or there is no limit."""

    limit_bytes: int | None = None
    used_bytes: int | None = None
    socket_bytes: int | None = None  # part of used_bytes that is packets (version 2)
    refusals: int | None = None  # memory.events max, or memory.failcnt
    tcp_limit_bytes: int | None = None  # version 1
    tcp_refusals: int | None = None  # version 1


class CgroupCpu(NamedTuple):
    """A quota is CPUs' worth of time: 1.5 is 150 ms in each 100 ms."""

    quota_cpus: float | None = None
    period_usecs: int | None = None
    periods: int | None = None
    throttled_periods: int | None = None
    throttled_usecs: int | None = None


def parse_flat(text: str, path: str) -> dict[str, int]:
    """Return the values of memory.stat, memory.events or cpu.stat by their keys.

    Raises:
        ParseError: a line is not a key and a number.
    """
    values: dict[str, int] = {}
    for number, line in numbered(text):
        words = line.split()
        place = f"{path}:{number}"
        if len(words) != 2:
            raise ParseError(place, "expected a key and a number", line)
        values[words[0]] = decimal(words[1], place, words[0])
    return values


def parse_limit(text: str, path: str) -> int | None:
    """Return a limit in bytes, None for no limit.

    Raises:
        ParseError: it is neither "max" nor a number.
    """
    word = text.strip()
    if word == "max":
        return None
    limit = signed(word, path, "limit")
    return limit if 0 <= limit < _UNLIMITED_FROM else None


def parse_cpu_max(text: str, path: str) -> tuple[int | None, int]:
    """Return quota (None: no limit) and period of cpu.max, in microseconds.

    Raises:
        ParseError: it is not "max 100000" or "50000 100000".
    """
    words = text.split()
    if len(words) != 2:
        raise ParseError(path, "expected a quota and a period", text)
    quota = None if words[0] == "max" else decimal(words[0], path, "quota")
    return quota, decimal(words[1], path, "period")


def memory_of(files: Mapping[str, str], folder: str, gaps: list[Gap]) -> CgroupMemory:
    """Return the memory limits of the group at a folder, of either version.

    Args:
        files: texts by path.
        folder: such as "/sys/fs/cgroup/system.slice/rsyslog.service".
        gaps: gets what does not read.
    """
    if f"{folder}/memory.limit_in_bytes" in files:
        return _memory_v1(files, folder, gaps)
    events = attempt(files, f"{folder}/memory.events", parse_flat, gaps) or {}
    usage = attempt(files, f"{folder}/memory.stat", parse_flat, gaps) or {}
    return CgroupMemory(
        limit_bytes=attempt(files, f"{folder}/memory.max", parse_limit, gaps),
        used_bytes=attempt(files, f"{folder}/memory.current", parse_limit, gaps),
        socket_bytes=usage.get("sock"),
        refusals=events.get("max"),
    )


def _memory_v1(files: Mapping[str, str], folder: str, gaps: list[Gap]) -> CgroupMemory:
    """Return the memory limits of a version 1 group."""

    def value(name: str) -> int | None:
        return attempt(files, f"{folder}/memory.{name}", parse_limit, gaps)

    return CgroupMemory(
        limit_bytes=value("limit_in_bytes"),
        used_bytes=value("usage_in_bytes"),
        refusals=value("failcnt"),
        tcp_limit_bytes=value("kmem.tcp.limit_in_bytes"),
        tcp_refusals=value("kmem.tcp.failcnt"),
    )


def cpu_of(files: Mapping[str, str], folder: str, gaps: list[Gap]) -> CgroupCpu:
    """Return the CPU quota of the group at a folder, of either version."""
    quota, period = _quota(files, folder, gaps)
    stat = attempt(files, f"{folder}/cpu.stat", parse_flat, gaps) or {}
    throttled = stat.get("throttled_usec")
    if throttled is None and "throttled_time" in stat:  # version 1, nanoseconds
        throttled = stat["throttled_time"] // _NANOSECONDS_PER_USEC
    return CgroupCpu(
        quota_cpus=quota / period if quota is not None and period else None,
        period_usecs=period,
        periods=stat.get("nr_periods"),
        throttled_periods=stat.get("nr_throttled"),
        throttled_usecs=throttled,
    )


def _quota(
    files: Mapping[str, str],
    folder: str,
    gaps: list[Gap],
) -> tuple[int | None, int | None]:
    """Return quota and period in microseconds; version 1 writes -1 for no quota."""
    both = attempt(files, f"{folder}/cpu.max", parse_cpu_max, gaps)
    if both is not None:
        return both
    quota = attempt(files, f"{folder}/cpu.cfs_quota_us", parse_limit, gaps)
    return quota, attempt(files, f"{folder}/cpu.cfs_period_us", parse_limit, gaps)
