"""What kernels do differently, where no file shows it; asked only after the file.

A column that is there or missing beats the version, because distributions backport. Where
the kernel is unknown (None), each function answers as a current kernel would, or with the
answer that claims less; it says which. Facts were read in the trees from 3.10 to 6.19 and
measured on 5.10, 6.1, 6.12, 6.18 and 7.3.
"""

from __future__ import annotations

from typing import Literal

from netrx_tune.model.kernel import KernelVersion

MemoryRefusals = Literal["mem-errors", "in-errors", "socket-drops-only"]
SysctlScope = Literal["host", "host-shown", "host-writable", "netns"]

V = KernelVersion  # short, for the breadth of the tables below

_EL7 = V(3, 10)
_EL7_NEW_UDP_BUILD = 1127  # 7.8; 7.4 to 7.7 (693 to 1062) were not read


def memory_refusals(kernel: KernelVersion | None, has_mem_errors: bool) -> MemoryRefusals:
    """Return where a datagram shows that was refused for want of UDP memory.

    Kernel: __udp_queue_rcv_skb() in net/ipv4/udp.c adds to InErrors up to 5.10, to MemErrors
    as well from 5.11; __udp_enqueue_schedule_skb() of 6.18 and 6.19 adds to the socket's
    drops alone; 7.3 counts both again (measured).
    """
    if not has_mem_errors:
        return "in-errors"
    if kernel is not None and V(6, 18) <= kernel < V(7, 0):
        return "socket-drops-only"
    return "mem-errors"


def rcvqueue_full_counts_rcvbuf_errors(kernel: KernelVersion | None, release: str = "") -> bool:
    """Tell whether every full receive buffer moves RcvbufErrors.

    Where it does not, RcvbufErrors = 0 proves nothing: InErrors and the socket's drops tell.
    Of el7, only builds from 1127 (7.8) are known to.

    Kernel: sk_rcvqueues_full() in include/net/sock.h and udp_queue_rcv_skb() in
    net/ipv4/udp.c: no RcvbufErrors in 3.10 to 3.14 and el7.3, RcvbufErrors from 3.16.
    """
    if kernel is None:
        return True
    if is_el7(kernel, release):
        return has_el7_new_udp(kernel, release)
    return kernel >= V(3, 16)


def filter_counts_socket_drops(kernel: KernelVersion | None, release: str = "") -> bool:
    """Tell whether a datagram that a socket filter refuses is in the socket's drops.

    Late el7 is taken to, since its queue of 4.10 has no filter inside.

    Kernel: udp_queue_rcv_skb() in net/ipv4/udp.c filters itself from 4.9; up to 4.4
    sock_queue_rcv_skb() in net/core/sock.c does, and counts no drop.
    """
    return kernel is None or kernel >= V(4, 9) or has_el7_new_udp(kernel, release)


def has_udp_backlog(kernel: KernelVersion | None, release: str = "") -> bool:
    """Tell whether a locked UDP socket puts datagrams on a backlog of its own.

    Kernel: sk_add_backlog() in udp_queue_rcv_skb() up to 4.9, gone in 4.10 and in el7.8.
    """
    if kernel is None:
        return False
    if is_el7(kernel, release):
        return not has_el7_new_udp(kernel, release)
    return kernel < V(4, 10)


def unhandled_frames_are_dropped(kernel: KernelVersion | None) -> bool:
    """Tell whether a frame that no protocol takes moves rx_dropped of its device.

    From 2.6.37 on; before, rx_dropped is the driver's alone. Versions before 3.0 are taken as old:
    the enterprise kernels among them are. Unknown kernels: True.

    Kernel: __netif_receive_skb() in net/core/dev.c.
    """
    return kernel is None or kernel >= V(3, 0)


def clash_insert_failed_is_loss(kernel: KernelVersion | None) -> bool:
    """Tell whether each step of conntrack's insert_failed is a packet dropped.

    From 4.9 to 5.4 clashes that were resolved and accepted move it too; trees between 5.4
    and 5.10 were not read and are taken as 5.4. Unknown kernels: True.

    Kernel: __nf_conntrack_confirm(), nf_ct_resolve_clash() in
    net/netfilter/nf_conntrack_core.c.
    """
    return kernel is None or kernel < V(4, 5) or kernel >= V(5, 10)


def clash_is_in_drop(kernel: KernelVersion | None) -> bool:
    """Tell whether a clash that was not resolved moves conntrack's drop column as well.

    Kernel: nf_ct_resolve_clash() in net/netfilter/nf_conntrack_core.c; not up to 4.4, where
    insert_failed alone is the loss.
    """
    return kernel is None or kernel >= V(4, 5)


def reasm_overlap_in_fails(kernel: KernelVersion | None) -> bool:
    """Tell whether a datagram with overlapping fragments is in ReasmFails, too.

    Kernel: ip_frag_queue() in net/ipv4/ip_fragment.c, from 5.4; not in 4.19.0.
    """
    return kernel is None or kernel >= V(5, 4)


def reasm_eviction_without_timeout(kernel: KernelVersion | None) -> bool:
    """Tell whether reassembly evicts whole datagrams when its memory is full.

    Then ReasmFails is of datagrams; later kernels refuse, and count, single fragments.

    Kernel: inet_frag_evictor() in net/ipv4/inet_fragment.c, 3.10 and 4.4; gone in 4.14.177.
    """
    return kernel is not None and kernel < V(4, 14)


def softnet_counts_dev_down(kernel: KernelVersion | None) -> bool:
    """Tell whether packets for a device that went down are in softnet's dropped column.

    Unknown kernels: False.

    Kernel: enqueue_to_backlog() in net/core/dev.c, from 4.3 to 6.9; from 6.10 only in the
    device's rx_dropped.
    """
    return kernel is not None and kernel < V(6, 10)


def not_local_counted(kernel: KernelVersion | None) -> bool:
    """Tell whether packets for an address that is not this host's move Ip.InAddrErrors.

    Kernel: ip_error() in net/ipv4/route.c, from 3.14; the error code was 0 in 3.10 and 3.13.
    """
    return kernel is None or kernel >= V(3, 14)


def refused_forwards_are_forwarded(kernel: KernelVersion | None) -> bool:
    """Tell whether Ip.ForwDatagrams holds what a firewall drops of forwarded IPv4 packets.

    Kernel: ip_forward() in net/ipv4/ip_forward.c counts before the hook from 6.7; before, only
    ip_forward_finish() did. IPv6 always counted before it.
    """
    return kernel is None or kernel >= V(6, 7)


def somaxconn_default(kernel: KernelVersion | None) -> int:
    """Return the default of net.core.somaxconn.

    Kernel: SOMAXCONN in include/linux/socket.h, 128 up to 5.3, 4096 from 5.4.
    """
    return 4096 if kernel is None or kernel >= V(5, 4) else 128


def rmem_max_default(kernel: KernelVersion | None) -> int:
    """Return the default of net.core.rmem_max in bytes, on x86-64; unknown kernels: the old.

    Kernel: sysctl_rmem_max in net/core/sock.c, SK_RMEM_MAX up to 6.17, 4 MiB from 6.18.
    """
    return 4 << 20 if kernel is not None and kernel >= V(6, 18) else 212992


def is_el7(kernel: KernelVersion, release: str) -> bool:
    """Tell an el7 kernel, which says 3.10 and carries much of 4.x."""
    return kernel == _EL7 and ".el7" in release


def has_el7_new_udp(kernel: KernelVersion, release: str) -> bool:
    """Tell whether an el7 kernel has the UDP queue of 4.10 (read in 7.8 and 7.9)."""
    return is_el7(kernel, release) and _build(release) >= _EL7_NEW_UDP_BUILD


def _build(release: str) -> int:
    """Return 1160 of "3.10.0-1160.99.1.el7.x86_64", 0 if there is none."""
    number = release.partition("-")[2].partition(".")[0]
    return int(number) if number.isdecimal() else 0


# Scope by version: the last pair whose kernel is not newer than the host's counts. "host" =
# one value, not shown in child namespaces; "host-shown" = one value, shown there, read-only;
# "host-writable" = one value that child namespaces may write; "netns" = each has its own.
_ALWAYS = V(0, 0)
_HOST: tuple[tuple[KernelVersion, SysctlScope], ...] = ((_ALWAYS, "host"),)
_NETNS: tuple[tuple[KernelVersion, SysctlScope], ...] = ((_ALWAYS, "netns"),)
_SHOWN_LATE: tuple[tuple[KernelVersion, SysctlScope], ...] = (
    (_ALWAYS, "host"),
    (V(6, 12), "host-shown"),
)
_TRACKED: tuple[tuple[KernelVersion, SysctlScope], ...] = (
    (_ALWAYS, "host-writable"),
    (V(5, 4), "host-shown"),
)

# Kernel: net/core/sysctl_net_core.c, net/ipv4/sysctl_net_ipv4.c, net/ipv4/ip_fragment.c,
# net/netfilter/nf_conntrack_standalone.c.
_SCOPES: dict[str, tuple[tuple[KernelVersion, SysctlScope], ...]] = {
    "net.core.rmem_default": _SHOWN_LATE,
    "net.core.rmem_max": _SHOWN_LATE,
    "net.core.wmem_default": _SHOWN_LATE,
    "net.core.wmem_max": _SHOWN_LATE,
    "net.core.optmem_max": ((_ALWAYS, "host"), (V(6, 8), "netns")),
    "net.core.somaxconn": _NETNS,
    "net.core.rps_default_mask": _NETNS,
    "net.core.tstamp_allow_data": ((_ALWAYS, "host"), (V(6, 13), "netns")),
    "net.core.bypass_prot_mem": _NETNS,
    "net.ipv4.udp_mem": _HOST,
    "net.ipv4.tcp_mem": _HOST,
    "net.ipv4.udp_rmem_min": ((_ALWAYS, "host"), (V(4, 18), "netns")),
    "net.ipv4.tcp_rmem": ((_ALWAYS, "host"), (V(4, 15), "netns")),
    "net.ipv4.tcp_wmem": ((_ALWAYS, "host"), (V(4, 15), "netns")),
    "net.ipv4.ip_early_demux": ((_ALWAYS, "host"), (V(4, 9), "netns")),
    "net.ipv4.ipfrag_max_dist": ((_ALWAYS, "host"), (V(4, 9), "netns")),
    "net.ipv4.ipfrag_secret_interval": _HOST,
    "net.ipv6.ip6frag_secret_interval": _HOST,
    "net.netfilter.nf_conntrack_max": _TRACKED,
    "net.netfilter.nf_conntrack_expect_max": _TRACKED,
    "net.netfilter.nf_conntrack_buckets": ((_ALWAYS, "host-shown"),),
}


def sysctl_scope(name: str, kernel: KernelVersion | None) -> SysctlScope:
    """Return whether a sysctl is the host's or each network namespace's own.

    net.core is the host's unless the table says otherwise; other net names are the
    namespace's; everything else (vm) is the host's. An unknown kernel is taken as current.
    """
    history = _SCOPES.get(name)
    if history is None:
        return "netns" if name.startswith("net.") and not name.startswith("net.core.") else "host"
    scope = history[0][1]
    for since, then in history:
        if kernel is None or kernel >= since:
            scope = then
    return scope
