"""The books of cards: broken frames, full rings, and what each driver counts itself.

A driver may have one packet in several counters: its own, rx_missed_errors, rx_fifo_errors,
rx_errors, rx_dropped. It is charged once, to what says most about it.

Kernel: include/uapi/linux/if_link.h, struct rtnl_link_stats64; drivers/net (read at 6.12).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from typing import NamedTuple

from netrx_tune.collectors.dev import SUMMED_DROPS
from netrx_tune.model.ledger import Account, Bound, Entry
from netrx_tune.model.snapshot import Delta, Device
from netrx_tune.rxpath.books.driver_counters import DriverCounter
from netrx_tune.rxpath.books.drivers import (
    FULL_IN_OVER_ERRORS,
    FULL_IN_OWN_DROPS,
    MOMENTS_IN_OVER_ERRORS,
    driver_of,
    meanings,
    tells_full_ring,
)
from netrx_tune.rxpath.books.entries import total
from netrx_tune.rxpath.books.link_counters import (
    DROPS,
    arrived,
    copied_drops,
    gain,
    is_refusing,
    is_software,
    passed,
    readable,
)

_IN_SUMMED_DROPS = frozenset({"rx_dropped", "rx_missed_errors"})
_BROKEN = ("rx_crc_errors", "rx_frame_errors", "rx_length_errors")
_SUM = "rx_frame_sum"  # of /proc/net/dev, with rx_over_errors
# Some drivers have these in rx_errors as well, though such frames were good.
_GOOD = ("rx_missed_errors", "rx_fifo_errors", "rx_over_errors")
# Whose rx_fifo_errors are packets out of sequence. Kernel: net/ipv4/ip_tunnel.c, ip_tunnel_rcv().
_SEQUENCED = frozenset({"gre", "gretap", "ip6gre", "ip6gretap", "erspan", "ip6erspan"})
_FAR_MORE = 2  # times; less may be the moments at which the two were read


class Cards(NamedTuple):
    """The accounts of cards, and how much of each device's rx_dropped is among them."""

    accounts: tuple[Account, ...]
    in_rx_dropped: Mapping[str, int]


class _Own(NamedTuple):
    """What one of a driver's own counters gained."""

    device: str
    stage: str
    entry: Entry
    in_rx_dropped: bool
    pattern: str  # of the driver's names for it


def card_accounts(delta: Delta, devices: list[Device]) -> Cards:
    """Return what cards and drivers lost before the kernel had a packet."""
    own = [one for device in devices for one in _within_rx_dropped(delta, device)]
    among: dict[str, int] = {}
    for one in own:
        if one.in_rx_dropped:
            among[one.device] = among.get(one.device, 0) + one.entry.increase
    came = _came(delta, devices)
    return Cards((_wire(delta, devices, own, came), *_driver(delta, devices, own, came)), among)


def _dropped(delta: Delta, device: Device) -> int:
    """Return what a device dropped by any name for it."""
    gained = sum(gain(delta, device, field) for field in DROPS)
    return gained or total(copied_drops(delta, device))


def _came(delta: Delta, devices: list[Device]) -> int | None:
    """Return the frames that the devices with hardware took in."""
    return passed(delta, [d for d in devices if not d.kind and d.name != "lo"] or devices)


def _offered(came: int | None, devices: list[Device], by: list[Entry]) -> int | None:
    """Return the frames that came for the devices with hardware, those in `by` included."""
    return came + _not_received(devices, by) if by and came is not None else came


def _not_received(devices: list[Device], by: Iterable[Entry]) -> int:
    """Return the losses that rx_packets leaves out: a veth counts what its XDP program drops.

    Kernel: drivers/net/veth.c, veth_get_stats64().
    """
    veths = tuple(f"{device.name}." for device in devices if device.kind == "veth")
    return total(entry for entry in by if not entry.counter.startswith(veths))


def _wire(delta: Delta, devices: list[Device], own: list[_Own], came: int | None) -> Account:
    """Return frames that came broken: what is counted by kind, or all errors if they are more."""
    if not readable(delta, devices, "rx_errors", *_BROKEN, _SUM):
        why = "needs the statistics of devices"
        return Account("nic-wire-error", None, "unseen", (), why=why)
    broken = {device.name: _broken(delta, device, own) for device in devices}
    by = tuple(chain.from_iterable(broken.values()))
    lost = total(by)
    losing = [device for device in devices if broken[device.name]]
    if losing and all(device.kind for device in losing):
        came = passed(delta, losing)  # what came to a tunnel
    doubtful = any(_is_doubtful(delta, device) for device in losing)
    bound: Bound = "at-most" if doubtful else "exact"
    return Account("nic-wire-error", lost, bound, by, arrived(came, lost))


def _broken(delta: Delta, device: Device, own: list[_Own]) -> list[Entry]:
    """Return a device's broken frames by kind, and those of its errors that no kind explains."""
    if is_refusing(delta, device):
        return []
    fields = (*_BROKEN, "rx_fifo_errors") if device.kind in _SEQUENCED else _BROKEN
    kinds = [Entry(f"{device.name}.{f}", n) for f in fields if (n := gain(delta, device, f))]
    if summed := _summed(delta, device):
        kinds.append(summed)
    errors = gain(delta, device, "rx_errors")
    if not errors:
        return kinds
    good = sum(gain(delta, device, f) for f in _GOOD if f not in fields)
    good += _overruns(delta, device)
    named = [o.entry for o in own if (o.device, o.stage) == (device.name, "nic-wire-error")]
    nameless = errors - good - total((*kinds, *named))
    return [*kinds, Entry(f"{device.name}.rx_errors", nameless)] if nameless > 0 else kinds


def _is_doubtful(delta: Delta, device: Device) -> bool:
    """Tell whether the column `frame` holds more than the errors do."""
    summed = _summed(delta, device)
    return summed is not None and summed.increase > gain(delta, device, "rx_errors")


def _overruns(delta: Delta, device: Device) -> int:
    """Return what a driver counts of rx_over_errors where the link has them in sums alone."""
    nic = None if gain(delta, device, "rx_over_errors") else device.nic
    own = meanings(nic.driver, tuple(nic.statistics)) if nic else ()
    names = [name for name, known in own if "rx_over_errors" in known.also_in]
    return sum(gain(delta, device, f"ethtool.{name}") for name in names)


def _summed(delta: Delta, device: Device) -> Entry | None:
    """Return the column `frame`: broken frames, but rx_over_errors, too, which may be others.

    Most drivers have what is broken in rx_errors as well; what is beyond that is doubtful.
    """
    frames = gain(delta, device, _SUM)
    if not frames:
        return None
    frames = max(0, frames - _overruns(delta, device))
    if driver_of(device.nic) in MOMENTS_IN_OVER_ERRORS:
        frames = min(frames, gain(delta, device, "rx_errors"))
    return Entry(f"{device.name}.{_SUM}", frames) if frames else None


def _driver(
    delta: Delta, devices: list[Device], own: list[_Own], came: int | None
) -> Iterator[Account]:
    """Charge missed packets and each driver's own counters, a packet once."""
    charged: dict[str, list[Entry]] = {
        "nic-ring-overflow": [one for device in devices for one in _missed(delta, device)],
        "nic-host-shaping": [],
        "nic-alloc-fail": [],
        "xdp-native-drop": [],
    }
    for one in own:
        charged.setdefault(one.stage, []).append(one.entry)
    blind = any(device.nic is None and not is_software(device) for device in devices)
    for stage, by in charged.items():
        why = "needs the driver's statistics (ethtool)" if blind else ""
        why = _ring_unseen(delta, devices) if stage == "nic-ring-overflow" else why
        if why and not by:
            yield Account(stage, None, "unseen", (), why=why)
            continue
        bound: Bound = "at-most" if stage == "nic-host-shaping" and by else "exact"
        lost = total(by)
        offered = _offered(came, devices, by)
        if stage == "nic-wire-error":
            offered = arrived(came, lost)
        yield Account(stage, lost, bound, tuple(by), offered)


def _ring_unseen(delta: Delta, devices: list[Device]) -> str:
    """Return why nobody can tell what rings lost, or nothing."""
    summed = any(
        gain(delta, d, SUMMED_DROPS) for d in devices if not is_software(d) and not _tells_ring(d)
    )
    if summed and not readable(delta, devices, "rx_missed_errors"):
        return "/proc/net/dev adds rx_missed_errors to rx_dropped"
    known = readable(delta, devices, "rx_missed_errors", "rx_fifo_errors", SUMMED_DROPS)
    if known or any(_counts_ring(device) for device in devices):
        return ""
    nics = any(device.nic and device.nic.statistics for device in devices)
    return f"needs {'a counter of it' if nics else 'the statistics of devices'}"


def _tells_ring(device: Device) -> bool:
    return bool((nic := device.nic) and tells_full_ring(nic.driver, tuple(nic.statistics)))


def _counts_ring(device: Device) -> bool:
    """Tell whether a driver has a counter of full rings, which may be for some of them only."""
    own = meanings(nic.driver, tuple(nic.statistics)) if (nic := device.nic) else ()
    return any(known.stage == "nic-ring-overflow" for _, known in own)


def _missed(delta: Delta, device: Device) -> Iterator[Entry]:
    """Yield the larger of missed and fifo: some drivers book one packet in both.

    Less what the driver's own drops have of it, where they are the sum of all.
    """
    driver = driver_of(device.nic)
    fields = ("rx_missed_errors", "rx_fifo_errors")
    found = [Entry(f"{device.name}.{f}", n) for f in fields if (n := gain(delta, device, f))]
    overruns = gain(delta, device, "rx_over_errors")
    if overruns and driver in FULL_IN_OVER_ERRORS and (driver or not found):
        found.append(Entry(f"{device.name}.rx_over_errors", overruns))
    if not found or device.kind in _SEQUENCED:
        return
    full = max(found, key=lambda entry: entry.increase)
    again = gain(delta, device, "ethtool.rx_dropped") if driver in FULL_IN_OWN_DROPS else 0
    if full.increase > again:
        yield full._replace(increase=full.increase - again)


def _within_rx_dropped(delta: Delta, device: Device) -> Iterator[_Own]:
    """Yield a driver's own counters, those that rx_dropped repeats for no more than it has.

    What XDP dropped goes first: drivers have it in their other counter of drops, too. Counters
    that gained far more than is left of rx_dropped are not in it: drivers changed that from kernel
    to kernel.
    """
    left = _dropped(delta, device)
    has_xdp = False
    own = _own_counters(delta, device)
    if driver_of(device.nic) == "virtio_net" and not readable(delta, [device], *DROPS):
        own = _less_xdp([*own])
    for family in _families(own):
        gained = total(one.entry for one in family)
        if not family[0].in_rx_dropped or (gained > _FAR_MORE * left and not has_xdp):
            yield from (one._replace(in_rx_dropped=False) for one in family)
            continue
        has_xdp = has_xdp or family[0].stage == "xdp-native-drop"
        for one in family:
            part = min(left, one.entry.increase)
            left -= part
            if part:
                yield one._replace(entry=one.entry._replace(increase=part))


def _less_xdp(own: list[_Own]) -> Iterator[_Own]:
    """Yield a guest's counters, its queues' drops without those that XDP made of them.

    Kernel: drivers/net/virtio_net.c, receive_mergeable(), its labels err_xdp and err.
    """
    xdp = [one.entry for one in own if one.stage == "xdp-native-drop"]
    by_xdp = {entry.counter.replace("_xdp_drops", "_drops"): entry.increase for entry in xdp}
    for one in own:
        left = one.entry.increase - by_xdp.get(one.entry.counter, 0)
        if left > 0:
            yield one._replace(entry=one.entry._replace(increase=left))


def _families(own: Iterable[_Own]) -> list[list[_Own]]:
    """Return the counters by what they are called in every queue, XDP's first."""
    found: dict[str, list[_Own]] = {}
    for one in own:
        found.setdefault(one.pattern, []).append(one)
    return sorted(found.values(), key=lambda family: family[0].stage != "xdp-native-drop")


def _own_counters(delta: Delta, device: Device) -> Iterator[_Own]:
    """Yield those of a driver's counters whose packets nothing else has, rx_dropped apart."""
    if device.nic is None:
        return
    for name, known in meanings(device.nic.driver, tuple(device.nic.statistics)):
        full = f"{device.name}.ethtool.{name}"
        increase = delta.increases.get(full)
        if not increase or _is_elsewhere(delta, device, known):
            continue
        among = _dropped(delta, device) if "rx_dropped" in known.also_in else 0
        if _IN_SUMMED_DROPS & {*known.also_in}:
            among += gain(delta, device, SUMMED_DROPS)
        yield _Own(device.name, known.stage, Entry(full, increase), bool(among), known.pattern)


def _is_elsewhere(delta: Delta, device: Device, known: DriverCounter) -> bool:
    """Tell whether the link's own statistics have a counter's packets, rx_dropped apart."""
    if any(gain(delta, device, field) for field in known.also_in if field != "rx_dropped"):
        return True
    return known.stage == "nic-wire-error" and _summed(delta, device) is not None
