"""From the files and records of one moment to a snapshot."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping

from netrx_tune.collectors.devices import devices_of
from netrx_tune.collectors.host import byte_order, host_facts
from netrx_tune.collectors.later import Later
from netrx_tune.collectors.log_text import PATH as LOG
from netrx_tune.collectors.log_text import parse_log
from netrx_tune.collectors.netstat import parse_netstat
from netrx_tune.collectors.nf_conntrack import parse_nf_conntrack
from netrx_tune.collectors.paths import CONNTRACK_S, DIAGNOSED, NETSTAT_S, NSTAT, OF_HOST, SYSCTL_A
from netrx_tune.collectors.pressure import parse_pressure_cpu
from netrx_tune.collectors.rt_cache import parse_rt_cache
from netrx_tune.collectors.skew import socket_skew
from netrx_tune.collectors.snmp import parse_snmp
from netrx_tune.collectors.snmp6 import parse_snmp6
from netrx_tune.collectors.sockstat import parse_sockstat, parse_sockstat6
from netrx_tune.collectors.softnet_stat import parse_softnet_stat
from netrx_tune.collectors.sysctl import (
    CONNTRACK_COUNT,
    parse_sysctl_a,
    parse_sysctls,
    path_of,
)
from netrx_tune.collectors.text import Reading, attempt, below
from netrx_tune.collectors.xfrm_stat import parse_xfrm_stat
from netrx_tune.model.sample import Gap, Sample, SocketTable
from netrx_tune.model.snapshot import HostFacts, Snapshot

_READERS: dict[str, Callable[[str, str], Reading]] = {
    "/proc/net/snmp": parse_snmp,
    "/proc/net/snmp6": parse_snmp6,
    "/proc/net/netstat": parse_netstat,
    "/proc/net/sockstat": parse_sockstat,
    "/proc/net/sockstat6": parse_sockstat6,
    "/proc/net/stat/nf_conntrack": parse_nf_conntrack,
    "/proc/net/stat/rt_cache": parse_rt_cache,
    "/proc/net/xfrm_stat": parse_xfrm_stat,
    "/proc/pressure/cpu": parse_pressure_cpu,
    LOG: parse_log,
}


def assemble(sample: Sample, *, is_start: bool = False) -> Snapshot:
    """Return the snapshot of a sample.

    What does not read is among its gaps, beside those of the sample; the rest stands. Of the
    start of a window the counters matter: its settings are read when somebody asks, and of its
    devices no file that does not count.
    """
    files = sample.files
    gaps = list(sample.gaps)
    counters: dict[str, int] = {}
    levels: dict[str, int] = {}
    per_cpu: dict[str, tuple[int, ...]] = {}
    for reading in _readings(sample, gaps):
        counters.update(reading.counters)
        if reading.levels:
            levels.update(reading.levels)
        if reading.per_cpu:
            per_cpu.update(reading.per_cpu)
        gaps.extend(reading.gaps)
    _add_printed(sample, counters, levels, gaps)
    if CONNTRACK_S in files and "nf_conntrack.drop" not in per_cpu:
        per_cpu.update(_printed_rows(files, gaps))
    softnet = attempt(files, "/proc/net/softnet_stat", parse_softnet_stat, gaps)
    host = host_facts(files, softnet, gaps)
    settings = Later(lambda: _settings(sample, [])) if is_start else _settings(sample, gaps)
    levels.update(_tracked(files))
    return Snapshot(
        host=host,
        counters=counters,
        levels=levels,
        per_cpu=per_cpu,
        softnet=softnet,
        devices=devices_of(sample, gaps, only_counters=is_start),
        sockets=_sockets(sample, host, gaps),
        rules=sample.rules,
        processes={process.inode: process for process in sample.processes},
        settings=settings,
        files=files,
        gaps=tuple(gaps),
        socket_skew=socket_skew(files, counters),
    )


def _sockets(sample: Sample, host: HostFacts, gaps: list[Gap]) -> SocketTable | None:
    """Return the records' sockets, with those of files that stand for what records lack."""
    known = sample.sockets.counts if sample.sockets else {}
    files = {
        p: sample.files[p] for p, s in DIAGNOSED.items() if p in sample.files and s not in known
    }
    if not files:
        return sample.sockets
    from netrx_tune.collectors.proc_sockets import proc_sockets  # noqa: PLC0415 - seldom

    read = proc_sockets(files, byte_order(host.release), gaps)
    if read is None or sample.sockets is None:
        return sample.sockets or read
    both = sample.sockets.sockets + read.sockets
    return SocketTable(both, {**read.counts, **known}, sample.sockets.source)


def _readings(sample: Sample, gaps: list[Gap]) -> Iterator[Reading]:
    """Yield what each file with counters or levels gave."""
    for path, parse in _READERS.items():
        reading = attempt(sample.files, path, parse, gaps)
        if reading is not None:
            yield reading


def _add_printed(
    sample: Sample, counters: dict[str, int], levels: dict[str, int], gaps: list[Gap]
) -> None:
    """Add what commands printed of protocols that no file tells of.

    Files and commands were not read at one instant, so no protocol is taken from two of them: of
    two commands from the one that shows more of it.
    """
    if NSTAT not in sample.files and NETSTAT_S not in sample.files:
        return
    from netrx_tune.collectors.netstat_s import parse_netstat_s  # noqa: PLC0415 - seldom
    from netrx_tune.collectors.nstat import parse_nstat  # noqa: PLC0415 - likewise

    commands = ((NSTAT, parse_nstat), (NETSTAT_S, parse_netstat_s))
    tried = (attempt(sample.files, path, parse, gaps) for path, parse in commands)
    readings = [reading for reading in tried if reading]
    sizes = [Counter(map(_protocol, (*one.counters, *one.levels))) for one in readings]
    known = set(map(_protocol, (*counters, *levels)))
    for reading, size in zip(readings, sizes, strict=True):
        taken = {p for p in size.keys() - known if all(size[p] >= other[p] for other in sizes)}
        known |= taken
        for into, found in ((counters, reading.counters), (levels, reading.levels)):
            into.update((n, v) for n, v in found.items() if _protocol(n) in taken)


def _protocol(name: str) -> str:
    return name.partition(".")[0]


def _printed_rows(files: Mapping[str, str], gaps: list[Gap]) -> Mapping[str, tuple[int, ...]]:
    """Return what `conntrack -S` printed, where its file is missing: only root may read that."""
    from netrx_tune.collectors.conntrack_text import parse_conntrack_s  # noqa: PLC0415 - seldom

    reading = attempt(files, CONNTRACK_S, parse_conntrack_s, gaps)
    return reading.per_cpu if reading else {}


def _tracked(files: Mapping[str, str]) -> Mapping[str, int]:
    """Return the gauge that stands among the settings."""
    path = path_of(CONNTRACK_COUNT)
    text = files.get(path, "")
    if path not in files and SYSCTL_A in files:
        listed = f"\n{files[SYSCTL_A]}".partition(f"\n{CONNTRACK_COUNT} = ")[2]
        text = listed.partition("\n")[0]
    numbers = parse_sysctls({path: text})[0].get(CONNTRACK_COUNT) if text else None
    return {"nf_conntrack.count": numbers[0]} if numbers else {}


def _settings(sample: Sample, gaps: list[Gap]) -> Mapping[str, tuple[int, ...]]:
    """Return all settings; the files' own text beats a listing, and those of the host."""
    listed = attempt(sample.files, SYSCTL_A, parse_sysctl_a, gaps)
    settings, problems = parse_sysctls(sample.files)
    gaps.extend(problems)
    outside = {
        path.removeprefix(OF_HOST): sample.files[path] for path in below(sample.files, OF_HOST)
    }
    found = {**(listed or {}), **(parse_sysctls(outside)[0] if outside else {}), **settings}
    found.pop(CONNTRACK_COUNT, None)  # no setting, but a gauge
    return found
