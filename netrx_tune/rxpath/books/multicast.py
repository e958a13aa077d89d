"""Multicast that nobody here joined: IPv4 drops it without a word, and few devices count it."""

from __future__ import annotations

from netrx_tune.model.snapshot import Delta, Device

# Drivers that count no multicast, beside everything that is not hardware.
_SILENT_DRIVERS = frozenset({"virtio_net", "veth"})


def may_be_multicast(delta: Delta, packets: int) -> bool:
    """Tell whether frames to groups that nobody joined may be half of so many packets, or more.

    Cards count multicast frames, IPv4 those for joined groups; virtual devices count none, and
    IPv6 counts before it looks whether the group is joined.
    """
    devices = [d for d in delta.after.devices.values() if d.name != "lo"]
    frames = uncounted = 0
    for device in devices:
        if _counts_multicast(device):
            frames += delta.increase(f"{device.name}.multicast") or 0
        else:
            uncounted += delta.increase(f"{device.name}.rx_packets") or 0
    joined = delta.increase("IpExt.InMcastPkts") or 0
    return not devices or 2 * (max(0, frames - joined) + uncounted) >= packets


def _counts_multicast(device: Device) -> bool:
    driver = device.nic.driver if device.nic else ""
    return not device.kind and driver not in _SILENT_DRIVERS
