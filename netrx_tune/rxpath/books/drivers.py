"""What each driver's own counters mean: names from ethtool -S to stages.

Drivers differ in which of their losses reach the common link statistics. A name stands here
with its stage and, where other counters have the same packet too, those.

Kernel: drivers/net/ethernet/*/, drivers/net/virtio_net.c, drivers/net/vmxnet3 (read at 6.12).
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

_RING, _MEMORY = "nic-ring-overflow", "nic-alloc-fail"
_XDP, _PLATFORM = "xdp-native-drop", "nic-host-shaping"


class DriverCounter(NamedTuple):
    """One family of ethtool names of a driver.

    `also_in` names what counts the same packet: a field of rtnl_link_stats64, or another
    statistic as "ethtool.NAME".
    """

    pattern: str  # regular expression over the whole name
    stage: str
    also_in: tuple[str, ...] = ()


_ALLOWANCES = DriverCounter(
    r"(?:bw_in|pps|conntrack|linklocal)_allowance_exceeded",  # bw_out is of what is sent
    _PLATFORM,
)
_INTEL_MEMORY = DriverCounter(r"alloc_rx_(?:page|buff)_failed", _MEMORY)
_INTEL_MISSED = DriverCounter(r"rx_missed_errors", _RING, ("rx_missed_errors",))
_INTEL_QUEUES = (
    DriverCounter(r"rx_queue_\d+_drops", _RING, ("rx_fifo_errors",)),
    _INTEL_MISSED,
    DriverCounter(r"rx_queue_\d+_alloc_failed", _MEMORY),
)
_BY_DRIVER: dict[str, tuple[DriverCounter, ...]] = {
    "ena": (
        _ALLOWANCES,
        DriverCounter(r"queue_\d+_rx_(?:page_alloc_fail|skb_alloc_fail|refil_partial)", _MEMORY),
        DriverCounter(r"queue_\d+_rx_xdp_drop", _XDP, ("rx_dropped",)),
        DriverCounter(r"rx_drops", _RING, ("rx_dropped",)),
    ),
    "mlx5_core": (
        DriverCounter(r"rx_out_of_buffer", _RING, ("rx_missed_errors", "rx_dropped")),
        DriverCounter(r"rx_discards_phy", _RING),
        DriverCounter(r"rx_prio\d_discards", _RING, ("ethtool.rx_discards_phy",)),
        DriverCounter(r"rx_buff_alloc_err", _MEMORY),
        DriverCounter(r"rx_xdp_drop", _XDP),
    ),
    "mlx4_en": (
        DriverCounter(r"rx_dropped", _RING, ("rx_dropped",)),
        DriverCounter(r"rx\d+_dropped", _RING, ("rx_dropped", "ethtool.rx_dropped")),
    ),
    "ixgbe": (
        DriverCounter(r"rx_no_dma_resources", _RING),
        _INTEL_MISSED,
        _INTEL_MEMORY,
    ),
    "igb": _INTEL_QUEUES,
    "igc": _INTEL_QUEUES,
    "e1000": (_INTEL_MISSED, _INTEL_MEMORY),
    "e1000e": (_INTEL_MISSED, _INTEL_MEMORY),
    "i40e": (
        DriverCounter(r"port\.rx_(?:discards|dropped)", _RING, ("rx_missed_errors", "rx_dropped")),
        DriverCounter(r"rx_(?:pg_)?alloc_fail", _MEMORY),
    ),
    "iavf": (DriverCounter(r"rx_discards", _RING, ("rx_dropped",)),),
    "ice": (
        DriverCounter(r"rx_dropped", _RING, ("rx_dropped",)),
        DriverCounter(r"rx_dropped\.nic", _RING, ("rx_missed_errors",)),
        DriverCounter(r"rx_(?:pg_)?alloc_fail", _MEMORY),
    ),
    "vmxnet3": (
        DriverCounter(r"pkts rx OOB", _RING),
        DriverCounter(r"rx buf alloc fail", _MEMORY),
    ),
    "gve": (
        DriverCounter(r"rx_queue_drop_cnt\[\d+\]", _RING),
        DriverCounter(r"rx_(?:buf|skb)_alloc_fail", _MEMORY),
        DriverCounter(r"rx_xdp_drop\[\d+\]", _XDP),
    ),
    "hv_netvsc": (DriverCounter(r"rx_no_memory", _MEMORY),),
    "mana": (DriverCounter(r"hc_rx_discards_no_wqe", _RING),),
    "virtio_net": (
        DriverCounter(r"rx_queue_\d+_hw_drops|rx\d+_hw_drops", _PLATFORM),
        DriverCounter(r"rx_queue_\d+_xdp_drops|rx\d+_xdp_drops", _XDP, ("rx_dropped",)),
        DriverCounter(r"rx_queue_\d+_drops|rx\d+_drops", _MEMORY, ("rx_dropped",)),
    ),
    "veth": (DriverCounter(r"rx_queue_\d+_xdp_drops", _XDP),),
    "tg3": (DriverCounter(r"rx_discards", _RING, ("rx_missed_errors",)),),
    "bnx2": (DriverCounter(r"rx_(?:fw_)?discards", _RING, ("rx_missed_errors",)),),
    "bnx2x": (
        DriverCounter(r"rx_discards", _RING, ("rx_fifo_errors",)),
        DriverCounter(r"\[\d+\]: rx_discards", _RING, ("rx_fifo_errors", "ethtool.rx_discards")),
        DriverCounter(r"rx_brb_discard", _RING),
        DriverCounter(r"rx_skb_alloc_discard", _MEMORY),
        DriverCounter(r"\[\d+\]: rx_skb_alloc_discard", _MEMORY, ("ethtool.rx_skb_alloc_discard",)),
    ),
    "bnxt_en": (
        DriverCounter(
            r"\[\d+\]: rx_discards", _RING, ("rx_missed_errors", "ethtool.rx_total_ring_discards")
        ),
        DriverCounter(r"rx_total_ring_discards", _RING, ("rx_missed_errors",)),
        DriverCounter(r"rx_total_oom_discards", _MEMORY, ("rx_dropped",)),
    ),
    "be2net": (
        DriverCounter(r"rxq\d+: rx_drops_no_frags", _RING, ("rx_dropped",)),
        DriverCounter(r"rxq\d+: rx_drops_no_skbs", _MEMORY, ("rx_dropped",)),
        DriverCounter(
            r"rx_input_fifo_overflow_drop|rxpp_fifo_overflow_drop|rx_drops_no_pbuf",
            _RING,
            ("rx_fifo_errors",),
        ),
    ),
    "qede": (
        DriverCounter(r"no_buff_discards", _RING, ("rx_fifo_errors",)),
        DriverCounter(r"\d+: rx_alloc_errors", _MEMORY),
    ),
    "sfc": (
        DriverCounter(r"(?:port_)?rx_nodesc_drop(?:s|_cnt)", _RING, ("rx_dropped",)),
        DriverCounter(r"rx_noskb_drops", _MEMORY, ("rx_dropped",)),
    ),
    "enic": (DriverCounter(r"rx_no_bufs", _RING, ("rx_dropped",)),),
    "cxgb4": (
        DriverCounter(r"RxBG\dFramesDropped|rx_bg\d_frames_dropped", _RING, ("rx_dropped",)),
    ),
    "r8169": (DriverCounter(r"rx_missed", _RING, ("rx_missed_errors",)),),
    "stmmac": (
        DriverCounter(r"mmc_rx_fifo_overflow", _RING, ("rx_missed_errors",)),
        DriverCounter(
            r"rx_overflow_cntr|rx_missed_cntr",
            _RING,
            ("rx_missed_errors", "ethtool.mmc_rx_fifo_overflow"),
        ),
    ),
}

# Drivers that book a full ring as rx_dropped, so that it is no unknown protocol.
RING_IN_RX_DROPPED = frozenset({"ena", "ice", "iavf", "mlx4_en", "sfc", "enic", "cxgb4"})

# Names that other drivers use for something else; the rest tells what it is by itself.
_AMBIGUOUS = frozenset({r"rx_dropped", r"rx\d+_dropped"})
_ANY_DRIVER = (
    *(
        counter
        for counters in _BY_DRIVER.values()
        for counter in counters
        if counter.pattern not in _AMBIGUOUS
    ),
    DriverCounter(r"rx_xdp_drops", _XDP),
    DriverCounter(r".*\d+_xdp_drops?", _XDP, ("ethtool.rx_xdp_drop", "ethtool.rx_xdp_drops")),
)


# Names that one driver alone has, by which a text without `ethtool -i` tells whose it is.
_MARKS = (
    ("ice", r".+\.nic"),
    ("i40e", r"(?:port|veb)\..+"),
    ("mlx5_core", r"rx_out_of_buffer|rx_discards_phy"),
    ("mlx4_en", r"rx_csum_complete|rx\d+_csum_ok"),
    ("ixgbe", r"rx_no_dma_resources|fdir_overflow"),
    ("ena", r"queue_\d+_rx_cnt|\w+_allowance_exceeded"),
    ("vmxnet3", r"pkts rx OOB"),
    ("gve", r"rx_queue_drop_cnt\[\d+\]"),
    ("be2net", r"rxq\d+: rx_drops_no_frags"),
    ("qede", r"no_buff_discards"),
    ("sfc", r"(?:port_)?rx_nodesc_drop(?:s|_cnt)"),
    ("bnx2x", r"rx_brb_discard"),
    ("bnxt_en", r"rx_stat_discard|rx_total_ring_discards"),
    ("tg3", r"rxbds_empty"),
    ("igb", r"rx_queue_\d+_csum_err"),
    ("virtio_net", r"rx_?(?:queue_)?\d+_kicks"),
    ("stmmac", r"mmc_rx_\w+"),
)


@lru_cache(maxsize=64)
def guessed_driver(names: tuple[str, ...]) -> str:
    """Return the driver that the names of statistics point to, "" for none."""
    stripped = [name.strip() for name in names]
    pointed = (d for d, mark in _MARKS if any(map(re.compile(mark).fullmatch, stripped)))
    return next(pointed, "")


def counters_called(name: str) -> tuple[tuple[str, DriverCounter], ...]:
    """Return the drivers that have a counter of that name, with what it says about loss."""
    found = ((driver, _first(counters, name)) for driver, counters in _BY_DRIVER.items())
    return tuple((driver, counter) for driver, counter in found if counter is not None)


def _first(counters: tuple[DriverCounter, ...], name: str) -> DriverCounter | None:
    found = (one for one in counters if re.fullmatch(one.pattern, name.strip()))
    return next(found, None)


@lru_cache(maxsize=64)
def meanings(driver: str, names: tuple[str, ...]) -> tuple[tuple[str, DriverCounter], ...]:
    """Return those of a driver's counters that say something about loss.

    All cards of a model have the same names, thousands on a large host, so they are looked at
    once. Where the driver is only guessed, other names are taken by their word.
    """
    known = _BY_DRIVER.get(driver or guessed_driver(names), ())
    counters = known if driver and known else (*known, *_ANY_DRIVER)
    both = ((name, _first(counters, name)) for name in names)
    return tuple((name, counter) for name, counter in both if counter is not None)
