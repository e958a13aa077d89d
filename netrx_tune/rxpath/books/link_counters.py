"""What the link counters of devices gained, and which devices have no hardware behind them."""

from __future__ import annotations

from collections.abc import Iterable

from netrx_tune.collectors.dev import SUMMED_DROPS
from netrx_tune.model.ledger import Entry
from netrx_tune.model.snapshot import Delta, Device
from netrx_tune.rxpath.books.drivers import meanings
from netrx_tune.rxpath.books.entries import entries, total, xfrm_counters

DROPS = ("rx_dropped", SUMMED_DROPS)
# Their rx_errors are packets of which nothing was broken, and rx_dropped has them once more: the
# stack, or the guest behind a tap, did not take them. Kernel: drivers/net/macvlan.c,
# macvlan_dev_get_stats64(); drivers/net/ipvlan/ipvlan_main.c, ipvlan_get_stats64().
_REFUSED = frozenset({"macvlan", "ipvlan", "macvtap", "ipvtap"})
# Theirs are packets that IPsec refused: in rx_errors, in rx_dropped, and in /proc/net/xfrm_stat.
# Kernel: net/xfrm/xfrm_interface_core.c, xfrmi_rcv_cb(); net/ipv4/ip_vti.c, vti_rcv_cb().
_OF_IPSEC = frozenset({"xfrm", "vti", "vti6"})
ERRORS_IN_DROPS = _REFUSED | _OF_IPSEC
_VIRTUAL = frozenset({"veth", "bridge", "dummy", "tun", "vlan", "ifb"}) | _REFUSED


def received(delta: Delta, devices: Iterable[Device]) -> int:
    """Return the packets that devices took in, loopback included."""
    return sum(gain(delta, device, "rx_packets") for device in devices)


def passed(delta: Delta, devices: list[Device]) -> int | None:
    """Return the packets that devices took in, None where no device tells."""
    return received(delta, devices) if readable(delta, devices, "rx_packets") else None


def is_software(device: Device) -> bool:
    """Tell a device that no hardware is behind."""
    return device.name == "lo" or device.kind in _VIRTUAL


def readable(delta: Delta, devices: Iterable[Device], *fields: str) -> bool:
    """Tell whether any of the devices has one of the fields."""
    return any(
        f"{device.name}.{field}" in delta.increases for device in devices for field in fields
    )


def gain(delta: Delta, device: Device, field: str) -> int:
    """Return what one of a device's counters gained, 0 where it has none."""
    return delta.increase(f"{device.name}.{field}") or 0


def arrived(came: int | None, broken: int) -> int | None:
    """Return the frames that came: most drivers count the good ones alone as packets."""
    return came + broken if came is not None and broken > came else came


def is_refusing(delta: Delta, device: Device) -> bool:
    """Tell a device of whose errors none is a broken frame that only it counts."""
    counted = total(entries(delta, *xfrm_counters(delta))) if device.kind in _OF_IPSEC else -1
    return device.kind in _REFUSED or counted >= gain(delta, device, "rx_errors")


def copied_drops(delta: Delta, device: Device) -> tuple[Entry, ...]:
    """Return the driver's own copy of rx_dropped where nobody read the link's."""
    nic = device.nic
    copy = f"{device.name}.ethtool.rx_dropped"
    if nic is None or not delta.increases.get(copy) or readable(delta, [device], *DROPS):
        return ()
    charged = any(name == "rx_dropped" for name, _ in meanings(nic.driver, tuple(nic.statistics)))
    return () if charged else (Entry(copy, delta.increases[copy]),)
