"""Snapshots built from a few counters, for tests of the arithmetic."""

from __future__ import annotations

from collections.abc import Mapping

from netrx_tune.model.kernel import parse_release
from netrx_tune.model.sample import Socket, SocketTable
from netrx_tune.model.snapshot import Device, HostFacts, Snapshot, SoftnetCpu


def snapshot(
    counters: Mapping[str, int] | None = None,
    *,
    release: str = "6.18.2",
    uptime: float = 100.0,
    boot_id: str = "a",
    softnet: tuple[SoftnetCpu, ...] | None = None,
    per_cpu: Mapping[str, tuple[int, ...]] | None = None,
    devices: tuple[Device, ...] = (),
    sockets: tuple[Socket, ...] | None = None,
    settings: Mapping[str, tuple[int, ...]] | None = None,
    levels: Mapping[str, int] | None = None,
    files: Mapping[str, str] | None = None,
) -> Snapshot:
    host = HostFacts(
        release, parse_release(release), None, 2, 8 << 30, 4096, boot_id, uptime, None, None
    )
    table = None
    if sockets is not None:
        table = SocketTable(sockets, {"udp/inet": len(sockets)}, "sock_diag")
    return Snapshot(
        host=host,
        counters=counters or {},
        levels=levels or {},
        per_cpu=per_cpu or {},
        softnet=softnet,
        devices={device.name: device for device in devices},
        sockets=table,
        rules=(),
        processes={},
        settings=settings or {},
        files=files or {},
        gaps=(),
    )


def sock(drops: int | None, *, inode: int = 7, unread: int = 0, rcvbuf: int = 212992) -> Socket:
    return Socket(
        family="inet",
        protocol="udp",
        local="0.0.0.0:9000",
        remote="",
        inode=inode,
        cookie=inode,
        uid=0,
        interface=0,
        unread_bytes=unread,
        rmem_alloc_bytes=unread,
        rcvbuf_bytes=rcvbuf,
        backlog_bytes=0,
        drops=drops,
    )


def softnet_cpu(cpu: int | None, dropped: int, flow_limit: int | None = 0) -> SoftnetCpu:
    return SoftnetCpu(cpu, 1000, dropped, 0, 0, flow_limit, 0)
