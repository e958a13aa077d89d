"""How a card's receive queues shared the frames, from the counters that each driver has per queue.

Kernel: the get_strings functions of drivers/net/ethernet (igb, ixgbe, i40e, iavf, ice, ena, mlx4,
mlx5, bnxt, gve, qede, nfp, stmmac), drivers/net/virtio_net.c and drivers/net/hyperv (at 6.12).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache

from netrx_tune.model.snapshot import Delta

_PACKETS = r"""
    rx_queue_(\d+)_packets | rx(\d+)_packets | rx-(\d+)\.(?:rx_)?packets | queue_(\d+)_rx_cnt
    | \[(\d+)\]:\ rx_ucast_packets | rx_completed_desc\[(\d+)\] | (\d+):\ rcv_pkts
    | rvec_(\d+)_rx_pkts | q(\d+)_rx_pkt_n | rx_(\d+)_packets
"""
_DROPS = r"""
    rx_queue_(\d+)_drops | rx(\d+)_drops | rx_queue_drop_cnt\[(\d+)\] | \[(\d+)\]:\ rx_discards
"""


def queue_frames(delta: Delta, device: str) -> dict[int, int]:
    """Return how many frames came by each queue in the window; empty where no driver tells."""
    return _by_queue(delta, device, _PACKETS)


def queue_drops(delta: Delta, device: str) -> dict[int, int]:
    """Return what each queue dropped that dropped any; empty where no driver tells."""
    found = _by_queue(delta, device, _DROPS)
    return {queue: drops for queue, drops in found.items() if drops}


def _by_queue(delta: Delta, device: str, pattern: str) -> dict[int, int]:
    found: dict[int, int] = {}
    nic = delta.after.devices[device].nic if device in delta.after.devices else None
    names: Mapping[str, int] = nic.statistics if nic else {}
    for name in names:
        match = _compiled(pattern).fullmatch(name.strip())
        gain = delta.increase(f"{device}.ethtool.{name}")
        if match and gain is not None:
            queue = int(next(group for group in match.groups() if group is not None))
            found[queue] = found.get(queue, 0) + gain
    return found


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.VERBOSE)
