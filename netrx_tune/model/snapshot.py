"""What a sample says once its files are parsed: counters by the kernel's own names."""

from collections.abc import Mapping
from typing import Literal, NamedTuple

from netrx_tune.model.kernel import KernelVersion
from netrx_tune.model.sample import Gap, Nic, Process, RuleCounter, Socket, SocketTable

__all__ = [
    "Delta",
    "Device",
    "HostFacts",
    "Snapshot",
    "SoftnetCpu",
    "WindowMode",
]

WindowMode = Literal["interval", "between-samples", "since-boot"]


class SoftnetCpu(NamedTuple):
    """One row of /proc/net/softnet_stat; None where this kernel has no such column."""

    cpu: int | None  # None before 5.10: the row's number is not the CPU's
    processed: int
    dropped: int
    time_squeeze: int
    received_rps: int
    flow_limit_count: int | None
    backlog_length: int | None


class Device(NamedTuple):
    """One network device, merged from sysfs, rtnetlink, ethtool and /proc/net/dev.

    `statistics` holds rtnl_link_stats64 names. Where only /proc/net/dev was there, its
    `drop` column stands as "rx_dropped_or_missed", since it adds the two.
    """

    name: str
    statistics: Mapping[str, int]
    kind: str = ""  # rtnetlink's word: veth, vxlan, bond ...; "" for hardware or unknown
    nic: Nic | None = None
    peer_statistics: Mapping[str, int] | None = None
    xdp: str = "none"
    rps_cpus: tuple[str, ...] = ()  # one hexadecimal mask per receive queue
    threaded: bool | None = None
    speed_mbits: int | None = None
    up: bool | None = None


class HostFacts(NamedTuple):
    """What is true of the host for the whole window."""

    release: str | None  # uname -r
    kernel: KernelVersion | None
    distribution: str | None  # "debian-12"
    cpus: int | None
    memory_bytes: int | None
    page_bytes: int
    boot_id: str | None
    uptime_seconds: float | None
    netns: str | None  # name or path the user gave, else None
    initial_netns: bool | None
    sandbox: str | None = None  # "gvisor": counters are constants there


class Snapshot(NamedTuple):
    """One moment, parsed.

    `counters` only grow; `levels` go up and down. A name that is not in them is unknown,
    never 0. `per_cpu` keeps rows apart because each wraps by itself at 2**32.
    """

    host: HostFacts
    counters: Mapping[str, int]  # "Udp.RcvbufErrors", "Ip6.InReceives", "TcpExt.RcvPruned"
    levels: Mapping[str, int]  # "sockstat.UDP.mem", "nf_conntrack.count"
    per_cpu: Mapping[str, tuple[int, ...]]  # "nf_conntrack.drop", "rt_cache.in_martian_src"
    softnet: tuple[SoftnetCpu, ...] | None
    devices: Mapping[str, Device]
    sockets: SocketTable | None
    rules: tuple[RuleCounter, ...] | None
    processes: Mapping[int, Process]  # by socket inode
    settings: Mapping[str, tuple[int, ...]]  # "net.core.rmem_max": (212992,)
    files: Mapping[str, str]  # the raw text, for what is parsed only when a rule asks
    gaps: tuple[Gap, ...]
    socket_skew: int = 0  # what UDP's InErrors gained at most while the sockets were read


class Delta(NamedTuple):
    """Two snapshots of one host and what grew between them.

    `increases` holds every counter that both have and that did not restart; per-CPU rows
    and softnet columns are summed ("nf_conntrack.drop", "softnet.dropped"), devices stand
    as "eth0.rx_dropped", ethtool's names as "eth0.ethtool.rx_missed". `restarted` names
    counters that fell: their increase is unknown. `socket_drops` pairs each socket that is
    still there with the drops it gained.
    """

    before: Snapshot | None  # None: totals since boot
    after: Snapshot
    mode: WindowMode
    seconds: float | None
    increases: Mapping[str, int]
    restarted: tuple[str, ...]
    socket_drops: tuple[tuple[Socket, int], ...] | None
    vanished_sockets: int  # had drops before, gone after: their later drops nobody knows
    socket_skew: int  # of both snapshots
    notes: tuple[str, ...]  # what makes the window special: reboot, hot-plug, suspended host

    def increase(self, name: str) -> int | None:
        """Return what a counter gained, or None where that cannot be known."""
        return self.increases.get(name)
