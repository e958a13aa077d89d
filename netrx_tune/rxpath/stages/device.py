"""The device and its driver: losses before the kernel has a packet.

Counters are fields of struct rtnl_link_stats64 (include/uapi/linux/if_link.h) of the device
that received, "ethtool." names are drivers' own, "peer." is the other end of a veth pair.
Versions read: 3.10 to 6.19, driver facts in 6.12 unless said otherwise.
"""

from __future__ import annotations

from netrx_tune.model.kernel import KernelVersion
from netrx_tune.model.stage import Stage

DEVICE_STAGES: tuple[Stage, ...] = (
    Stage(
        name="nic-wire-error",
        order=10,
        layer="device",
        title="frames damaged on the wire",
        function="the NIC; shown by dev_seq_printf_stats() in net/core/net-procfs.c",
        what=(
            "The card received a frame that is broken: bad checksum, bad length, bad framing. It "
            "never becomes a packet in memory, so no software setting has a part in it. "
            "rx_errors is the total; the named fields are its parts, as far as the driver "
            "tells them apart."
        ),
        counters=("rx_errors",),
        also=("rx_crc_errors", "rx_frame_errors", "rx_length_errors", "rx_over_errors"),
        remedy=(
            "Replace the cable or the optic, clean the connectors, compare speed, duplex and MTU "
            "of both ends, look at the switch port's own error counters."
        ),
        wrong_when=(
            "Any buffer, ring or sysctl change is wrong here: the frame was lost before it "
            "reached memory. rx_length_errors alone, at a steady rate, is rather an MTU that "
            "differs between the ends than a bad cable."
        ),
        blind=(
            "Virtual devices have no wire. Some drivers add ring losses to rx_errors, some leave "
            "its parts at 0."
        ),
        versions=(
            "Same fields in every kernel read. /proc/net/dev adds rx_length_errors, "
            "rx_over_errors, rx_crc_errors and rx_frame_errors into its one column `frame`."
        ),
    ),
    Stage(
        name="nic-ring-overflow",
        order=11,
        layer="device",
        title="no free buffer in the card's receive ring",
        function="the NIC; rx_missed_errors of struct rtnl_link_stats64",
        what=(
            "A good frame arrived and the driver had given the card no empty buffer to put it in. "
            "The ring is refilled by NAPI polling, so a full ring means that the CPU which polls "
            "this queue came too late: it was busy, asleep, or the burst was longer than the ring."
        ),
        counters=(
            "rx_missed_errors",
            "ethtool.rx_no_dma_resources",
            "ethtool.rx_discards_phy",
            "ethtool.pkts rx OOB",
        ),
        also=(
            "rx_fifo_errors",
            "ethtool.rx_missed_errors",
            "ethtool.rx_no_buffer_count",
            "ethtool.rx_out_of_buffer",
            "ethtool.port.rx_discards",
            "ethtool.rxbds_empty",
        ),
        knobs=(
            "ethtool -G",
            "ethtool -L",
            "ethtool -X",
            "ethtool -N",
            "ethtool -C",
            "net.core.netdev_budget",
            "net.core.netdev_budget_usecs",
            "/sys/class/net/DEV/threaded",
        ),
        remedy=(
            "First look at the CPU that polls the queue: how much of it is softirq, is one queue "
            "hot. Spread the flows over more queues (ethtool -L, -X, -N), keep other work off "
            "that CPU; then make the ring longer (ethtool -G) for bursts."
        ),
        wrong_when=(
            "The polling CPU is busy all the time: a longer ring only delays the loss and hurts "
            "the cache. One single flow: RSS cannot divide it."
        ),
        blind=(
            "Drivers differ in what they show. gve and hv_netvsc put almost nothing into the "
            "kernel's fields; vmxnet3 (pkts rx OOB), ixgbe (rx_no_dma_resources), i40e "
            "(port.rx_discards) and, but for late kernels, mlx5 (rx_discards_phy) keep losses in "
            "ethtool alone; ena counts ring losses as rx_dropped; a virtio guest sees nothing in "
            "ethtool of what its host dropped."
        ),
        versions=(
            "i40e moved its ring losses: rx_dropped in 4.4 to 5.15 and 6.6, rx_missed_errors in "
            "6.1 (late) and 6.12. igb shows one lost frame both as rx_missed_errors and "
            "rx_fifo_errors. /proc/net/dev adds rx_missed_errors to rx_dropped in its column "
            "`drop` (dev_seq_printf_stats() in net/core/net-procfs.c, 3.10 to 6.19)."
        ),
    ),
    Stage(
        name="nic-host-shaping",
        order=12,
        layer="device",
        title="the cloud or hypervisor shaped the traffic",
        function="the platform; ena_ethtool.c in drivers/net/ethernet/amazon/ena shows it",
        what=(
            "A virtual machine has allowances: bandwidth, packets per second, tracked "
            "connections, packets to the platform's own services. Above them the platform queues "
            "or drops before the guest sees a frame."
        ),
        counters=(
            "ethtool.bw_in_allowance_exceeded",
            "ethtool.pps_allowance_exceeded",
            "ethtool.conntrack_allowance_exceeded",
            "ethtool.linklocal_allowance_exceeded",
        ),
        knobs=(),
        remedy=(
            "A larger instance, less traffic, fewer and larger packets, fewer tracked flows; for "
            "the link-local allowance a local cache in front of the platform's DNS."
        ),
        wrong_when="Any setting inside the guest: the loss is outside of it.",
        blind=(
            "`exceeded` covers packets that were queued as well as dropped, so the figure is an "
            "upper bound. Platforms whose driver exports nothing show nothing."
        ),
        versions="By driver, not by kernel; read in 6.12.",
    ),
    Stage(
        name="nic-alloc-fail",
        order=13,
        layer="device",
        title="the driver got no memory for a frame",
        function="each driver's receive refill or poll function in drivers/net",
        what=(
            "The driver asked for a page or a packet header and the kernel had none to give at "
            "that moment. The frame is dropped, or the ring runs empty soon after."
        ),
        counters=(
            "ethtool.alloc_rx_page_failed",
            "ethtool.alloc_rx_buff_failed",
            "ethtool.rx_alloc_fail",
            "ethtool.rx_pg_alloc_fail",
            "ethtool.page_alloc_fail",
            "ethtool.skb_alloc_fail",
            "ethtool.rx_skb_alloc_fail",
            "ethtool.rx_buf_alloc_fail",
            "ethtool.rx_buff_alloc_err",
            "ethtool.rx_no_memory",
        ),
        also=("rx_dropped",),
        reasons=("NOMEM",),
        knobs=("vm.min_free_kbytes",),
        remedy=(
            "End the memory pressure: see what fills memory on the card's NUMA node, raise "
            "vm.min_free_kbytes so that atomic allocations find pages."
        ),
        wrong_when="Longer rings and larger socket buffers: they need more of what is missing.",
        blind=(
            "Names differ by driver. Most count failed attempts, not frames; an attempt may be "
            "repeated with success."
        ),
        versions="By driver; read in 6.12.",
    ),
    Stage(
        name="xdp-native-drop",
        order=14,
        layer="device",
        kind="policy",
        title="an XDP program in the driver dropped it",
        function="the driver's XDP hook, for example veth_xdp_rcv_skb() in drivers/net/veth.c",
        what=(
            "A BPF program attached to the driver looked at the frame and returned XDP_DROP (or "
            "XDP_ABORTED). It did what it was written for."
        ),
        counters=("ethtool.rx_xdp_drops", "ethtool.rx_xdp_drop"),
        also=("rx_dropped",),
        remedy="Ask the program's owner: ip link shows it, bpftool prog names it.",
        wrong_when="Treating it as a lack of room: nothing was full.",
        blind=(
            "Frames that XDP drops appear in no IP counter and not in softnet `processed`. Most "
            "drivers count per queue (rx_queue_0_xdp_drops, rx0_xdp_drop), some count nothing; "
            "ena adds them to rx_dropped."
        ),
        versions="From 4.8, driver by driver.",
        since=KernelVersion(4, 8),
    ),
)
