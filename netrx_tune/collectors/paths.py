"""Which files a sample reads. A `*` stands for one name of a folder: a device, a queue.

What is in none of these lists is not needed by any parser. Reading is what a run costs, so a
diagnosis reads the first lists only.
"""

from __future__ import annotations

from netrx_tune.collectors.sysctl import path_of

# Sysctls that set or bound what happens to a received packet.
_SYSCTLS = """
net.core.bypass_prot_mem
net.core.busy_poll
net.core.busy_read
net.core.dev_weight
net.core.dev_weight_rx_bias
net.core.flow_limit_cpu_bitmap
net.core.flow_limit_table_len
net.core.gro_normal_batch
net.core.max_skb_frags
net.core.mem_pcpu_rsv
net.core.netdev_budget
net.core.netdev_budget_usecs
net.core.netdev_max_backlog
net.core.netdev_tstamp_prequeue
net.core.optmem_max
net.core.rmem_default
net.core.rmem_max
net.core.rps_default_mask
net.core.rps_sock_flow_entries
net.core.skb_defer_max
net.core.somaxconn
net.core.tstamp_allow_data
net.core.wmem_default
net.core.wmem_max
net.ipv4.conf.all.accept_local
net.ipv4.conf.all.drop_unicast_in_l2_multicast
net.ipv4.conf.all.log_martians
net.ipv4.conf.all.route_localnet
net.ipv4.conf.all.rp_filter
net.ipv4.conf.default.rp_filter
net.ipv4.igmp_max_memberships
net.ipv4.igmp_max_msf
net.ipv4.ip_early_demux
net.ipv4.ip_forward
net.ipv4.ipfrag_high_thresh
net.ipv4.ipfrag_low_thresh
net.ipv4.ipfrag_max_dist
net.ipv4.ipfrag_secret_interval
net.ipv4.ipfrag_time
net.ipv4.tcp_abort_on_overflow
net.ipv4.tcp_adv_win_scale
net.ipv4.tcp_early_demux
net.ipv4.tcp_max_syn_backlog
net.ipv4.tcp_mem
net.ipv4.tcp_moderate_rcvbuf
net.ipv4.tcp_rmem
net.ipv4.tcp_shrink_window
net.ipv4.tcp_syncookies
net.ipv4.tcp_window_scaling
net.ipv4.tcp_wmem
net.ipv4.udp_child_hash_entries
net.ipv4.udp_early_demux
net.ipv4.udp_hash_entries
net.ipv4.udp_l3mdev_accept
net.ipv4.udp_mem
net.ipv4.udp_rmem_min
net.ipv6.conf.all.disable_ipv6
net.ipv6.conf.all.forwarding
net.ipv6.ip6frag_high_thresh
net.ipv6.ip6frag_low_thresh
net.ipv6.ip6frag_time
net.ipv6.mld_max_msf
net.netfilter.nf_conntrack_buckets
net.netfilter.nf_conntrack_checksum
net.netfilter.nf_conntrack_count
net.netfilter.nf_conntrack_expect_max
net.netfilter.nf_conntrack_frag6_high_thresh
net.netfilter.nf_conntrack_frag6_low_thresh
net.netfilter.nf_conntrack_frag6_timeout
net.netfilter.nf_conntrack_log_invalid
net.netfilter.nf_conntrack_max
net.netfilter.nf_conntrack_udp_timeout
net.netfilter.nf_conntrack_udp_timeout_stream
vm.min_free_kbytes
"""

SYSCTL_FILES = tuple(path_of(name) for name in _SYSCTLS.split())

# Counters, gauges and facts of the host that every diagnosis needs.
CORE_FILES = (
    "/proc/net/snmp",
    "/proc/net/snmp6",
    "/proc/net/netstat",
    "/proc/net/softnet_stat",
    "/proc/net/sockstat",
    "/proc/net/sockstat6",
    "/proc/net/stat/nf_conntrack",
    "/proc/net/stat/rt_cache",
    "/proc/net/xfrm_stat",
    "/proc/pressure/cpu",
    "/proc/stat",
    "/proc/meminfo",
    "/proc/uptime",
    "/proc/version",
    "/proc/sys/kernel/osrelease",
    "/proc/sys/kernel/random/boot_id",
    "/etc/os-release",
    *SYSCTL_FILES,
)

# Instead of what netlink gives, where it gives nothing; also for saved snapshots, where the
# tables of sockets are left out if sock_diag gave them (they are slow to read).
DEVICE_FILES = ("/proc/net/dev",)
# Each table, and what sock_diag calls the same sockets.
DIAGNOSED = {
    "/proc/net/udp": "udp/inet",
    "/proc/net/udp6": "udp/inet6",
    "/proc/net/udplite": "udplite/inet",
    "/proc/net/udplite6": "udplite/inet6",
    "/proc/net/raw": "raw/inet",
    "/proc/net/raw6": "raw/inet6",
    "/proc/net/packet": "packet/packet",
}
SOCKET_FILES = tuple(DIAGNOSED)

# What a saved snapshot has beside the above: read by a rule that asks, or by a later version.
FULL_FILES = (
    *DEVICE_FILES,
    "/proc/net/protocols",
    "/proc/net/dev_snmp6/*",
    "/proc/interrupts",
    "/proc/softirqs",
)

# Patterns: per device, for every diagnosis.
NET_CLASS_FILES = (
    "/sys/class/net/*/operstate",
    "/sys/class/net/*/threaded",
    "/sys/class/net/*/queues/rx-*/rps_cpus",
    "/proc/sys/net/ipv4/conf/*/rp_filter",
)
# Patterns: per device, for a saved snapshot. What a device sent is in /proc/net/dev and, from
# rtnetlink, in LINKS; each file of statistics adds up all CPUs anew (dev_get_stats()).
NET_CLASS_FULL_FILES = (
    "/sys/class/net/*/statistics/rx_*",
    "/sys/class/net/*/queues/rx-*/rps_flow_cnt",
    "/sys/class/net/*/device/uevent",
    "/sys/class/net/*/flags",
    "/sys/class/net/*/gro_flush_timeout",
    "/sys/class/net/*/ifindex",
    "/sys/class/net/*/iflink",
    "/sys/class/net/*/mtu",
    "/sys/class/net/*/napi_defer_hard_irqs",
    "/sys/class/net/*/speed",
    "/sys/class/net/*/type",
)

# The tables of what no file of the kernel holds.
SOCKETS = "/netrx/sockets.jsonl"
LINKS = "/netrx/links.jsonl"
NICS = "/netrx/nics.jsonl"
RULES = "/netrx/rules.jsonl"
PROCESSES = "/netrx/processes.jsonl"

# The text of `sysctl -a`, where a bundle holds that instead of the files.
SYSCTL_A = "/netrx/sysctl-a"
# What commands print of the counters, where there is nothing better.
NSTAT = "/netrx/nstat"
NETSTAT_S = "/netrx/netstat-s"
CONNTRACK_S = "/netrx/conntrack-s"
# The settings of the receive queues of devices that have many.
QUEUES = "/netrx/queues.jsonl"
# How the queues moved while a live run watched them.
TICKS = "/netrx/ticks"
# How the CPUs' backlogs dropped meanwhile.
CPU_TICKS = "/netrx/cpu-ticks"
# Which programs run where, read once something was lost.
PLACEMENT = "/netrx/placement"

# Settings of the whole host, read outside the namespace that the sample is of.
OF_HOST = "/netrx/host"
# What gaps call the kernel's answers that no file holds.
NETFILTER_DUMP = "nftables:rules"
QDISC_DUMP = "tc:qdisc"
