"""Redaction: no name of the host is left, and nothing that a diagnosis looks at is changed."""

import gzip
import ipaddress
import re
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netrx_tune.collectors import udp
from netrx_tune.collectors.assemble import assemble
from netrx_tune.host.archive import read_snapshot, write_snapshot
from netrx_tune.host.capture import take_sample
from netrx_tune.host.placeholders import Placeholders
from netrx_tune.host.redaction import REDACTIONS, redact
from netrx_tune.host.source import Tree
from netrx_tune.model.sample import (
    Gap,
    Process,
    RuleCounter,
    Sample,
    Socket,
    SocketTable,
)
from netrx_tune.reporters.snapshot_files import (
    BOOT_ID,
    SavedSnapshot,
    render_snapshot,
    saved_snapshot,
)

SALT = b"salt"
V4 = st.ip_addresses(v=4)
V6 = st.ip_addresses(v=6)
ADDRESSES = V4 | V6 | st.sampled_from(
    [
        ipaddress.ip_address(text)
        for text in (
            "0.0.0.0",
            "127.0.0.53",
            "255.255.255.255",
            "224.0.0.251",
            "239.1.2.3",
            "192.0.2.1",
            "192.0.2.2",
            "::",
            "::1",
            "::ffff:10.0.0.1",
            "ff02::fb",
            "ff05::1:3",
            "fe80::1",
            "2001:db8::1",
        )
    ]
)  # fmt: skip
PORTS = st.integers(0, 65535)


def endpoint(address: ipaddress.IPv4Address | ipaddress.IPv6Address, port: int) -> str:
    return f"{address}:{port}" if address.version == 4 else f"[{address}]:{port}"


def socket(local: str, *, remote: str = "", inode: int = 1) -> Socket:
    family = "inet6" if local.startswith("[") else "inet"
    return Socket(
        family=family,  # type: ignore[arg-type]
        protocol="udp",
        local=local,
        remote=remote,
        inode=inode,
        cookie=7,
        uid=0,
        interface=0,
        unread_bytes=2304,
        rmem_alloc_bytes=2304,
        rcvbuf_bytes=212992,
        backlog_bytes=0,
        drops=9,
    )


def sample_of(sockets: tuple[Socket, ...] = (), files: Mapping[str, str] | None = None) -> Sample:
    return Sample(files or {}, sockets=SocketTable(sockets, {"udp/inet": 1}, "sock_diag"))


def written(saved: SavedSnapshot) -> str:
    """Return all that a snapshot has on disk, names and texts."""
    return "\n".join(f"{name}\n{text}" for name, text in render_snapshot(saved, "1"))


def proc_hex(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> str:
    """Return an address as a little-endian kernel prints it in /proc/net/udp."""
    packed = address.packed
    return b"".join(packed[at : at + 4][::-1] for at in range(0, len(packed), 4)).hex().upper()


def is_kept(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    """Tell whether an address names no host, so that it may stay."""
    if isinstance(address, ipaddress.IPv6Address):
        mapped = address.ipv4_mapped
        if mapped:
            return is_kept(mapped)
        group = address.is_multicast and address.packed[2:14] == bytes(12)
        return group or address.is_loopback or address.is_unspecified
    link = address in ipaddress.ip_network("224.0.0.0/24")
    return link or address.is_loopback or address.is_unspecified or address.packed[0] == 255


@settings(deadline=None)
@given(pairs=st.lists(st.tuples(ADDRESSES, ADDRESSES, PORTS), min_size=1, max_size=6))
def test_no_address_is_left_and_each_is_still_what_it_was(
    pairs: list[tuple[ipaddress.IPv4Address, ipaddress.IPv4Address, int]],
) -> None:
    sockets = tuple(
        socket(endpoint(local, port), remote=endpoint(remote, port), inode=number)
        for number, (local, remote, port) in enumerate(pairs)
    )
    table = "".join(
        f" 1: {proc_hex(local)}:{port:04X} {proc_hex(remote)}:0000 07 00000000:00000900 00:00000000"
        f" 00000000 0 0 {number} 2 0000000000000000 9\n"
        for number, (local, remote, port) in enumerate(pairs)
    )
    lines = "".join(f"udp 0 0 {endpoint(a, p)} {endpoint(b, p)}\n" for a, b, p in pairs)
    before = sample_of(
        sockets, {"/proc/net/udp": table, "/sos_commands/networking/netstat_-s": lines}
    )._replace(gaps=(Gap("x", "denied", f"connect to {pairs[0][0]}: refused"),))
    saved = redact(saved_snapshot((before,)), SALT)
    text = written(saved)
    for address in {address for local, remote, _ in pairs for address in (local, remote)}:
        if not is_kept(address):
            assert not re.search(rf"(?<![\d.:a-f]){re.escape(str(address))}(?![\d:a-f])", text)
            assert f" {proc_hex(address)}:" not in text
    after = saved.samples[0].sockets
    assert after is not None
    for old, new in zip(sockets, after.sockets, strict=True):
        assert old._replace(local="", remote="") == new._replace(local="", remote="")
        for one, other in ((old.local, new.local), (old.remote, new.remote)):
            assert one.rpartition(":")[2] == other.rpartition(":")[2]
            same_kind(one, other)
    names: dict[str, set[str]] = {}
    for old, new in zip(sockets, after.sockets, strict=True):
        for one, other in ((old.local, new.local), (old.remote, new.remote)):
            names.setdefault(one.rpartition(":")[0], set()).add(other.rpartition(":")[0])
    assert all(len(others) == 1 for others in names.values())
    assert len({min(others) for others in names.values()}) == len(names)
    assert [line.split()[1:3] for line in saved.samples[0].files["/proc/net/udp"].splitlines()] == [
        [hex_endpoint(new.local, proc=True), hex_endpoint(new.remote, proc=False)]
        for new in after.sockets
    ]


def hex_endpoint(text: str, *, proc: bool) -> str:
    address, _, port = text.rpartition(":")
    packed = proc_hex(ipaddress.ip_address(address.strip("[]")))
    return f"{packed}:{int(port) if proc else 0:04X}"


def same_kind(old: str, new: str) -> None:
    """Check that two endpoints route alike."""
    one, other = (ipaddress.ip_address(text.rpartition(":")[0].strip("[]")) for text in (old, new))
    assert one.version == other.version
    assert one.is_multicast == other.is_multicast
    assert one.is_unspecified == other.is_unspecified
    assert one.is_loopback == other.is_loopback
    if isinstance(one, ipaddress.IPv6Address) and isinstance(other, ipaddress.IPv6Address):
        assert (one.ipv4_mapped is None) == (other.ipv4_mapped is None)
        if one.is_multicast:
            assert one.packed[:2] == other.packed[:2]
    if is_kept(one):
        assert one == other


def test_a_socket_table_still_parses_to_the_same_sockets() -> None:
    text = (
        "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid"
        "  timeout inode ref pointer drops\n"
        "  12: 0500000A:14E9 00000000:0000 07 00000000:00000900 00:00000000 00000000     0"
        "        0 4711 2 0000000000000000 17\n"
    )
    sample = sample_of(files={"/proc/net/udp": text})
    after = redact(saved_snapshot((sample,)), SALT).samples[0].files["/proc/net/udp"]
    (before,), (changed,) = (
        udp.sockets([udp.scan(form, "/proc/net/udp", "udp", "inet")]) for form in (text, after)
    )
    assert changed._replace(local="", remote="") == before._replace(local="", remote="")
    assert re.fullmatch(r"192\.0\.2\.\d+:5353", changed.local)
    assert changed.remote == before.remote


NAMED = Sample(
    files={
        "/proc/version": "Linux version 6.1.0 (jane@buildbox) (gcc 12.2.0) #1 SMP\n",
        "/proc/sys/kernel/hostname": "accounting7\n",
        "/proc/sys/kernel/osrelease": "5.10.0.1-custom\n",
        BOOT_ID: "0d6d3d8f-16e3-4c3e-a1a0-2f5d0ad3b9c4\n",
        "/proc/sys/net/ipv4/tcp_fastopen_key": "c0ffee-key\n",
        "/proc/sys/net/ipv6/conf/eth0/stable_secret": "2001:db8:1234::1\n",
        "/proc/sys/net/core/rmem_max": "212992\n",
        "/proc/net/snmp": "Udp: InDatagrams\nUdp: 5\n",
        "/proc/net/route": "eth0 0A000001\n",
        "/etc/hosts": "10.9.8.7 accounting7\n",
        "/etc/os-release": 'NAME="Janes OS"\nID=debian\nVERSION_ID="12"\nHOME_URL="https://jane"\n',
        "/etc/sysctl.d/90-local.conf": "# ask jane, ticket 4711\nnet.core.rmem_max = 1\n",
        "/sys/class/net/eth0/address": "de:ad:be:ef:00:01\n",
        "/sys/class/net/eth0/broadcast": "ff:ff:ff:ff:ff:ff\n",
        "/sys/class/net/eth0/ifalias": "uplink to accounting\n",
        "/sys/fs/cgroup/system.slice/payroll.service/memory.max": "max\n",
        "/sys/fs/cgroup/docker/0badc0de/memory.max": "1000\n",
        "/netrx/netns/4026532/who": "77\npayrolld\n0::/system.slice/payroll.service\n",
        "/netrx/sysctl-a": (
            "kernel.hostname = accounting7\nkernel.osrelease = 6.1.0\n"
            "net.core.rmem_max = 212992\nnet.ipv4.tcp_fastopen_key = c0ffee-key\n"
        ),
        "/home/jane/notes": "secret",
    },
    gaps=(
        Gap("netns payroll-blue", "unparsed", "not judged"),
        Gap("/proc/net/udp:3", "unparsed", "drops: expected a decimal, got 'payrolld'"),
        Gap("/sys/fs/cgroup/system.slice/payroll.service/cpu.max", "denied", "no"),
    ),
    sockets=SocketTable((socket("10.9.8.7:53"),), {}, "proc"),
    rules=(RuleCounter("nft", "ip filter input saddr 10.9.8.7", "input", "drop", 4),),
    processes=(
        Process(1, 9, "payrolld", "/system.slice/payroll.service", "S"),
        Process(2, 8, "payrolld", "/docker/0badc0de", "R"),
        Process(3, 7, "auditd", "/user.slice/user-1000.slice/session-4.scope", "S"),
    ),
)
SECRETS = [
    "accounting",
    "jane",
    "buildbox",
    "payroll",
    "auditd",
    "0badc0de",
    "c0ffee",
    "10.9.8.7",
    "de:ad:be:ef",
    "0A000001",
    "0d6d3d8f",
    "2001:db8:1234",
    "1000.slice",
    "secret",
]


def test_no_name_of_the_host_is_left(tmp_path: Path) -> None:
    saved = redact(saved_snapshot((NAMED, NAMED), netns="payroll-blue"), SALT)
    for word in SECRETS:
        assert word not in written(saved), word
    path = tmp_path / "saved.tar.gz"
    write_snapshot(str(path), saved, "1")
    content = gzip.decompress(path.read_bytes()).decode()
    assert not [word for word in SECRETS if word in content]
    assert read_snapshot(str(path)).redactions == REDACTIONS


def test_what_a_diagnosis_looks_at_is_unchanged() -> None:
    saved = redact(saved_snapshot((NAMED, NAMED)), SALT)
    first, second = saved.samples
    assert first == second
    assert saved.kernel == "5.10.0.1-custom"
    for path in ("/proc/sys/net/core/rmem_max", "/proc/net/snmp", "/sys/class/net/eth0/broadcast"):
        assert first.files[path] == NAMED.files[path]
    assert first.files["/etc/os-release"] == 'ID=debian\nVERSION_ID="12"\n'
    assert first.files["/proc/version"].startswith(
        "Linux version 6.1.0 (builder@host) (gcc 12.2.0)"
    )
    assert [text for path, text in first.files.items() if path.startswith("/etc/sysctl.d/")] == [
        "#\nnet.core.rmem_max = 1\n"
    ]
    assert first.files["/netrx/sysctl-a"] == (
        "kernel.osrelease = 6.1.0\nnet.core.rmem_max = 212992\n"
    )
    names = [process.name for process in first.processes]
    assert names[0] == names[1] != names[2]
    assert first.files[BOOT_ID].startswith("sha256:")


def test_a_group_is_named_alike_wherever_it_stands() -> None:
    first = redact(saved_snapshot((NAMED,)), SALT).samples[0]
    group = first.processes[0].cgroup
    assert re.fullmatch(r"/system\.slice/group-[0-9a-f]{8}\.service", group)
    assert first.files[f"/sys/fs/cgroup{group}/memory.max"] == "max\n"
    assert first.files[f"/sys/fs/cgroup{first.processes[1].cgroup}/memory.max"] == "1000\n"
    assert first.files["/netrx/netns/4026532/who"].endswith(f"\n0::{group}\n")
    assert first.gaps[2].path == f"/sys/fs/cgroup{group}/cpu.max"
    assert first.processes[2].cgroup.startswith("/user.slice/user-group-")


def test_what_was_left_out_is_said() -> None:
    first = redact(saved_snapshot((NAMED,)), SALT).samples[0]
    assert Gap("/proc/net/route", "absent", "removed by redaction") in first.gaps
    assert first.gaps[1].detail == "drops: expected a decimal"


def test_one_salt_gives_one_stand_in_and_another_salt_another() -> None:
    names = [
        redact(saved_snapshot((NAMED,)), salt).samples[0].processes[0].name
        for salt in (b"a", b"a", b"b")
    ]
    assert names[0] == names[1] != names[2]


def test_more_addresses_than_documentation_has_are_still_told_apart() -> None:
    names = Placeholders(SALT)
    given = {names.packed(bytes([10, 0, number >> 8, number & 255])) for number in range(3000)}
    assert len(given) == 3000


def test_an_address_of_the_host_never_stands_in_for_another() -> None:
    own = tuple(socket(f"192.0.2.{number}:53", inode=number) for number in range(1, 255))
    saved = redact(saved_snapshot((sample_of(own),)), SALT)
    assert saved.samples[0].sockets is not None
    assert not {s.local for s in saved.samples[0].sockets.sockets} & {s.local for s in own}


@pytest.mark.parametrize(
    ("text", "pattern"),
    [
        ("10.0.0.1", r"192\.0\.2\.\d+"),
        ("from 10.0.0.1.", r"from 192\.0\.2\.\d+\."),
        ("10.0.0.1.53 x", r"192\.0\.2\.\d+\.53 x"),
        ("10.0.0.0/8", r"192\.0\.2\.\d+/8"),
        ("[fe80::1]:53", r"\[2001:db8:[0-9a-f:]+\]:53"),
        ("fe80::1%eth0 ", r"2001:db8:[0-9a-f:]+%eth0 "),
        ("at fe80::1: refused", r"at 2001:db8:[0-9a-f:]+: refused"),
        ("::ffff:10.0.0.1.53", r"::ffff:192\.0\.2\.\d+\.53"),
        ("52:54:00:12:34:56", r"02:00:00:[0-9a-f:]{8}"),
        ("01:00:5E:7F:00:01", r"03:00:00:[0-9a-f:]{8}"),
        ("0000:00:03.0 12:30:45 1.2.3 256.1.1.1 ::", None),
        ("net.ipv4.conf.eth0/100.rp_filter = 1", None),
        ("virtio2-input.0 0000:5e:00.1 add: face bad.", None),
        (":::53 0.0.0.0:* 127.0.0.53:53 ff:ff:ff:ff:ff:ff", None),
    ],
)
def test_addresses_are_found_in_any_text(text: str, pattern: str | None) -> None:
    got = Placeholders(SALT).text(text)
    if pattern is None:
        assert got == text
    else:
        assert re.fullmatch(pattern, got)


def test_everything_that_is_taken_of_this_host_is_known_and_counts_the_same() -> None:
    sample = take_sample(Tree(), full=True)
    redacted = redact(saved_snapshot((sample,)), SALT).samples[0]
    assert [gap for gap in redacted.gaps if gap.detail == "removed by redaction"] == []
    assert len(redacted.files) == len(sample.files)
    before, after = assemble(sample), assemble(redacted)
    assert before.host._replace(boot_id=None) == after.host._replace(boot_id=None)
    for field in ("counters", "levels", "per_cpu", "softnet", "devices", "settings"):
        assert getattr(before, field) == getattr(after, field)
