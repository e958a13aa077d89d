"""What a driver's own counters mean, whichever driver it is, and where else their packets are."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from netrx_tune.model.ledger import Entry
from netrx_tune.model.sample import Nic
from netrx_tune.rxpath.books.driver_counters import BY_DRIVER, DriverCounter
from netrx_tune.rxpath.books.entries import total

_RING, _XDP = "nic-ring-overflow", "xdp-native-drop"

# What `ethtool -i` calls them: stmmac_ethtool_getdrvinfo(), ef4_ethtool_get_drvinfo().
_ALSO_CALLED = {
    **dict.fromkeys(("st_gmac", "st_mac100", "st_xgmac"), "stmmac"),
    **dict.fromkeys(("sfc_falcon", "sfc_siena"), "sfc"),
}

# Drivers that book a full ring as rx_dropped and little else, so that it is no unknown protocol.
_RING_IN_RX_DROPPED = frozenset({"ena", "ice", "iavf", "mlx4_en", "cxgb4"})

# Whose rx_over_errors are frames that found the ring full, and nothing else has them: ena's, as
# its maker's driver books them (ena_get_stats64() at 2.9), macb's (gem_get_stats()), mtk_eth_soc's
# (mtk_get_stats64()), and those of a driver that nobody knows, as include/uapi/linux/if_link.h has
# the field. Others count broken or truncated frames there (enic), or moments (tg3).
FULL_IN_OVER_ERRORS = frozenset({"ena", "macb", "mtk_soc_eth", ""})
# Those whose rx_over_errors are moments at which the ring was empty.
MOMENTS_IN_OVER_ERRORS = frozenset({"tg3"})
# Whose own rx_dropped is the sum of all that the card dropped, a full ring among it.
FULL_IN_OWN_DROPS = frozenset({"mlx4_en"})

# Names that other drivers use for something else; the rest tells what it is by itself.
_AMBIGUOUS = frozenset({r"rx_dropped", r"err"})
_ANY_DRIVER = (
    *(
        counter
        for counters in BY_DRIVER.values()
        for counter in counters
        if counter.pattern not in _AMBIGUOUS
    ),
    DriverCounter(r".*\d+_xdp_drops?", _XDP, ("ethtool.rx_xdp_drop",)),
)


# What XDP drops is called alike by many drivers (ena, gve, sfc, mvneta, mtk_eth_soc), and so is
# what it dropped because a program failed.
_OF_XDP = (
    DriverCounter(r"(?:queue_\d+_)?rx_xdp_(?:drops?|bad_drops|aborted|invalid)(?:\[\d+\])?", _XDP),
)
_XDP_FAILED = re.compile(r"xdp_(?:aborted|invalid|bad_drops|tx_errors)")
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
    ("veth", r"peer_ifindex"),
    ("stmmac", r"mmc_rx_\w+"),
    ("atlantic", r"InPacketsDma|InDroppedDma"),
    ("macb", r"rx_resource_errors"),
    ("mtk_soc_eth", r"rx_flow_control_packets"),
    ("bcmgenet", r"rbuf_ovflow_cnt|mdf_err_cnt"),
)


@lru_cache(maxsize=64)
def guessed_driver(names: tuple[str, ...]) -> str:
    """Return the driver that the names of statistics point to, "" for none."""
    stripped = [name.strip() for name in names]
    pointed = (d for d, mark in _MARKS if any(map(re.compile(mark).fullmatch, stripped)))
    return next(pointed, "")


def xdp_failures(by: Iterable[Entry]) -> int:
    """Return how many packets were dropped because an XDP program failed, and not by its will."""
    return total(entry for entry in by if _XDP_FAILED.search(entry.counter))


def driver_of(nic: Nic | None) -> str:
    """Return a device's driver as far as anything tells, "" where nothing does."""
    return nic.driver or guessed_driver(tuple(nic.statistics)) if nic else ""


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


@lru_cache(maxsize=64)
def tells_full_ring(driver: str, names: tuple[str, ...]) -> bool:
    """Tell whether a driver's own counters have all that found its ring full."""
    name = _ALSO_CALLED.get(driver, driver) or guessed_driver(names)
    of_rings = [one for one in BY_DRIVER.get(name, ()) if one.stage == _RING]
    missed = [one for one in of_rings if "rx_missed_errors" in one.also_in]
    return any(_first((one,), name) for one in missed or of_rings for name in names)


def counters_called(name: str) -> tuple[tuple[str, DriverCounter], ...]:
    """Return the drivers that have a counter of that name, with what it says about loss."""
    found = ((driver, _first(counters, name)) for driver, counters in BY_DRIVER.items())
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
    known = BY_DRIVER.get(_ALSO_CALLED.get(driver, driver) or guessed_driver(names), ())
    both = ((name, _first(known, name)) for name in names)
    if not (driver and known):
        both = ((name, counter or _of_some_driver(name)) for name, counter in both)
    both = ((name, counter or _first(_OF_XDP, name)) for name, counter in both)
    told = ((name, counter) for name, counter in both if counter is not None)
    return tuple(one for one in told if not _is_sum(one[1], names))


def _is_sum(counter: DriverCounter, names: tuple[str, ...]) -> bool:
    """Tell whether the names have a counter's packets once more, in parts."""
    return bool(counter.sum_of) and any(re.fullmatch(counter.sum_of, name) for name in names)


def _of_some_driver(name: str) -> DriverCounter | None:
    """Return what a name says where nobody knows whose it is: it may be wherever some have it."""
    found = [one for one in _ANY_DRIVER if re.fullmatch(one.pattern, name.strip())]
    if not found:
        return None
    return found[0]._replace(also_in=tuple(dict.fromkeys(f for one in found for f in one.also_in)))
