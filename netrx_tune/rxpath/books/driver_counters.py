"""Each driver's own counters of what it lost: names from ethtool -S to stages.

Drivers differ in which of their losses reach the common link statistics. A name stands here
with its stage and, where other counters have the same packet too, those.

Kernel: drivers/net/ethernet/ for all but drivers/net/{virtio_net.c,veth.c,vmxnet3,hyperv}, read at
6.1; beside each driver stand its names and the function that adds them to the link's.
"""

from __future__ import annotations

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
    sum_of: str = ""  # names that have the same packets in parts: then those count


_ALLOWANCES = DriverCounter(
    r"(?:bw_in|pps|conntrack|linklocal)_allowance_exceeded",  # bw_out is of what is sent
    _PLATFORM,
)
_INTEL_MEMORY = DriverCounter(r"alloc_rx_buff_failed", _MEMORY)
# Old e1000 and igb have it in rx_fifo_errors, too.
_INTEL_MISSED = DriverCounter(r"rx_missed_errors", _RING, ("rx_missed_errors", "rx_fifo_errors"))
# igb_update_stats(), igc_update_stats(): rx_fifo_errors has what each queue dropped and the missed.
_INTEL_QUEUES = (
    DriverCounter(r"rx_queue_\d+_drops", _RING, ("rx_fifo_errors",)),
    _INTEL_MISSED,
    DriverCounter(r"rx_queue_\d+_alloc_failed", _MEMORY),
)
BY_DRIVER: dict[str, tuple[DriverCounter, ...]] = {
    # amazon/ena: ena_stats_rx_strings, ena_get_stats64() (late kernels add XDP's to rx_dropped).
    # The device's own rx_drops are in rx_dropped alone: its ring was full, says the maker's guide
    # (amzn-drivers, kernel/linux/ena, ENA_Linux_Best_Practices.rst). Newer devices have those as
    # overruns, which the maker's driver shows from 2.8.8 (FULL_IN_OVER_ERRORS).
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
    # mellanox/mlx4: en_ethtool.c main_strings, mlx4_en_DUMP_ETH_STATS(): rx_dropped has RDROP, the
    # "total number of received packets dropped" by the card, and rx_fifo_errors RdropOvflw, those
    # of them that overflowed (en_port.h). Nothing adds to rx0_dropped.
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
    # packet that no buffer could be had for, vmxnet3_rx_error() the broken one (both in drop_total,
    # and that in rx_dropped).
    "vmxnet3": (
        DriverCounter(r"pkts rx OOB", _RING),
        DriverCounter(r"rx buf alloc fail", _MEMORY, ("rx_dropped",)),
        DriverCounter(r"err", _WIRE, ("rx_dropped",)),
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
    # virtio_net: virtnet_rq_stats_desc, virtnet_stats() (drops has xdp_drops, too), and from 6.10
    # virtnet_fill_total_fields(). What the device dropped itself is in the queues' netlink
    # statistics alone (hw_drops, from 6.10).
    "virtio_net": (
        DriverCounter(r"rx(?:_queue_\d+|\d+)_xdp_drops", _XDP, ("rx_dropped",)),
        DriverCounter(r"rx_xdp_drops", _XDP, ("rx_dropped",), sum_of=r"rx\d+_xdp_drops"),
        DriverCounter(r"rx_queue_\d+_drops|rx\d+_drops", _MEMORY, ("rx_dropped",)),
    ),
    # veth: veth_rq_stats_desc, veth_get_stats64() (from 5.7).
    "veth": (
        DriverCounter(r"rx_queue_\d+_xdp_(?:drops|tx_errors)", _XDP),
        DriverCounter(r"rx_queue_\d+_drops", _MEMORY, ("rx_dropped",)),
    ),
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
    # cisco/enic: enic_rx_stats, enic_get_stats() (rx_dropped has rx_drop as well). rx_drop is for
    # another reason than want of buffers: DPDK's driver of the maker counts it as an error and only
    # rx_no_bufs as missed (enic_main.c, enic_dev_stats_get()).
    "enic": (DriverCounter(r"rx_no_bufs", _RING, ("rx_dropped",)),),
    # chelsio/cxgb4: stats_strings, cxgb_get_stats() (what was truncated is in rx_dropped, too).
    "cxgb4": (
        DriverCounter(r"RxBG\dFramesDropped|rx_bg\d_frames_dropped", _RING, ("rx_dropped",)),
    ),
    # realtek/r8169: rtl8169_gstrings, rtl8169_get_stats64().
    "r8169": (DriverCounter(r"rx_missed", _RING, ("rx_missed_errors",)),),
    # aquantia/atlantic: aq_ethtool_stat_names, aq_nic_update_ndev_stats(), aq_get_rxpages().
    "atlantic": (
        DriverCounter(r"InDroppedDma", _RING, ("rx_dropped",)),
        DriverCounter(r"(?:TC\d+ )?Queue\[\d+\] (?:Skb)?AllocFails", _MEMORY),
        DriverCounter(r"(?:TC\d+ )?Queue\[\d+\] XdpDrop", _XDP),
    ),
    # cadence/macb: gem_statistics, queue_statistics, gem_get_stats() (newer kernels have what
    # overran in rx_over_errors as well), gem_rx().
    "macb": (
        DriverCounter(r"rx_resource_errors", _RING, ("rx_over_errors",)),
        DriverCounter(r"rx_overruns", _RING, ("rx_over_errors", "rx_fifo_errors")),
        DriverCounter(r"q\d+_rx_dropped", _MEMORY, ("rx_dropped",)),
        DriverCounter(r"rx_frame_check_sequence_errors", _WIRE, _CRC),
    ),
    # mediatek/mtk_eth_soc: mtk_ethtool_stats, mtk_get_stats64().
    "mtk_soc_eth": (
        DriverCounter(r"rx_overflow", _RING, ("rx_over_errors",)),
        DriverCounter(r"rx_fcs_errors", _WIRE, _CRC),
        DriverCounter(r"rx_(?:short|long)_errors", _WIRE, ("rx_length_errors",)),
    ),
    # broadcom/genet: bcmgenet_gstrings_stats, bcmgenet_rx_refill(). rbuf_ovflow_cnt is in no field
    # of the link: the receive buffer before the ring was full.
    "bcmgenet": (
        DriverCounter(r"rbuf_ovflow_cnt", _RING),
        DriverCounter(r"alloc_rx_buff_failed", _MEMORY, ("rx_dropped",)),
    ),
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
