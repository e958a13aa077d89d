"""A bond repeats its ports, and counts what nobody wanted of it on top."""

from __future__ import annotations

import pytest

from netrx_tune.model.snapshot import Device
from netrx_tune.rxpath.delta import since_boot
from netrx_tune.rxpath.ledger import settle
from tests.rxpath.snapshots import snapshot

STRAY = "l2-unhandled-proto"


def device(name: str, drops: int, kind: str = "") -> Device:
    return Device(name, {"rx_packets": 1_000_000, "rx_dropped": drops}, kind=kind)


@pytest.mark.parametrize(
    ("devices", "expected"),
    [
        # The ports have it all, or a part; which port is whose bond's is not known.
        ((device("eth0", 500), device("bond0", 500, "bond")), 500),
        ((device("eth0", 500), device("bond0", 900, "bond")), 900),
        ((device("eth0", 0), device("eth1", 0), device("bond0", 900, "bond")), 900),
        ((device("eth0", 500), device("bond0", 400, "bond"), device("bond1", 300, "bond")), 700),
        # A team counts its own alone.
        ((device("eth0", 500), device("team0", 400, "team")), 900),
        # What a device upon the bond dropped, no port counted for it.
        ((device("eth0", 0), device("bond0.7", 500, "vlan"), device("bond0", 900, "bond")), 1400),
        # Moments: the bond was read a little later than its port.
        ((device("eth0", 10_000), device("bond0", 10_050, "bond")), 10_000),
        # Nobody but the bond was read, or what stands upon it.
        ((device("bond0", 900, "bond"),), 900),
        ((Device("eth0", {}), device("bond0", 900, "bond")), 900),
        ((device("lo", 0), device("bond0.7", 0, "vlan"), device("bond0", 900, "bond")), 900),
    ],
)
def test_a_drop_of_a_bond_is_counted_once(devices: tuple[Device, ...], expected: int) -> None:
    account = settle(since_boot(snapshot(devices=devices))).account(STRAY)
    assert account is not None
    assert account.lost == expected


@pytest.mark.parametrize("kind", ["bond", "team"])
def test_frames_of_a_bond_are_those_of_its_ports(kind: str) -> None:
    devices = (device("eth0", 0), device("bond0", 900, kind))
    account = settle(since_boot(snapshot(devices=devices))).account(STRAY)
    assert account is not None
    assert account.offered == 1_000_000
