"""How a card's receive queues shared the frames, from the counters that each driver has per queue.

Kernel: the get_strings functions of drivers/net/ethernet, drivers/net/virtio_net.c and
drivers/net/hyperv (at 6.12).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache

from netrx_tune.collectors.ethtool import QUEUE_PACKETS
from netrx_tune.model.snapshot import Delta

_DROPS = r"""
    rx_queue_(\d+)_drops | rx(\d+)_drops | rx_queue_drop_cnt\[(\d+)\] | \[(\d+)\]:\ rx_discards
    | rxq(\d+):\ rx_drops_no_frags | rx(\d+)_dropped
"""


def queue_frames(delta: Delta, device: str) -> dict[int, int]:
    """Return how many frames came by each queue in the window; empty where no driver tells."""
    return _by_queue(delta, device, QUEUE_PACKETS)


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
