"""What devices took in and IP never saw: rx_packets less InReceives, where that says something.

Kernel: net/core/dev.c, __netif_receive_skb_core(); net/ipv4/ip_input.c, ip_rcv_core().
"""

from __future__ import annotations

import re
from functools import cache

from netrx_tune.model.ledger import Account, Entry
from netrx_tune.model.snapshot import Delta, Device, Snapshot
from netrx_tune.rxpath.books.entries import noise
from netrx_tune.rxpath.books.link_counters import gain, received
from netrx_tune.rxpath.books.rules import knows_netfilter

_RECEIVED = ("Ip.InReceives", "Ip6.InReceives")
_NAMED = frozenset(
    {"l2-unhandled-proto", "tc-ingress-drop", "nf-ingress-drop", "ip-otherhost", "rx-nohandler",
     "xdp-native-drop"}
)  # fmt: skip


def device_unattributed(delta: Delta, accounts: tuple[Account, ...]) -> Account:
    """Return what devices took in and IP never saw, where the namespace is simple enough.

    ARP and other frames that are not IP are among it, so it is said only where it is more
    than a hundredth of the packets, all devices hand straight to IP, and something may drop
    there: traffic control counts what it drops, a rule at ingress and XDP may not.
    """
    unseen = Account("device-unattributed", None, "unseen", ())
    came = _missing(delta)
    if came is None:
        is_known = delta.before is not None and all(name in delta.increases for name in _RECEIVED)
        return unseen._replace(
            why="devices stacked on others count a packet more than once"
            if is_known
            else "needs two samples of devices and IP"
        )
    devices = list(delta.after.devices.values())
    packets = received(delta, devices)
    missing = came - sum(account.lost or 0 for account in accounts if account.stage in _NAMED)
    if missing <= max(noise(delta), 32, packets // 100):
        return unseen._replace(lost=0, bound="exact")
    missing -= sum(_sent_on(delta, device) for device in devices)
    if missing <= noise(delta):
        return unseen._replace(lost=0, bound="exact")
    if _is_open(delta.after):
        why = (
            f"{missing:,} frames did not reach IP: ARP, other protocols, or a tc program took them"
        )
        return unseen._replace(why=why)
    generic = [device.name for device in devices if device.xdp == "generic"]
    why = "rx_packets less what IP received; ARP and other protocols are among it"
    stage = "xdp-generic-drop" if generic else "device-unattributed"
    took = [(f"{device.name}.rx_packets", gain(delta, device, "rx_packets")) for device in devices]
    by = tuple(Entry(name, packets) for name, packets in took if packets)
    return Account(stage, missing, "at-most", by, packets, why=why)


def within_the_missing(delta: Delta, account: Account) -> Account:
    """Return drops before IP that may have been on the way out: no more than IP never saw."""
    missing = _missing(delta) if account.lost and account.bound == "at-most" else None
    if missing is None or missing >= (account.lost or 0):
        return account
    if missing <= noise(delta):
        return account._replace(lost=0, bound="exact", by=())
    return account._replace(lost=missing)


def _missing(delta: Delta) -> int | None:
    """Return rx_packets less what IP received; None where that is unknown or says nothing."""
    came = [delta.increase(name) for name in _RECEIVED]
    devices = list(delta.after.devices.values())
    if delta.before is None or None in came or any(_stacks(delta, device) for device in devices):
        return None
    return max(0, received(delta, devices) - sum(packets or 0 for packets in came))


def _sent_on(delta: Delta, device: Device) -> int:
    """Return what an XDP program sent elsewhere, as a load balancer does: by queue, or in sum."""
    if device.xdp == "none" or device.nic is None:
        return 0
    sums = {True: 0, False: 0}
    for name in filter(_xdp_sends().search, device.nic.statistics):
        is_queue = any(map(str.isdigit, name))
        sums[is_queue] += delta.increase(f"{device.name}.ethtool.{name}") or 0
    return max(sums.values())


@cache
def _xdp_sends() -> re.Pattern[str]:
    return re.compile(r"xdp_(?:tx|tx_xmit|redirects?)(?:\[\d+\])?$")


def _stacks(delta: Delta, device: Device) -> bool:
    """Tell a device whose packets another device has counted before."""
    plain = device.name == "lo" or device.kind in ("", "veth")
    return not plain and bool(delta.increase(f"{device.name}.rx_packets"))


def _is_open(snap: Snapshot) -> bool:
    """Tell whether nothing is known to stand at the devices that drops and may not count it."""
    rules = snap.rules or ()
    gates = [rule for rule in rules if rule.source == "nft" and rule.hook == "ingress"]
    programs = [device for device in snap.devices.values() if device.xdp != "none"]
    return knows_netfilter(snap) and not gates and not programs
