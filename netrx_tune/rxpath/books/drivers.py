"""What each driver's own counters mean: names from ethtool -S to stages.

Drivers differ in which of their losses reach the common link statistics. A name stands here
with its stage and, where other counters have the same packet too, those.

Kernel: drivers/net/ethernet/ for all but drivers/net/{virtio_net.c,veth.c,vmxnet3,hyperv}, read at
6.1; beside each driver stand its names and the function that adds them to the link's.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

_RING, _MEMORY = "nic-ring-overflow", "nic-alloc-fail"
_XDP, _PLATFORM = "xdp-native-drop", "nic-host-shaping"
_WIRE = "nic-wire-error"
_CRC = ("rx_crc_errors",)


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
_INTEL_MEMORY = DriverCounter(r"alloc_rx_buff_failed", _MEMORY)
_INTEL_MISSED = DriverCounter(r"rx_missed_errors", _RING, ("rx_missed_errors",))
# igb_update_stats(), igc_update_stats(): rx_fifo_errors has what each queue dropped and the missed.
_INTEL_QUEUES = (
    DriverCounter(r"rx_queue_\d+_drops", _RING, ("rx_fifo_errors",)),
    _INTEL_MISSED,
    DriverCounter(r"rx_queue_\d+_alloc_failed", _MEMORY),
)
_BY_DRIVER: dict[str, tuple[DriverCounter, ...]] = {
    # amazon/ena: ena_stats_rx_strings, ena_get_stats64() (late kernels add XDP's to rx_dropped).
    # refil_partial is left out: it says again what page_alloc_fail does.
    "ena": (
        _ALLOWANCES,
        DriverCounter(r"queue_\d+_rx_(?:page|skb)_alloc_fail", _MEMORY),
        DriverCounter(r"queue_\d+_rx_xdp_drop", _XDP, ("rx_dropped",)),
    ),
    # mellanox/mlx5/core: en_stats.c, mlx5e_get_stats(). out_of_buffer was in rx_dropped and is in
    # rx_missed_errors; the port's discards were in no field and are in rx_dropped (both in 6.1.y).
    "mlx5_core": (
        DriverCounter(r"rx_out_of_buffer", _RING, ("rx_missed_errors", "rx_dropped")),
        DriverCounter(r"rx_discards_phy", _RING, ("rx_dropped",)),
        DriverCounter(r"rx_prio\d_discards", _RING, ("rx_dropped", "ethtool.rx_discards_phy")),
        DriverCounter(r"rx_buff_alloc_err", _MEMORY),
        DriverCounter(r"rx_xdp_drop", _XDP),
        DriverCounter(r"rx_crc_errors_phy", _WIRE, _CRC),
    ),
    # mellanox/mlx4: en_ethtool.c main_strings, mlx4_en_DUMP_ETH_STATS(): "total number of received
    # packets dropped" by the card. Nothing adds to rx0_dropped.
    "mlx4_en": (
        DriverCounter(r"rx_dropped", _RING, ("rx_dropped",)),
        DriverCounter(r"rx_xdp_drop", _XDP),
    ),
    # intel/ixgbe: ixgbe_gstrings_stats, ixgbe_update_stats() (QPRDC is in no field of the link).
    "ixgbe": (
        DriverCounter(r"rx_no_dma_resources", _RING),
        _INTEL_MISSED,
        DriverCounter(r"alloc_rx_page_failed", _MEMORY),
        _INTEL_MEMORY,
    ),
    "igb": _INTEL_QUEUES,
    "igc": _INTEL_QUEUES,
    # intel/e1000, intel/e1000e: e1000_gstrings_stats, e1000_update_stats(), e1000e_get_stats64().
    "e1000": (_INTEL_MISSED, _INTEL_MEMORY),
    "e1000e": (_INTEL_MISSED, _INTEL_MEMORY),
    # intel/i40e: i40e_gstrings_stats, i40e_update_pf_stats(). The port's (GLPRT_RDPC) are not the
    # ring's (GLV_RDPC): i40e_update_vsi_stats() has those in rx_missed_errors, and in rx_dropped
    # where the port's counter is still called port.rx_dropped.
    "i40e": (
        DriverCounter(r"port\.rx_(?:discards|dropped)", _RING),
        DriverCounter(r"port\.rx_crc_errors", _WIRE, _CRC),
        _INTEL_MISSED,
        DriverCounter(r"rx_(?:pg_)?alloc_fail", _MEMORY),
    ),
    # intel/iavf: iavf_gstrings_stats, iavf_virtchnl_completion().
    "iavf": (DriverCounter(r"rx_discards", _RING, ("rx_dropped",)),),
    # intel/ice: ice_gstrings_vsi_stats, ice_gstrings_pf_stats, ice_update_vsi_stats().
    "ice": (
        DriverCounter(r"rx_dropped", _RING, ("rx_dropped",)),
        DriverCounter(r"rx_dropped\.nic", _RING, ("rx_missed_errors",)),
        DriverCounter(r"rx_crc_errors\.nic", _WIRE, _CRC),
        DriverCounter(r"rx_(?:pg_)?alloc_fail", _MEMORY),
    ),
    # vmxnet3: vmxnet3_rq_dev_stats, vmxnet3_get_stats64(). vmxnet3_rq_rx_complete() drops the
    # packet that no buffer could be had for (drop_total, in rx_dropped).
    "vmxnet3": (
        DriverCounter(r"pkts rx OOB", _RING),
        DriverCounter(r"rx buf alloc fail", _MEMORY, ("rx_dropped",)),
    ),
    # google/gve: gve_gstrings_rx_stats.
    "gve": (
        DriverCounter(r"rx_queue_drop_cnt\[\d+\]", _RING),
        DriverCounter(r"rx_(?:buf|skb)_alloc_fail", _MEMORY),
        DriverCounter(r"rx_xdp_drop\[\d+\]", _XDP),
    ),
    # hyperv: netvsc_stats, netvsc_recv_callback().
    "hv_netvsc": (
        DriverCounter(r"rx_no_memory", _MEMORY),
        DriverCounter(r"rx_queue_\d+_xdp_drop", _XDP),
    ),
    # microsoft/mana: mana_eth_stats, mana_rx_skb(); mana_get_stats64() has it in rx_missed_errors
    # from 6.19.
    "mana": (
        DriverCounter(r"hc_rx_discards_no_wqe", _RING, ("rx_missed_errors",)),
        DriverCounter(r"rx_\d+_xdp_drop", _XDP, ("rx_dropped",)),
    ),
    # virtio_net: virtnet_rq_stats_desc, virtnet_stats() (drops has xdp_drops, too). What the device
    # dropped itself is in the queues' netlink statistics alone (hw_drops, from 6.10).
    "virtio_net": (
        DriverCounter(r"rx(?:_queue_\d+|\d*)_xdp_drops", _XDP, ("rx_dropped",)),
        DriverCounter(r"rx_queue_\d+_drops|rx\d+_drops", _MEMORY, ("rx_dropped",)),
    ),
    # veth: veth_rq_stats_desc, veth_get_stats64() (from 5.7).
    "veth": (DriverCounter(r"rx_queue_\d+_xdp_drops", _XDP),),
    # broadcom/tg3: ethtool_stats_keys, tg3_get_nstats().
    "tg3": (
        DriverCounter(r"rx_discards", _RING, ("rx_missed_errors",)),
        DriverCounter(r"rx_fcs_errors", _WIRE, _CRC),
    ),
    # broadcom/bnx2: bnx2_stats_str_arr, bnx2_get_stats64().
    "bnx2": (DriverCounter(r"rx_(?:fw_|ftq_)?discards", _RING, ("rx_missed_errors",)),),
    # broadcom/bnx2x: bnx2x_stats_arr, bnx2x_q_stats_arr, bnx2x_net_stats_update().
    "bnx2x": (
        DriverCounter(r"rx_discards", _RING, ("rx_fifo_errors",)),
        DriverCounter(r"\[\d+\]: rx_discards", _RING, ("rx_fifo_errors", "ethtool.rx_discards")),
        DriverCounter(r"rx_brb_discard", _RING),
        DriverCounter(r"rx_skb_alloc_discard", _MEMORY),
        DriverCounter(r"\[\d+\]: rx_skb_alloc_discard", _MEMORY, ("ethtool.rx_skb_alloc_discard",)),
    ),
    # broadcom/bnxt: bnxt_ring_rx_stats_str, bnxt_ring_err_stats_arr (bnxt_sw_func_stats at 6.1),
    # bnxt_get_ring_stats().
    "bnxt_en": (
        DriverCounter(
            r"\[\d+\]: rx_discards",
            _RING,
            ("rx_missed_errors", "ethtool.rx_total_ring_discards", "ethtool.rx_total_discard_pkts"),
        ),
        DriverCounter(r"rx_total_(?:ring_discards|discard_pkts)", _RING, ("rx_missed_errors",)),
        DriverCounter(r"rx_total_oom_discards", _MEMORY, ("rx_dropped",)),
        DriverCounter(r"rx_fcs_err_frames", _WIRE, _CRC),
    ),
    # emulex/benet: et_rx_stats, et_stats, be_get_stats64().
    "be2net": (
        DriverCounter(r"rxq\d+: rx_drops_no_frags", _RING, ("rx_dropped",)),
        DriverCounter(r"rxq\d+: rx_drops_no_skbs", _MEMORY, ("rx_dropped",)),
        DriverCounter(
            r"rx_input_fifo_overflow_drop|rxpp_fifo_overflow_drop|rx_drops_no_pbuf",
            _RING,
            ("rx_fifo_errors",),
        ),
    ),
    # qlogic/qede: qede_stats_arr, qede_rqstats_arr, qede_get_stats64().
    "qede": (
        DriverCounter(r"no_buff_discards", _RING, ("rx_fifo_errors",)),
        DriverCounter(r"\d+: rx_alloc_errors", _MEMORY),
    ),
    # sfc: ef10.c efx_ef10_update_stats_common() (rx_dropped has the port's only where the card has
    # no virtual adapters), ef100_nic.c, falcon/falcon.c.
    "sfc": (
        DriverCounter(r"(?:port_)?rx_nodesc_drop(?:s|_cnt)", _RING, ("rx_dropped",)),
        DriverCounter(r"rx_noskb_drops", _MEMORY, ("rx_dropped",)),
        DriverCounter(r"port_rx_bad", _WIRE, _CRC),
    ),
    # cisco/enic: enic_rx_stats, enic_get_stats() (rx_dropped has rx_drop as well).
    "enic": (DriverCounter(r"rx_no_bufs", _RING, ("rx_dropped",)),),
    # chelsio/cxgb4: stats_strings, cxgb_get_stats() (what was truncated is in rx_dropped, too).
    "cxgb4": (
        DriverCounter(r"RxBG\dFramesDropped|rx_bg\d_frames_dropped", _RING, ("rx_dropped",)),
    ),
    # realtek/r8169: rtl8169_gstrings, rtl8169_get_stats64().
    "r8169": (DriverCounter(r"rx_missed", _RING, ("rx_missed_errors",)),),
    # stmicro/stmmac: stmmac_gstrings_stats, stmmac_mmc, stmmac_get_stats64().
    "stmmac": (
        DriverCounter(r"mmc_rx_fifo_overflow", _RING),
        DriverCounter(r"rx_overflow_cntr", _RING, ("ethtool.mmc_rx_fifo_overflow",)),
        DriverCounter(
            r"rx_missed_cntr", _RING, ("rx_missed_errors", "ethtool.mmc_rx_fifo_overflow")
        ),
        DriverCounter(r"mmc_rx_crc_error", _WIRE, _CRC),
    ),
}
# What `ethtool -i` calls them: stmmac_ethtool_getdrvinfo(), ef4_ethtool_get_drvinfo().
_ALSO_CALLED = {
    **dict.fromkeys(("st_gmac", "st_mac100", "st_xgmac"), "stmmac"),
    **dict.fromkeys(("sfc_falcon", "sfc_siena"), "sfc"),
}

# Drivers that book a full ring as rx_dropped and little else, so that it is no unknown protocol.
_RING_IN_RX_DROPPED = frozenset({"ena", "ice", "iavf", "mlx4_en", "cxgb4"})

# Names that other drivers use for something else; the rest tells what it is by itself.
_AMBIGUOUS = frozenset({r"rx_dropped"})
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
    ("mlx4_en", r"rx_alloc_pages|pf_rx_packets"),
    ("ixgbe", r"rx_no_dma_resources|fdir_overflow"),
    ("ena", r"queue_\d+_rx_cnt|\w+_allowance_exceeded"),
    ("vmxnet3", r"pkts rx OOB"),
    ("gve", r"rx_queue_drop_cnt\[\d+\]"),
    ("be2net", r"rxq\d+: rx_drops_no_frags"),
    ("qede", r"no_buff_discards"),
    ("sfc", r"(?:port_)?rx_nodesc_drop(?:s|_cnt)"),
    ("bnx2x", r"rx_brb_discard"),
    ("bnxt_en", r"rx_stat_discard|rx_total_(?:ring_discards|discard_pkts)"),
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


def hides_full_ring(driver: str, names: tuple[str, ...]) -> bool:
    """Tell whether a driver's rx_dropped holds a full ring that no counter of its own names.

    Where one names it, the rest of rx_dropped is what the kernel dropped.
    """
    if driver == "i40e":
        return "port.rx_dropped" in names  # newer ones have port.rx_discards
    named = any(
        counter.stage == _RING and "rx_dropped" in counter.also_in
        for _name, counter in meanings(driver, names)
    )
    return driver in _RING_IN_RX_DROPPED and not named


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
    known = _BY_DRIVER.get(_ALSO_CALLED.get(driver, driver) or guessed_driver(names), ())
    both = ((name, _first(known, name)) for name in names)
    if not (driver and known):
        both = ((name, counter or _of_some_driver(name)) for name, counter in both)
    return tuple((name, counter) for name, counter in both if counter is not None)


def _of_some_driver(name: str) -> DriverCounter | None:
    """Return what a name says where nobody knows whose it is: it may be wherever some have it."""
    found = [one for one in _ANY_DRIVER if re.fullmatch(one.pattern, name.strip())]
    if not found:
        return None
    return found[0]._replace(also_in=tuple(dict.fromkeys(f for one in found for f in one.also_in)))
