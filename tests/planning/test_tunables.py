"""The table of tunables is complete, and says whose a knob is on each kernel."""

from __future__ import annotations

import pytest

from netrx_tune.collectors.paths import SYSCTL_FILES
from netrx_tune.collectors.sysctl import name_of
from netrx_tune.model.kernel import KernelVersion as V
from netrx_tune.planning.tunables import TUNABLES, exists, scope, tunable, visibility
from netrx_tune.planning.tunables.tunable import Tunable
from netrx_tune.rxpath.stages import STAGES

# Knobs of stages that are rules or programs: nothing to set to a number.
RULES = {
    "BPF_CGROUP_INET_INGRESS",
    "NOTRACK",
    "ip address",
    "ip route",
    "ip xfrm policy",
    "ip xfrm state",
    "nft ruleset",
    "tc filter",
    "tc qdisc",
}


def test_every_knob_of_a_stage_is_in_the_table() -> None:
    knobs = {knob for one in STAGES for knob in one.knobs}
    assert {knob for knob in knobs if tunable(knob) is None} == RULES


def test_every_setting_that_is_read_is_in_the_table() -> None:
    assert [name_of(path) for path in SYSCTL_FILES if tunable(name_of(path)) is None] == []


def test_names_are_unique() -> None:
    assert len({one.name for one in TUNABLES}) == len(TUNABLES)


@pytest.mark.parametrize("one", TUNABLES, ids=lambda one: one.name)
def test_a_tunable_says_what_a_reader_needs(one: Tunable) -> None:
    for words in (one.what, one.cost, one.trap):
        assert words.endswith(".")
    assert one.default
    assert ".c" in one.source or ".h" in one.source
    assert 0 <= one.limit_index < one.values


@pytest.mark.parametrize(
    ("name", "want"),
    [
        ("net.ipv4.conf.eth0.rp_filter", "net.ipv4.conf.IF.rp_filter"),
        ("net.ipv4.conf.eth0.100.rp_filter", "net.ipv4.conf.IF.rp_filter"),
        ("net.ipv6.conf.all.disable_ipv6", "net.ipv6.conf.IF.disable_ipv6"),
        (
            "/sys/class/net/eth0/queues/rx-12/rps_cpus",
            "/sys/class/net/DEV/queues/rx-N/rps_cpus",
        ),
        ("/sys/class/net/eth0/threaded", "/sys/class/net/DEV/threaded"),
        ("/proc/irq/33/smp_affinity_list", "/proc/irq/N/smp_affinity_list"),
        ("net.core.rmem_max", "net.core.rmem_max"),
    ],
)
def test_a_tunable_is_found_by_the_name_of_a_real_device(name: str, want: str) -> None:
    found = tunable(name)
    assert found is not None
    assert found.name == want


def test_a_name_that_is_no_tunable_is_nothing() -> None:
    assert tunable("net.core.rmem") is None
    assert tunable("net.ipv4.conf.eth0.nothing") is None


@pytest.mark.parametrize(
    ("name", "kernel", "seen", "whose"),
    [
        ("net.core.rmem_max", V(6, 1), "host", "host"),
        ("net.core.rmem_max", V(6, 12), "host-shown", "host"),
        ("net.netfilter.nf_conntrack_max", V(4, 19), "host-writable", "host"),
        ("net.ipv4.udp_rmem_min", V(6, 1), "netns", "netns"),
        ("net.ipv4.udp_mem", None, "host", "host"),
        ("SO_RCVBUF", V(6, 1), "socket", "socket"),
        ("ethtool -G", None, "device", "device"),
        ("memory.max", None, "application", "application"),
    ],
)
def test_whose_a_tunable_is(name: str, kernel: V | None, seen: str, whose: str) -> None:
    found = tunable(name)
    assert found is not None
    assert visibility(found, kernel) == seen
    assert scope(found, kernel) == whose


def test_the_limit_of_udp_memory_is_its_first_value_in_pages() -> None:
    found = tunable("net.ipv4.udp_mem")
    assert found is not None
    assert (found.unit, found.values, found.limit_index) == ("pages", 3, 0)


def test_a_tunable_exists_between_its_versions() -> None:
    threaded = tunable("/sys/class/net/DEV/threaded")
    coverage = tunable("UDPLITE_RECV_CSCOV")
    assert threaded is not None
    assert coverage is not None
    assert not exists(threaded, V(5, 11))
    assert exists(threaded, V(5, 14))
    assert exists(coverage, V(6, 19))
    assert not exists(coverage, V(7, 3, 4))
    assert exists(coverage, None)
