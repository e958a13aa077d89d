"""The softirq and the per-CPU queues: between the driver and the protocol handlers.

Softnet counters come from /proc/net/softnet_stat (softnet_seq_show() in
net/core/net-procfs.c), which shows the whole host in every namespace.
Versions read: 3.10 to 6.19.
"""

from __future__ import annotations

from netrx_tune.model.kernel import KernelVersion
from netrx_tune.model.stage import Stage

SOFTIRQ_STAGES: tuple[Stage, ...] = (
    Stage(
        name="softirq-squeeze",
        order=20,
        layer="softirq",
        kind="pressure",
        title="polling ended before the work did",
        function="net_rx_action() in net/core/dev.c",
        what=(
            "One run of the receive softirq ended because its budget of packets or of time was "
            "used up. The remaining packets wait for the next run. Nothing is lost: the counter "
            "counts interrupted runs, not packets."
        ),
        counters=("softnet.time_squeeze",),
        knobs=(
            "net.core.netdev_budget",
            "net.core.netdev_budget_usecs",
            "net.core.dev_weight",
            "/sys/class/net/DEV/threaded",
        ),
        remedy=(
            "Nothing by itself. Raise the budget only if the ring of a card that the same CPU "
            "polls overflowed in the same window."
        ),
        wrong_when=(
            "No ring or backlog loss: there is nothing to repair. The CPU is already all softirq: "
            "a larger budget takes time from the program that empties the socket."
        ),
        blind=(
            "Threaded NAPI and busy polling do not move it (napi_threaded_poll() in "
            "net/core/dev.c), so 0 there proves nothing."
        ),
        versions=(
            "From 3.19 the limits are tested after each poll, so it may rise with nothing left to "
            "do. The time limit is two jiffies before 4.12, then net.core.netdev_budget_usecs."
        ),
    ),
    Stage(
        name="gro-cells-overflow",
        order=22,
        layer="softirq",
        title="a tunnel device's own queue was full",
        function="gro_cells_receive() in net/core/gro_cells.c",
        what=(
            "Decapsulated packets of a tunnel (GRE, VXLAN, Geneve, MACsec, IPsec ...) wait in a "
            "queue per CPU and device before they are merged and passed on. It holds "
            "net.core.netdev_max_backlog packets; what comes after is dropped."
        ),
        also=("rx_dropped",),
        reasons=("NOT_SPECIFIED",),
        knobs=("net.core.netdev_max_backlog", "ethtool -X", "ethtool -N"),
        remedy=(
            "Raise net.core.netdev_max_backlog for bursts, or spread the outer flows over more "
            "CPUs."
        ),
        wrong_when="The drops stand on the physical device: then this queue was not involved.",
        blind=(
            "It moves rx_dropped of the tunnel device, as an unknown protocol there would, and "
            "not softnet `dropped`."
        ),
        versions="A header with the same limit up to 4.4 (include/net/gro_cells.h), a file after.",
    ),
    Stage(
        name="veth-ring-overflow",
        order=23,
        layer="softirq",
        title="a veth pair's ring was full",
        function="veth_xdp_rx() in drivers/net/veth.c",
        what=(
            "A veth end that uses NAPI takes packets from a ring of 256 that its other end "
            "fills. When the receiving end is polled too late the ring is full and the sending "
            "end drops the packet as a transmit loss."
        ),
        counters=("peer.tx_dropped",),
        knobs=("ethtool -K", "tc qdisc"),
        remedy=(
            "Find out why the receiving end is polled late (a slow XDP program, a threaded NAPI "
            "without CPU). Switch GRO off on the receiving veth to leave this path; on the newest "
            "kernels a queueing discipline on the sending end keeps the packet instead."
        ),
        wrong_when="net.core.netdev_max_backlog: this path does not use it.",
        blind=(
            "The receiving end counts nothing. The sending end may be in another namespace; its "
            "tx_dropped also moves when the receiver's CPU backlog was full."
        ),
        versions=(
            "From 4.19 with XDP at the receiver; between 5.11 and 5.14 also with GRO on it. Late "
            "6.12 and after: requeued, not dropped, when the sender has a queueing discipline."
        ),
        since=KernelVersion(4, 19),
    ),
    Stage(
        name="cpu-backlog-overflow",
        order=24,
        layer="softirq",
        title="a CPU's backlog queue was full",
        function="enqueue_to_backlog() in net/core/dev.c",
        what=(
            "Packets that RPS steers to another CPU, and those of loopback, veth and other "
            "devices without polling, wait in the target CPU's backlog. When more than "
            "net.core.netdev_max_backlog are waiting, the packet is dropped."
        ),
        counters=("softnet.dropped",),
        also=("rx_dropped", "peer.tx_dropped"),
        reasons=("CPU_BACKLOG",),
        knobs=(
            "net.core.netdev_max_backlog",
            "/sys/class/net/DEV/queues/rx-N/rps_cpus",
            "/sys/class/net/DEV/queues/rx-N/rps_flow_cnt",
            "net.core.rps_sock_flow_entries",
            "net.core.dev_weight",
        ),
        remedy=(
            "Raise net.core.netdev_max_backlog to carry bursts. When one CPU receives all of it, "
            "spread the load (RPS, RFS) or stop steering to that CPU."
        ),
        wrong_when=(
            "The device polls by NAPI and RPS is off: its packets never enter a backlog. The "
            "target CPU is saturated: a longer queue only makes packets late, and the loss moves "
            "to the socket."
        ),
        blind=(
            "One packet moves softnet `dropped` of the target CPU, rx_dropped of the device and, "
            "on veth, the sender's tx_dropped: it is charged once. Before 5.10 a row of "
            "softnet_stat has no CPU number, and rows of offline CPUs are left out."
        ),
        versions=(
            "Same test in every kernel read: the queue may exceed the limit by one. Only the "
            "input queue counts, not the part already being processed."
        ),
    ),
    Stage(
        name="rps-flow-limit",
        order=25,
        layer="softirq",
        title="one flow took too much of the backlog",
        function="skb_flow_limit() in net/core/dev.c",
        what=(
            "With net.core.flow_limit_cpu_bitmap set, a backlog that is more than half full "
            "refuses packets of a flow that made up over half of the last 128. The other flows "
            "keep their room."
        ),
        counters=("softnet.flow_limit_count",),
        also=("softnet.dropped", "rx_dropped"),
        reasons=("CPU_BACKLOG",),
        knobs=(
            "net.core.flow_limit_cpu_bitmap",
            "net.core.flow_limit_table_len",
            "net.core.netdev_max_backlog",
        ),
        remedy=(
            "If the flow is wanted, clear net.core.flow_limit_cpu_bitmap or raise "
            "net.core.netdev_max_backlog."
        ),
        wrong_when="The flow is an attack or a runaway sender: it protects the others from it.",
        blind=(
            "It is counted on the CPU that enqueues, while `dropped` rises on the target CPU: "
            "compare sums over CPUs, never rows."
        ),
        versions="From 3.11; el7 kernels have no such column. Off unless someone set the bitmap.",
        since=KernelVersion(3, 11),
    ),
    Stage(
        name="backlog-dev-down",
        order=26,
        layer="softirq",
        title="the device was down, or the packet too long for it",
        function="enqueue_to_backlog(), __dev_forward_skb2() in net/core/dev.c",
        what=(
            "The device was not running when its packet should have joined the backlog. A veth's "
            "end also refuses what is longer than its own MTU allows, while the other end, with "
            "a larger MTU, may send it."
        ),
        also=("peer.tx_dropped", "rx_dropped", "softnet.dropped"),
        reasons=("DEV_READY", "NOT_SPECIFIED"),
        remedy="Give both ends of a veth pair the same MTU. None while a device is taken down.",
        wrong_when="Raising net.core.netdev_max_backlog: the queue was not full.",
        blind=(
            "Only a veth pair tells it: rx_dropped here and tx_dropped at the other end. Elsewhere "
            "it looks like frames that nobody handles, up to 6.9 like a full backlog."
        ),
        versions=(
            "From 4.3 and late 3.14. Up to 6.9 it moves softnet `dropped` and rx_dropped, later "
            "rx_dropped alone, with the reason DEV_READY."
        ),
        since=KernelVersion(3, 14),
    ),
)
