"""What was read from a host at one moment, before anyone interprets it."""

from collections.abc import Mapping
from typing import Literal, NamedTuple

GapReason = Literal["absent", "denied", "unparsed"]


class Gap(NamedTuple):
    """A source that gave nothing, and why. Absent is never 0."""

    path: str
    why: GapReason
    detail: str


class Socket(NamedTuple):
    """One socket's receive side, from sock_diag or /proc/net/{udp,raw,packet}.

    Units: bytes of truesize for memory, events for drops. For a TCP listener `unread_bytes`
    is the accept queue's length and `rcvbuf_bytes` stays the socket's buffer.
    """

    family: Literal["inet", "inet6", "packet"]
    protocol: Literal["udp", "udplite", "raw", "packet", "tcp"]
    local: str  # "0.0.0.0:9000", "[::1]:53"; a raw socket's "port" is its protocol
    remote: str  # "" when not connected
    inode: int
    cookie: int | None  # sock_diag only: never reused while the host is up
    uid: int | None
    interface: int  # ifindex the socket is bound to, 0 for any
    unread_bytes: int | None  # queued and not yet read
    rmem_alloc_bytes: int | None  # charged: unread plus credit that is still deferred
    rcvbuf_bytes: int | None
    backlog_bytes: int | None
    drops: int | None
    accept_queue: int | None = None  # TCP listeners: connections that wait for accept()
    accept_limit: int | None = None  # TCP listeners: the most that may wait


class SocketTable(NamedTuple):
    """The sockets that matter: any with drops or a queue, and those that share their port.

    A socket that is not listed has lost nothing and holds nothing, so a socket that appears
    in a later table began at zero drops. `counts` covers all sockets, listed or not, by
    "protocol/family"; `default_rcvbuf` says how many have which buffer size.
    """

    sockets: tuple[Socket, ...]
    counts: Mapping[str, int]
    source: Literal["sock_diag", "proc"]


class Process(NamedTuple):
    """Who reads a socket; names are the host's own and untrusted."""

    inode: int
    pid: int
    name: str
    cgroup: str
    state: str
    udp_sockets: int | None = None  # that it has open


class RuleCounter(NamedTuple):
    """A firewall rule, chain policy or tc filter that counts what it discards.

    One that discards and does not count is "other" with 0 packets: it may have dropped any. The
    hook is "shared" for a chain that several jump to, one before a program of this host among them.
    """

    source: Literal["nft", "tc"]
    place: str  # "inet filter input handle 7", "qdisc clsact ffff: dev eth0"
    hook: Literal["ingress", "prerouting", "input", "forward", "shared", "other"]
    verdict: Literal["drop", "reject", "other"]
    packets: int
    at_most: int | None = None  # where a text rounds: then `packets` is the least it can be


class Link(NamedTuple):
    """One device as rtnetlink shows it: what /proc and /sys leave out."""

    name: str
    ifindex: int
    kind: str  # "veth", "vxlan", "" for hardware
    statistics: Mapping[str, int]  # struct rtnl_link_stats64 by field name
    peer_statistics: Mapping[str, int] | None  # the other end of a veth pair
    xdp: Literal["none", "native", "generic", "offload"]


ChannelKind = Literal["rx", "combined", "both"]


class Nic(NamedTuple):
    """What ethtool shows of one device.

    `channels_kind` says how its receive queues are set: apart from those that send, each with one
    that sends, or some of either kind.
    """

    device: str
    driver: str
    statistics: Mapping[str, int]  # driver's own names; duplicates summed
    ring_rx: int | None
    ring_rx_max: int | None
    channels_rx: int | None
    channels_rx_max: int | None
    coalesce_rx_usecs: int | None
    coalesce_adaptive_rx: bool | None
    channels_kind: ChannelKind | None = None


class Sample(NamedTuple):
    """One moment of a host: the kernel's own files, and the records that no file holds.

    `files` maps the kernel's path ("/proc/net/snmp") to its text. A record field is None
    where its source gave nothing; the reason is among `gaps`.
    """

    files: Mapping[str, str]
    gaps: tuple[Gap, ...] = ()
    sockets: SocketTable | None = None
    links: tuple[Link, ...] | None = None
    nics: tuple[Nic, ...] | None = None
    rules: tuple[RuleCounter, ...] | None = None
    processes: tuple[Process, ...] = ()
