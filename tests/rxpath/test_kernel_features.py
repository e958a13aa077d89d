"""Kernel differences that no file shows, at both sides of each boundary."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from netrx_tune.model.kernel import KernelVersion as V
from netrx_tune.rxpath import kernel_features as features

EL7_3 = "3.10.0-514.el7.x86_64"
EL7_9 = "3.10.0-1160.99.1.el7.x86_64"


@pytest.mark.parametrize(
    ("kernel", "has_column", "want"),
    [
        (V(5, 10), False, "in-errors"),
        (V(5, 11), True, "mem-errors"),
        (V(6, 17), True, "mem-errors"),
        (V(6, 18), True, "socket-drops-only"),
        (V(6, 19, 10), True, "socket-drops-only"),
        (V(7, 3, 4), True, "mem-errors"),
        (V(5, 4), True, "mem-errors"),  # backported: the file decides
        (V(6, 1), False, "in-errors"),
        (None, True, "mem-errors"),
    ],
)
def test_refused_memory_shows_where_the_file_and_then_the_version_say(
    kernel: V | None, has_column: bool, want: str
) -> None:
    assert features.memory_refusals(kernel, has_column) == want


@pytest.mark.parametrize(
    ("kernel", "release", "want"),
    [
        (V(3, 10, 4), "3.10.4", False),
        (V(3, 13), "3.13.0-24-generic", False),
        (V(3, 14, 65), "", False),
        (V(3, 16), "", True),
        (V(3, 10), EL7_3, False),
        (V(3, 10), EL7_9, True),
        (None, "", True),
    ],
)
def test_old_kernels_lose_to_full_buffers_without_saying_so(
    kernel: V | None, release: str, want: bool
) -> None:
    assert features.rcvqueue_full_counts_rcvbuf_errors(kernel, release) is want


@pytest.mark.parametrize(
    ("kernel", "release", "want"),
    [
        (V(4, 9), "", True),
        (V(4, 10), "", False),
        (V(3, 10), EL7_3, True),
        (V(3, 10), EL7_9, False),
        (None, "", False),
    ],
)
def test_the_udp_backlog_went_away(kernel: V | None, release: str, want: bool) -> None:
    assert features.has_udp_backlog(kernel, release) is want


def test_late_el7_counts_filtered_datagrams_on_the_socket() -> None:
    assert features.filter_counts_socket_drops(V(3, 10), EL7_9)
    assert not features.filter_counts_socket_drops(V(3, 10), EL7_3)


@pytest.mark.parametrize(
    ("question", "last_false", "first_true"),
    [
        (features.filter_counts_socket_drops, V(4, 4), V(4, 9)),
        (features.clash_insert_failed_is_loss, V(5, 4), V(5, 10)),
        (features.clash_is_in_drop, V(4, 4), V(4, 9)),
        (features.reasm_overlap_in_fails, V(4, 19), V(5, 4)),
        (features.not_local_counted, V(3, 13), V(3, 14)),
        (features.refused_forwards_are_forwarded, V(6, 6), V(6, 7)),
    ],
)
def test_what_began_with_a_kernel(
    question: Callable[[V | None], bool], last_false: V, first_true: V
) -> None:
    assert question(last_false) is False
    assert question(first_true) is True
    assert question(None) is True


@pytest.mark.parametrize(
    ("question", "last_true", "first_false"),
    [
        (features.softnet_counts_dev_down, V(6, 9), V(6, 10)),
        (features.reasm_eviction_without_timeout, V(4, 4), V(4, 14)),
        (features.clash_insert_failed_is_loss, V(4, 4), V(4, 9)),
    ],
)
def test_what_ended_with_a_kernel(
    question: Callable[[V | None], bool], last_true: V, first_false: V
) -> None:
    assert question(last_true) is True
    assert question(first_false) is False


def test_defaults_changed_once_each() -> None:
    assert features.somaxconn_default(V(5, 3)) == 128
    assert features.somaxconn_default(V(5, 4)) == 4096
    assert features.rmem_max_default(V(6, 17)) == 212992
    assert features.rmem_max_default(V(6, 18)) == 4194304
    assert features.rmem_max_default(None) == 212992


@pytest.mark.parametrize(
    ("name", "kernel", "want"),
    [
        ("net.core.rmem_max", V(6, 10), "host"),
        ("net.core.rmem_max", V(6, 12), "host-shown"),
        ("net.core.rmem_max", None, "host-shown"),
        ("net.core.netdev_max_backlog", V(6, 18), "host"),
        ("net.core.somaxconn", V(3, 10), "netns"),
        ("net.ipv4.udp_mem", V(6, 18), "host"),
        ("net.ipv4.udp_rmem_min", V(4, 15), "host"),
        ("net.ipv4.udp_rmem_min", V(4, 19), "netns"),
        ("net.ipv4.tcp_rmem", V(4, 14), "host"),
        ("net.ipv4.tcp_rmem", V(4, 15), "netns"),
        ("net.ipv4.ipfrag_high_thresh", V(3, 10), "netns"),
        ("net.ipv4.conf.eth0.rp_filter", V(3, 10), "netns"),
        ("net.netfilter.nf_conntrack_max", V(5, 3), "host-writable"),
        ("net.netfilter.nf_conntrack_max", V(5, 4), "host-shown"),
        ("net.core.optmem_max", V(6, 6), "host"),
        ("net.core.optmem_max", V(6, 8), "netns"),
        ("vm.min_free_kbytes", V(6, 1), "host"),
    ],
)
def test_a_sysctl_belongs_to_the_host_or_to_a_namespace(
    name: str, kernel: V | None, want: str
) -> None:
    assert features.sysctl_scope(name, kernel) == want
