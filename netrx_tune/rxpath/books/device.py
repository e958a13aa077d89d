"""The books of devices and of the per-CPU queues between them and IP.

Three counters overlap here. A packet that finds its CPU's backlog full adds to softnet's
`dropped` (host-wide, in any namespace) and to its device's rx_dropped; on a veth pair also to
the sender's tx_dropped. A frame that no protocol wants adds to rx_dropped alone.

Kernel: net/core/dev.c, enqueue_to_backlog(), __netif_receive_skb_core();
drivers/net/veth.c, veth_xmit(), veth_xdp_rx().
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from netrx_tune.model.ledger import Account, Bound, Entry
from netrx_tune.model.snapshot import Delta, Device
from netrx_tune.rxpath.books.drivers import RING_IN_RX_DROPPED, meanings
from netrx_tune.rxpath.books.entries import noise
from netrx_tune.rxpath.books.rules import firewall_drops, rule_increases

# A bond's statistics repeat those of the devices below it (bond_get_stats()).
_REPEATING = frozenset({"bond", "team"})
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
_WIRE = ("rx_crc_errors", "rx_frame_errors", "rx_length_errors")
_CELLS = frozenset(
    {"vxlan", "geneve", "gre", "gretap", "ip6gre", "ip6gretap", "ipip", "sit", "ip6tnl", "erspan",
     "macsec", "xfrm", "bareudp", "amt", "pfcp", "dsa"}
)  # fmt: skip
_VIRTUAL = frozenset({"veth", "bridge", "dummy", "tun", "macvlan", "ipvlan", "vlan", "ifb"})


def device_accounts(delta: Delta) -> tuple[Account, ...]:
    """Return the accounts from the wire up to the IP layer."""
    devices = [d for d in delta.after.devices.values() if d.kind not in _REPEATING]
    if not any(f"{device.name}.rx_packets" in delta.increases for device in devices):
        return (*_blind(), *_softnet(delta), *_policy(delta))
    here = backlog_drops_here(delta)
    accounts = (
        _wire(delta, devices),
        *_driver(delta, devices),
        *_softnet(delta),
        *_rx_dropped(delta, devices, here or 0),
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


def _softnet(delta: Delta) -> Iterator[Account]:
    """Yield the accounts of the CPUs' backlogs."""
    here = backlog_drops_here(delta)
    flows = min(delta.increase("softnet.flow_limit_count") or 0, here or 0)
    yield _backlog(delta, here, flows)
    yield from _flow_limit(delta, flows)


def _sum(delta: Delta, devices: Iterable[Device], *fields: str) -> tuple[Entry, ...]:
    names = [f"{device.name}.{field}" for device in devices for field in fields]
    return tuple(Entry(n, delta.increases[n]) for n in names if delta.increases.get(n))


def _readable(delta: Delta, devices: Iterable[Device], field: str) -> bool:
    return any(f"{device.name}.{field}" in delta.increases for device in devices)


def _account(stage: str, by: tuple[Entry, ...], offered: int | None = None) -> Account:
    return Account(stage, sum(entry.increase for entry in by), "exact", by, offered)


def received(delta: Delta, devices: Iterable[Device]) -> int:
    """Return the packets that devices took in, loopback included."""
    return sum(delta.increase(f"{device.name}.rx_packets") or 0 for device in devices)


def _wire(delta: Delta, devices: list[Device]) -> Account:
    summed = not _readable(delta, devices, "rx_crc_errors")
    fields = ("rx_frame_sum",) if summed else _WIRE
    by = _sum(delta, devices, *fields) or _sum(delta, devices, "rx_errors")
    return _account("nic-wire-error", by, received(delta, _cards(devices)))


def _driver(delta: Delta, devices: list[Device]) -> Iterator[Account]:
    """Charge missed packets and each driver's own counters, a packet once."""
    charged: dict[str, list[Entry]] = {
        "nic-ring-overflow": [],
        "nic-host-shaping": [],
        "nic-alloc-fail": [],
        "xdp-native-drop": [],
    }
    for device in devices:
        charged["nic-ring-overflow"].extend(_missed(delta, device))
        for stage, entry in _own_counters(delta, device):
            charged[stage].append(entry)
    offered = received(delta, _cards(devices))
    blind = any(device.nic is None and not _is_software(device) for device in devices)
    for stage, by in charged.items():
        if not by and blind and stage != "nic-ring-overflow":
            yield Account(stage, None, "unseen", (), why="needs the driver's statistics (ethtool)")
            continue
        account = _account(stage, tuple(by), offered + _not_received(devices, by))
        bound: Bound = "at-most" if stage == "nic-host-shaping" and by else "exact"
        yield account._replace(bound=bound)


def _cards(devices: list[Device]) -> list[Device]:
    """Return the devices with hardware, which alone have a ring and a wire; else all."""
    return [d for d in devices if not d.kind and d.name != "lo"] or devices


def _not_received(devices: list[Device], by: list[Entry]) -> int:
    """Return the losses that rx_packets leaves out: a veth counts what its XDP program drops.

    Kernel: drivers/net/veth.c, veth_get_stats64().
    """
    veths = tuple(f"{device.name}." for device in devices if device.kind == "veth")
    return sum(entry.increase for entry in by if not entry.counter.startswith(veths))


def _missed(delta: Delta, device: Device) -> Iterator[Entry]:
    """Yield the larger of missed and fifo: some drivers book one packet in both."""
    found = _sum(delta, [device], "rx_missed_errors", "rx_fifo_errors")
    if found:
        yield max(found, key=lambda entry: entry.increase)


def _own_counters(delta: Delta, device: Device) -> Iterator[tuple[str, Entry]]:
    if device.nic is None:
        return
    for name, known in meanings(device.nic.driver, tuple(device.nic.statistics)):
        full = f"{device.name}.ethtool.{name}"
        increase = delta.increases.get(full)
        if increase and not delta.increases.get(f"{device.name}.{known.also_in}"):
            yield known.stage, Entry(full, increase)


def backlog_drops_here(delta: Delta) -> int | None:
    """Return the backlog drops of this namespace: softnet counts those of the whole host.

    Each of them is in the rx_dropped of a device that is seen here, too.
    """
    host_wide = delta.increase("softnet.dropped")
    if host_wide is None or not delta.after.devices:
        return host_wide
    dropped = _sum(delta, delta.after.devices.values(), "rx_dropped", "rx_dropped_or_missed")
    return min(host_wide, sum(entry.increase for entry in dropped))


def _backlog(delta: Delta, here: int | None, flows: int) -> Account:
    if here is None:
        why = "needs /proc/net/softnet_stat"
        return Account("cpu-backlog-overflow", None, "unseen", (), why=why)
    lost = here - flows
    passed = delta.increase("softnet.processed") or 0
    by = (Entry("softnet.dropped", lost),) if lost else ()
    return Account("cpu-backlog-overflow", lost, "exact", by, passed + here)


def _flow_limit(delta: Delta, flows: int) -> Iterator[Account]:
    if delta.increase("softnet.flow_limit_count") is None:
        return
    by = (Entry("softnet.flow_limit_count", flows),) if flows else ()
    yield Account("rps-flow-limit", flows, "exact", by, delta.increase("softnet.processed"))


def _rx_dropped(delta: Delta, devices: list[Device], backlog: int) -> Iterator[Account]:
    """Divide rx_dropped, less the backlog's part, by what kind of device counted it."""
    shares: dict[str, list[Entry]] = {
        "gro-cells-overflow": [],
        "nic-ring-overflow": [],
        "l2-unhandled-proto": [],
    }
    certain = True
    for device in devices:
        for entry in _sum(delta, [device], "rx_dropped", "rx_dropped_or_missed"):
            from_backlog = min(backlog, entry.increase)
            backlog -= from_backlog
            left = entry.increase - from_backlog
            if left:
                certain = certain and _is_software(device)
                shares[_stage_of_rx_dropped(device)].append(Entry(entry.counter, left))
    offered = received(delta, devices)
    for stage, by in shares.items():
        if by or stage == "l2-unhandled-proto":
            account = _account(stage, tuple(by), offered)
            yield account._replace(bound="exact" if certain else "at-most")


def _stage_of_rx_dropped(device: Device) -> str:
    if device.nic and device.nic.driver in RING_IN_RX_DROPPED:
        return "nic-ring-overflow"
    return "gro-cells-overflow" if device.kind in _CELLS else "l2-unhandled-proto"


def _is_software(device: Device) -> bool:
    return device.name == "lo" or device.kind in _VIRTUAL


def _veth_ring(delta: Delta, devices: list[Device]) -> Account | None:
    """Return what the ring of a veth's receiving end refused: only the sender counts it."""
    pairs = [d for d in devices if d.peer_statistics is not None]
    if not pairs:
        return None
    by = []
    for device in pairs:
        sent_in_vain = delta.increase(f"{device.name}.peer.tx_dropped") or 0
        lost = sent_in_vain - (delta.increase(f"{device.name}.rx_dropped") or 0)
        if lost > 0:
            by.append(Entry(f"{device.name}.peer.tx_dropped", lost))
    offered = sum(delta.increase(f"{device.name}.peer.tx_packets") or 0 for device in pairs)
    return _account("veth-ring-overflow", tuple(by), offered + sum(e.increase for e in by))


def _policy(delta: Delta) -> Iterator[Account]:
    by = tuple(Entry(f"tc {rule.place}", n) for rule, n in rule_increases(delta, "tc"))
    if delta.after.rules is None:
        why = "needs the qdiscs' counters (rtnetlink)"
        yield Account("tc-ingress-drop", None, "unseen", (), why=why)
    else:
        yield _account("tc-ingress-drop", by)
    for _, account in firewall_drops(delta, ("ingress",)):
        yield account


def _stray(delta: Delta, devices: list[Device], stage: str, field: str) -> Account:
    if not _readable(delta, devices, field):
        return Account(stage, None, "unseen", (), why=f"needs {field} from rtnetlink")
    return _account(stage, _sum(delta, devices, field), received(delta, devices))


def _stacks(delta: Delta, device: Device) -> bool:
    """Tell a device whose packets another device has counted before."""
    plain = device.name == "lo" or device.kind in ("", "veth")
    return not plain and bool(delta.increase(f"{device.name}.rx_packets"))


def device_unattributed(delta: Delta, accounts: tuple[Account, ...]) -> Account:
    """Return what devices took in and IP never saw, where the namespace is simple enough.

    ARP and other frames that are not IP are among it, so it is said only where it is more
    than a hundredth of the packets and all devices hand straight to IP.
    """
    unseen = Account("device-unattributed", None, "unseen", ())
    devices = list(delta.after.devices.values())
    names = ("Ip.InReceives", "Ip6.InReceives")
    if delta.before is None or any(delta.increase(name) is None for name in names):
        return unseen._replace(why="needs two samples of devices and IP")
    if any(_stacks(delta, device) for device in devices):
        return unseen._replace(why="devices stacked on others count a packet more than once")
    packets = received(delta, devices)
    named = ("l2-unhandled-proto", "tc-ingress-drop", "nf-ingress-drop", "ip-otherhost",
             "rx-nohandler", "xdp-native-drop")  # fmt: skip
    known = sum(a.lost or 0 for a in accounts if a.stage in named)
    missing = packets - known - sum(delta.increase(name) or 0 for name in names)
    if missing <= max(noise(delta), 32, packets // 100):
        return unseen._replace(lost=0, bound="exact")
    generic = [d.name for d in devices if d.xdp == "generic"]
    why = "rx_packets less what IP received; ARP and other protocols are among it"
    stage = "xdp-generic-drop" if generic else "device-unattributed"
    by = _sum(delta, devices, "rx_packets")
    return Account(stage, missing, "at-most", by, packets, why=why)
