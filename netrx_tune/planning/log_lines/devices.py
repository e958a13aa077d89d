"""Lines that the kernel and its drivers write about cards, neighbours and CPUs."""

from __future__ import annotations

from netrx_tune.planning.log_lines.message import Message

DEVICE_LINES: tuple[Message, ...] = (
    Message(
        "log-transmit-timeout",
        "A card sent nothing for seconds, and its driver starts it anew",
        r"netdev watchdog: \S+ \(\S+\): transmit queue [0-9]+ timed out|detected (?:hardware|tx)"
        r" unit hang|initiating reset due to tx timeout",
        "The transmit side hung: card, firmware, driver, or an interrupt that no CPU served. The"
        " driver resets the card.",
        "Yes: what was in both rings, and what comes while the link is down. No counter of the"
        " receive side says how much.",
        "Once in a year is an accident. If it comes again: firmware and driver, then the offloads"
        " one at a time (ethtool -K DEV tso off gso off). Ring and buffer sizes play no part.",
        "net/sched/sch_generic.c, dev_watchdog()",
        ("nic-ring-overflow",),
    ),
    Message(
        "log-neighbour-table-full",
        "The table of neighbours is full",
        r"neighbou?r:? .{0,20}table overflow|arp_cache: neighbou?r table overflow",
        "More hosts of attached networks talk to this one than net.ipv4.neigh.default.gc_thresh3"
        " (1,024 by default) lets it remember; for IPv6 net.ipv6.neigh.default.gc_thresh3.",
        "Not of what is received: answers to new neighbours cannot be sent, which looks like lost"
        " requests.",
        "ip -s neigh | wc -l shows how many there are. Set gc_thresh3 above twice that, gc_thresh2"
        " to half of gc_thresh3. One table serves all namespaces of the host.",
        "net/core/neighbour.c, neigh_alloc()",
    ),
    Message(
        "log-own-address",
        "A frame came back that this host had sent",
        r"received packet on \S+ with own address as source address",
        "A bridge port received a frame with the bridge's own MAC address: a loop in the network,"
        " a bond whose switch does not know of it, or two hosts with one address.",
        "The frame is taken all the same. A real loop fills every queue on the way, though.",
        "Find the loop first: ip -d link show type bridge_slave, the switch's spanning tree, the"
        " bond's mode against the switch's. No queue is long enough for a loop.",
        "net/bridge/br_fdb.c, br_fdb_update()",
    ),
    Message(
        "log-hw-checksum-failure",
        "A card's checksum was wrong, the packet's was right",
        r"hw csum failure",
        "The card said what the checksum of the data is, and the kernel reckoned otherwise when it"
        " looked itself. That is the driver's or the card's fault, often with VLANs or tunnels.",
        "No: the packet is kept when the kernel's own reckoning is good.",
        "ethtool -K DEV rx off takes the checksum away from the card, at the cost of CPU, until"
        " driver or firmware are mended.",
        "net/core/dev.c, netdev_rx_csum_fault()",
        ("udp-csum-late",),
    ),
    Message(
        "log-cpu-stuck",
        "A CPU did nothing else for many seconds",
        r"soft lockup - cpu#[0-9]+ stuck|self-detected stall on cpu|nmi watchdog: .{0,20}hard"
        r" lockup",
        "One piece of kernel work kept a CPU from everything else. In a virtual machine it is as"
        " often the hypervisor, which did not let that CPU run.",
        "Likely: rings that this CPU polls ran full meanwhile (rx_missed_errors or the driver's own"
        " counter), and readers on it did not read.",
        "Look at steal time first (the eighth number of the cpu lines of /proc/stat). Else the"
        " function in the line's call trace. No ring lasts for seconds: 4,096 frames are 3 ms of"
        " 10 Gbit/s of small ones.",
        "kernel/watchdog.c, watchdog_timer_fn()",
        ("nic-ring-overflow",),
        ("rx_missed_errors",),
    ),
    Message(
        "log-softirq-pending",
        "A CPU went idle while softirq work was left",
        r"nohz:? (?:tick-stop error: )?(?:non-rcu )?local[ _]softirq[ _](?:work is )?pending",
        "The tick was to be stopped though softirqs were marked; handler #08 is NET_RX. Most often"
        " a driver or a virtual device raised it at a bad moment.",
        "No. The work is done at the next interrupt, some milliseconds late at worst.",
        "Nothing, unless latency matters; newer kernels have mended the known causes.",
        "kernel/time/tick-sched.c, report_idle_softirq()",
    ),
    Message(
        "log-conntrack-expectations-full",
        "The table of expected connections is full",
        r"nf_conntrack: expectation table full",
        "Helpers (FTP, SIP, TFTP) announce connections to come, more of them than"
        " net.netfilter.nf_conntrack_expect_max.",
        "Not at once: the announced connection is treated as any new one, which a firewall may"
        " refuse.",
        "Raise net.netfilter.nf_conntrack_expect_max, or take the helper off that port. The size of"
        " the connection table is another matter.",
        "net/netfilter/nf_conntrack_expect.c, __nf_ct_expect_check()",
        (),
        (),
        ("net.netfilter.nf_conntrack_expect_max",),
    ),
)
