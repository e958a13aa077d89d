"""Each driver's own counters against the link's, as the driver's source adds them up."""

from __future__ import annotations

import pytest

from netrx_tune.collectors.ethtool import link_statistics
from netrx_tune.model.sample import Nic
from netrx_tune.model.snapshot import Device
from netrx_tune.rxpath.books.drivers import counters_called, guessed_driver
from netrx_tune.rxpath.books.guests import untaken
from netrx_tune.rxpath.books.unnamed import unnamed_drops
from netrx_tune.rxpath.delta import between, since_boot
from netrx_tune.rxpath.ledger import settle
from tests.rxpath.snapshots import snapshot, softnet_cpu

RING, MEMORY, XDP = "nic-ring-overflow", "nic-alloc-fail", "xdp-native-drop"
WIRE = "nic-wire-error"
UNWANTED = "l2-unhandled-proto"


def lost(driver: str, link: dict[str, int], own: dict[str, int]) -> dict[str, int]:
    """Return what each stage lost, from what the link's and the driver's counters gained."""
    link = {"rx_packets": 1_000_000, "rx_dropped": 0, "rx_missed_errors": 0, **link}
    now = Device("eth0", link, nic=nic(driver, own))
    then = Device("eth0", dict.fromkeys(link, 0), nic=nic(driver, dict.fromkeys(own, 0)))
    before, after = snapshot(devices=(then,)), snapshot(devices=(now,), uptime=110.0)
    accounts = settle(between(before, after, live=True)).accounts
    return {account.stage: account.lost for account in accounts if account.lost}


def nic(driver: str, statistics: dict[str, int]) -> Nic:
    return Nic("eth0", driver, statistics, None, None, None, None, None, None)


@pytest.mark.parametrize(
    ("driver", "link", "own", "expected"),
    [
        # Not in any field of the link, or in one: once.
        ("ixgbe", {}, {"rx_no_dma_resources": 70}, {RING: 70}),
        ("sfc", {}, {"rx_xdp_drops": 70, "rx_xdp_bad_drops": 3}, {XDP: 73}),
        ("ena", {}, {"queue_1_rx_xdp_aborted": 3, "queue_1_rx_xdp_redirect": 9}, {XDP: 3}),
        ("gve", {}, {"rx_xdp_aborted[1]": 3, "rx_xdp_drop[1]": 4}, {XDP: 7}),
        ("igb", {"rx_fifo_errors": 70}, {"rx_queue_0_drops": 70}, {RING: 70}),
        ("mana", {}, {"hc_rx_discards_no_wqe": 70}, {RING: 70}),
        ("mana", {"rx_missed_errors": 70}, {"hc_rx_discards_no_wqe": 70}, {RING: 70}),
        ("bnxt_en", {}, {"rx_total_discard_pkts": 70, "[0]: rx_discards": 70}, {RING: 70}),
        ("bnx2", {"rx_missed_errors": 70}, {"rx_ftq_discards": 70}, {RING: 70}),
        ("vmxnet3", {"rx_dropped": 70}, {"  rx buf alloc fail": 70}, {MEMORY: 70}),
        ("vmxnet3", {}, {"  rx buf alloc fail": 70}, {MEMORY: 70}),
        (
            "vmxnet3",
            {"rx_dropped": 99},
            {"drv dropped rx total": 90, "   err": 90},
            {WIRE: 90, UNWANTED: 9},
        ),
        ("hv_netvsc", {}, {"rx_queue_3_xdp_drop": 70}, {XDP: 70}),
        ("mana", {"rx_dropped": 70}, {"rx_0_xdp_drop": 70}, {XDP: 70}),
        ("mlx4_en", {}, {"rx_xdp_drop": 70}, {XDP: 70}),
        # One shortage, two names.
        (
            "ena",
            {},
            {"queue_0_rx_page_alloc_fail": 70, "queue_0_rx_refil_partial": 70},
            {MEMORY: 70},
        ),
        # The port's own memory and the ring are two.
        ("i40e", {"rx_missed_errors": 30}, {"port.rx_discards": 70}, {RING: 100}),
        ("ice", {"rx_dropped": 30}, {"rx_dropped": 30, "rx_dropped.nic": 70}, {RING: 100}),
        # rx_dropped is the ring's up to the name's change, and the switch's since.
        ("i40e", {"rx_dropped": 30}, {"port.rx_dropped": 0}, {RING: 30}),
        ("i40e", {"rx_dropped": 30}, {"port.rx_discards": 0}, {UNWANTED: 30}),
        # One kernel has the port's discards in rx_dropped, the other does not.
        ("mlx5_core", {"rx_dropped": 70}, {"rx_discards_phy": 70}, {RING: 70}),
        ("mlx5_core", {"rx_dropped": 3}, {"rx_discards_phy": 7000}, {RING: 7000, UNWANTED: 3}),
        (
            "mlx5_core",
            {"rx_dropped": 1002},
            {"rx_out_of_buffer": 1000, "rx_discards_phy": 500},
            {RING: 1500, UNWANTED: 2},
        ),
        ("sfc", {"rx_dropped": 3}, {"port_rx_nodesc_drops": 7000}, {RING: 7000, UNWANTED: 3}),
        ("sfc", {"rx_dropped": 70}, {"port_rx_nodesc_drops": 70}, {RING: 70}),
        # What the driver's own counter does not have of rx_dropped, the kernel dropped.
        ("ice", {"rx_dropped": 100}, {"rx_dropped": 60}, {RING: 60, UNWANTED: 40}),
        ("enic", {"rx_dropped": 100}, {"rx_no_bufs": 60}, {RING: 60, UNWANTED: 40}),
        ("ena", {"rx_dropped": 100}, {"queue_0_rx_cnt": 9}, {RING: 100}),
        # Newer devices of it have a full ring as overruns, which are in rx_errors, too.
        (
            "ena",
            {"rx_dropped": 30, "rx_over_errors": 70, "rx_errors": 70},
            {"queue_0_rx_cnt": 9},
            {RING: 100},
        ),
        ("", {"rx_over_errors": 70, "rx_errors": 70}, {}, {RING: 70}),
        ("tg3", {"rx_over_errors": 9, "rx_missed_errors": 70}, {"rx_discards": 70}, {RING: 70}),
        # What enic dropped for another reason than want of buffers is no full ring, nor are
        # truncated frames.
        (
            "enic",
            {"rx_dropped": 100, "rx_over_errors": 9},
            {"rx_no_bufs": 60, "rx_drop": 40},
            {RING: 60, UNWANTED: 40},
        ),
        # mlx4's drops are the sum of all, those that overflowed among them.
        ("mlx4_en", {"rx_dropped": 100, "rx_fifo_errors": 60}, {"rx_dropped": 100}, {RING: 100}),
        ("mlx4_en", {"rx_dropped": 70, "rx_fifo_errors": 70}, {"rx_dropped": 70}, {RING: 70}),
        ("mlx4_en", {"rx_dropped": 70, "rx_fifo_errors": 70}, {"rx_alloc_pages": 0}, {RING: 70}),
        # What queues count is compared together; what XDP dropped is in their other drops, too.
        (
            "be2net",
            {"rx_dropped": 95},
            {f"rxq{n}: rx_drops_no_frags": 10 for n in range(10)},
            {RING: 95},
        ),
        (
            "virtio_net",
            {"rx_dropped": 100},
            {"rx_queue_0_drops": 100, "rx_queue_0_xdp_drops": 90},
            {XDP: 90, MEMORY: 10},
        ),
        # The frames that found no descriptor are overruns of macb, with the port's own or without.
        ("macb", {"rx_over_errors": 70, "rx_errors": 70}, {"rx_resource_errors": 70}, {RING: 70}),
        (
            "macb",
            {"rx_over_errors": 100, "rx_fifo_errors": 30, "rx_errors": 100},
            {"rx_resource_errors": 70, "rx_overruns": 30},
            {RING: 100},
        ),
        ("", {}, {"rx_resource_errors": 70, "q0_rx_dropped": 3}, {RING: 70, MEMORY: 3}),
        ("atlantic", {"rx_dropped": 70}, {"InDroppedDma": 70}, {RING: 70}),
        ("", {}, {"InDroppedDma": 70, "Queue[1] SkbAllocFails": 3}, {RING: 70, MEMORY: 3}),
        ("bcmgenet", {}, {"rbuf_ovflow_cnt": 70}, {RING: 70}),
        # Old e1000 has the missed in rx_fifo_errors and rx_dropped as well; veth its queues' drops.
        (
            "e1000",
            {"rx_dropped": 7000, "rx_fifo_errors": 7000},
            {"rx_missed_errors": 7001},
            {RING: 7000},
        ),
        ("veth", {"rx_dropped": 70}, {"rx_queue_0_drops": 70}, {MEMORY: 70}),
        ("", {}, {"peer_ifindex": 2, "rx_queue_0_drops": 70}, {MEMORY: 70}),
        (
            "mtk_soc_eth",
            {"rx_over_errors": 70, "rx_length_errors": 9},
            {"rx_overflow": 70, "rx_long_errors": 9},
            {RING: 70, WIRE: 9},
        ),
        ("", {}, {"rx_overflow": 70, "rx_flow_control_packets": 0}, {RING: 70}),
        # stmmac has the MMC's overflow in no field, and goes by another name in `ethtool -i`.
        ("st_gmac", {"rx_missed_errors": 9}, {"mmc_rx_fifo_overflow": 70}, {RING: 79}),
        ("st_gmac", {}, {"rx_overflow_cntr": 70, "mmc_rx_fifo_overflow": 70}, {RING: 70}),
    ],
)
def test_a_packet_is_charged_once_to_what_lost_it(
    driver: str, link: dict[str, int], own: dict[str, int], expected: dict[str, int]
) -> None:
    assert lost(driver, link, own) == expected


@pytest.mark.parametrize(
    ("link", "own", "expected"),
    [
        # igb has it in rx_fifo_errors, virtio_net in rx_dropped: it is one frame all the same.
        ({"rx_dropped": 70}, {"rx_queue_0_drops": 70}, {RING: 70}),
        ({"rx_fifo_errors": 70}, {"rx_queue_0_drops": 70}, {RING: 70}),
        ({"rx_missed_errors": 70}, {"rx_discards": 70}, {RING: 70}),
        # Both fields of a driver that counts a full ring in each; a few may well be others.
        ({"rx_dropped": 7000, "rx_fifo_errors": 7001}, {}, {RING: 7001}),
        ({"rx_dropped": 7000, "rx_fifo_errors": 9}, {}, {RING: 9, UNWANTED: 7000}),
        ({"rx_dropped": 7, "rx_fifo_errors": 7}, {}, {RING: 7, UNWANTED: 7}),
        ({"rx_dropped": 7000, "rx_missed_errors": 7000}, {}, {RING: 7000}),
        ({"rx_dropped_or_missed": 14000, "rx_fifo_errors": 7000}, {}, {RING: 7000}),
        ({"rx_dropped": 14000, "rx_fifo_errors": 7000}, {}, {RING: 7000, UNWANTED: 14000}),
        ({}, {"rx_dropped": 12, "rx_queue_0_drops": 12}, {RING: 12}),
    ],
)
def test_what_an_unknown_driver_counts_twice_is_one_frame(
    link: dict[str, int], own: dict[str, int], expected: dict[str, int]
) -> None:
    assert lost("", link, own) == expected


@pytest.mark.parametrize(
    ("driver", "own", "expected"),
    [
        # The driver's copy of the link's rx_dropped, where nobody read the link's.
        ("", {"rx_dropped": 70}, {UNWANTED: 70}),
        ("ixgbe", {"rx_dropped": 70}, {UNWANTED: 70}),
        ("", {"rx_dropped": 70, "port.rx_dropped": 0}, {RING: 70}),
        ("ice", {"rx_dropped": 70}, {RING: 70}),
        ("", {"rx_dropped": 7000, "rx_missed_errors": 7000}, {RING: 7000}),
        # virtio_net has what XDP dropped in its queues' other drops as well.
        ("virtio_net", {"rx_queue_0_drops": 70, "rx_queue_0_xdp_drops": 60}, {XDP: 60, MEMORY: 10}),
        ("virtio_net", {"rx_queue_0_drops": 60, "rx_queue_0_xdp_drops": 60}, {XDP: 60}),
        # From 6.10 it sums its queues up as well.
        ("", {"rx_xdp_drops": 60, "rx0_xdp_drops": 60, "rx0_drops": 60, "rx0_kicks": 1}, {XDP: 60}),
        ("virtio_net", {"rx_xdp_drops": 60}, {XDP: 60}),
        # Damaged frames by the names that drivers have for them.
        ("mlx5_core", {"rx_crc_errors_phy": 70}, {WIRE: 70}),
        ("", {"port.rx_crc_errors": 70, "rx_crc_errors": 70}, {WIRE: 70}),
        ("", {"port_rx_bad": 70, "port_rx_packets": 71}, {WIRE: 70}),
    ],
)
def test_a_driver_speaks_where_the_link_was_not_read(
    driver: str, own: dict[str, int], expected: dict[str, int]
) -> None:
    nic_alone = link_statistics(nic(driver, own))
    delta = since_boot(snapshot(devices=(Device("eth0", nic_alone, nic=nic(driver, own)),)))
    assert {a.stage: a.lost for a in settle(delta).accounts if a.lost} == expected


@pytest.mark.parametrize(("packets", "arrived"), [(0, 4000), (3999, 7999), (4001, 4001)])
def test_broken_frames_are_among_those_that_arrived(packets: int, arrived: int) -> None:
    statistics = {"rx_packets": packets, "rx_errors": 4000}
    account = settle(since_boot(snapshot(devices=(Device("eth0", statistics),)))).account(WIRE)
    assert account is not None
    assert account.offered == arrived


@pytest.mark.parametrize(
    ("driver", "own", "said"),
    [
        ("", {"rx_drops": 12345}, "rx_drops 12,345"),
        ("mlx5_core", {"rx0_oversize_drops": 4, "rx1_oversize_drops": 2}, "rxN_oversize_drops 6"),
        ("sfc", {"port_rx_nodesc_drops": 70}, ""),
        (
            "",
            {"rx_a_drops": 6, "rx_b_drops": 9, "rx_c_drops": 8, "rx_d_drops": 7},
            "rx_b_drops 9, rx_c_drops 8, rx_d_drops 7 and 1 more. ",
        ),
        ("", {"rx_no_buffer_count": 70, "tx_drops": 70, "fdir_overflow": 70}, ""),
        ("", {"rx_drops": 0}, ""),
        # The sum of what queues count, and what the link's own field may well have.
        ("virtio_net", {"rx_drops": 9, "rx_queue_0_drops": 9}, ""),
        ("lan78xx", {"RX Dropped Frames": 7}, "RX Dropped Frames 7"),
        ("mt7530", {"p05_RxDrop": 7, "p05_RxFiltering": 11}, ""),
        ("vmxnet3", {"drv dropped rx total": 5}, ""),
        ("vmxnet3", {"drv dropped rx total": 7}, "drv dropped rx total 7"),
    ],
)
def test_a_name_that_nobody_knows_is_said(driver: str, own: dict[str, int], said: str) -> None:
    device = Device("eth0", {"rx_packets": 9, "rx_dropped": 5}, nic=nic(driver, own))
    notes = "\n".join(unnamed_drops(since_boot(snapshot(devices=(device,)))))
    assert said in notes
    assert bool(said) == bool(notes)


@pytest.mark.parametrize(
    ("kind", "dropped", "expected"),
    [
        # Met a full backlog: in softnet's count, in the stack's, and twice in the device's own.
        ("macvlan", 20, {"cpu-backlog-overflow": 10}),
        ("macvlan", 27, {"cpu-backlog-overflow": 10, UNWANTED: 7}),
        ("ipvlan", 20, {"cpu-backlog-overflow": 10}),
        # What a guest did not take is not lost to the host.
        ("macvtap", 10, {"cpu-backlog-overflow": 0}),
        ("macvtap", 13, {"cpu-backlog-overflow": 0, UNWANTED: 3}),
    ],
)
def test_a_packet_that_a_macvlan_refused_is_charged_once(
    kind: str, dropped: int, expected: dict[str, int]
) -> None:
    counted = {"rx_packets": 1000, "rx_errors": 10, "rx_dropped": dropped}
    cpus = (softnet_cpu(0, expected["cpu-backlog-overflow"]),)
    now = snapshot(devices=(Device("dev0", counted, kind=kind),), softnet=cpus)
    accounts = settle(since_boot(now)).accounts
    got = {account.stage: account.lost for account in accounts if account.lost}
    assert got == {stage: n for stage, n in expected.items() if n}


@pytest.mark.parametrize(
    ("kind", "refused", "expected"),
    [
        ("xfrm", {}, {WIRE: 12, "gro-cells-overflow": 3}),
        ("vti", {}, {WIRE: 12, "device-unattributed": 3}),
        ("xfrm", {"xfrm.XfrmInNoPols": 12}, {"xfrm-policy": 12, "gro-cells-overflow": 3}),
    ],
)
def test_a_packet_that_ipsec_refused_is_charged_once(
    kind: str, refused: dict[str, int], expected: dict[str, int]
) -> None:
    counted = {"rx_packets": 1000, "rx_errors": 12, "rx_dropped": 15}
    now = snapshot(refused, devices=(Device("ipsec0", counted, kind=kind),))
    accounts = settle(since_boot(now)).accounts
    assert {account.stage: account.lost for account in accounts if account.lost} == expected


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        ({"tap0": (90, 10)}, "tap0 10 of 100 packets. "),
        ({"tap0": (None, 10), "tap1": (0, 11)}, "tap1 11 of 11 packets, tap0 10. "),
        ({f"tap{n}": (0, n + 1) for n in range(5)}, "tap2 3 of 3 packets and 2 more. "),
        ({"tap0": (90, 0), "eth0": (90, 10)}, ""),
    ],
)
def test_what_guests_left_is_said(sent: dict[str, tuple[int | None, int]], said: str) -> None:
    devices = []
    for name, (packets, dropped) in sent.items():
        counted = {"tx_dropped": dropped} | ({} if packets is None else {"tx_packets": packets})
        devices.append(Device(name, counted, kind="tun" if name != "eth0" else ""))
    notes = "\n".join(untaken(since_boot(snapshot(devices=tuple(devices)))))
    assert said in notes
    assert bool(said) == bool(notes)


@pytest.mark.parametrize(
    ("name", "drivers"),
    [
        ("alloc_rx_page_failed", {"ixgbe"}),
        ("alloc_rx_buff_failed", {"e1000", "e1000e", "ixgbe", "bcmgenet"}),
        ("rx_drops", set()),
        ("rx0_dropped", set()),
        ("rx0_hw_drops", set()),
        ("rx_total_discard_pkts", {"bnxt_en"}),
    ],
)
def test_a_name_is_of_the_drivers_that_have_it(name: str, drivers: set[str]) -> None:
    assert {driver for driver, _ in counters_called(name)} == drivers


@pytest.mark.parametrize(
    ("names", "driver"),
    [
        (("rx_csum_complete", "rx_csum_unnecessary"), ""),  # mlx5's and ionic's as well
        (("rx_csum_complete", "rx_alloc_pages"), "mlx4_en"),
        (("rx_total_discard_pkts",), "bnxt_en"),
    ],
)
def test_a_driver_is_guessed_by_names_of_its_own(names: tuple[str, ...], driver: str) -> None:
    assert guessed_driver(names) == driver


def test_frames_that_nobody_counted_are_none_and_not_zero() -> None:
    device = Device("eth0", {"rx_dropped": 7, "rx_missed_errors": 5})  # as rounded columns leave it
    ledger = settle(since_boot(snapshot(devices=(device,))))
    accounts = [ledger.account(stage) for stage in (RING, UNWANTED)]
    assert [(a.lost, a.offered) for a in accounts if a] == [(5, None), (7, None)]


@pytest.mark.parametrize(
    ("own", "seen"),
    [
        ({"pkts rx OOB": 0}, True),  # vmxnet3 has it in no field of the link
        ({"rx_missed_errors": 0, "fdir_overflow": 0}, True),
        ({"rx_no_dma_resources": 0}, False),  # what ixgbe missed may be in the column
        ({"rx_csum_errors": 0}, False),
    ],
)
def test_a_summed_column_hides_no_ring_that_the_driver_tells(
    own: dict[str, int], seen: bool
) -> None:
    link = {"rx_packets": 900, "rx_dropped_or_missed": 70}
    ledger = settle(since_boot(snapshot(devices=(Device("eth0", link, nic=nic("", own)),))))
    account = ledger.account(RING)
    assert account is not None
    assert (account.lost == 0) is seen


@pytest.mark.parametrize(
    ("driver", "errors", "expected"),
    [
        ("", 27, (27, "exact")),
        ("", 0, (27, "at-most")),  # virtio_net counts so what is too long, tg3 an empty ring
        ("tg3", 0, (0, "exact")),
        ("tg3", 20, (20, "exact")),
    ],
)
def test_the_column_of_frames_may_hold_others_than_broken_ones(
    driver: str, errors: int, expected: tuple[int, str]
) -> None:
    link = {"rx_packets": 900, "rx_errors": errors, "rx_frame_sum": 27}
    ledger = settle(since_boot(snapshot(devices=(Device("eth0", link, nic=nic(driver, {})),))))
    account = ledger.account(WIRE)
    assert account is not None
    assert (account.lost, account.bound) == expected


def test_frames_of_enic_are_those_that_arrived_whole() -> None:
    own = {"rx_frames_ok": 900, "rx_frames_total": 970, "rx_no_bufs": 70}
    alone = link_statistics(nic("enic", own))
    ledger = settle(since_boot(snapshot(devices=(Device("eth0", alone, nic=nic("enic", own)),))))
    account = ledger.account(RING)
    assert account is not None
    assert (account.lost, account.offered) == (70, 970)


def test_broken_packets_of_a_tunnel_are_divided_by_its_own() -> None:
    card = Device("eth0", {"rx_packets": 9000, "rx_errors": 0})
    tunnel = Device("ppp0", {"rx_packets": 60, "rx_errors": 70}, kind="ppp")
    ledger = settle(since_boot(snapshot(devices=(card, tunnel))))
    account = ledger.account(WIRE)
    assert account is not None
    assert (account.lost, account.offered) == (70, 130)


@pytest.mark.parametrize(
    ("kind", "packets", "bound"),
    [
        ("veth", 900, "exact"),
        ("veth", 14, "at-most"),  # its driver's own: XDP sent them to a device that took none
        ("", 900, "at-most"),
    ],
)
def test_frames_that_nobody_wants_were_received(kind: str, packets: int, bound: str) -> None:
    device = Device("d", {"rx_packets": packets, "rx_dropped": 247}, kind=kind)
    ledger = settle(since_boot(snapshot(devices=(device,))))
    account = ledger.account(UNWANTED)
    assert account is not None
    assert (account.lost, account.bound) == (247, bound)


@pytest.mark.parametrize("name", ["rx_crc_errors_phy", "rx_crc_errors.nic", "rx_fcs_errors"])
def test_broken_frames_of_the_column_are_the_drivers(name: str) -> None:
    link = {"rx_packets": 900, "rx_errors": 31, "rx_frame_sum": 31}
    ledger = settle(since_boot(snapshot(devices=(Device("d", link, nic=nic("", {name: 32})),))))
    account = ledger.account(WIRE)
    assert account is not None
    assert (account.lost, account.bound) == (31, "exact")


@pytest.mark.parametrize("name", ["rx_resource_errors", "rx_overflow"])
@pytest.mark.parametrize(("frames", "broken"), [(70, 0), (75, 5), (60, 0)])
def test_overruns_in_the_column_of_frames_are_not_broken(
    name: str, frames: int, broken: int
) -> None:
    link = {"rx_packets": 900, "rx_errors": frames, "rx_frame_sum": frames}
    assert lost("", link, {name: 70}) == {RING: 70, **({WIRE: broken} if broken else {})}


def test_broken_frames_of_tg3_are_told_by_its_driver_where_the_column_may_be_moments() -> None:
    link = {"rx_packets": 900, "rx_errors": 0, "rx_frame_sum": 70}
    assert lost("tg3", link, {"rx_fcs_errors": 70}) == {WIRE: 70}


@pytest.mark.parametrize(("errors", "expected"), [(31, 32), (32, 32), (40, 40)])
def test_all_errors_hold_those_that_the_driver_names(errors: int, expected: int) -> None:
    link = {"rx_packets": 900, "rx_errors": errors}  # as `ip -s link` and `netstat -i` show them
    assert lost("", link, {"rx_crc_errors_phy": 32}) == {WIRE: expected}


@pytest.mark.parametrize(("errors", "broken"), [(70, 0), (75, 5)])
def test_overruns_in_all_errors_are_not_broken(errors: int, broken: int) -> None:
    link = {"rx_packets": 900, "rx_errors": errors}
    found = lost("macb", link, {"rx_resource_errors": 70})
    assert found == {RING: 70, **({WIRE: broken} if broken else {})}
