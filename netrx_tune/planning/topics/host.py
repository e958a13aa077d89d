"""What lies beside the path: polling, merging, CPUs, containers."""

from __future__ import annotations

from netrx_tune.planning.topics.topic import Topic

HOST_TOPICS: tuple[Topic, ...] = (
    Topic(
        name="softirq",
        title="how packets get from a card into the kernel",
        what=(
            "The card writes frames into a ring of buffers and raises an interrupt. That only "
            "asks for the receive softirq of the same CPU, which polls the ring (NAPI) until it "
            "is empty or its share of packets or time is used up, and then runs again. Loopback, "
            "and veth without GRO, have no ring: they use the CPU's backlog. top shows the time "
            "as si; ksoftirqd goes on where there is too much of it."
        ),
        then="net_rx_action() in net/core/dev.c; a run lasts two ticks at most.",
        now=(
            "net.core.netdev_budget_usecs bounds a run from 4.12. From 5.12 a device can be "
            "polled by kernel threads instead (/sys/class/net/DEV/threaded)."
        ),
        lost=(
            "Frames for which the ring has no free buffer, since their CPU came too late: "
            "nic-ring-overflow. A run that is cut short (time_squeeze) is no loss by itself."
        ),
        aliases=("napi", "ring", "rx ring", "ksoftirqd", "net_rx_action", "interrupt", "irq"),
        stages=("nic-ring-overflow", "softirq-squeeze"),
        counters=("rx_missed_errors", "softnet.time_squeeze"),
        tunables=("net.core.netdev_budget", "net.core.netdev_budget_usecs", "ethtool -G"),
    ),
    Topic(
        name="gro",
        title="merging packets on the way up",
        what=(
            "The softirq merges packets of one flow before they climb the layers (GRO), and cards "
            "may do so (LRO). It loses nothing. From there on one packet of the kernel may be many "
            "on the wire, and most counters count the kernel's."
        ),
        then="TCP only: napi_gro_receive() in net/core/dev.c, inet_gro_receive() in net/ipv4.",
        now=(
            "UDP too: for sockets with UDP_GRO from 5.0, for forwarding from 5.10 or so. A socket "
            "without it gets the pieces divided again."
        ),
        lost=(
            "Units. A piece lost at a UDP_GRO socket counts as one in RcvbufErrors and drops, "
            "though it was many datagrams. InDelivers may count 1 where InDatagrams counts 10. "
            "IpExt's ECN fields count wire packets: their sum over InReceives is the merge factor."
        ),
        aliases=("generic receive offload", "udp gro", "lro", "napi_gro_receive"),
        stages=("udp-gso-segment-fail", "gro-cells-overflow", "udp-rcvbuf-full"),
        counters=("Ip.InReceives", "softnet.processed"),
        tunables=("UDP_GRO", "ethtool -K", "net.core.gro_normal_batch"),
    ),
    Topic(
        name="rps",
        title="dividing packets among CPUs",
        what=(
            "A card with several queues divides flows itself (RSS). RPS does it in software: the "
            "CPU that took the packet puts it in another CPU's backlog, chosen by a hash of the "
            "flow; RFS chooses the CPU whose program reads the flow. One flow stays on one CPU."
        ),
        then=(
            "get_rps_cpu() and enqueue_to_backlog() in net/core/dev.c; set for each queue in "
            "/sys/class/net/DEV/queues/rx-N/rps_cpus. The flow limit is there from 3.11."
        ),
        now=(
            "The same. net.core.rps_default_mask sets new devices from 6.4, softnet_stat names "
            "its CPU from 5.10 and shows the queues' lengths from 6.4."
        ),
        lost=(
            "The backlog is a queue more that can overflow: cpu-backlog-overflow. Without RPS "
            "(and apart from loopback, veth and tunnels) packets never enter one, and "
            "net.core.netdev_max_backlog has no effect. received_rps counts interrupts between "
            "CPUs, not packets."
        ),
        aliases=("rfs", "rss", "receive packet steering", "receive side scaling", "backlog"),
        stages=("cpu-backlog-overflow", "rps-flow-limit", "nic-ring-overflow"),
        counters=("softnet.dropped", "softnet.received_rps", "softnet.flow_limit_count"),
        tunables=(
            "/sys/class/net/DEV/queues/rx-N/rps_cpus",
            "net.core.netdev_max_backlog",
            "net.core.rps_sock_flow_entries",
            "ethtool -X",
        ),
    ),
    Topic(
        name="containers",
        title="what a network namespace has of its own",
        what=(
            "SNMP counters, sockets, routes, firewall and the connection count are the "
            "namespace's. CPUs' backlogs, softnet_stat, protocol memory (udp_mem, and `mem` in "
            "sockstat), drop traces and most of net.core are the host's. So a container sees "
            "softnet losses of others, and cannot see or set what caps its own buffers."
        ),
        then=(
            "Nearly all of net.core and the UDP and TCP memory settings are absent in a "
            "namespace; net.ipv4.tcp_rmem, udp_rmem_min and ip_early_demux are the host's."
        ),
        now=(
            "net.core.rmem_max and rmem_default are shown, read-only, from 6.12; tcp_rmem is the "
            "namespace's from 4.15, udp_rmem_min from 4.18 or so. udp_mem and netdev_max_backlog "
            "are still the host's and absent. nf_conntrack_max is one number for the host, "
            "compared with each namespace's own count."
        ),
        lost=(
            "Run the sysctl on the host, or in the host's namespace: in a container it fails, or "
            "the file is not there. A packet may be lost on the host, in the bridge or in the veth "
            "before the container counts anything."
        ),
        aliases=("namespace", "netns", "docker", "podman", "kubernetes", "pod"),
        stages=("veth-ring-overflow", "cpu-backlog-overflow", "udp-proto-mem"),
        counters=("softnet.dropped", "nf_conntrack.drop"),
        tunables=("net.core.rmem_max", "net.ipv4.udp_mem", "net.netfilter.nf_conntrack_max"),
    ),
)
