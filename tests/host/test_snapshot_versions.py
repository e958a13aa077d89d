"""Snapshots that earlier versions wrote: each is still read, to the last value."""

from pathlib import Path

from netrx_tune.host.archive import read_snapshot
from netrx_tune.model.places import Places
from netrx_tune.model.sample import (
    Gap,
    Link,
    Nic,
    Process,
    RuleCounter,
    Sample,
    Socket,
    SocketTable,
)
from netrx_tune.reporters.snapshot_files import BOOT_ID, Moment, SavedSnapshot

SNAPSHOTS = Path(__file__).parent.parent / "snapshots"
BOOT = "sha256:76ef23b57cb28e8d5d7ac7d0f3e9ab6b\n"


def snmp(received: int, full: int) -> str:
    head = "Udp: InDatagrams NoPorts InErrors OutDatagrams RcvbufErrors"
    return f"{head}\nUdp: {received} 0 {full} 3 {full}\n"


def socket(drops: int) -> Socket:
    return Socket(
        family="inet",
        protocol="udp",
        local="192.0.2.7:514",
        remote="198.51.100.9:40000",
        inode=4711,
        cookie=18446744073709551615,
        uid=104,
        interface=2,
        unread_bytes=211968,
        rmem_alloc_bytes=212992,
        rcvbuf_bytes=212992,
        backlog_bytes=0,
        drops=drops,
    )


LISTENER = Socket(
    family="inet6",
    protocol="tcp",
    local="[2001:db8::1]:443",
    remote="",
    inode=4712,
    cookie=None,
    uid=None,
    interface=0,
    unread_bytes=None,
    rmem_alloc_bytes=None,
    rcvbuf_bytes=None,
    backlog_bytes=None,
    drops=None,
    accept_queue=129,
    accept_limit=128,
)
V1 = SavedSnapshot(
    samples=(
        Sample(
            files={
                "/proc/net/snmp": snmp(900, 100),
                "/proc/uptime": "100.25 300.00\n",
                "/proc/sys/kernel/osrelease": "6.1.0-18-amd64\n",
                "/proc/sys/net/ipv4/conf/eth0.100/rp_filter": "1\n",
                "/sys/class/net/eth0/statistics/rx_dropped": "12\n",
                f"/sys/fs/cgroup/{'a-long-name/' * 12}memory.max": "max\n",
                "/netrx/clock": "monotonic 100.251\nrealtime 1795375827.5\n",
                BOOT_ID: BOOT,
            },
            gaps=(
                Gap("/proc/net/xfrm_stat", "absent", "No such file or directory"),
                Gap("ethtool:eth0", "denied", "caf\u00e9 \udce9"),
            ),
            sockets=SocketTable(
                (socket(7), LISTENER), {"udp/inet": 3, "tcp/inet6": 1}, "sock_diag"
            ),
            links=(Link("eth0", 2, "veth", {"rx_packets": 5}, {"tx_dropped": 1}, "native"),),
            nics=(Nic("eth0", "veth", {"rx_xdp_drops": 1}, 256, None, 4, 8, 16, False),),
            rules=(
                RuleCounter("nft", "inet filter input handle 7", "input", "reject", 9),
                RuleCounter("tc", "qdisc clsact ffff: dev eth0", "ingress", "drop", 0),
            ),
            processes=(Process(4711, 99, 'rsys"logd\n', "/system.slice/rsyslog.service", "S"),),
        ),
        Sample(
            files={
                "/proc/net/snmp": snmp(1900, 1100),
                "/proc/uptime": "105.50 320.00\n",
                "/proc/sys/kernel/osrelease": "6.1.0-18-amd64\n",
                "/proc/net/dev": "caf\udce9\n",
                BOOT_ID: BOOT,
            },
            sockets=SocketTable((), {}, "proc"),
            links=(),
            nics=None,
            rules=(),
        ),
    ),
    times=(Moment("2026-11-22T19:30:27.500Z", 100.25), Moment(None, 105.5)),
    kind="netrx",
    places=Places("1/"),
    kernel="6.1.0-18-amd64",
    netns="blue",
    redactions=("addresses", "boot id"),
    gaps=(Gap("etc/hosts", "denied", "a link that leads out of the folder"),),
    meta={"tool": "0.1.0"},
)


def test_version_1_is_read() -> None:
    saved = read_snapshot(str(SNAPSHOTS / "v1.tar.gz"))
    assert saved == V1
    assert saved.seconds == 5.25
