"""What each rule speaks for and needs, so that a rule without loss is not imported.

Written by `python -m pytest tests/rules/test_index.py --accept`. A rule that is not listed works
as well: it is imported on every run, which is slower.
"""

from __future__ import annotations

# Name -> the stages that it speaks for, and what must be readable.
RULES: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "backlog-overflow": (("cpu-backlog-overflow",), ("softnet.dropped",)),
    "bad-ip-headers": (("ip-header-invalid",), ("Ip.InHdrErrors|Ip6.InHdrErrors",)),
    "buffer-request-clamped": ((), ()),
    "capture-drops": (("packet-tap-drop",), ()),
    "closed-with-unread": (("udp-closed-unread",), ()),
    "cloud-limit": (("nic-host-shaping",), ()),
    "conntrack-dropped": (("conntrack-invalid",), ("nf_conntrack.drop",)),
    "conntrack-full": (("conntrack-table-full",), ("nf_conntrack.drop",)),
    "conntrack-insert-failed": (("conntrack-insert-fail",), ("nf_conntrack.drop",)),
    "default-buffer-huge": ((), ("net.core.rmem_default|net.core.wmem_default",)),
    "device-unexplained": (("device-unattributed",), ()),
    "firewall-drops": (("nf-ingress-drop", "nf-prerouting-drop", "nf-input-drop"), ()),
    "flow-limit": (("rps-flow-limit",), ("softnet.flow_limit_count",)),
    "foreign-frames": (("ip-otherhost",), ()),
    "fragment-memory": (("defrag-memory",), ("Ip.ReasmFails|Ip6.ReasmFails",)),
    "fragment-overlap": (("defrag-overlap",), ("IpExt.ReasmOverlaps",)),
    "fragments-timed-out": (("defrag-timeout",), ("Ip.ReasmTimeout|Ip6.ReasmTimeout",)),
    "inactive-port-frames": (("rx-nohandler",), ()),
    "ip-discards": (("ip-internal-discard",), ("Ip.InDiscards|Ip6.InDiscards",)),
    "ip-unexplained": (("ip-unattributed",), ("Ip.InReceives",)),
    "ipsec-policy": (("xfrm-policy", "udp-xfrm-policy"), ("xfrm.XfrmInPolBlock",)),
    "martians": (("route-martian",), ()),
    "memory-reserve-drops": (("pfmemalloc-drop",), ("TcpExt.PFMemallocDrop",)),
    "multicast-unclaimed": (("udp-mcast-nolistener",), ("Udp.IgnoredMulti",)),
    "nic-allocation-failed": (("nic-alloc-fail",), ()),
    "nic-ring-overflow": (("nic-ring-overflow",), ()),
    "nic-wire-errors": (("nic-wire-error",), ()),
    "no-route": (("route-no-route",), ("IpExt.InNoRoutes|Ip6.InNoRoutes",)),
    "not-local": (("route-not-local",), ("Ip.InAddrErrors|Ip6.InAddrErrors",)),
    "other-namespace-loss": ((), ()),
    "past-loss": ((), ()),
    "reverse-path-filter": (("route-rpfilter",), ("TcpExt.IPReversePathFilter",)),
    "rmem-max-excessive": ((), ("net.core.rmem_max",)),
    "sandboxed-kernel": ((), ()),
    "socket-backlog-full": (("udp-backlog-full",), ()),
    "socket-buffer-full": (("udp-rcvbuf-full",), ()),
    "softirq-squeezed": ((), ("softnet.time_squeeze",)),
    "sysctl-overridden": ((), ()),
    "tc-ingress-drops": (("tc-ingress-drop",), ()),
    "tcp-backlog-full": (("tcp-backlog-full",), ("TcpExt.TCPBacklogDrop",)),
    "tcp-listen-overflow": (("tcp-listen-overflow",), ("TcpExt.ListenOverflows",)),
    "tcp-memory-short": (("tcp-memory",), ("TcpExt.TCPAbortOnMemory",)),
    "tcp-out-of-order-pruned": (("tcp-ofo-pruned",), ("TcpExt.TCPOFODrop|TcpExt.OfoPruned",)),
    "tcp-receive-pruned": (("tcp-rcvbuf-full",), ("TcpExt.TCPRcvQDrop|TcpExt.RcvPruned",)),
    "tcp-syn-queue-full": (("tcp-syn-queue-full",), ("TcpExt.TCPReqQFullDrop",)),
    "tcp-zero-window": (("tcp-zero-window",), ("TcpExt.TCPZeroWindowDrop",)),
    "truncated-packets": (("ip-truncated",), ("IpExt.InTruncatedPkts|Ip6.InTruncatedPkts",)),
    "tunnel-cells-overflow": (("gro-cells-overflow",), ()),
    "udp-bad-checksum": (
        ("udp-csum-early", "udp-csum-late"),
        ("Udp.InCsumErrors|Udp6.InCsumErrors",),
    ),
    "udp-filtered": (("udp-sk-filter",), ()),
    "udp-malformed": (("udp-short",), ()),
    "udp-mem-unit": ((), ("net.ipv4.udp_mem",)),
    "udp-memory-exhausted": (("udp-proto-mem",), ()),
    "udp-no-listener": (("udp-no-port",), ("Udp.NoPorts|Udp6.NoPorts",)),
    "udp-unexplained": (("udp-unattributed",), ()),
    "unhandled-frames": (("l2-unhandled-proto",), ()),
    "unknown-ip-protocol": (("proto-unknown",), ("Ip.InUnknownProtos|Ip6.InUnknownProtos",)),
    "veth-ring-overflow": (("veth-ring-overflow",), ()),
    "xdp-drops": (("xdp-native-drop", "xdp-generic-drop"), ()),
}

# Modules that rules share.
SHARED = frozenset(
    {
        "advice",
        "buffer_advice",
        "buffers",
        "causes",
        "cpus",
        "index",
        "judge",
        "memory_advice",
        "outcome",
        "queue_causes",
        "rule",
        "sizing",
        "tcp_advice",
        "unknown_socket",
        "words",
    }
)
