"""Devices: sysfs by itself, and merged with rtnetlink, ethtool and /proc/net/dev."""

from __future__ import annotations

import pytest

from netrx_tune.collectors.devices import devices_of
from netrx_tune.collectors.net_class import NetClass, net_class_files, parse_net_class
from netrx_tune.model.sample import Gap, Link, Nic, Sample
from netrx_tune.model.snapshot import Device

ETH0 = {
    "statistics/rx_packets": "1000\n",
    "statistics/rx_dropped": "7\n",
    "queues/rx-10/rps_cpus": "00000000,00000004\n",
    "queues/rx-2/rps_cpus": "00000000,00000002\n",
    "queues/rx-0/rps_cpus": "00000000,00000001\n",
    "queues/rx-0/rps_flow_cnt": "0\n",
    "threaded": "1\n",
    "speed": "10000\n",
    "operstate": "up\n",
    "flags": "0x1003\n",
    "ifindex": "2\n",
    "iflink": "2\n",
    "type": "1\n",
    "device/uevent": "DRIVER=ixgbe\nPCI_CLASS=20000\n",
}


def test_sysfs_says_how_a_device_is_set_up() -> None:
    assert parse_net_class(ETH0, "eth0") == (
        NetClass(
            statistics={"rx_packets": 1000, "rx_dropped": 7},
            rps_cpus=("00000000,00000001", "00000000,00000002", "00000000,00000004"),
            threaded=True,
            speed_mbits=10000,
            up=True,
            ifindex=2,
            driver="ixgbe",
        ),
        [],
    )


def test_a_device_without_files_is_unknown() -> None:
    assert parse_net_class({}, "eth0") == (
        NetClass({}, (), None, None, None, None, None),
        [],
    )


@pytest.mark.parametrize(
    ("operstate", "flags", "up"),
    [
        ("up", "0x1002", True),
        ("down", "0x1003", False),
        ("lowerlayerdown", "0x1003", False),
        ("unknown", "0x9", True),
        ("unknown", "0x8", False),
        ("unknown", None, None),
        ("state-of-next-year", "0x1003", True),
    ],
)
def test_a_device_is_up_as_its_driver_says_or_else_as_it_was_set(
    operstate: str,
    flags: str | None,
    up: bool | None,
) -> None:
    files = {"operstate": f"{operstate}\n"} | ({"flags": f"{flags}\n"} if flags else {})
    assert parse_net_class(files, "lo")[0].up is up


@pytest.mark.parametrize(("text", "speed"), [("-1\n", None), ("4294967295\n", None), ("0", None)])
def test_an_unknown_speed_is_none(text: str, speed: int | None) -> None:
    assert parse_net_class({"speed": text}, "lo")[0].speed_mbits is speed


def test_files_that_do_not_read_are_gaps_and_the_others_stand() -> None:
    got, gaps = parse_net_class(
        {
            "speed": "fast\n",
            "flags": "1003\n",
            "threaded": "",
            "statistics/rx_dropped": "-1\n",
            "statistics/rx_packets": "5\n",
            "queues/rx-0/rps_cpus": "0,x\n",
            "queues/rx-all/rps_cpus": "0\n",
            "device/uevent": "PCI_CLASS=20000\n",
        },
        "eth0",
    )
    assert got == NetClass({"rx_packets": 5}, (), None, None, None, None, None)
    root = "/sys/class/net/eth0"
    assert [(gap.path, gap.detail) for gap in gaps] == [
        (f"{root}/threaded", f"{root}/threaded: value: expected a decimal, got ''"),
        (f"{root}/speed", f"{root}/speed: value: expected a decimal, got 'fast'"),
        (f"{root}/flags", f"{root}/flags: expected 0x and a hexadecimal, got '1003'"),
        (
            f"{root}/statistics/rx_dropped",
            f"{root}/statistics/rx_dropped: value: expected a decimal, got '-1'",
        ),
        (
            f"{root}/queues/rx-0/rps_cpus",
            f"{root}/queues/rx-0/rps_cpus: rps_cpus: expected a hexadecimal, got 'x'",
        ),
    ]


def test_files_are_told_apart_by_device() -> None:
    assert net_class_files(
        {
            "/sys/class/net/eth0/speed": "1",
            "/sys/class/net/eth0/statistics/rx_bytes": "2",
            "/sys/class/net/br-lan.7/speed": "3",
            "/sys/class/net/bonding_masters": "",
            "/proc/net/dev": "",
        },
    ) == {
        "eth0": {"speed": "1", "statistics/rx_bytes": "2"},
        "br-lan.7": {"speed": "3"},
    }


DEV = "Inter-|\n face |bytes drop|bytes drop\n  eth0: 9 8 7 6\n  tun0: 5 4 3 2\n"
LINK = Link("eth0", 2, "", {"rx_dropped": 9, "rx_otherhost_dropped": 3}, None, "none")
NIC = Nic("eth0", "ixgbe", {"rx_missed_errors": 1}, 512, 4096, 8, 63, 3, True)


def files_of(device: str, files: dict[str, str]) -> dict[str, str]:
    return {f"/sys/class/net/{device}/{name}": text for name, text in files.items()}


def test_sysfs_beats_the_sums_of_proc_net_dev() -> None:
    gaps: list[Gap] = []
    sample = Sample({**files_of("eth0", ETH0), "/proc/net/dev": DEV}, nics=(NIC,))
    assert devices_of(sample, gaps) == {
        "eth0": Device(
            name="eth0",
            statistics={"rx_packets": 1000, "rx_dropped": 7},
            nic=NIC,
            rps_cpus=("00000000,00000001", "00000000,00000002", "00000000,00000004"),
            threaded=True,
            speed_mbits=10000,
            up=True,
        ),
        "tun0": Device(
            name="tun0",
            statistics={
                "rx_bytes": 5,
                "rx_dropped_or_missed": 4,
                "tx_bytes": 3,
                "tx_dropped": 2,
            },
            kind="tun",
        ),
    }
    assert gaps == []


def test_rtnetlink_beats_sysfs_and_alone_says_which_devices_there_are() -> None:
    veth = Link("veth1", 7, "veth", {"rx_dropped": 0}, {"tx_dropped": 4}, "native")
    files = {
        **files_of("eth0", {"statistics/rx_packets": "1000\n", "statistics/rx_dropped": "7\n"}),
        **files_of("of-another-namespace", {"statistics/rx_packets": "1\n"}),
        "/proc/net/dev": DEV,
    }
    gaps: list[Gap] = []
    assert devices_of(Sample(files, links=(LINK, veth)), gaps) == {
        "eth0": Device(
            name="eth0",
            statistics={"rx_packets": 1000, "rx_dropped": 9, "rx_otherhost_dropped": 3},
        ),
        "veth1": Device(
            name="veth1",
            statistics={"rx_dropped": 0},
            kind="veth",
            peer_statistics={"tx_dropped": 4},
            xdp="native",
        ),
    }
    assert gaps == []


def test_a_device_that_only_ethtool_names_has_the_fields_that_its_driver_repeats() -> None:
    assert devices_of(Sample({}, nics=(NIC,)), []) == {
        "eth0": Device(name="eth0", statistics={"rx_missed_errors": 1}, nic=NIC),
    }


@pytest.mark.parametrize(
    ("statistics", "packets"),
    [
        ({"rx_packets": 9, "rx_queue_0_packets": 4}, 9),
        ({"rx0_packets": 4, "rx1_packets": 5, "tx0_packets": 8}, 9),
        ({"[0]: rx_ucast_packets": 4, "[1]: rx_mcast_packets": 5, "[0]: tx_ucast_packets": 8}, 9),
        ({"rx_ucast_packets": 4, "rx_bcast_packets": 5}, 9),
        ({"rx_unicast": 4, "port.rx_unicast": 4, "port.rx_broadcast": 5}, 9),
        ({"queue_0_rx_cnt": 4, "queue_1_rx_cnt": 5, "queue_0_tx_cnt": 8}, 9),
        ({"ucast pkts rx": 4, "mcast pkts rx": 5, "ucast pkts tx": 8}, 9),
        ({"rx_bytes": 9, "rx_dropped": 8}, None),
    ],
)
def test_frames_are_counted_as_each_driver_names_them(
    statistics: dict[str, int], packets: int | None
) -> None:
    nic = NIC._replace(statistics=statistics)
    device = devices_of(Sample({}, nics=(nic,)), [])["eth0"]
    assert device.statistics.get("rx_packets") == packets
    assert "rx_dropped" not in device.statistics


def test_a_bad_proc_net_dev_is_a_gap() -> None:
    gaps: list[Gap] = []
    assert devices_of(Sample({"/proc/net/dev": "denied"}), gaps) == {}
    assert [gap.path for gap in gaps] == ["/proc/net/dev"]
