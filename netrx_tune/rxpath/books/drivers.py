"""What each driver's own counters mean: names from ethtool -S to stages.

Drivers differ in which of their losses reach the common link statistics. A name stands here
with its stage and, where the same packet is in a common field too, that field.

Kernel: drivers/net/ethernet/*/, drivers/net/virtio_net.c, drivers/net/vmxnet3 (read at 6.12).
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple


class DriverCounter(NamedTuple):
    """One family of ethtool names of a driver."""

    pattern: str  # regular expression over the whole name
    stage: str
    also_in: str = ""  # rtnl_link_stats64 field that counts the same packet


_ENA = (
    DriverCounter(r"(?:bw_in|pps|conntrack|linklocal)_allowance_exceeded", "nic-host-shaping"),
    DriverCounter(
        r"queue_\d+_rx_(?:page_alloc_fail|skb_alloc_fail|refil_partial)", "nic-alloc-fail"
    ),
    DriverCounter(r"queue_\d+_rx_xdp_drop", "xdp-native-drop", "rx_dropped"),
    DriverCounter(r"rx_drops", "nic-ring-overflow", "rx_dropped"),
)
_MLX5 = (
    DriverCounter(r"rx_out_of_buffer", "nic-ring-overflow", "rx_missed_errors"),
    DriverCounter(r"rx_discards_phy", "nic-ring-overflow"),
    DriverCounter(r"rx_buff_alloc_err", "nic-alloc-fail"),
    DriverCounter(r"rx_xdp_drop", "xdp-native-drop"),
)
_BY_DRIVER: dict[str, tuple[DriverCounter, ...]] = {
    "ena": _ENA,
    "mlx5_core": _MLX5,
    "ixgbe": (
        DriverCounter(r"rx_no_dma_resources", "nic-ring-overflow"),
        DriverCounter(r"rx_missed_errors", "nic-ring-overflow", "rx_missed_errors"),
        DriverCounter(r"alloc_rx_(?:page|buff)_failed", "nic-alloc-fail"),
    ),
    "igb": (
        DriverCounter(r"rx_queue_\d+_drops", "nic-ring-overflow", "rx_fifo_errors"),
        DriverCounter(r"rx_queue_\d+_alloc_failed", "nic-alloc-fail"),
    ),
    "e1000e": (DriverCounter(r"alloc_rx_buff_failed", "nic-alloc-fail"),),
    "i40e": (
        DriverCounter(r"port\.rx_discards", "nic-ring-overflow", "rx_missed_errors"),
        DriverCounter(r"rx_(?:pg_)?alloc_fail", "nic-alloc-fail"),
    ),
    "ice": (
        DriverCounter(r"rx_dropped", "nic-ring-overflow", "rx_dropped"),
        DriverCounter(r"rx_dropped\.nic", "nic-ring-overflow", "rx_missed_errors"),
        DriverCounter(r"rx_(?:pg_)?alloc_fail", "nic-alloc-fail"),
    ),
    "vmxnet3": (
        DriverCounter(r"\s*pkts rx OOB", "nic-ring-overflow"),
        DriverCounter(r"\s*rx buf alloc fail", "nic-alloc-fail"),
    ),
    "gve": (
        DriverCounter(r"rx_queue_drop_cnt\[\d+\]", "nic-ring-overflow"),
        DriverCounter(r"rx_(?:buf|skb)_alloc_fail", "nic-alloc-fail"),
    ),
    "hv_netvsc": (DriverCounter(r"rx_no_memory", "nic-alloc-fail"),),
    "virtio_net": (
        DriverCounter(r"rx_queue_\d+_hw_drops|rx\d+_hw_drops", "nic-host-shaping"),
        DriverCounter(r"rx_queue_\d+_xdp_drops|rx\d+_xdp_drops", "xdp-native-drop"),
    ),
    "veth": (DriverCounter(r"rx_queue_\d+_xdp_drops", "xdp-native-drop"),),
    "tg3": (DriverCounter(r"rx_discards", "nic-ring-overflow", "rx_missed_errors"),),
    "bnxt_en": (
        DriverCounter(r"(?:\[\d+\]: )?rx_discards", "nic-ring-overflow", "rx_missed_errors"),
    ),
}

# Drivers that book a full ring as rx_dropped, so that it is no unknown protocol.
RING_IN_RX_DROPPED = frozenset({"ena", "ice", "mlx4_en"})

_UNKNOWN_DRIVER = (
    DriverCounter(r".*_allowance_exceeded", "nic-host-shaping"),
    DriverCounter(r"rx_missed(?:_errors)?", "nic-ring-overflow", "rx_missed_errors"),
    DriverCounter(r".*xdp_drops?", "xdp-native-drop"),
)


def meaning(driver: str, name: str) -> DriverCounter | None:
    """Return what a driver's counter says about loss, or None if nothing is known."""
    for counter in _BY_DRIVER.get(driver, _UNKNOWN_DRIVER):
        if re.fullmatch(counter.pattern, name):
            return counter
    return None


@lru_cache(maxsize=64)
def meanings(driver: str, names: tuple[str, ...]) -> tuple[tuple[str, DriverCounter], ...]:
    """Return those of a driver's counters that say something about loss.

    All cards of a model have the same names, thousands on a large host, so they are looked at once.
    """
    both = ((name, meaning(driver, name)) for name in names)
    return tuple((name, known) for name, known in both if known is not None)
