"""Advice that was followed and is judged again by the same counters asks for nothing more."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netrx_tune.cli.inputs import Place, delta_of
from netrx_tune.model.finding import Finding, Recommendation
from netrx_tune.model.kernel import KernelVersion, parse_release
from netrx_tune.model.snapshot import Delta, Snapshot
from netrx_tune.planning.diagnosis import conclude, measure
from netrx_tune.planning.plan_values import Host as Room
from netrx_tune.planning.plan_values import bytes_each, is_limit, values_of
from netrx_tune.planning.tunables import tunable
from netrx_tune.rules import run_rules
from netrx_tune.rules.buffers import ceiling, limit_of
from netrx_tune.rules.rule import Facts
from netrx_tune.rxpath.books.udp_split import has_mem_errors
from netrx_tune.rxpath.kernel_features import memory_refusals
from netrx_tune.rxpath.ledger import settle
from tests import scenario
from tests.cases import case as cases
from tests.scenario import Case

Settings = Mapping[str, tuple[int, ...]]

_KERNELS = ("3.10.0", "4.4.0", "4.19.0", "5.4.0", "5.10.0", "5.15.0", "6.1.0", "6.12.0", "6.18.0")
_COUNTERS = (
    "Ip.InReceives", "Ip.InDelivers", "Ip.InDiscards", "Ip.ReasmReqds", "Ip.ReasmFails",
    "Ip.ReasmTimeout", "Ip6.ReasmFails", "Ip6.ReasmTimeout", "IpExt.InOctets", "Ip6.InOctets",
    "TcpExt.ListenOverflows", "TcpExt.ListenDrops", "TcpExt.TCPReqQFullDrop",
    "TcpExt.TCPBacklogDrop", "TcpExt.TCPRcvQDrop", "TcpExt.TCPOFODrop",
    "TcpExt.TCPAbortOnMemory", "TcpExt.PFMemallocDrop", "Tcp.InSegs", "Tcp.PassiveOpens",
    "nf_conntrack.drop", "nf_conntrack.insert_failed", "nf_conntrack.chainlength",
)  # fmt: skip
_UDP = ("Udp.InDatagrams", "Udp.NoPorts", "Udp.InErrors", "Udp.RcvbufErrors", "Udp.InCsumErrors")
_LEVELS = ("sockstat.TCP.mem", "sockstat.UDP.mem", "sockstat.FRAG.memory", "sockstat6.FRAG6.memory")
_PLAIN = (
    "net.core.netdev_max_backlog", "net.core.somaxconn", "net.core.rmem_max",
    "net.core.rmem_default", "net.ipv4.tcp_max_syn_backlog", "net.ipv4.ipfrag_high_thresh",
    "net.ipv6.ip6frag_high_thresh", "net.netfilter.nf_conntrack_max",
    "net.netfilter.nf_conntrack_buckets", "vm.min_free_kbytes",
)  # fmt: skip
_THREE = ("net.ipv4.tcp_mem", "net.ipv4.tcp_rmem", "net.ipv4.udp_mem")
_amounts = st.sampled_from((0, 0, 1, 7, 90, 700, 5000, 60_000, 3_000_000))
_limits = st.sampled_from((16, 128, 512, 1000, 4096, 65536, 212992, 4 << 20, 64 << 20))


@st.composite
def hosts(draw: st.DrawFn) -> Case:
    """Return a case of a host that loses something somewhere, or not."""
    counters = draw(st.dictionaries(st.sampled_from(_COUNTERS), _amounts))
    kernel = draw(st.sampled_from(_KERNELS))
    named = (parse_release(kernel) or KernelVersion(0, 0)) >= KernelVersion(5, 11)
    columns = (*_UDP, "Udp.MemErrors") if named else _UDP
    counters |= {name: draw(_amounts) for name in columns}  # a kernel has all of its line
    levels = draw(st.dictionaries(st.sampled_from(_LEVELS), _amounts))
    limits: dict[str, object] = {
        **draw(st.dictionaries(st.sampled_from(_PLAIN), _limits)),
        **{
            key: " ".join(map(str, sorted(values)))
            for key, values in draw(
                st.dictionaries(st.sampled_from(_THREE), st.lists(_limits, min_size=3, max_size=3))
            ).items()
        },
    }
    if draw(st.booleans()):
        limits["net.netfilter.nf_conntrack_count"] = draw(_limits)
    refused = draw(_amounts)
    case = {
        "kernel": kernel,
        "memory": draw(st.sampled_from((64 << 20, 1 << 30, 16 << 30, 512 << 30))),
        "cpus": draw(st.sampled_from((1, 2, 64))),
        "seconds": draw(st.sampled_from((1, 5, 60, 3600))),
        "settings": limits,
        "after": {
            "counters": {**counters, **levels},
            "softnet": [[90_000, refused]],
            "links": {
                "v0": {"kind": "veth", "rx_packets": 90_000, "rx_dropped": refused},
                "x0": {"kind": "vxlan", "rx_packets": 9_000, "rx_dropped": draw(_amounts)},
            },
            "sockets": draw(st.lists(_sockets(), max_size=4)),
        },
    }
    if draw(st.booleans()):
        return case
    before = {
        "counters": {**dict.fromkeys(counters, 0), **levels},
        "softnet": [[0, 0]],
        "links": {
            "v0": {"kind": "veth", "rx_packets": 0, "rx_dropped": 0},
            "x0": {"kind": "vxlan", "rx_packets": 0, "rx_dropped": 0},
        },
        "sockets": [],
    }
    return {**case, "before": before}


@st.composite
def _sockets(draw: st.DrawFn) -> dict[str, object]:
    inode = draw(st.integers(1, 1 << 30))
    usual = {"inode": inode, "cookie": inode, "drops": draw(_amounts)}
    if draw(st.booleans()):
        limit = draw(st.sampled_from((5, 128, 511, 4096)))
        queue = draw(st.sampled_from((0, limit, limit + 1)))
        listener = {"protocol": "tcp", "accept_limit": limit, "accept_queue": queue}
        return {**usual, **listener, "local": "0.0.0.0:80", "rcvbuf_bytes": draw(_limits)}
    buffer = draw(st.sampled_from((2304, 212992, 425984, 8 << 20)))
    return {**usual, "local": "0.0.0.0:9000", "rcvbuf_bytes": buffer, "rmem_alloc_bytes": 0}


def _delta(case: Case) -> Delta:
    *earlier, after = scenario.samples(case)
    return measure(earlier[0] if earlier else None, after, live=True, netns=None)


def _proposed(
    findings: Iterable[Finding], plan: Iterable[Recommendation] = ()
) -> Iterator[tuple[str, tuple[int, ...]]]:
    """Yield each limit that a finding or the plan would set."""
    found = [item for one in findings for item in one.recommendations]
    for item in (*found, *plan):
        values = values_of(item)
        if values is not None and is_limit(item.target):
            yield item.target, values


def _after(delta: Delta, plan: Settings) -> Delta:
    """Return the same counters, counted while the plan's values were in force all the time."""

    def changed(snap: Snapshot) -> Snapshot:
        return snap._replace(settings={**snap.settings, **plan})

    before = changed(delta.before) if delta.before else None
    return delta._replace(before=before, after=changed(delta.after))


def _check(delta: Delta) -> None:
    first = conclude(delta)
    values: dict[str, tuple[int, ...]] = {}
    for key, proposed in _proposed(first.findings, first.plan):
        assert values.setdefault(key, proposed) == proposed, f"{key} has two values"
        now = delta.after.settings.get(key, ())
        assert all(new >= old for new, old in zip(proposed, now, strict=False)), f"{key} falls"
    plan = {item.target: found for item in first.plan if (found := values_of(item)) is not None}
    host = delta.after.host
    place = Room(delta.after.settings, host.memory_bytes, host.page_bytes, host.cpus or 1)
    for key, proposed in plan.items():
        assert _bytes(key, proposed, place) <= place.bound_bytes, f"{key} exceeds memory"
    named = memory_refusals(host.kernel, has_mem_errors(delta)) == "mem-errors"
    if "net.ipv4.udp_mem" in plan and not named:
        return  # there the pool's level tells its refusals from other loss: another cause
    if _forced(delta) > _forced(_after(delta, plan)):
        return  # a buffer that was forced looks asked for below a higher ceiling
    later = _after(delta, plan)
    uncut = {item.target for item in first.plan if "Bounded: " not in item.why}
    cut = _named(delta) - uncut
    free = _freed_bytes(later, plan, place)
    causes = {one.rule for one in first.findings}
    same = [one for one in conclude(later).findings if one.rule in causes]
    for key, proposed in _proposed(same):
        top = plan.get(key) or values.get(key) or delta.after.settings.get(key, ())
        if key in cut and proposed > top:
            more = _bytes(key, proposed, place) - _bytes(key, top, place)
            free_here = free + _rounded_bytes(key, proposed, place)
            assert more < free_here, f"{key} grows from {top} to {proposed}, {free} B are free"
        else:
            assert proposed <= top, f"{key} grows from {top} to {proposed}"


def _freed_bytes(later: Delta, plan: Settings, place: Room) -> int:
    """Return what the limits took whose loss looks like another's once they stand higher.

    What memory had cut may have that, as far as a later plan can tell.
    """
    named = _named(later)
    return sum(_bytes(key, values, place) for key, values in plan.items() if key not in named)


def _named(delta: Delta) -> frozenset[str]:
    """Return what rules would change, before it is made one plan."""
    findings, _ = run_rules(Facts(delta, settle(delta)))
    return frozenset(item.target for one in findings for item in one.recommendations)


def _rounded_bytes(key: str, values: tuple[int, ...], place: Room) -> int:
    """Return what is left over where memory cuts a limit: it is rounded down."""
    return bytes_each(key, place, 1) * (4096 if max(values) >= 16 * 4096 else 1)


def _bytes(key: str, values: tuple[int, ...], place: Room) -> int:
    known = tunable(key)
    return values[known.limit_index if known else 0] * bytes_each(key, place, 1)


def _forced(delta: Delta) -> int:
    """Return how many buffers no ceiling in force can have granted."""
    sockets = delta.after.sockets.sockets if delta.after.sockets else ()
    return sum(limit_of(sock, ceiling(delta)) == "forced" for sock in sockets)


@settings(max_examples=400)
@given(hosts())
def test_a_plan_that_was_followed_asks_for_nothing_more(case: Case) -> None:
    _check(_delta(case))


# Found where a limit that was met no longer took its part of the memory, or where what was
# followed changed what the same counters seemed to mean.
_FOUND: dict[str, Case] = {
    "a pool that was raised lets no window grow": {
        "memory": 16 << 30,
        "settings": {
            "net.ipv4.tcp_mem": "90000 120000 180000",
            "net.ipv4.tcp_rmem": "4096 131072 6291456",
        },
        "before": {"counters": {"TcpExt.TCPAbortOnMemory": 0, "TcpExt.TCPRcvQDrop": 0}},
        "after": {
            "counters": {
                "TcpExt.TCPAbortOnMemory": 12,
                "TcpExt.TCPRcvQDrop": 9,
                "sockstat.TCP.mem": 179990,
            }
        },
    },
    "a default beside a ceiling takes no memory of its own": {
        "memory": 64 << 20,
        "cpus": 1,
        "settings": {"net.core.rmem_default": 16},
        "before": {
            "counters": {
                "TcpExt.ListenOverflows": 0, "Udp.InErrors": 0, "Udp.RcvbufErrors": 0,
                "Udp.InDatagrams": 0,
            },
            "sockets": [],
        },
        "after": {
            "counters": {
                "TcpExt.ListenOverflows": 5_000, "Udp.InErrors": 1,
                "Udp.RcvbufErrors": 1, "Udp.InDatagrams": 1,
            },
            "sockets": [
                {"inode": 1, "cookie": 1, "drops": 1, "rcvbuf_bytes": 212992},
                {
                    "protocol": "tcp", "local": "0.0.0.0:80", "inode": 2, "cookie": 2,
                    "drops": 0, "accept_limit": 5, "accept_queue": 6,
                },
            ],
        },
    },
    "a ceiling that was raised still takes its memory": {
        "memory": 64 << 20,
        "cpus": 1,
        "settings": {"net.core.rmem_max": 4096, "net.core.somaxconn": 5},
        "before": {
            "counters": {
                "TcpExt.ListenOverflows": 0, "Udp.InErrors": 0, "Udp.RcvbufErrors": 0,
                "Udp.InDatagrams": 0,
            },
            "sockets": [],
        },
        "after": {
            "counters": {
                "TcpExt.ListenOverflows": 70_000, "Udp.InErrors": 9_000,
                "Udp.RcvbufErrors": 9_000, "Udp.InDatagrams": 9_000,
            },
            "sockets": [
                {"inode": 1, "cookie": 1, "drops": 9_000, "rcvbuf_bytes": 8192},
                {
                    "protocol": "tcp", "local": "0.0.0.0:80", "inode": 2, "cookie": 2,
                    "drops": 70_000, "accept_limit": 5, "accept_queue": 0,
                },
            ],
        },
    },
    "a buffer that stays while the pool is exhausted takes no memory": {
        "kernel": "5.15.0",
        "memory": 64 << 20,
        "cpus": 1,
        "settings": {
            "net.core.rmem_max": 65536, "net.core.netdev_max_backlog": 16,
            "net.netfilter.nf_conntrack_max": 16, "net.netfilter.nf_conntrack_count": 65536,
            "net.ipv4.udp_mem": "16 16 16",
        },
        "before": {
            "counters": {
                "Udp.InErrors": 0, "Udp.RcvbufErrors": 0, "Udp.InDatagrams": 0, "Udp.MemErrors": 0,
            },
            "softnet": [[0, 0]],
            "links": {"v0": {"kind": "veth", "rx_packets": 0, "rx_dropped": 0}},
        },
        "after": {
            "counters": {
                "Udp.InErrors": 0, "Udp.RcvbufErrors": 1, "Udp.InDatagrams": 0, "Udp.MemErrors": 1,
                "sockstat.UDP.mem": 90,
            },
            "softnet": [[90_000, 1]],
            "links": {"v0": {"kind": "veth", "rx_packets": 90_000, "rx_dropped": 1}},
        },
    },
    "a table that was full": {
        "memory": 16 << 30,
        "settings": {
            "net.netfilter.nf_conntrack_max": 262144,
            "net.netfilter.nf_conntrack_buckets": 100_003,
            "net.netfilter.nf_conntrack_count": 262144,
        },
        "before": {"counters": {"nf_conntrack.drop": 0, "nf_conntrack.insert_failed": 0}},
        "after": {"counters": {"nf_conntrack.drop": 5000, "nf_conntrack.insert_failed": 0}},
    },
}  # fmt: skip


@pytest.mark.parametrize("name", _FOUND)
def test_what_once_grew_does_not_grow(name: str) -> None:
    delta = _delta(_FOUND[name])
    assert conclude(delta).plan
    _check(delta)


@pytest.mark.parametrize(("name", "case"), list(scenario.load()))
def test_no_scenarios_plan_grows(name: str, case: Case) -> None:
    assert name
    _check(_delta(case))


@pytest.mark.parametrize(("name", "case"), [*cases.load(), *cases.load(cases.FOLDER / "kernels")])
def test_no_public_cases_plan_grows(name: str, case: Case, tmp_path: Path) -> None:
    assert name
    cases.write(case, tmp_path)
    _check(delta_of(Place(saved=str(tmp_path)), 0, quiet=True))
