"""Who reads a queue and what it did, from files of /proc; and the counters beside it."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from netrx_tune.collectors import sock_diag
from netrx_tune.collectors.queue_probe import probes
from netrx_tune.collectors.ticks import Counts
from netrx_tune.host import readers
from netrx_tune.host.netlink import Prober, scan_sockets
from netrx_tune.host.readers import Activity, Readers
from netrx_tune.host.source import Tree
from netrx_tune.host.udp_counts import UdpCounters
from netrx_tune.model.sample import Process

SNMP = """\
Ip: InReceives InDelivers
Ip: 900 900
Udp: InDatagrams NoPorts InErrors OutDatagrams RcvbufErrors
Udp: 70 1 9 5 8
UdpLite: InDatagrams NoPorts InErrors OutDatagrams RcvbufErrors
UdpLite: 4 0 2 0 2
"""
SNMP6 = """\
Ip6InReceives                   \t44
Udp6InDatagrams                 \t100
Udp6RcvbufErrors                \t20
UdpLite6InDatagrams             \t1000
UdpLite6RcvbufErrors            \t200
"""


def _tree(root: Path, files: dict[str, str]) -> Tree:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return Tree(str(root))


def _counts(tree: Tree, *, inet6: bool) -> Counts | None:
    counters = UdpCounters(tree, inet6=inet6)
    try:
        return counters.read()
    finally:
        counters.close()


def test_udp_counters_add_up_all_four_protocols(tmp_path: Path) -> None:
    tree = _tree(tmp_path, {"proc/net/snmp": SNMP, "proc/net/snmp6": SNMP6})
    assert _counts(tree, inet6=False) == Counts(74, 10)
    assert _counts(tree, inet6=True) == Counts(1174, 230)


def test_a_kernel_without_udp_lite_or_ipv6_counts_what_it_has(tmp_path: Path) -> None:
    tree = _tree(tmp_path, {"proc/net/snmp": SNMP.partition("UdpLite")[0]})
    assert _counts(tree, inet6=True) == Counts(70, 8)


def test_no_counters_are_not_zero(tmp_path: Path) -> None:
    assert _counts(Tree(str(tmp_path)), inet6=True) is None


def _files(group: str, limit: dict[str, str]) -> dict[str, str]:
    files = {
        "proc/9/cgroup": group,
        "proc/9/task/9/schedstat": "100 20 3\n",
        "proc/9/task/9/stat": "9 (a (b) c) R 1 9\n",
        "proc/9/task/10/schedstat": "1000 200 30\n",
        "proc/9/task/10/stat": "10 (x) S 1 9\n",
    }
    return files | {f"proc/1/root/sys/fs/cgroup/{name}": text for name, text in limit.items()}


@pytest.fixture
def reader_of_7(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    found = (Process(7, 9, "reader", "", "S"),)
    monkeypatch.setattr(readers, "find_processes", lambda _tree, _inodes: (found, ()))
    return


def _activity(tree: Tree) -> Activity:
    known = Readers(tree)
    known.find({7}, 0.0)
    known.begin(0.0)
    return known.activity(7)


@pytest.mark.usefixtures("reader_of_7")
@pytest.mark.parametrize(
    ("group", "limit", "throttled"),
    [
        ("0::/a\n", {"a/cpu.max": "5000 100000", "a/cpu.stat": "throttled_usec 7\n"}, 7_000),
        ("0::/a\n", {"a/cpu.max": "max 100000", "a/cpu.stat": "throttled_usec 7\n"}, None),
        (
            "3:cpu,cpuacct:/a\n0::/\n",
            {"cpu,cpuacct/a/cpu.cfs_quota_us": "5", "cpu,cpuacct/a/cpu.stat": "throttled_time 7\n"},
            7,
        ),
        (
            "1:cpu:/a\n",
            {"cpu/a/cpu.cfs_quota_us": "-1", "cpu/a/cpu.stat": "throttled_time 7"},
            None,
        ),
    ],
)
def test_threads_add_up_and_a_quota_tells_how_long_it_held(
    tmp_path: Path, group: str, limit: dict[str, str], throttled: int | None
) -> None:
    tree = _tree(tmp_path, _files(group, limit))
    assert sorted(_activity(tree).states or "") == ["R", "S"]
    assert _activity(tree)._replace(states=None) == Activity(1100, 220, 33, None, throttled)


@pytest.mark.usefixtures("reader_of_7")
def test_a_process_is_asked_again_only_after_a_while(tmp_path: Path) -> None:
    known = Readers(_tree(tmp_path, _files("", {})))
    known.find({7}, 0.0)
    asked = []
    for now in (0.0, 0.01, 0.02, 0.06):
        known.begin(now)
        asked.append(known.activity(7).run_ns)
    assert asked == [1100, None, None, 1100]


def test_an_answer_says_what_a_dump_says() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
        one.bind(("127.0.0.1", 0))
        one.sendto(b"." * 300, one.getsockname())
        inode = int(Path(f"/proc/self/fd/{one.fileno()}").readlink().name[8:-1])
        found = scan_sockets("udp", "inet")
        dumped = next(sock for sock in sock_diag.hits(found) if sock.inode == inode)
        prober = Prober()
        try:
            asked = prober.ask(next(probes(found, {inode})))
            one.recv(1000)
            emptied = prober.ask(next(probes(found, {inode})))
        finally:
            prober.close()
    assert asked is not None
    unnamed = dumped._replace(local="", cookie=None, uid=None)
    assert asked == unnamed
    assert asked.unread_bytes
    assert emptied is None
