"""The path in words: every stage in order, with what a host shows."""

from __future__ import annotations

from netrx_tune.model.kernel import KernelVersion
from netrx_tune.model.sample import Nic, RuleCounter, Socket, SocketTable
from netrx_tune.model.snapshot import Device, HostFacts, Snapshot, SoftnetCpu
from netrx_tune.reporters.path_lines import LAYER_TITLES, path_lines, values_of
from netrx_tune.rxpath.stages import STAGES, stage

HOST = HostFacts(None, None, None, None, None, 4096, None, None, None, None)


def _socket(protocol: str, drops: int | None) -> Socket:
    return Socket(
        family="inet",
        protocol=protocol,  # type: ignore[arg-type]
        local="0.0.0.0:9000",
        remote="",
        inode=1,
        cookie=None,
        uid=None,
        interface=0,
        unread_bytes=None,
        rmem_alloc_bytes=None,
        rcvbuf_bytes=None,
        backlog_bytes=None,
        drops=drops,
    )


def _snapshot(sockets: SocketTable | None) -> Snapshot:
    nic = Nic("eth0", "mlx5_core", {"rx_out_of_buffer": 9}, None, None, None, None, None, None)
    return Snapshot(
        host=HOST,
        counters={"Udp.RcvbufErrors": 7},
        levels={},
        per_cpu={"nf_conntrack.drop": (1, 2)},
        softnet=(SoftnetCpu(0, 10, 1, 2, 3, None, None), SoftnetCpu(1, 20, 4, 5, 6, 7, None)),
        devices={
            "eth0": Device("eth0", {"rx_dropped": 3}, nic=nic),
            "veth0": Device(
                "veth0", {"rx_dropped_or_missed": 4}, peer_statistics={"tx_dropped": 5}
            ),
            "bond0": Device("bond0", {"rx_dropped": 3}, kind="bond"),
        },
        sockets=sockets,
        rules=(
            RuleCounter("nft", "inet filter input handle 7", "input", "drop", 11),
            RuleCounter("nft", "inet filter input handle 8", "input", "other", 12),
        ),
        processes={},
        settings={},
        files={},
        gaps=(),
    )


def test_without_a_host_the_path_is_one_line_for_each_stage() -> None:
    lines = path_lines()
    named = [line.split(":")[0].strip() for line in lines if line.startswith("  ")]
    assert named == [one.name for one in STAGES]
    assert [line for line in lines if line and not line.startswith(" ")] == [*LAYER_TITLES.values()]


def test_a_line_shows_the_count_the_counters_and_the_settings() -> None:
    lines = path_lines(
        {"Udp.RcvbufErrors": 16234, "Udp6.RcvbufErrors": 0, "Udp.NoPorts": 0},
        {"net.core.rmem_max": (212992,), "net.ipv4.udp_mem": (1, 2, 3)},
    )
    text = "\n".join(lines)
    assert (
        "        16,234  udp-rcvbuf-full: the socket's receive buffer was full\n"
        "                Udp.RcvbufErrors 16,234; net.core.rmem_max=212992\n"
    ) in text
    assert "             0  udp-no-port: no socket on that port\n" in text
    assert "net.ipv4.udp_mem=1 2 3\n" in text


def test_what_cannot_be_seen_is_said_and_never_zero() -> None:
    text = "\n".join(path_lines({}, {}))
    assert "   not visible  udp-rcvbuf-full: " in text
    assert "    no counter  udp-short: " in text
    assert "not visible: this kernel, or this account," in text


def test_a_counter_that_a_lossy_stage_shares_is_an_upper_bound() -> None:
    shared = "\n".join(path_lines({"softnet.dropped": 5, "rx_dropped": 7}))
    alone = "\n".join(path_lines({"softnet.dropped": 0, "rx_dropped": 7}))
    assert "     at most 7  l2-unhandled-proto: " in shared
    assert "             7  l2-unhandled-proto: " in alone


def test_settings_of_all_devices_stand_for_each() -> None:
    text = "\n".join(path_lines({}, {"net.ipv4.conf.all.rp_filter": (2,)}))
    assert text.count("net.ipv4.conf.all.rp_filter=2") == 1


def test_stages_that_a_kernel_does_not_have_are_left_out() -> None:
    text = "\n".join(path_lines(kernel=KernelVersion(6, 1)))
    assert "udp-backlog-full" not in text
    assert "udp-rcvbuf-full" in text
    assert "udp-backlog-full" in "\n".join(path_lines(kernel=KernelVersion(3, 13)))


def test_one_stage_can_be_shown_alone() -> None:
    assert path_lines(
        {"rx_dropped": 7, "softnet.dropped": 1}, stages=(stage("l2-unhandled-proto"),)
    )[:2] == [
        "Core: taps and classifiers",
        "     at most 7  l2-unhandled-proto: nobody handles this EtherType",
    ]


def test_lines_fit_the_terminal_in_plain_ascii() -> None:
    for width in (60, 80):
        lines = path_lines({"rx_dropped": 10**9, "softnet.dropped": 1}, {}, width)
        assert all(line.isascii() and len(line) <= width for line in lines)


def test_a_moment_is_summed_under_the_names_of_the_stages() -> None:
    table = SocketTable(
        (_socket("udp", 1), _socket("udplite", 2), _socket("raw", 3), _socket("udp", None)),
        {},
        "sock_diag",
    )
    assert values_of(_snapshot(table)) == {
        "Udp.RcvbufErrors": 7,
        "nf_conntrack.drop": 3,
        "softnet.processed": 30,
        "softnet.dropped": 5,
        "softnet.time_squeeze": 7,
        "softnet.received_rps": 9,
        "softnet.flow_limit_count": 7,
        "rx_dropped": 7,
        "peer.tx_dropped": 5,
        "ethtool.rx_out_of_buffer": 9,
        "nft.input": 11,
        "udp_socket.drops": 3,
        "packet_socket.drops": 0,
        "raw_socket.drops": 3,
        "tcp_socket.drops": 0,
    }


def test_sockets_that_were_not_read_are_not_zero() -> None:
    assert "udp_socket.drops" not in values_of(_snapshot(None))
