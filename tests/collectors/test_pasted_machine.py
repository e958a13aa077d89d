"""What machines write down is read as what commands print."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netrx_tune.collectors.assemble import assemble
from netrx_tune.collectors.pasted import parse_pasted
from netrx_tune.collectors.pasted_machine import in_words
from tests.collectors.texts import sample_of as read

LINK = {
    "ifindex": 2,
    "ifname": "eth0",
    "flags": ["BROADCAST", "UP"],
    "linkinfo": {"info_kind": "vlan"},
    "stats64": {"rx": {"packets": 900, "errors": 3, "dropped": 12, "missed_errors": 77}},
}


def test_ip_may_speak_json() -> None:
    (link,) = read(f"$ ip -j -s -d link\n{json.dumps([LINK])}\n$ uname -r\n6.1.0\n").links or ()
    assert (link.name, link.kind, link.ifindex) == ("eth0", "vlan", 2)
    assert link.statistics == {
        "rx_packets": 900,
        "rx_errors": 3,
        "rx_dropped": 12,
        "rx_missed_errors": 77,
    }


def test_ethtool_may_speak_json() -> None:
    statistics = [{"ifname": "eth0", "rx_missed_errors": 5, "rx_packets": 9}]
    rings = [{"ifname": "eth0", "rx-max": 4096, "rx": 512, "tx": 512}]
    (nic,) = read(f"{json.dumps(statistics, indent=4)}\n{json.dumps(rings)}\n").nics or ()
    assert nic.statistics == {"rx_missed_errors": 5, "rx_packets": 9}
    assert (nic.ring_rx, nic.ring_rx_max) == (512, 4096)


def test_metrics_of_devices_and_tracking_are_read() -> None:
    sample = read(
        'node_network_receive_packets_total{device="eth0"} 1.42162505e+08\n'
        'node_network_receive_drop_total{instance="a:9100",device="eth0",job="node"} 890437\n'
        "node_nf_conntrack_entries 99\nnode_nf_conntrack_entries_limit 100\n"
        "node_nf_conntrack_stat_drop 5\n"
    )
    assert sample.links is not None
    assert sample.links[0].statistics == {
        "rx_packets": 142_162_505,
        "rx_dropped_or_missed": 890_437,
    }
    text = "\n".join(sample.files.values())
    assert "net.netfilter.nf_conntrack_count = 99" in text
    assert "drop=5" in text


@pytest.mark.parametrize("squeezed", ["", 'node_softnet_times_squeezed_total{cpu="3"} 7\n'])
def test_metrics_of_backlogs_are_rows_where_they_are_whole(squeezed: str) -> None:
    sample = read(
        'node_softnet_processed_total{cpu="3"} 4096\nnode_softnet_dropped_total{cpu="3"} 16\n'
        f"{squeezed}node_nf_conntrack_entries 99\n"
    )
    row = "00001000 00000010 00000007 " + " ".join(["00000000"] * 9) + " 00000003\n"
    assert sample.files.get("/proc/net/softnet_stat") == (row if squeezed else None)


@pytest.mark.parametrize(
    "row",
    [
        {"ifname": "eth0\nlo: x", "rx_missed_errors": 5},
        {"ifname": "eth0", "rx\nrx_missed_errors": 5},
        {"ifname": "eth0", "stats64": []},
        {"ifname": "eth0", "stats64": {"rx": {"packets": -1}}},
        {"rx_missed_errors": 5},
    ],
)
def test_a_row_of_no_device_is_left(row: dict[str, object]) -> None:
    sample = parse_pasted(f"{json.dumps([row])}\n")
    assert sample is None or not (sample.links or (sample.nics and sample.nics[0].statistics))


def test_a_list_that_never_ends_is_given_up() -> None:
    text = '[{"a":\n' * 20_000
    assert in_words(text) == text


@given(st.text())
def test_any_text_is_read_or_left(text: str) -> None:
    in_words(text)
    in_words(f"[{{{text}")


def test_what_nobody_showed_of_backlogs_is_not_zero() -> None:
    sample = read(
        'node_softnet_processed_total{cpu="0"} 4096\nnode_softnet_dropped_total{cpu="0"} 16\n'
        'node_softnet_times_squeezed_total{cpu="0"} 7\n'
    )
    (row,) = assemble(sample).softnet or ()
    assert (row.processed, row.dropped, row.time_squeeze) == (4096, 16, 7)
    assert row.flow_limit_count is None


def test_a_scripts_table_of_softnet_stat_is_read() -> None:
    sample = read(
        "cpu      total    dropped   squeezed  collision        rps flow_limit\n"
        "  0       4096         16          7          0          3          2\n"
        "  7       4096          0          0          0          0          0\n"
    )
    rows = sample.files["/proc/net/softnet_stat"].splitlines()
    assert rows[0].split()[:3] == ["00001000", "00000010", "00000007"]
    assert rows[0].split()[9:11] == ["00000003", "00000002"]
    assert rows[1].split()[-1] == "00000007"


@pytest.mark.parametrize(
    "head",
    [
        "CPU          Processed    Dropped   Squeezed\n",
        "cpu processed dropped time_squeeze\n--- --------- ------- ------------\n",
    ],
)
@pytest.mark.parametrize("row", ["0 4096 16 7\n", "cpu0: 4096 16 7\n"])
def test_a_table_in_other_words_is_read_too(head: str, row: str) -> None:
    words = read(f"{head}{row}").files["/proc/net/softnet_stat"].split()
    assert words[:3] == ["00001000", "00000010", "00000007"]


def test_of_several_tables_of_a_script_the_last_counts() -> None:
    head = "cpu      total    dropped   squeezed\n"
    sample = read(f"{head} 0 4096 16 7\nlater\n{head} 0 5000 17 7\n")
    assert sample.files["/proc/net/softnet_stat"].split()[:2] == ["00001388", "00000011"]
