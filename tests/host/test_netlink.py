"""What netlink reads from a real kernel equals what the system's own tools print."""

import ctypes
import json
import os
import re
import shutil
import socket
import struct
import subprocess
import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor

import pytest

from netrx_tune.collectors import ethtool_text
from netrx_tune.host import ethtool_ioctl, netlink, netlink_channel
from netrx_tune.model.sample import Gap, RuleCounter

pytestmark = [
    pytest.mark.live,
    pytest.mark.skipif(os.geteuid() != 0, reason="needs root: makes network namespaces"),
]

_CLONE_NEWNET = 0x40000000


def run(command: str) -> str:
    return subprocess.run(command.split(), check=True, capture_output=True, text=True).stdout


def _leave_host() -> None:
    """Give the calling thread, and what it starts, a network namespace of its own."""
    if ctypes.CDLL(None, use_errno=True).unshare(_CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), "unshare")
    run("ip link set lo up")


@pytest.fixture
def namespace() -> Iterator[ThreadPoolExecutor]:
    """One thread in a namespace, which goes with its last socket."""
    with ThreadPoolExecutor(max_workers=1) as thread:
        thread.submit(_leave_host).result()
        yield thread


def receiver(family: int, address: str, port: int, protocol: int = 0) -> socket.socket:
    made = socket.socket(family, socket.SOCK_DGRAM, protocol)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    made.bind((address, port))
    return made


def test_the_sockets_are_those_of_ss(namespace: ThreadPoolExecutor) -> None:
    def case() -> None:
        held = [
            receiver(socket.AF_INET, "127.0.0.1", 9000),
            receiver(socket.AF_INET6, "::1", 9001),
            receiver(socket.AF_INET, "127.0.0.1", 9002),
        ]
        sender = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
        held.append(sender)
        for _ in range(400):
            sender.sendto(b"x" * 200, ("::ffff:127.0.0.1", 9000))
            sender.sendto(b"x" * 200, ("::1", 9001))
        table, _gaps = netlink.sockets_of(netlink.scan_all()[0])
        printed = run("ss -uanmH")
        for one in held:
            one.close()
        assert table is not None
        assert (table.counts["udp/inet"], table.counts["udp/inet6"]) == (2, 2)
        want = re.findall(r"(127.0.0.1:9000|\[::1\]:9001).*\n?.*r(\d+),rb(\d+),.*d(\d+)\)", printed)
        assert len(want) == 2
        assert [
            (s.local, str(s.rmem_alloc_bytes), str(s.rcvbuf_bytes), str(s.drops))
            for s in table.sockets
        ] == want
        assert all(s.drops for s in table.sockets)

    namespace.submit(case).result()


def test_a_listener_shows_what_waits_for_accept(namespace: ThreadPoolExecutor) -> None:
    def case() -> None:
        with socket.create_server(("127.0.0.1", 8000), backlog=5) as listener:
            clients = [socket.create_connection(("127.0.0.1", 8000)) for _ in range(3)]
            table, _gaps = netlink.sockets_of(netlink.scan_all()[0])
            for client in clients:
                client.close()
            inode = os.fstat(listener.fileno()).st_ino
        assert table is not None
        assert [(s.inode, s.local, s.accept_queue, s.accept_limit) for s in table.sockets] == [
            (inode, "127.0.0.1:8000", 3, 5)
        ]

    namespace.submit(case).result()


def test_a_refusal_is_the_kernels_own_error() -> None:
    with pytest.raises(OSError, match=r"ENOENT|EINVAL") as caught:
        # A protocol that no handler answers for.
        netlink_channel.dump(
            4, "sock_diag:none", b"\x48\0\0\0\x14\0\x01\x03" + bytes(8) + b"\x02\xfd" + bytes(54)
        )
    assert caught.value.errno is not None


def test_a_veth_shows_the_drops_of_its_sending_end(namespace: ThreadPoolExecutor) -> None:
    """A frame longer than the receiving end's MTU adds to the sending end's tx_dropped."""
    with ThreadPoolExecutor(max_workers=1) as far:
        far.submit(_leave_host).result()
        where = far.submit(lambda: f"/proc/{os.getpid()}/task/{threading.get_native_id()}/ns/net")

        def case() -> None:
            run(f"ip link add far netns {where.result()} type veth peer name near")
            run("ip address add 192.0.2.2/24 dev near")
            run("ip link set near mtu 600 up")
            far.submit(run, "ip address add 192.0.2.1/24 dev far").result()
            far.submit(run, "ip link set far up").result()
            run("ip neighbour replace 192.0.2.1 lladdr 02:00:00:00:00:01 dev near")
            far.submit(_send_large, "192.0.2.2", 7).result()
            links, gaps = netlink.read_links()
            own = far.submit(netlink.read_links).result()[0]
            assert gaps == ()
            (near,) = (link for link in links or () if link.name == "near")
            assert near.kind == "veth"
            assert near.peer_statistics is not None
            assert near.peer_statistics["tx_dropped"] == 7
            assert [link.statistics for link in own or () if link.name == "far"] == [
                near.peer_statistics
            ]

        namespace.submit(case).result()


def _send_large(address: str, count: int) -> None:
    run(f"ip neighbour replace {address} lladdr 02:00:00:00:00:02 dev far")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        for _ in range(count):
            sender.sendto(bytes(1000), (address, 9))


def test_the_devices_are_those_of_ip(namespace: ThreadPoolExecutor) -> None:
    def case() -> None:
        run("ip link add one type veth peer name other")
        run("ip link set one up")
        run("ip link set other up")
        links, _gaps = netlink.read_links()
        printed = json.loads(run("ip -s -s -j link"))
        assert links is not None
        assert [(link.name, link.ifindex) for link in links] == [
            (device["ifname"], device["ifindex"]) for device in printed
        ]
        one, other = (
            next(link for link in links if link.name == name) for name in ("one", "other")
        )
        assert one.peer_statistics == other.statistics

    namespace.submit(case).result()


def test_a_nic_is_that_of_ethtool(namespace: ThreadPoolExecutor) -> None:
    def case() -> None:
        run("ip link add one type veth peer name other")
        (nic,), gaps = ethtool_ioctl.read_nics(["one", "lo", "absent0"])
        text = ethtool_text.Texts(
            driver=run("ethtool -i one"),
            statistics=run("ethtool -S one"),
            channels=run("ethtool -l one"),
        )
        assert nic == ethtool_text.parse("one", text, "ethtool")
        assert [(gap.path, gap.why) for gap in gaps] == [("ethtool:absent0", "absent")]

    namespace.submit(case).result()


def drops(ruleset: str, sent: Mapping[int, int]) -> list[tuple[str, str, str, int]]:
    """Return what the rules of a ruleset say of datagrams that were sent to some ports."""
    subprocess.run(["nft", "-f", "-"], input=f"flush ruleset\n{ruleset}", text=True, check=True)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        for port, count in sent.items():
            for _ in range(count):
                sender.sendto(b"x", ("127.0.0.1", port))
    rules, gaps = netlink.read_rules()
    assert gaps == ()
    return [
        (rule.place.split(" handle ")[0], rule.hook, rule.verdict, rule.packets)
        for rule in rules or ()
    ]


def test_rules_count_what_they_drop_where_they_hook_in(namespace: ThreadPoolExecutor) -> None:
    ruleset = """
        table inet t {
          chain sub { udp dport 7002 counter drop
          }
          chain mapped { udp dport 7003 counter drop
          }
          map ports { type inet_service : verdict; elements = { 7003 : jump mapped } }
          chain pre { type filter hook prerouting priority -300
            udp dport 7000 counter drop
          }
          chain in { type filter hook input priority 0
            udp dport 7001 counter reject
            jump sub
            udp dport vmap @ports
          }
        }
    """
    sent = {7000: 3, 7001: 4, 7002: 5, 7003: 6}
    assert namespace.submit(drops, ruleset, sent).result() == [
        ("inet t sub", "input", "drop", 5),
        ("inet t mapped", "input", "drop", 6),  # the map's one element leads there
        ("inet t pre", "prerouting", "drop", 3),
        ("inet t in", "input", "reject", 4),
    ]


def test_the_elements_of_sets_and_verdict_maps_count_what_is_dropped_by_them(
    namespace: ThreadPoolExecutor,
) -> None:
    ruleset = """
        table inet t {
          set bad { type inet_service; counter; elements = { 7000, 7001 } }
          set ranges { type inet_service; flags interval; counter; elements = { 7010-7019 } }
          set told { type inet_service; counter; elements = { 7020 } }
          set both { type inet_service; counter; elements = { 7030 } }
          set plain { type inet_service; elements = { 7040 } }
          set seen { type inet_service; flags dynamic; size 100; }
          map ports { type inet_service : verdict; counter
            elements = { 7050 : drop, 7051 : accept, 7052 : jump sub }
          }
          chain sub { drop
          }
          chain in { type filter hook input priority 0
            udp dport @bad drop
            udp dport @ranges log level debug reject
            udp dport @told counter drop
            udp dport @both ip saddr 10.0.0.0/8 drop
            udp dport @both drop
            udp dport @plain drop
            udp dport 7060 add @seen { udp sport counter } drop
            ip daddr . udp dport { 127.0.0.1 . 7070 counter, 127.0.0.1 . 7071 } drop
            udp dport vmap @ports
            udp dport vmap { 7080 : drop, 7081 : accept }
          }
        }
    """
    ports = (7000, 7001, 7012, 7020, 7030, 7040, 7050, 7051, 7052, 7060, 7070, 7071, 7080)
    sent = {port: 1 + at for at, port in enumerate(ports)}
    handle, in_set = "inet t in", "inet t set @"
    assert sorted(namespace.submit(drops, ruleset, sent).result()) == sorted([
        (f"{in_set}bad", "input", "drop", 1 + 2),
        (f"{in_set}ranges", "input", "reject", 3),
        (handle, "input", "drop", 4),  # the rule's own counter, and not the set's as well
        (handle, "input", "other", 0),  # two rules, and one lets go what does not match
        (handle, "input", "other", 0),
        (handle, "input", "other", 0),  # nobody counts
        (f"{in_set}seen", "input", "drop", 10),
        (handle, "input", "drop", 11),  # of a set without a name; 7071 counts nothing
        ("inet t map @ports", "input", "drop", 7),
        ("inet t sub", "input", "other", 0),
        (handle, "input", "other", 0),
    ])  # fmt: skip


def test_a_set_of_very_many_elements_is_left_and_said(namespace: ThreadPoolExecutor) -> None:
    many = ", ".join(f"10.{at >> 8}.{at & 255}.1" for at in range(10_000))
    ruleset = f"""
        table ip t {{
          set small {{ type ipv4_addr; counter; elements = {{ 10.0.0.1 }} }}
          set large {{ type ipv4_addr; counter; elements = {{ {many} }} }}
          set plain {{ type ipv4_addr; elements = {{ {many} }} }}
          chain in {{ type filter hook input priority 0
            ip saddr @large drop
            ip saddr @plain drop
            ip saddr @small drop
          }}
        }}
    """

    def case() -> tuple[list[str], tuple[Gap, ...]]:
        subprocess.run(["nft", "-f", "-"], input=ruleset, text=True, check=True)
        rules, gaps = netlink.read_rules()
        return [rule.verdict for rule in rules or ()], gaps

    verdicts, gaps = namespace.submit(case).result()
    assert verdicts == ["other", "other", "drop"]
    assert [(gap.path, gap.why) for gap in gaps] == [("nftables:elements ip t large", "unparsed")]


def test_a_qdisc_counts_what_tc_drops_on_the_way_in(namespace: ThreadPoolExecutor) -> None:
    def case() -> None:
        run("tc qdisc add dev lo clsact")
        # A program of one instruction: TC_ACT_SHOT.
        drop = ["bpf", "direct-action", "bytecode", "1,6 0 0 2,"]
        add = ["tc", "filter", "add", "dev", "lo"]
        subprocess.run([*add, "ingress", *drop], check=True)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            for _ in range(9):
                sender.sendto(b"x", ("127.0.0.1", 7000))
        place = "qdisc clsact ffff: dev lo"
        want = RuleCounter("tc", place, "ingress", "drop", 9)
        assert netlink.read_rules() == ((want,), ())
        # One counter for both directions: with a filter at egress it says neither.
        subprocess.run([*add, "egress", *drop], check=True)
        assert netlink.read_rules() == ((want._replace(hook="other"),), ())

    namespace.submit(case).result()


def test_a_packet_socket_shows_the_copies_it_lost(namespace: ThreadPoolExecutor) -> None:
    def case() -> None:
        every = socket.htons(3)  # ETH_P_ALL
        with (
            socket.socket(socket.AF_PACKET, socket.SOCK_RAW, every) as capture,
            socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender,
        ):
            capture.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2304)
            for _ in range(50):
                sender.sendto(bytes(100), ("127.0.0.1", 9))
            table, _gaps = netlink.sockets_of(netlink.scan_all()[0])
            # PACKET_STATISTICS: packets seen, and dropped of them.
            _seen, dropped = struct.unpack("=II", capture.getsockopt(263, 6, 8))
            inode = os.fstat(capture.fileno()).st_ino
        assert table is not None
        assert table.counts["packet/packet"] == 1
        (found,) = (one for one in table.sockets if one.family == "packet")
        assert (found.inode, found.local, found.drops) == (inode, "0003", dropped)
        assert dropped > 0

    namespace.submit(case).result()


@pytest.mark.skipif(not shutil.which("iptables-legacy"), reason="needs iptables-legacy")
def test_legacy_tables_count_what_they_drop(namespace: ThreadPoolExecutor) -> None:
    def case() -> None:
        run("iptables-legacy -A INPUT -p udp --dport 7000 -j DROP")
        run("ip6tables-legacy -A INPUT -p udp --dport 7000 -j REJECT")
        with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as sender:
            for _ in range(3):
                sender.sendto(b"x", ("::ffff:127.0.0.1", 7000))
                sender.sendto(b"x", ("::1", 7000))
        rules, gaps = netlink.read_rules()
        assert gaps == ()
        assert [
            (rule.place.split(" #")[0], rule.hook, rule.verdict, rule.packets)
            for rule in rules or ()
        ] == [
            ("iptables-legacy filter INPUT rule 1", "input", "drop", 3),
            ("ip6tables-legacy filter INPUT rule 1", "input", "reject", 3),
        ]

    namespace.submit(case).result()
