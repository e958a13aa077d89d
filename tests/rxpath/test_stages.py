"""The receive path's data is complete, ordered, and charges each counter once."""

from __future__ import annotations

from collections import Counter

import pytest

from netrx_tune.model.kernel import KernelVersion
from netrx_tune.model.stage import Stage
from netrx_tune.rxpath.stages import LAYERS, STAGES, exists, stage

PATH = """
nic-wire-error nic-ring-overflow nic-host-shaping nic-alloc-fail xdp-native-drop
softirq-squeeze gro-cells-overflow veth-ring-overflow cpu-backlog-overflow rps-flow-limit
backlog-dev-down xdp-generic-drop packet-tap-drop tc-ingress-drop nf-ingress-drop
pfmemalloc-drop rx-nohandler l2-unhandled-proto ip-otherhost ip-header-invalid ip-truncated
ip-internal-discard nf-prerouting-drop conntrack-table-full conntrack-insert-fail
conntrack-invalid defrag-memory defrag-timeout defrag-overlap route-no-route route-not-local
route-rpfilter route-martian mcast-not-joined l2-mcast-unicast ip-options nf-input-drop
proto-unknown xfrm-policy udp-short udp-csum-early udp-v6-zero-csum udp-mcast-nolistener
udp-no-port udp-gso-segment-fail udp-xfrm-policy udp-encap udplite-coverage udp-sk-filter
udp-rcvbuf-full udp-backlog-full udp-proto-mem udp-mcast-clone-fail udp-csum-late
udp-copy-fault udp-truncated-read udp-closed-unread tcp-listen-overflow tcp-syn-queue-full
tcp-backlog-full tcp-rcvbuf-full tcp-ofo-pruned tcp-zero-window tcp-memory
device-unattributed ip-unattributed udp-unattributed
"""

# One packet moves both: the second is charged, the first only named.
DOUBLE_COUNTED = [
    ("cpu-backlog-overflow", "rx_dropped"),
    ("rps-flow-limit", "softnet.dropped"),
    ("rps-flow-limit", "rx_dropped"),
    ("udp-rcvbuf-full", "Udp.InErrors"),
    ("udp-rcvbuf-full", "Udp6.InErrors"),
    ("udp-csum-early", "UdpLite.InErrors"),
    ("udp-proto-mem", "Udp.InErrors"),
    ("ip-header-invalid", "IpExt.InCsumErrors"),
    ("defrag-timeout", "Ip.ReasmFails"),
    ("defrag-overlap", "Ip.ReasmFails"),
    ("route-rpfilter", "rt_cache.in_martian_src"),
    ("conntrack-insert-fail", "nf_conntrack.drop"),
    ("conntrack-insert-fail", "nf_conntrack.chainlength"),
    ("tcp-listen-overflow", "TcpExt.ListenDrops"),
    ("nic-ring-overflow", "rx_fifo_errors"),
]


def test_the_path_has_every_stage_in_its_order() -> None:
    assert [one.name for one in STAGES] == PATH.split()


def test_orders_rise_so_that_no_two_stages_share_a_place() -> None:
    orders = [one.order for one in STAGES]
    assert orders == sorted(set(orders))


def test_layers_follow_each_other_without_mixing() -> None:
    places = [LAYERS.index(one.layer) for one in STAGES]
    assert places == sorted(places)


def test_no_counter_is_charged_by_two_stages() -> None:
    charged = Counter(name for one in STAGES for name in one.counters)
    assert [name for name, times in charged.items() if times > 1] == []


@pytest.mark.parametrize(("name", "counter"), DOUBLE_COUNTED)
def test_a_counter_that_moves_as_well_is_named_but_not_charged(name: str, counter: str) -> None:
    assert counter in stage(name).also
    assert counter not in stage(name).counters


@pytest.mark.parametrize("one", STAGES, ids=lambda one: one.name)
def test_a_stage_says_what_a_reader_needs(one: Stage) -> None:
    here = stage(one.name)
    assert here is one
    assert not set(here.counters) & set(here.also)
    assert here.title
    assert len(here.title) <= 52
    assert here.what.endswith(".")
    assert here.remedy.endswith(".")
    assert here.wrong_when.endswith(".")
    assert here.counters or here.blind, "a stage without a counter says how blind it is"
    assert ".c" in here.function or ".h" in here.function or here.layer == "device"


def test_every_udp_loss_but_strays_is_named_as_part_of_in_errors() -> None:
    outside = {"udp-mcast-nolistener", "udp-no-port", "udp-encap", "udp-truncated-read"}
    outside |= {"udp-closed-unread"}
    for one in STAGES:
        if one.layer == "udp" and one.name not in outside:
            assert any(name.endswith(".InErrors") for name in one.also), one.name


def test_kinds_are_those_of_the_report() -> None:
    kinds = {one.name: one.kind for one in STAGES}
    assert kinds["softirq-squeeze"] == "pressure"
    assert kinds["packet-tap-drop"] == "copy"
    strays = {"ip-otherhost", "rx-nohandler", "udp-mcast-nolistener"}
    assert {kinds[name] for name in strays} == {"stray"}
    policy = {name for name, kind in kinds.items() if kind == "policy"}
    assert policy >= {
        "xdp-native-drop",
        "xdp-generic-drop",
        "tc-ingress-drop",
        "nf-ingress-drop",
        "nf-prerouting-drop",
        "nf-input-drop",
        "udp-sk-filter",
        "xfrm-policy",
        "udp-xfrm-policy",
    }


@pytest.mark.parametrize(
    ("name", "kernel", "want"),
    [
        ("udp-backlog-full", KernelVersion(3, 13), True),
        ("udp-backlog-full", KernelVersion(4, 9, 300), True),
        ("udp-backlog-full", KernelVersion(4, 10), False),
        ("rps-flow-limit", KernelVersion(3, 10), False),
        ("rps-flow-limit", KernelVersion(3, 13), True),
        ("udplite-coverage", KernelVersion(7, 3, 4), False),
        ("xdp-generic-drop", None, True),
    ],
)
def test_a_stage_exists_between_its_versions(
    name: str, kernel: KernelVersion | None, want: bool
) -> None:
    assert exists(stage(name), kernel) is want
