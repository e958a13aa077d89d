"""The books of devices and of the per-CPU queues between them and IP.

Three counters overlap here. A packet that finds its CPU's backlog full adds to softnet's
`dropped` (host-wide, in any namespace) and to its device's rx_dropped; on a veth pair also to
the sender's tx_dropped. What a veth's end does not take in at all (it is down, or the packet is
too long for it) moves both ends, too, and not softnet's. A frame that no protocol wants adds to
rx_dropped alone.

Kernel: net/core/dev.c, enqueue_to_backlog(), __dev_forward_skb2(), __netif_receive_skb_core();
drivers/net/veth.c, veth_xmit(), veth_xdp_rx().
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from netrx_tune.collectors.dev import SUMMED_DROPS
from netrx_tune.model.kernel import KernelVersion
from netrx_tune.model.ledger import Account, Entry
from netrx_tune.model.snapshot import Delta, Device
from netrx_tune.rxpath import kernel_features as features
from netrx_tune.rxpath.books.before_ip import within_the_missing
from netrx_tune.rxpath.books.bonds import counted_once, own_drops
from netrx_tune.rxpath.books.cards import card_accounts
from netrx_tune.rxpath.books.drivers import driver_of, hides_full_ring
from netrx_tune.rxpath.books.entries import entry, total
from netrx_tune.rxpath.books.link_counters import (
    DROPS,
    ERRORS_IN_DROPS,
    arrived,
    copied_drops,
    gain,
    is_software,
    passed,
    readable,
    received,
)
from netrx_tune.rxpath.books.rules import firewall_drops, tc_drops

_BY_DEVICE = (
    "nic-wire-error",
    "nic-ring-overflow",
    "nic-host-shaping",
    "nic-alloc-fail",
    "xdp-native-drop",
    "rx-nohandler",
    "l2-unhandled-proto",
    "ip-otherhost",
)
_FULL = ("rx_fifo_errors", "rx_missed_errors")
_CHANCE = 10  # two counters may well be equal that are smaller
_AT_BIRTH = 2  # changes of a veth's carrier until it is up for the first time
_MOMENTS = 100  # one part in so many may be the moments at which both were read
_CELLS = frozenset(
    {"vxlan", "geneve", "gre", "gretap", "ip6gre", "ip6gretap", "ipip", "ip6tnl", "erspan",
     "macsec", "xfrm", "bareudp", "amt", "pfcp", "dsa"}
)  # fmt: skip
# They have no such queue, and carry IP alone, but for a tap: what they drop was refused by the
# driver (a program wrote no IP packet into a tun, or it was down) or by the stack behind it.
# Kernel: drivers/net/tun.c, tun_get_user(); drivers/net/wireguard/receive.c,
# wg_packet_consume_data_done(); net/ipv6/sit.c, ipip6_rcv(); net/ipv4/ip_vti.c, vti_rcv_cb().
_WITHOUT_CELLS = frozenset({"wireguard", "tun", "sit", "vti", "vti6"})
_NAMELESS = "device-unattributed"


def device_accounts(delta: Delta) -> tuple[Account, ...]:
    """Return the accounts from the wire up to the IP layer."""
    devices, joining = counted_once(delta.after.devices.values())
    here = backlog_drops_here(delta)
    nics = any(device.nic and device.nic.statistics for device in devices)
    if not nics and not any(device.statistics for device in devices):
        return (*_blind(), *_softnet(delta, here), *_policy(delta))
    cards = card_accounts(delta, devices)
    beyond = own_drops(delta, devices, joining, DROPS)
    accounts = (
        *cards.accounts,
        *_softnet(delta, here),
        *_rx_dropped(delta, devices, here or 0, cards.in_rx_dropped, beyond),
        _veth_ring(delta, devices),
        *_policy(delta),
        _stray(delta, devices, "rx-nohandler", "rx_nohandler"),
        _stray(delta, devices, "ip-otherhost", "rx_otherhost_dropped"),
    )
    return tuple(account for account in accounts if account)


def _blind() -> Iterator[Account]:
    """Yield the devices' stages where no device could be read."""
    for stage in _BY_DEVICE:
        yield Account(stage, None, "unseen", (), why="needs the statistics of devices")


def _softnet(delta: Delta, here: int | None) -> Iterator[Account]:
    """Yield the accounts of the CPUs' backlogs, which dropped so much here."""
    flows = min(delta.increase("softnet.flow_limit_count") or 0, here or 0)
    offered = (delta.increase("softnet.processed") or 0) + (here or 0)
    yield _backlog(delta, here, flows, offered)
    yield from _flow_limit(delta, flows, offered)


def _sum(delta: Delta, devices: Iterable[Device], *fields: str) -> tuple[Entry, ...]:
    names = [f"{device.name}.{field}" for device in devices for field in fields]
    return tuple(Entry(n, delta.increases[n]) for n in names if delta.increases.get(n))


def _account(stage: str, by: tuple[Entry, ...], offered: int | None = None) -> Account:
    lost = total(by)
    return Account(stage, lost, "exact", by, arrived(offered, lost))


def backlog_drops_here(delta: Delta) -> int | None:
    """Return the backlog drops of this namespace: softnet counts those of the whole host.

    Each of them is in the rx_dropped of a device that is seen here, too. Where no device shows
    its drops, it is all of them.
    """
    host_wide, devices = delta.increase("softnet.dropped"), delta.after.devices.values()
    if not host_wide or not readable(delta, devices, *DROPS):
        return host_wide
    return min(host_wide, sum(_met_a_backlog(delta, device) for device in devices))


def _met_a_backlog(delta: Delta, device: Device) -> int:
    """Return how many packets of a device may have met a full backlog.

    On a veth pair each of them failed at the sender, too; a frame that no protocol wants did not.
    """
    dropped = total(_sum(delta, [device], *DROPS))
    in_vain = delta.increase(f"{device.name}.peer.tx_dropped")
    return dropped if in_vain is None else min(dropped, in_vain)


def _is_one_of_several(delta: Delta) -> bool:
    """Tell whether the host is known to have other network namespaces than this one."""
    host = delta.after.host
    inside = host.netns is not None or host.initial_netns is False
    return inside or any(gap.path.startswith("netns ") for gap in delta.after.gaps)


def _backlog(delta: Delta, here: int | None, flows: int, offered: int) -> Account:
    if here is None:
        why = "needs /proc/net/softnet_stat"
        return Account("cpu-backlog-overflow", None, "unseen", (), why=why)
    lost = here - flows
    by = entry("softnet.dropped", lost)
    if lost and _is_one_of_several(delta) and not _is_told_by_devices(delta):
        why = "softnet counts for all network namespaces, since boot, whatever devices show"
        return Account("cpu-backlog-overflow", lost, "at-most", by, offered, why=why)
    return Account("cpu-backlog-overflow", lost, "exact", by, offered)


def _is_told_by_devices(delta: Delta) -> bool:
    """Tell whether devices show which drops of the window were theirs."""
    return delta.before is not None and readable(delta, delta.after.devices.values(), *DROPS)


def _flow_limit(delta: Delta, flows: int, offered: int) -> Iterator[Account]:
    if delta.increase("softnet.flow_limit_count") is None:
        return
    by = entry("softnet.flow_limit_count", flows)
    yield Account("rps-flow-limit", flows, "exact", by, offered)


def _rx_dropped(
    delta: Delta,
    devices: list[Device],
    backlog: int,
    own: Mapping[str, int],
    beyond: Iterable[tuple[Device, Entry]],
) -> Iterator[Account]:
    """Divide rx_dropped by what kind of device counted it.

    Left out is what the driver's own counters name (`own`, by device) and the backlog's part.
    `beyond` are drops of devices that otherwise repeat what others counted.
    """
    counted = [(device, entry) for device in devices for entry in _drops(delta, device)]
    if not counted and not readable(delta, devices, *DROPS):
        why = "needs rx_dropped of devices"
        yield Account("l2-unhandled-proto", None, "unseen", (), why=why)
        return
    shares: dict[str, list[Entry]] = {
        "gro-cells-overflow": [],
        "nic-ring-overflow": [],
        "l2-unhandled-proto": [],
    }
    of_tunnels: list[Entry] = []
    refused = {d.name: _sent_in_vain(delta, d) for d in devices if d.peer_statistics is not None}
    certain = True
    for device, drops in (*counted, *beyond):
        unnamed = max(0, drops.increase - own.get(device.name, 0))
        from_backlog = min(backlog, unnamed, _met_a_backlog(delta, device)) if backlog else 0
        backlog -= from_backlog
        left = unnamed - from_backlog
        if device.name in refused:
            refused[device.name] = max(0, refused[device.name] - from_backlog)
            left = max(0, left - refused[device.name])
        if left and device.kind in _WITHOUT_CELLS:
            of_tunnels.append(Entry(drops.counter, left))
        elif left:
            # A frame nobody wants was counted as received; veth has drops of XDP in it, too.
            certain &= is_software(device) and left <= gain(delta, device, "rx_packets")
            stage = _stage_of_rx_dropped(device, delta.after.host.kernel)
            shares[stage].append(Entry(drops.counter, left))
    offered = passed(delta, devices)
    for stage, by in shares.items():
        if by or stage == "l2-unhandled-proto":
            account = _account(stage, tuple(by), offered)
            yield account._replace(bound="exact" if certain else "at-most")
    if refused:
        by_end = tuple(Entry(f"{name}.peer.tx_dropped", n) for name, n in refused.items() if n)
        account = _account("backlog-dev-down", by_end, (offered or 0) + total(by_end))
        yield account if delta.before else account._replace(bound="at-most")
    if of_tunnels:
        lost = total(of_tunnels)
        came = received(delta, (d for d in devices if d.kind in _WITHOUT_CELLS))
        why = "rx_dropped of a tunnel: refused by it or by the stack behind it"
        yield Account(_NAMELESS, lost, "at-most", tuple(of_tunnels), came + lost, why=why)


def _sent_in_vain(delta: Delta, device: Device) -> int:
    """Return how many packets failed at a veth's other end and not at this end's ring.

    Those that met a full ring are not in rx_dropped. Where the link was down for a while the other
    end drops what it cannot send, which is not in it either.
    """
    failed = delta.increase(f"{device.name}.peer.tx_dropped") or 0
    known = failed <= gain(delta, device, "rx_dropped")
    return failed if known or was_down(delta, device) else 0


def was_down(delta: Delta, device: Device) -> bool:
    """Tell a device that is down, or that was at some time; none is up when it is made."""
    at_birth = 0 if delta.before else _AT_BIRTH
    return device.up is False or gain(delta, device, "carrier_changes") > at_birth


def _drops(delta: Delta, device: Device) -> tuple[Entry, ...]:
    """Return what a device dropped; the driver's own copy counts where the link's is missing."""
    entries = _sum(delta, [device], *DROPS) or copied_drops(delta, device)
    if entries and device.kind in ERRORS_IN_DROPS:
        entries = _once(entries[0], gain(delta, device, "rx_errors"), device.kind)
    if not entries:
        return ()
    full = [gain(delta, device, field) for field in _FULL]
    # Old e1000 has them in rx_dropped, rx_missed_errors and rx_fifo_errors: twice in the column.
    full += [2 * n for n in full if entries[0].counter.endswith(SUMMED_DROPS)]
    return tuple([one for one in entries if not any(_same(one.increase, n) for n in full)])


def _once(drops: Entry, refused: int, kind: str) -> tuple[Entry, ...]:
    """Return drops without those that a guest did not take, IPsec refused, or that are there twice.

    What a macvlan lost to a full backlog is in its own count and in the stack's.
    """
    left = drops.increase - refused
    left = max(left, refused) if kind in {"macvlan", "ipvlan"} else left
    return (drops._replace(increase=left),) if left > 0 else ()


def _same(drops: int, full: int) -> bool:
    """Tell drops that are the frames for which the card had no room, counted once more."""
    return drops > _CHANCE and abs(drops - full) <= drops // _MOMENTS


def _stage_of_rx_dropped(device: Device, kernel: KernelVersion | None) -> str:
    nic = device.nic
    names = tuple(nic.statistics) if nic else ()
    driver = driver_of(nic)
    own = not features.unhandled_frames_are_dropped(kernel) and not is_software(device)
    if own or hides_full_ring(driver, names):
        return "nic-ring-overflow"
    return "gro-cells-overflow" if device.kind in _CELLS else "l2-unhandled-proto"


def _veth_ring(delta: Delta, devices: list[Device]) -> Account | None:
    """Return what the ring of a veth's receiving end refused: only the sender counts it."""
    pairs = [d for d in devices if d.peer_statistics is not None]
    if not pairs:
        return None
    by = []
    for device in pairs:
        sent_in_vain = delta.increase(f"{device.name}.peer.tx_dropped") or 0
        lost = sent_in_vain - (delta.increase(f"{device.name}.rx_dropped") or 0)
        if lost > 0 and not was_down(delta, device):
            by.append(Entry(f"{device.name}.peer.tx_dropped", lost))
    offered = sum(delta.increase(f"{device.name}.peer.tx_packets") or 0 for device in pairs)
    return _account("veth-ring-overflow", tuple(by), offered + total(by))


def _policy(delta: Delta) -> Iterator[Account]:
    yield within_the_missing(delta, tc_drops(delta))
    for _, account in firewall_drops(delta, ("ingress",)):
        yield account


def _stray(delta: Delta, devices: list[Device], stage: str, field: str) -> Account:
    if not readable(delta, devices, field):
        return Account(stage, None, "unseen", (), why=f"needs {field} from rtnetlink")
    return _account(stage, _sum(delta, devices, field), passed(delta, devices))
