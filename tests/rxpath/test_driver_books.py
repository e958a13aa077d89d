"""Each driver's own counters against the link's, as the driver's source adds them up."""

from __future__ import annotations

import pytest

from netrx_tune.model.sample import Nic
from netrx_tune.model.snapshot import Device
from netrx_tune.rxpath.books.drivers import counters_called, guessed_driver
from netrx_tune.rxpath.delta import between
from netrx_tune.rxpath.ledger import settle
from tests.rxpath.snapshots import snapshot

RING, MEMORY, XDP = "nic-ring-overflow", "nic-alloc-fail", "xdp-native-drop"
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
        ("igb", {"rx_fifo_errors": 70}, {"rx_queue_0_drops": 70}, {RING: 70}),
        ("mana", {}, {"hc_rx_discards_no_wqe": 70}, {RING: 70}),
        ("mana", {"rx_missed_errors": 70}, {"hc_rx_discards_no_wqe": 70}, {RING: 70}),
        ("bnxt_en", {}, {"rx_total_discard_pkts": 70, "[0]: rx_discards": 70}, {RING: 70}),
        ("bnx2", {"rx_missed_errors": 70}, {"rx_ftq_discards": 70}, {RING: 70}),
        ("vmxnet3", {"rx_dropped": 70}, {"  rx buf alloc fail": 70}, {MEMORY: 70}),
        ("vmxnet3", {}, {"  rx buf alloc fail": 70}, {MEMORY: 70}),
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
    ("name", "drivers"),
    [
        ("alloc_rx_page_failed", {"ixgbe"}),
        ("alloc_rx_buff_failed", {"e1000", "e1000e", "ixgbe"}),
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
