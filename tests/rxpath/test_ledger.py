"""The books close: each loss once, whatever counters hold it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netrx_tune.collectors.log_text import TABLE_FULL
from netrx_tune.model.ledger import Account, Entry, Ledger
from netrx_tune.model.sample import Gap, Socket
from netrx_tune.model.snapshot import Device, Snapshot
from netrx_tune.rxpath.books.tcp import bad_segments
from netrx_tune.rxpath.delta import between, since_boot
from netrx_tune.rxpath.ledger import NOT_LOST, came, lost_of, settle
from tests.rxpath.snapshots import snapshot, sock, softnet_cpu

COUNT = st.integers(0, 100_000)


def udp(  # the UDP line of a kernel from 5.11 on
    read: int = 0, ports: int = 0, full: int = 0, csum: int = 0, memory: int = 0, rest: int = 0
) -> dict[str, int]:
    return {
        "Udp.InDatagrams": read,
        "Udp.NoPorts": ports,
        "Udp.InErrors": full + csum + memory + rest,
        "Udp.RcvbufErrors": full,
        "Udp.InCsumErrors": csum,
        "Udp.MemErrors": memory,
        "Udp.IgnoredMulti": 0,
    }


def books(
    after: dict[str, int],
    *,
    release: str = "6.1.0",
    drops: int | None = None,
    uptime: float = 110.0,
    **more: object,
) -> Ledger:
    zero = dict.fromkeys(after, 0)
    sockets: tuple[Socket, ...] | None = None if drops is None else (sock(drops),)
    empty: tuple[Socket, ...] | None = None if drops is None else ()
    before = snapshot(zero, release=release, sockets=empty)
    later = snapshot(after, release=release, sockets=sockets, uptime=uptime, **more)  # type: ignore[arg-type]
    return settle(between(before, later, live=True))


def losses(ledger: Ledger) -> dict[str, int]:
    return {a.stage: a.lost for a in ledger.accounts if a.lost}


@given(COUNT, COUNT, COUNT, COUNT, COUNT, COUNT, st.none() | COUNT)
def test_what_is_charged_is_what_was_counted(
    read: int, ports: int, full: int, csum: int, memory: int, rest: int, drops: int | None
) -> None:
    ledger = books(udp(read, ports, full, csum, memory, rest), drops=drops)
    assert ledger.lost == ports + full + csum + memory + rest
    assert ledger.delivered == read
    assert ledger.offered == ledger.delivered + (ledger.queued or 0) + ledger.lost
    assert all((a.lost or 0) >= 0 for a in ledger.accounts)
    named = sum(a.lost or 0 for a in ledger.accounts if not a.stage.endswith("-unattributed"))
    assert named + (ledger.unattributed or 0) == ledger.lost


@pytest.mark.parametrize(("handed", "queued"), [(1010, 10), (1000, 0), (993, 0), (700, None)])
def test_what_more_waits_than_before_is_queued(handed: int, queued: int | None) -> None:
    """A full queue goes up and down; by no more than it held can it have become shorter."""
    names = ("Ip.InDelivers", "Tcp.InSegs", "Icmp.InMsgs")
    after = {**udp(read=900, full=100), **dict.fromkeys(names, 0), "Ip.InDelivers": handed}
    before = snapshot(dict.fromkeys(after, 0), sockets=(sock(0, unread=166_400),))
    later = snapshot(after, sockets=(sock(100, unread=166_400),), uptime=110.0)
    ledger = settle(between(before, later, live=True))
    assert (ledger.queued, ledger.offered) == (queued, 1000 + (queued or 0))


def test_rcvbuf_errors_are_part_of_in_errors_and_counted_once() -> None:
    assert losses(books(udp(read=900, full=100), drops=100)) == {"udp-rcvbuf-full": 100}


def test_socket_drops_tell_a_filter_from_a_short_header() -> None:
    assert losses(books(udp(rest=30), drops=30)) == {"udp-sk-filter": 30}
    assert losses(books(udp(rest=30), drops=0)) == {"udp-short": 30}
    assert losses(books(udp(rest=30), drops=10)) == {"udp-sk-filter": 10, "udp-short": 20}


@pytest.mark.parametrize(
    ("reserve", "drops", "want"),
    [
        (30, 30, {"pfmemalloc-drop": 30}),
        (40, 30, {"pfmemalloc-drop": 40}),  # ten were TCP's
        (10, 30, {"pfmemalloc-drop": 10, "udp-sk-filter": 20}),
        (30, None, {"pfmemalloc-drop": 30}),
        (10, None, {"pfmemalloc-drop": 10, "udp-unattributed": 20}),
        (30, 0, {"pfmemalloc-drop": 30, "udp-short": 30}),  # no socket: none was UDP's
    ],
)
def test_a_datagram_from_the_memory_reserve_is_charged_once(
    reserve: int, drops: int | None, want: dict[str, int]
) -> None:
    ledger = books({**udp(read=100, rest=30), "TcpExt.PFMemallocDrop": reserve}, drops=drops)
    assert losses(ledger) == want
    assert ledger.lost == sum(want.values())
    assert all(a.bound == "at-least" for a in ledger.accounts if "taken off" in a.why)


def test_socket_drops_tell_late_from_early_checksums() -> None:
    assert losses(books(udp(csum=8), drops=8)) == {"udp-csum-late": 8}
    assert losses(books(udp(csum=8), drops=0)) == {"udp-csum-early": 8}


def test_without_sockets_a_residual_has_no_name() -> None:
    ledger = books(udp(rest=30))
    assert losses(ledger) == {"udp-unattributed": 30}
    assert ledger.unattributed == 30


def test_6_18_counts_memory_refusals_in_the_socket_alone() -> None:
    ledger = books(udp(read=10, full=5), release="6.18.2", drops=45)
    assert losses(ledger) == {"udp-rcvbuf-full": 5, "udp-proto-mem": 40}
    assert ledger.lost == 45


def test_5_10_cannot_name_memory_refusals_without_the_pool() -> None:
    counters = udp(rest=30)
    del counters["Udp.MemErrors"]
    assert losses(books(counters, release="5.10.7", drops=30)) == {"udp-unattributed": 30}
    full = books(
        counters,
        release="5.10.7",
        drops=30,
        levels={"sockstat.UDP.mem": 1000},
        settings={"net.ipv4.udp_mem": (1000, 1500, 2000)},
    )
    assert losses(full) == {"udp-proto-mem": 30}


def test_3_13_hides_full_buffers_in_in_errors() -> None:
    counters = udp(read=100, full=2, rest=50)
    for name in ("Udp.MemErrors", "Udp.IgnoredMulti"):
        del counters[name]
    ledger = books(counters, release="3.13.0", drops=52)
    assert losses(ledger) == {"udp-rcvbuf-full": 52}
    unseen = books(counters, release="3.13.0")
    account = unseen.account("udp-rcvbuf-full")
    assert account is not None
    assert (account.lost, account.bound) == (2, "at-least")


def test_a_backlog_drop_is_charged_once_though_three_counters_move() -> None:
    device = Device("veth0", {"rx_packets": 900, "rx_dropped": 70}, kind="veth",
                    peer_statistics={"tx_dropped": 70, "tx_packets": 900})  # fmt: skip
    zero = Device("veth0", {"rx_packets": 0, "rx_dropped": 0}, kind="veth",
                  peer_statistics={"tx_dropped": 0, "tx_packets": 0})  # fmt: skip
    delta = between(
        snapshot(softnet=(softnet_cpu(0, 0),), devices=(zero,)),
        snapshot(softnet=(softnet_cpu(0, 70),), devices=(device,)),
        live=True,
    )
    assert losses(settle(delta)) == {"cpu-backlog-overflow": 70}


def test_backlog_drops_of_other_namespaces_are_not_charged_here() -> None:
    device = Device("eth0", {"rx_packets": 900, "rx_dropped": 0})
    delta = between(
        snapshot(softnet=(softnet_cpu(0, 0),), devices=(device,)),
        snapshot(softnet=(softnet_cpu(0, 70),), devices=(device,)),
        live=True,
    )
    assert losses(settle(delta)) == {}


@pytest.mark.parametrize("devices", [(), (Device("eth0", {"rx_packets": 900}),)])
def test_backlog_drops_are_all_here_where_no_device_shows_its_own(
    devices: tuple[Device, ...],
) -> None:
    seen = snapshot(softnet=(softnet_cpu(0, 70),), devices=devices)
    account = settle(since_boot(seen)).account("cpu-backlog-overflow")
    assert account is not None
    assert (account.lost, account.bound) == (70, "exact")
    other = Gap("netns blue", "absent", "sos ran commands in it")
    account = settle(since_boot(seen._replace(gaps=(other,)))).account("cpu-backlog-overflow")
    assert account is not None
    assert (account.lost, account.bound) == (70, "at-most")


def test_a_hosts_old_backlog_drops_are_no_history_of_a_namespace() -> None:
    device = Device("eth0", {"rx_packets": 900, "rx_dropped": 9})
    seen = snapshot(softnet=(softnet_cpu(0, 70),), devices=(device,))
    inside = seen._replace(host=seen.host._replace(initial_netns=False))
    books = settle(between(inside, inside, live=True))
    assert books.lost_at("cpu-backlog-overflow") == 0
    assert books.total("cpu-backlog-overflow") is None
    account = settle(since_boot(inside)).account("cpu-backlog-overflow")
    assert account is not None
    assert (account.lost, account.bound) == (9, "at-most")


@pytest.mark.parametrize("kind", ["tun", "wireguard", "sit", "vti"])
def test_what_a_tunnel_without_a_queue_drops_has_no_name(kind: str) -> None:
    after = Device("t0", {"rx_packets": 90, "rx_dropped": 9}, kind=kind)
    before = Device("t0", {"rx_packets": 0, "rx_dropped": 0}, kind=kind)
    ledger = settle(between(snapshot(devices=(before,)), snapshot(devices=(after,)), live=True))
    assert losses(ledger) == {"device-unattributed": 9}
    account = ledger.account("device-unattributed")
    assert account is not None
    assert (account.bound, account.offered) == ("at-most", 99)


def test_frames_without_a_protocol_are_seen_and_not_lost() -> None:
    before = Device("eth0", {"rx_packets": 0, "rx_dropped": 0, "rx_otherhost_dropped": 0})
    after = Device("eth0", {"rx_packets": 90, "rx_dropped": 9, "rx_otherhost_dropped": 4})
    ledger = settle(
        between(
            snapshot(softnet=(softnet_cpu(0, 0),), devices=(before,)),
            snapshot(softnet=(softnet_cpu(0, 0),), devices=(after,)),
            live=True,
        )
    )
    assert losses(ledger) == {"l2-unhandled-proto": 9, "ip-otherhost": 4}
    assert ledger.lost == 0
    strays = {"l2-unhandled-proto", "ip-otherhost", "rx-nohandler"}
    assert strays | {"packet-tap-drop"} <= NOT_LOST


def test_of_copies_only_what_a_raw_socket_had_alone_is_lost() -> None:
    copies = (Entry("packet_socket.drops", 10), Entry("raw_socket.copies", 5))
    by = (*copies, Entry("raw_socket.drops", 15))
    assert lost_of(Account("packet-tap-drop", 30, "exact", by)) == 15
    assert lost_of(Account("packet-tap-drop", 15, "exact", copies)) == 0
    assert lost_of(Account("udp-rcvbuf-full", 15, "exact", copies)) == 15


IP = {
    "Ip.InReceives": 1000, "Ip.InHdrErrors": 0, "Ip.InAddrErrors": 0, "Ip.ForwDatagrams": 0,
    "Ip.InUnknownProtos": 0, "Ip.InDiscards": 0, "Ip.InDelivers": 900, "Ip.ReasmReqds": 20,
    "Ip.ReasmOKs": 10, "Ip.ReasmFails": 3, "Ip.ReasmTimeout": 2, "IpExt.InNoRoutes": 5,
    "IpExt.InTruncatedPkts": 4, "IpExt.ReasmOverlaps": 1, "TcpExt.IPReversePathFilter": 11,
}  # fmt: skip


def test_ip_books_leave_the_silent_part() -> None:
    ledger = books(dict(IP))
    assert losses(ledger) == {
        "ip-truncated": 4,
        "defrag-timeout": 2,
        "defrag-overlap": 1,
        "route-no-route": 5,
        "route-rpfilter": 11,
        "ip-unattributed": 1000 - 900 - 5 - 4 - 11 - 10,
    }


def test_what_ip_lost_is_not_held_against_udp_where_tcp_is_not_shown() -> None:
    counters = {**IP, **udp(read=10)}
    ledger = books(counters)
    assert (ledger.delivered, ledger.offered) == (10, None)
    whole = books({**counters, "Tcp.InSegs": 890})
    assert whole.offered == whole.lost + 900
    of_udp = books(udp(read=90, full=10))  # all of them datagrams
    assert (of_udp.offered, of_udp.lost) == (100, 10)


def test_losses_of_a_router_are_of_all_that_ip_received() -> None:
    router = {"Ip.InReceives": 5_000, "Ip.ForwDatagrams": 4_980, "Ip.InDelivers": 15,
              "Ip.InDiscards": 5, "Tcp.InSegs": 10}  # fmt: skip
    ledger = books({**router, **udp(read=5)})
    assert (ledger.offered, came(ledger)) == (20, 5_000)
    of_udp = books({**router, "Ip.InDiscards": 0, "Ip.InDelivers": 20, **udp(read=5, full=5)})
    assert came(of_udp) == of_udp.offered == 20


def _of_ipv6(silent: int, multicast: int, *, rules: tuple[()] | None = ()) -> dict[str, int]:
    counters = {"Ip.InReceives": 0, "Ip.InDelivers": 0, "Ip6.InReceives": silent + 9}
    counters |= {"Ip6.InDelivers": 9, "Ip6.InMcastPkts": multicast}
    before, after = snapshot(dict.fromkeys(counters, 0)), snapshot(counters, uptime=105.0)
    ledger = settle(between(before, after._replace(rules=rules), live=True))
    assert ledger.lost == losses(ledger).get("ip-unattributed", 0)
    return losses(ledger)


def test_what_neighbours_say_to_groups_that_nobody_joined_is_no_loss() -> None:
    assert _of_ipv6(3, 40) == {"mcast-not-joined": 3}
    assert _of_ipv6(3, 2) == {"mcast-not-joined": 2, "ip-unattributed": 1}
    assert _of_ipv6(3, 0) == {"ip-unattributed": 3}
    assert _of_ipv6(1_000, 1_000) == {"ip-unattributed": 1_000}  # worth a word
    assert _of_ipv6(3, 40, rules=None) == {"ip-unattributed": 3}  # a rule may have dropped it


def test_conntrack_drops_come_out_of_the_silent_part() -> None:
    zero, now = dict.fromkeys(IP, 0), dict(IP)
    full = {"net.netfilter.nf_conntrack_max": (100,)}
    delta = between(
        snapshot(zero, per_cpu={"nf_conntrack.drop": (0, 0)}),
        snapshot(
            now,
            per_cpu={"nf_conntrack.drop": (40, 20)},
            settings=full,
            levels={"nf_conntrack.count": 99},
        ),
        live=True,
    )
    got = losses(settle(delta))
    assert got["conntrack-table-full"] == 60
    assert got["ip-unattributed"] == 10


def test_a_log_of_a_full_table_takes_its_lines_from_the_failed_inserts() -> None:
    counted = {"nf_conntrack.drop": (27, 0), "nf_conntrack.insert_failed": (27, 0)}
    told = snapshot({}, per_cpu=counted, levels={TABLE_FULL: 3})
    accounts = {account.stage: account for account in settle(since_boot(told)).accounts}
    assert [
        (accounts[stage].lost, accounts[stage].bound)
        for stage in ("conntrack-table-full", "conntrack-insert-fail", "conntrack-invalid")
    ] == [(3, "at-least"), (24, "at-most"), (0, "exact")]


def test_a_closed_sockets_drops_leave_rcvbuf_errors_whole() -> None:
    """A socket that came and went inside the window took its drops along."""
    assert losses(books(udp(read=10, full=50), drops=0)) == {"udp-rcvbuf-full": 50}


@pytest.mark.parametrize(
    ("ports", "read"),
    [("4789\n9000\n", 2161), ("9000\n", 12161)],  # or the tunnel's socket is elsewhere
)
def test_what_a_tunnel_unpacked_came_once(ports: str, read: int) -> None:
    def at(counters: dict[str, int], packets: int) -> Snapshot:
        tunnel = Device("vx0", {"rx_packets": packets, "rx_dropped": 0}, kind="vxlan")
        return snapshot(
            {"Tcp.InSegs": 0, **counters},
            devices=(tunnel,),
            sockets=(),
            files={"/netrx/udp-ports": ports},
        )

    before, after = at(udp(), 0), at(udp(read=12161, full=7839), 10000)
    ledger = settle(between(before, after, live=True))
    full = ledger.account("udp-rcvbuf-full")
    assert (ledger.delivered, ledger.lost) == (read, 7839)
    assert full
    assert full.offered == ledger.offered == read + 7839


def test_a_kernel_that_counts_pruned_queues_gives_a_least() -> None:
    ledger = books({"TcpExt.TCPOFODrop": 0, "TcpExt.OfoPruned": 3, "Tcp.InSegs": 100})
    account = ledger.account("tcp-ofo-pruned")
    assert account is not None
    assert (account.lost, account.bound) == (3, "at-least")
    both = books({"TcpExt.TCPOFODrop": 40, "TcpExt.OfoPruned": 3, "Tcp.InSegs": 100})
    assert losses(both) == {"tcp-ofo-pruned": 40}


def test_segments_that_came_damaged_are_a_remark_and_not_delivered() -> None:
    """Ten with a wrong checksum and five with a wrong header, as a kernel counted them."""
    counters = {**udp(read=5), "Tcp.InSegs": 115, "Tcp.InErrs": 15, "Tcp.InCsumErrors": 10}
    ledger = books(counters)
    assert (ledger.offered, ledger.delivered, ledger.lost) == (105, 105, 0)
    (said,) = bad_segments(
        between(snapshot(dict.fromkeys(counters, 0)), snapshot(counters), live=True)
    )
    assert said.startswith("15 of 115 TCP segments had a wrong checksum or header")
    assert "10 of them a wrong checksum (Tcp.InCsumErrors)" in said


@pytest.mark.parametrize(("segments", "said"), [(10_000, True), (20_000, False)])
def test_few_damaged_segments_since_boot_are_no_news(segments: int, said: bool) -> None:
    counters = {"Tcp.InSegs": segments, "Tcp.InErrs": 15}
    assert bool(list(bad_segments(since_boot(snapshot(counters))))) is said
