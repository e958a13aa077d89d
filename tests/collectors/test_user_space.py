"""Counters of DPDK and Open vSwitch are none of the kernel's."""

from __future__ import annotations

import pytest

from netrx_tune.collectors.pasted import parse_pasted
from netrx_tune.collectors.refused import why_unread
from netrx_tune.collectors.user_space import kernels_own
from netrx_tune.model.sample import Gap

XSTATS = (
    "testpmd> show port xstats 0\n"
    "###### NIC extended statistics for port 0\n"
    "rx_good_packets: 317771192\n"
    "rx_missed_errors: 746308\n"
    "rx_mbuf_allocation_errors: 5\n"
    "rx_q0_errors: 5\n"
)
TABLE = (
    "trex>stats -x --port 0\n"
    "rx_good_packets                |               2\n"
    "rx_missed_errors               |       101337174\n"
)
PORTS = (
    "# ovs-dpctl -s show\n"
    "system@ovs-system:\n"
    "  lookups: hit:99202 missed:37594 lost:1\n"
    "  masks: hit:231423 total:4 hit/pkt:1.69\n"
    "  port 0: ovs-system (internal)\n"
    "    RX packets:0 errors:0 dropped:0 overruns:0 frame:0\n"
    "    TX packets:0 errors:0 dropped:0 aborted:0 carrier:0\n"
    "    collisions:0\n"
    "    RX bytes:0  TX bytes:0\n"
    "  port 2: ens4\n"
    "    RX packets:136796 errors:0 dropped:1920 overruns:0 frame:0\n"
)


@pytest.mark.parametrize(
    ("text", "whose"),
    [
        (XSTATS, "DPDK's statistics"),
        (TABLE, "DPDK's statistics"),
        ("  RX-missed: 0\n  RX-nombuf:  0\n", "DPDK's statistics"),
        (PORTS, "Open vSwitch's statistics"),
        ("statistics          : {rx_dropped=0, rx_errors=0}\n", "Open vSwitch's statistics"),
        ("  port bond0: rx pkts=5, drop=2\nOFPST_PORT reply\n", "Open vSwitch's statistics"),
        ("capture.kernel_drops | Total | 37214768\n", "a capture program"),
        ("1192059 packets dropped by kernel\n", "a capture program"),
        ("Tot Packets : 3321005\nTot Pkt Lost       : 41233\n", "a capture program"),
        ("worker-1: 1361132751.3 recvd=903846 dropped=12034 link=915880\n", "a capture program"),
        (
            'container_network_receive_packets_dropped_total{id="/"} 15464\n',
            "node_network_receive_",
        ),
        ("IF-MIB::ifInDiscards.2 = Counter32: 1234\n", "ip -s -s link"),
        ("$ awk '{print $1,$5}' /proc/net/dev\neth0: 6211334\n", "awk"),
    ],
)
def test_a_text_of_them_alone_is_refused_with_whose_it_is(text: str, whose: str) -> None:
    assert parse_pasted(text) is None
    assert whose in (why_unread(text) or "")


@pytest.mark.parametrize("text", [XSTATS, PORTS, "capture.kernel_drops | Total | 37214768\n"])
def test_a_kernels_card_beside_them_is_read_and_what_was_left_out_is_a_gap(text: str) -> None:
    sample = parse_pasted(f"{text}\n# ethtool -S eth1\nNIC statistics:\n  rx_missed_errors: 7\n")
    assert sample is not None
    assert [(nic.device, dict(nic.statistics)) for nic in sample.nics or ()] == [
        ("eth1", {"rx_missed_errors": 7})
    ]
    assert [
        gap.why for gap in sample.gaps if gap.path.endswith(("statistics", "program's counters"))
    ]


@pytest.mark.parametrize(
    "text",
    [
        "NIC statistics:\n  port_rx_good_bytes: 95386\n  port_rx_nodesc_drops: 109876\n",
        "eth0\n    RX packets:136796 errors:0 dropped:1920 overruns:0 frame:0\n",
    ],
)
def test_names_that_only_look_like_theirs_stay(text: str) -> None:
    gaps: list[Gap] = []
    assert (kernels_own(text, gaps), gaps) == (text, [])
