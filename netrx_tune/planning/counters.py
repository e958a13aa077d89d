"""What counters say that no stage's data says; pages of counters are made of both.

Read in the trees from 3.10 to 6.19, measured on 5.10 to 7.3. Imported by `explain` alone.
"""

from __future__ import annotations

from netrx_tune.planning.counter_note import CounterNote
from netrx_tune.planning.tcp_counters import TCP_NOTES

_UDP_NOTES: tuple[CounterNote, ...] = (
    CounterNote(
        "Udp.InDatagrams",
        "Datagrams that programs read. It is counted in udp_recvmsg() (net/ipv4/udp.c) when the "
        "program takes the datagram, not when it arrives: what waits in queues is in no UDP "
        "counter, only in Ip.InDelivers. A read with MSG_PEEK does not count. A datagram that a "
        "tunnel's socket took counts too; a read of several merged datagrams (UDP_GRO) counts 1.",
        "Not what arrived: InDatagrams + InErrors + NoPorts + IgnoredMulti + what is queued is.",
        ("packets received", "udp packets received"),
    ),
    CounterNote(
        "Udp.InErrors",
        "Every datagram that UDP took and then lost, whatever the cause. RcvbufErrors, "
        "InCsumErrors and MemErrors are parts of it, so adding them to it counts twice. What is "
        "left is a socket filter, an IPsec policy, a wrong length or a copy fault; on old kernels "
        "also full buffers (to 3.14, el7.3), the socket's backlog (to 4.9) and refused memory "
        "(to 5.10).",
        "Not NoPorts and not IgnoredMulti: they stand beside it. Not only errors: a full buffer "
        "is most of it on most hosts.",
        ("packet receive errors", "udp receive errors"),
        "6.18 and 6.19 leave refused memory out of it.",
    ),
    CounterNote(
        "Udp.RcvbufErrors",
        "Datagrams that met a full receive buffer. Each is in InErrors and in its socket's drops "
        "as well. Multicast counts each socket's copy.",
        "Not a sign of a slow network, nor always of a small buffer: a stopped or slow reader "
        "fills any. A failed multicast copy is booked here too.",
        ("receive buffer errors", "rcvbuf errors"),
        "3.10 to 3.14 and el7.3 count only a few of the full buffers here: 0 proves nothing.",
    ),
    CounterNote(
        "Udp.NoPorts",
        "Datagrams for a port that no socket listens on, with a good checksum.",
        "Not in InErrors. Not a lack of room. The ICMP answers are rate-limited, so their number "
        "is no measure.",
        ("packets to unknown port received", "unknown port"),
    ),
    CounterNote(
        "Udp.InCsumErrors",
        "Datagrams with a wrong checksum. Small ones (76 bytes with UDP's header) are found when "
        "they arrive and move no socket's drops; larger ones when the program reads, and move "
        "that socket's drops. Each is in InErrors as well.",
        "Not a buffer problem, though a late one used buffer until it was read.",
        ("checksum errors", "bad checksum"),
        "A v6 datagram found bad by poll() on a blocking socket counts on IPv4's line.",
    ),
    CounterNote(
        "Udp.MemErrors",
        "Datagrams refused because all UDP sockets together reached net.ipv4.udp_mem's first "
        "value, or a memory cgroup refused. Each is in InErrors and the socket's drops as well.",
        "Not the socket's own buffer: raising SO_RCVBUF makes it worse.",
        ("memory errors",),
        "From 5.11. 6.18 and 6.19 have the column and do not count it; 7.3 does again.",
    ),
    CounterNote(
        "Udp.IgnoredMulti",
        "Multicast and broadcast datagrams that no socket wanted.",
        "Not loss: discovery protocols make it grow on most networks. Not in NoPorts, not in "
        "InErrors.",
        ("IgnoredMulti",),
        "From 3.19; not in el7; UDP-Lite over IPv6 has none.",
    ),
    CounterNote(
        "Udp.SndbufErrors",
        "Datagrams that could not be sent: the send buffer or the device's queue was full.",
        "Not about receiving, except on a veth pair, where the other end's full backlog or ring "
        "moves the sender's SndbufErrors.",
        ("send buffer errors",),
    ),
    CounterNote(
        "udp_socket.drops",
        "One socket's own count of datagrams it lost: full buffer, refused memory, filter, "
        "IPsec, bad checksum found when read. It names the socket that RcvbufErrors cannot.",
        "Not all of InErrors: wrong lengths and checksums found on arrival have no socket. It "
        "disappears when the socket closes and wraps at 2**32. A TCP socket's drops also count "
        "harmless duplicates.",
        ("drops", "sk_drops", "socket drops", "SK_MEMINFO_DROPS", "SO_RXQ_OVFL drops"),
        "A filter's refusals are in it from 4.9.",
    ),
    CounterNote(
        "Recv-Q",
        "Memory of datagrams that wait to be read, in bytes of truesize: rx_queue of "
        "/proc/net/udp, Recv-Q of ss. For a TCP listener it is the connections that wait for "
        "accept(), for a TCP connection bytes of data.",
        "Not payload, and from 4.14 not what is charged: after a full queue a quarter of the "
        "buffer may be read and still charged, so refusals come at 73 % to 100 % of it. "
        "Compare `r` and `rb` of ss -uam instead.",
        ("rx_queue", "recvq", "receive queue length", "rmem_alloc", "skmem"),
        "Up to 4.12 it is what is charged.",
    ),
)

_IP_NOTES: tuple[CounterNote, ...] = (
    CounterNote(
        "Ip.InReceives",
        "Packets that reached IP: after the test for other hosts' frames, before any check. "
        "Fragments count each; merged packets count once.",
        "Not packets of the device: XDP, tc and nftables at ingress drop before it.",
        ("total packets received",),
    ),
    CounterNote(
        "Ip.InDelivers",
        "Packets handed to a protocol, counted after its handler came back "
        "(ip_protocol_deliver_rcu() in net/ipv4/ip_input.c).",
        "Not what programs got: UDP and TCP may have dropped it after that.",
        ("incoming packets delivered",),
    ),
    CounterNote(
        "Ip.InDiscards",
        "Good packets that IP had no memory for. IPv6 also counts here what came with IPv6 "
        "disabled, and multicast that was not joined.",
        "Not full socket buffers.",
        ("incoming packets discarded",),
    ),
    CounterNote(
        "Ip.InHdrErrors",
        "Packets with a broken IP header; on a router also those whose TTL ran out.",
        "Not UDP's header.",
        ("with invalid headers",),
    ),
    CounterNote(
        "Ip.InAddrErrors",
        "Packets for an address that is not this host's, on a host that does not forward.",
        aliases=("with invalid addresses",),
        kernels="From 3.14: before, nothing counted them.",
    ),
    CounterNote(
        "Ip.InUnknownProtos",
        "Packets whose protocol number has no handler. They are not in InDelivers.",
        aliases=("with unknown protocol",),
    ),
    CounterNote(
        "Ip.ReasmFails",
        "All failures of reassembly: timeouts (a datagram each), overlaps (a datagram each), "
        "refused memory (a fragment each from 4.19).",
        "Not one unit: take ReasmTimeout and ReasmOverlaps off first.",
        ("packet reassemblies failed", "packet reassembles failed"),
    ),
    CounterNote(
        "Ip.ReasmTimeout",
        "Datagrams given up because a fragment did not come in time. Each is in ReasmFails too.",
        "Not a lack of memory here: the fragment was lost before.",
        ("fragments dropped after timeout",),
    ),
    CounterNote(
        "Ip.ReasmReqds",
        "Fragments that came for reassembly. ReasmOKs counts whole datagrams, so their difference "
        "is not loss.",
        "Not datagrams.",
        ("reassemblies required",),
    ),
    CounterNote(
        "IpExt.InNoRoutes",
        "Packets that no route fits.",
        aliases=("input no routes", "no routes"),
    ),
    CounterNote(
        "TcpExt.IPReversePathFilter",
        "Packets that rp_filter refused, of any protocol: the name's prefix is only a place. "
        "Each is in rt_cache's in_martian_src as well.",
        "Not TCP.",
        ("packets dropped because of reverse path filter", "rp_filter drops"),
    ),
    CounterNote(
        "rt_cache.in_martian_src",
        "Packets with an impossible source, and those that rp_filter refused. The file counts "
        "for the whole host.",
        "Not this namespace's alone.",
        ("martian source",),
    ),
    CounterNote(
        "arp_cache.table_fulls",
        "Neighbours for whom the host's table had no room; unresolved_discards are packets that "
        "waited too many for one neighbour's address. net/core/neighbour.c, neigh_alloc(), "
        "__neigh_event_send().",
        "Not loss of what is received for this host: both stand on the way out, so answers and "
        "forwarded packets are missing, not requests. They are in no book.",
        ("ndisc_cache.table_fulls", "unresolved_discards", "neighbour table overflow"),
    ),
    CounterNote(
        "nf_conntrack.drop",
        "Packets that connection tracking dropped: table full, a clash that was not resolved, a "
        "tracker's verdict.",
        "Not rules' drops.",
        ("conntrack drop",),
    ),
    CounterNote(
        "nf_conntrack.early_drop",
        "Old entries thrown out to make room. The packet that needed the room was accepted.",
        "Not loss of a packet.",
        ("conntrack early_drop",),
    ),
    CounterNote(
        "nf_conntrack.insert_failed",
        "Entries that could not be put in: another packet of the flow was first.",
        "From 4.9 to 5.4 not always a loss: resolved clashes count too.",
        ("conntrack insert_failed",),
    ),
    CounterNote(
        "nf_conntrack.invalid",
        "Packets that fit no connection. They pass, unless a rule drops what is invalid.",
        "Not loss by itself.",
        ("conntrack invalid",),
    ),
    CounterNote(
        "nf_conntrack.chainlength",
        "Entries that could not be put in because their hash chain was too long. Each is in "
        "insert_failed too.",
        "Not a full table: more buckets help.",
        ("chaintoolong", "conntrack chaintoolong"),
        "From 5.15; that column was delete_list before.",
    ),
    CounterNote(
        "nf_conntrack.clashres",
        "Two packets that raced for one entry, and were both accepted.",
        "Not loss.",
        ("clash_resolve", "conntrack clash_resolve"),
        "From 5.10; that column was searched before.",
    ),
    CounterNote(
        "nf_conntrack.search_restart",
        "Lookups that had to begin again because the table changed meanwhile.",
        "Not loss.",
    ),
)

_DEVICE_NOTES: tuple[CounterNote, ...] = (
    CounterNote(
        "softnet.processed",
        "Packets through __netif_receive_skb_core() (net/core/dev.c), each pass: a packet that "
        "goes through a VLAN, a bridge or a tunnel counts again.",
        "Not wire packets, and in a container not the container's: the file is the host's.",
        ("softnet_stat column 1",),
    ),
    CounterNote(
        "softnet.dropped",
        "Packets that met a full CPU backlog. Each is in the device's rx_dropped as well.",
        "Not ring losses. In a container not the container's: the file is the host's.",
        ("softnet drops", "softnet_stat column 2", "backlog drops"),
        "Up to 6.9 it also counts packets of devices that went down.",
    ),
    CounterNote(
        "softnet.time_squeeze",
        "Runs of the receive softirq that ended with work left, for want of budget or time.",
        "Not packets, and not loss: without ring losses there is nothing to repair.",
        ("squeezed", "time squeeze", "softnet_stat column 3", "squeeze"),
        "Threaded NAPI and busy polling do not move it.",
    ),
    CounterNote(
        "softnet.received_rps",
        "Interrupts that other CPUs sent this one because RPS gave it packets.",
        "Not packets, not loss.",
        ("softnet_stat column 10", "received_rps"),
    ),
    CounterNote(
        "softnet.flow_limit_count",
        "Packets refused because their flow took most of the backlog; counted on the CPU that "
        "enqueues. Each is in `dropped` of the target CPU as well.",
        "Not there before 3.11 and in el7.",
        ("flow_limit", "softnet_stat column 11"),
    ),
    CounterNote(
        "rx_dropped",
        "Packets the device's driver dropped, and packets the kernel dropped for it: full "
        "backlog, full tunnel queue, an EtherType that nobody handles, reserve memory.",
        "Not ring overflow, by the kernel's own definition (some drivers still count that here). "
        "A slow, steady rise is mostly unknown EtherTypes.",
        ("RX dropped", "dropped", "rx drops"),
        "The column `drop` of /proc/net/dev is rx_dropped + rx_missed_errors.",
    ),
    CounterNote(
        "rx_missed_errors",
        "Frames that found no free buffer in the card's ring, where the driver counts them so.",
        "Not damaged frames, and not the CPU backlog.",
        ("missed", "RX missed"),
    ),
    CounterNote(
        "rx_fifo_errors",
        "Overruns, as old drivers count them. Some drivers show one lost frame here and in "
        "rx_missed_errors.",
        "Add it to rx_missed_errors only after looking at the driver.",
        ("fifo", "overruns", "RX overruns", "overrun"),
    ),
    CounterNote(
        "/proc/net/dev drop",
        "The column `drop` of /proc/net/dev, and `dropped` of ifconfig: rx_dropped plus "
        "rx_missed_errors in one number (dev_seq_printf_stats() in net/core/net-procfs.c).",
        "Not one stage: read /sys/class/net/DEV/statistics to tell them apart.",
        ("drop", "RX dropped ifconfig"),
    ),
    CounterNote(
        "/proc/net/dev frame",
        "The column `frame` of /proc/net/dev: rx_length_errors + rx_over_errors + rx_crc_errors + "
        "rx_frame_errors.",
        "Not a fault of software.",
        ("frame", "framing errors"),
    ),
    CounterNote(
        "rx_errors",
        "Damaged frames, all kinds together, and whatever else the driver calls an error.",
        "Not full buffers, with most drivers.",
        ("errs", "RX errors"),
    ),
)

COUNTER_NOTES: tuple[CounterNote, ...] = (
    *_UDP_NOTES,
    *_IP_NOTES,
    *_DEVICE_NOTES,
    *TCP_NOTES,
)
