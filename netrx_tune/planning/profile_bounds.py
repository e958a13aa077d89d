"""What the kernel takes for a sysctl: the smallest and the largest number of each.

A number outside is refused by the kernel with EINVAL, or worse, taken and wrapped. Where
kernels differ, the bounds are those that all of them take.
"""

from __future__ import annotations

from typing import NamedTuple

from netrx_tune.planning.tunables.tunable import Tunable
from netrx_tune.rxpath.queue_needs import BUCKET_BYTES

_INT_MAX = 2**31 - 1
_LONG_MAX = 2**63 - 1
# Kernel: proc_dointvec_jiffies() in kernel/sysctl.c refuses what overflows at HZ = 1000.
_MOST_SECONDS = _INT_MAX // 1000


class Bounds(NamedTuple):
    """The least and the most, both allowed."""

    least: int
    most: int


# Kernel: SOCK_MIN_RCVBUF and SOCK_MIN_SNDBUF in include/net/sock.h (2304 and 4608 on x86-64);
# net/core/sysctl_net_core.c, net/ipv4/sysctl_net_ipv4.c, net/ipv4/ip_fragment.c,
# net/netfilter/nf_conntrack_standalone.c; read in 3.10 to 6.19.
_BOUNDS: dict[str, Bounds] = {
    "net.core.rmem_max": Bounds(2304, _INT_MAX),
    "net.core.rmem_default": Bounds(2304, _INT_MAX),
    "net.core.wmem_max": Bounds(4608, _INT_MAX),
    "net.core.wmem_default": Bounds(4608, _INT_MAX),
    "net.core.mem_pcpu_rsv": Bounds(256, _INT_MAX),
    "net.core.dev_weight": Bounds(1, _INT_MAX),
    "net.core.dev_weight_rx_bias": Bounds(1, _INT_MAX),
    "net.core.gro_normal_batch": Bounds(1, _INT_MAX),
    "net.core.max_skb_frags": Bounds(1, 45),  # CONFIG_MAX_SKB_FRAGS
    "net.core.flow_limit_table_len": Bounds(1, _INT_MAX),
    "net.core.rps_sock_flow_entries": Bounds(0, 1 << 29),
    "net.ipv4.udp_mem": Bounds(0, _LONG_MAX),
    "net.ipv4.tcp_mem": Bounds(0, _LONG_MAX),
    "net.ipv4.udp_rmem_min": Bounds(1, _INT_MAX),
    "net.ipv4.tcp_rmem": Bounds(1, _INT_MAX),
    "net.ipv4.tcp_wmem": Bounds(1, _INT_MAX),
    "net.ipv4.tcp_syncookies": Bounds(0, 2),
    "net.ipv4.tcp_adv_win_scale": Bounds(0, 31),
    "net.ipv4.udp_child_hash_entries": Bounds(0, 1 << 16),
    "net.ipv4.conf.IF.rp_filter": Bounds(0, 2),
    "net.netfilter.nf_conntrack_buckets": Bounds(1, _INT_MAX),
    "net.netfilter.nf_conntrack_log_invalid": Bounds(0, 255),
    # An int of bytes up to 4.16, a long since: what both take.
    "net.ipv4.ipfrag_high_thresh": Bounds(1, _INT_MAX),
    "net.ipv6.ip6frag_high_thresh": Bounds(1, _INT_MAX),
    "net.netfilter.nf_conntrack_frag6_high_thresh": Bounds(1, _INT_MAX),
}


def bounds_of(one: Tunable) -> Bounds:
    """Return what every number of a sysctl must be within."""
    known = _BOUNDS.get(one.name)
    if known is not None:
        return known
    if one.unit == "flag":
        return Bounds(0, 1)
    return Bounds(0, _MOST_SECONDS if one.unit == "seconds" else _INT_MAX)


def complaint(one: Tunable, values: tuple[int, ...], memory_units: int | None) -> str | None:
    """Return what is wrong with a sysctl's numbers, in its own unit; None if nothing is.

    `memory_units` is the host's memory in that unit, None if unknown or no memory.
    """
    if len(values) != one.values:
        many = "numbers" if one.values > 1 else "number"
        return f"expected {one.values} {many} ({one.unit}), not {len(values)}"
    least, most = bounds_of(one)
    if not all(least <= value <= most for value in values):
        return f"expected {one.unit} from {least} to {most}"
    if list(values) != sorted(values):
        return "expected numbers that do not fall"
    if memory_units is not None and max(values) > memory_units:
        return f"more than this host's memory of {memory_units} {one.unit}"
    if one.name == "net.core.flow_limit_table_len" and values[0] & (values[0] - 1):
        return "expected a power of two"
    return None


def as_kept(key: str, values: tuple[int, ...], page_bytes: int) -> tuple[int, ...]:
    """Return the numbers that a key has once these are written: tables have certain sizes.

    Kernel: rps_sock_flow_sysctl() in net/core/sysctl_net_core.c, a power of two;
    nf_ct_alloc_hashtable() in net/netfilter/nf_conntrack_core.c, pages of list heads.
    """
    if key == "net.core.rps_sock_flow_entries":
        return tuple(value and 1 << (value - 1).bit_length() for value in values)
    if key == "net.netfilter.nf_conntrack_buckets":
        each = page_bytes // BUCKET_BYTES
        return tuple(-(-value // each) * each for value in values)
    return values
