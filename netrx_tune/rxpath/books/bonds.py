"""Devices that join others: a bond repeats what its ports counted, and adds drops of its own.

Kernel: drivers/net/bonding/bond_main.c, bond_get_stats(); drivers/net/team, team_get_stats64();
net/core/dev.c, dev_get_stats().
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from netrx_tune.model.ledger import Entry
from netrx_tune.model.snapshot import Delta, Device
from netrx_tune.rxpath.books.link_counters import gain, is_software

_REPEATING = frozenset({"bond", "team"})
_MOMENTS = 100  # one part in so many may be the moments at which bond and ports were read


def counted_once(devices: Iterable[Device]) -> tuple[list[Device], list[Device]]:
    """Return the devices whose counters add up, and those that repeat theirs.

    A bond of which no port was read has nobody to repeat.
    """
    plain: list[Device] = []
    joining: list[Device] = []
    for device in devices:
        (joining if device.kind in _REPEATING else plain).append(device)
    if joining and not any(one.statistics and not is_software(one) for one in plain):
        return [*plain, *joining], []
    return plain, joining


def own_drops(
    delta: Delta, devices: list[Device], joining: list[Device], fields: tuple[str, ...]
) -> Iterator[tuple[Device, Entry]]:
    """Yield what joining devices dropped beyond their ports: frames that nobody wanted.

    Which ports are theirs is not known, so whatever cards dropped is taken for repeated.
    """
    if not joining:
        return
    repeated = sum(gain(delta, one, f) for one in devices if not is_software(one) for f in fields)
    for device in joining:
        for field in fields:
            gained = gain(delta, device, field)
            left = gained
            if device.kind == "bond":
                left -= min(repeated, gained)
                repeated -= gained - left
            if left * _MOMENTS > gained:
                yield device, Entry(f"{device.name}.{field}", left)
