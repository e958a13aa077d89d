"""What changed between two snapshots: what may be subtracted, and which verdicts turned."""

from __future__ import annotations

from typing import Any

import pytest

from netrx_tune.collectors.boot_id import hashed_boot
from netrx_tune.model.errors import NotEnoughData
from netrx_tune.model.sample import Sample
from netrx_tune.planning.diagnosis import measure
from netrx_tune.planning.difference import Difference, Side, compare, is_worse, side
from tests.scenario import samples

BOOT_ID = "/proc/sys/kernel/random/boot_id"
UDP = {"InDatagrams": 0, "NoPorts": 0, "InErrors": 0, "RcvbufErrors": 0, "InCsumErrors": 0,
       "IgnoredMulti": 0, "MemErrors": 0}  # fmt: skip


def host(
    lost: int = 0,
    read: int = 1000,
    *,
    up: float = 1000.0,
    boot: str = "one",
    files: dict[str, str] | None = None,
    settings: dict[str, int] | None = None,
    since: int | None = 0,
) -> dict[str, Any]:
    """Return a scenario in which a window of 5 s lost so many datagrams."""

    def udp(sign: int) -> dict[str, int]:
        counts = {**UDP, "InDatagrams": sign * read, "InErrors": sign * lost}
        counts["RcvbufErrors"] = sign * lost
        ip = {"InReceives": sign * (read + lost), "InDelivers": sign * (read + lost)}
        with_ip = {f"Udp.{name}": (since or 0) + value for name, value in counts.items()}
        return with_ip | {f"Ip.{name}": value for name, value in ip.items()}

    case: dict[str, Any] = {
        "kernel": "6.12.0",
        "uptime": up,
        "settings": {"net.core.rmem_max": 212_992, **(settings or {})},
        "files": {BOOT_ID: f"{boot}\n", **(files or {})},
        "sockets": [],
        "after": {"counters": udp(1)},
    }
    if since is not None:
        case["before"] = {"counters": udp(0)}
    return case


def difference(a: dict[str, Any], b: dict[str, Any]) -> Difference:
    return compare(_side(a), _side(b))


def _side(case: dict[str, Any]) -> Side:
    *earlier, last = samples(case)
    before: Sample | None = earlier[0] if earlier else None
    return side("input", measure(before, last, live=False, netns=None))


def turns(found: Difference) -> list[tuple[str, str]]:
    return [(one.turn, one.finding.rule) for one in found.findings]


def test_a_cured_loss_is_gone_and_a_new_one_is_new() -> None:
    found = difference(host(lost=200), host(lost=0, up=2000))
    assert ("gone", "socket-buffer-full") in turns(found)
    assert not is_worse(found, "note")
    found = difference(host(lost=0), host(lost=200, up=2000))
    assert ("new", "socket-buffer-full") in turns(found)
    assert is_worse(found, "critical")


@pytest.mark.parametrize(
    ("a", "b", "turn", "worse"),
    [
        (200, 200, "same", False),
        (200, 500, "worse", True),
        (500, 200, "better", False),
        (5, 200, "worse", True),  # a warning became critical
        (200, 5, "better", False),
    ],
)
def test_a_verdict_turns_by_severity_and_share(a: int, b: int, turn: str, worse: bool) -> None:
    found = difference(host(lost=a), host(lost=b, up=2000))
    assert (turn, "socket-buffer-full") in turns(found)
    assert is_worse(found, "warning") is worse


def test_windows_of_unlike_traffic_are_compared_by_share_and_rate() -> None:
    found = difference(host(lost=100, read=900), host(lost=50, read=450, up=2000))
    (stage,) = found.stages
    assert (stage.stage, stage.a.share, stage.b.share) == ("udp-rcvbuf-full", 0.1, 0.1)
    assert (stage.a.per_second, stage.b.per_second) == (20.0, 10.0)
    rates = {rate.counter: (rate.a_per_second, rate.b_per_second) for rate in found.rates}
    assert rates["Udp.RcvbufErrors"] == (20.0, 10.0)
    assert ("same", "socket-buffer-full") in turns(found)


def test_what_is_gone_with_the_traffic_is_said_to_be_idle() -> None:
    found = difference(host(lost=100), host(lost=0, read=10, up=2000))
    assert any("may only be idle" in note for note in found.notes)


def test_a_finding_that_b_cannot_judge_is_not_gone() -> None:
    b = host(up=2000)
    b["after"]["counters"] = {"Ip.InReceives": 5}
    b["before"]["counters"] = {"Ip.InReceives": 0}
    del b["sockets"]
    found = difference(host(lost=200), b)
    assert ("unjudged", "socket-buffer-full") in turns(found)


def test_two_totals_of_one_boot_are_an_interval() -> None:
    a, b = host(lost=500, since=None), host(lost=700, read=1300, up=1100, since=None)
    found = difference(a, b)
    assert found.kinship.kin == "same-boot"
    assert found.meanwhile is not None
    assert found.meanwhile.delta.seconds == 100.0
    assert found.meanwhile.diagnosis.ledger.lost == 200
    growth = {one.counter: (one.before, one.after) for one in found.meanwhile.growth}
    assert growth["Udp.RcvbufErrors"] == (500, 700)
    assert is_worse(found, "critical")
    found = difference(a, host(lost=500, read=1300, up=1100, since=None))
    assert not is_worse(found, "warning")


def test_a_reboot_is_said_and_nothing_is_subtracted() -> None:
    a = host(lost=500, since=None, files={"/etc/hostname": "web7\n"})
    b = host(lost=4, up=10, since=None, boot="two", files={"/etc/hostname": "web7\n"})
    found = difference(a, b)
    assert found.kinship.kin == "rebooted"
    assert found.meanwhile is None
    assert any("rebooted" in note for note in found.notes)


def test_counters_that_fell_within_one_boot_are_named() -> None:
    a = host(lost=500, since=None)
    found = difference(a, host(lost=4, up=1100, since=None))
    assert found.meanwhile is not None
    assert "Udp.RcvbufErrors" in found.meanwhile.delta.restarted
    assert any("fell" in note for note in found.notes)


@pytest.mark.parametrize(
    ("files_a", "files_b"),
    [
        ({"/etc/hostname": "web7\n"}, {"/etc/hostname": "web8\n"}),
        ({"/etc/machine-id": f"{7:032x}\n"[::-1]}, {"/etc/machine-id": f"{8:032x}\n"[::-1]}),
        # Both were up at 100,000: two boots of one host cannot overlap.
        ({"/netrx/clock": "realtime 100000.0\n"}, {"/netrx/clock": "realtime 100900.0\n"}),
    ],
)
def test_two_hosts_are_told_apart(files_a: dict[str, str], files_b: dict[str, str]) -> None:
    a, b = host(lost=500, files=files_a), host(lost=4, up=5000, boot="two", files=files_b)
    a["after"].update(files_a)
    found = difference(a, b)
    assert found.kinship.kin == "other-host"
    assert found.meanwhile is None
    assert ("better", "socket-buffer-full") in turns(found)


def test_another_boot_without_a_name_may_be_either() -> None:
    found = difference(host(), host(boot="two", up=10))
    assert found.kinship.kin == "unknown"
    assert "or these are two hosts" in found.notes[0]


def test_a_boot_id_as_a_snapshot_keeps_it_is_that_of_the_live_host() -> None:
    found = difference(host(boot=hashed_boot("one")), host(boot="one", up=2000))
    assert found.kinship.kin == "same-boot"
    assert found.meanwhile is not None


def test_a_redacted_name_is_no_other_host() -> None:
    clock = {"/netrx/clock": "realtime 101005.0\n"}
    later = {"/netrx/clock": "realtime 102005.0\n"}
    a = _side(host(lost=5, since=None, files=clock))
    b = _side(host(lost=9, since=None, up=2000, boot="two", files=later))
    found = compare(a, b._replace(is_redacted=True))
    assert found.kinship.kin == "same-boot"
    assert found.meanwhile is not None
    assert found.meanwhile.diagnosis.ledger.lost == 4
    assert compare(a, b).kinship.kin == "other-host"


def test_a_shorter_uptime_without_a_boot_id_may_be_the_wrong_order() -> None:
    a, b = host(up=2000), host(up=1000)
    for case in (a, b):
        del case["files"][BOOT_ID]
    found = difference(a, b)
    assert found.kinship.kin == "unknown"
    assert "or B is the earlier one" in found.kinship.why


def test_totals_have_no_rate_to_compare() -> None:
    found = difference(host(lost=500, since=None), host(lost=50, up=2000))
    (stage,) = found.stages
    assert (stage.a.per_second, stage.b.per_second) == (None, 10.0)
    assert found.rates == ()


def test_the_later_one_first_is_said() -> None:
    found = difference(host(up=2000), host(up=1000))
    assert found.meanwhile is None
    assert "A was taken after B: give the earlier one first" in found.notes[0]


def test_a_setting_is_told_with_the_file_that_gives_it() -> None:
    conf = {"/etc/sysctl.d/90-netrx-tune.conf": "# why\nnet.core.rmem_max = 8388608\n"}
    b = host(up=2000, settings={"net.core.rmem_max": 8_388_608}, files=conf)
    (change,) = difference(host(), b).settings
    assert change == (
        "net.core.rmem_max", "212992", "8388608", "/etc/sysctl.d/90-netrx-tune.conf:2", None,
    )  # fmt: skip
    conf = {"/etc/sysctl.d/99.conf": "net.core.rmem_max = 212992\n"}
    b = host(up=2000, settings={"net.core.rmem_max": 8_388_608}, files=conf)
    (change,) = difference(host(), b).settings
    assert (change.file, change.at_boot) == (None, "212992 (/etc/sysctl.d/99.conf:1)")


def test_what_the_kernel_says_of_itself_is_no_setting() -> None:
    a = host(settings={"fs.file-nr": 874, "kernel.ns_last_pid": 7, "net.core.rmem_max": 1})
    b = host(up=2000, settings={"fs.file-nr": 880, "kernel.ns_last_pid": 9, "net.core.rmem_max": 2})
    assert [change.name for change in difference(a, b).settings] == ["net.core.rmem_max"]


def test_a_setting_that_one_lacks_is_not_a_value() -> None:
    (change,) = difference(host(settings={"net.core.busy_poll": 50}), host(up=2000)).settings
    assert (change.name, change.a, change.b) == ("net.core.busy_poll", "50", None)


def test_devices_and_sockets_are_settings_too() -> None:
    a, b = host(), host(up=2000)
    nic = {"driver": "ena", "ring_rx": 512}
    a |= {"links": {"eth0": {"rx_packets": 1}}, "nics": {"eth0": nic}}
    b |= {"links": {"eth0": {"rx_packets": 1}}, "nics": {"eth0": {**nic, "ring_rx": 4096}}}
    a["sockets"] = [{"local": "0.0.0.0:514", "rcvbuf_bytes": 212_992, "drops": 3}]
    b["sockets"] = [{"local": "0.0.0.0:514", "rcvbuf_bytes": 8_388_608, "drops": 3}]
    changes = {one.name: (one.a, one.b) for one in difference(a, b).settings}
    assert changes == {
        "eth0 receive ring": ("512", "4096"),
        "udp 0.0.0.0:514 receive buffer": ("212992", "8388608"),
    }


def test_a_tree_without_counters_and_settings_is_refused() -> None:
    with pytest.raises(NotEnoughData, match="a: neither a counter nor a setting"):
        side("a", measure(None, Sample({"/proc/uptime": "5.0 1.0\n"}), live=False, netns=None))
