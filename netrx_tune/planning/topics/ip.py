"""IP's systems: early demux, routing, reassembly, the firewall, delivery."""

from __future__ import annotations

from netrx_tune.planning.topics.topic import Topic

IP_TOPICS: tuple[Topic, ...] = (
    Topic(
        name="early-demux",
        title="looking for the socket before routing",
        what=(
            "A packet needs a route, even one that ends on this host. Early demux asks the "
            "protocol first: if a connected socket fits the packet, the route that socket keeps "
            "is used again and the lookup is saved. For UDP it helps connected sockets, and "
            "multicast with a single reader; an unconnected server's datagrams gain nothing."
        ),
        then=(
            "ip_rcv_finish() in net/ipv4/ip_input.c calls the early_demux function that the "
            "protocol registered (udp_v4_early_demux(), tcp_v4_early_demux()), if "
            "net.ipv4.ip_early_demux is on. The socket found is kept on the packet, and "
            "__udp4_lib_rcv() takes it with skb_steal_sock() instead of looking again. One "
            "switch for the host and all protocols."
        ),
        now=(
            "ip_rcv_finish_core() does it with direct calls. net.ipv4.ip_early_demux is each "
            "namespace's own from 4.9; net.ipv4.udp_early_demux and tcp_early_demux from 4.12 "
            "switch one protocol."
        ),
        lost=(
            "Nothing: a packet that finds no socket here goes on to routing. The one exception is "
            "multicast, whose source is validated here as routing would do it: see "
            "route-rpfilter and route-martian."
        ),
        aliases=("early demultiplexing", "ip_rcv_finish", "udp_v4_early_demux"),
        stages=("route-rpfilter", "route-martian"),
        counters=("TcpExt.IPReversePathFilter",),
        tunables=(
            "net.ipv4.ip_early_demux",
            "net.ipv4.udp_early_demux",
            "net.ipv4.tcp_early_demux",
        ),
    ),
    Topic(
        name="routing",
        title="deciding whether a packet is for this host",
        what=(
            "The lookup gives the packet a route whose input function is called next: "
            "ip_local_deliver() if it is for this host, ip_forward() if not, ip_error() if it "
            "cannot go anywhere. Sources are checked on the way (martians, rp_filter), and "
            "multicast must have been joined on the device it came in on."
        ),
        then=(
            "ip_rcv_finish() calls ip_route_input_noref(), which ends in ip_route_input_slow() in "
            "net/ipv4/route.c, then dst_input(). A packet for an address that is not local on a "
            "host that does not forward is dropped without a counter: the error code that "
            "ip_error() looks at was 0 in 3.10 and 3.13."
        ),
        now=(
            "The same functions, with ip_route_input_rcu() in between. Such packets move "
            "Ip.InAddrErrors from 3.14; martians have drop reasons of their own from 6.13, and "
            "still no SNMP counter."
        ),
        lost=(
            "No route, not this host's address, reverse-path filter, impossible addresses, "
            "multicast that was not joined, source routing. Half of these have no SNMP counter: "
            "they show in ip-unattributed, and in /proc/net/stat/rt_cache."
        ),
        aliases=("route", "ip_route_input", "dst_input", "dst_entry"),
        stages=(
            "route-no-route",
            "route-not-local",
            "route-rpfilter",
            "route-martian",
            "mcast-not-joined",
            "l2-mcast-unicast",
            "ip-options",
            "ip-unattributed",
        ),
        counters=(
            "Ip.InAddrErrors",
            "IpExt.InNoRoutes",
            "TcpExt.IPReversePathFilter",
            "rt_cache.in_martian_src",
        ),
        tunables=("net.ipv4.conf.IF.rp_filter", "net.ipv4.ip_forward"),
    ),
    Topic(
        name="defragmentation",
        title="putting fragments together",
        what=(
            "A datagram larger than the MTU comes in pieces. The host keeps them until all are "
            "there, in memory that ipfrag_high_thresh bounds and for ipfrag_time seconds. One "
            "lost piece loses the datagram and holds its memory for that long, so fragments turn "
            "a small loss into a large one."
        ),
        then=(
            "ip_local_deliver() calls ip_defrag() in net/ipv4/ip_fragment.c for packets of this "
            "host, before the input firewall; with connection tracking it happens in PREROUTING "
            "already. When memory is short the oldest incomplete datagrams are evicted. "
            "Overlapping pieces are trimmed."
        ),
        now=(
            "Same places. From 4.19 there is no eviction: above ipfrag_high_thresh every fragment "
            "is refused, even the one that would complete a datagram, until timers free memory. "
            "Overlapping datagrams are discarded whole. IPv6 with connection tracking uses a "
            "pool of its own that leaves almost no counter."
        ),
        lost=(
            "ReasmTimeout: a piece never came. ReasmFails beyond it: no memory (each refused "
            "fragment counts), overlaps, or a sender whose pieces came too far apart. A datagram "
            "that was never completed is in no UDP counter."
        ),
        aliases=("fragmentation", "fragments", "reassembly", "defrag", "ip_defrag"),
        stages=("defrag-memory", "defrag-timeout", "defrag-overlap"),
        counters=("Ip.ReasmFails", "Ip.ReasmTimeout", "IpExt.ReasmOverlaps"),
        tunables=(
            "net.ipv4.ipfrag_high_thresh",
            "net.ipv4.ipfrag_time",
            "net.ipv4.ipfrag_max_dist",
        ),
    ),
    Topic(
        name="netfilter",
        title="firewall and connection tracking",
        what=(
            "At fixed places (hooks) the kernel asks registered functions about each packet: "
            "PREROUTING before routing, LOCAL_IN before delivery to this host. iptables and "
            "nftables rules, NAT and connection tracking live there. A function may accept, drop, "
            "steal or queue the packet."
        ),
        then=(
            "ip_rcv() and ip_local_deliver() pass the packet through NF_HOOK() with the function "
            "that goes on afterwards: ip_rcv_finish() and ip_local_deliver_finish(). A rule's "
            "verdict comes from iptables."
        ),
        now=(
            "nf_hook_slow() in net/netfilter/core.c runs the hooks. From 4.2 a device has an "
            "ingress hook of its own, before IP. Rules mostly come from nftables, whose drops "
            "carry the reason NETFILTER_DROP after 5.17."
        ),
        lost=(
            "A drop has no counter of the kernel: Ip.InReceives moved and Ip.InDelivers did not, "
            "and at ingress not even the first. The books find how many (ip-unattributed, "
            "device-unattributed); a rule with a `counter` tells which rule. Connection tracking "
            "drops when its table is full, and counts that."
        ),
        aliases=(
            "firewall",
            "iptables",
            "nftables",
            "nft",
            "conntrack",
            "connection tracking",
            "nf_hook",
        ),
        stages=(
            "nf-ingress-drop",
            "nf-prerouting-drop",
            "conntrack-table-full",
            "conntrack-insert-fail",
            "conntrack-invalid",
            "nf-input-drop",
            "ip-unattributed",
        ),
        counters=("Ip.InReceives", "Ip.InDelivers", "nf_conntrack.drop"),
        tunables=("net.netfilter.nf_conntrack_max", "net.netfilter.nf_conntrack_udp_timeout"),
    ),
    Topic(
        name="delivery",
        title="handing a packet to its protocol",
        what=(
            "The protocol number of the IP header selects a handler from a table that protocols "
            "entered themselves in when the kernel started: udp_rcv(), tcp_v4_rcv(), icmp_rcv(). "
            "Raw sockets get a copy first. Protocols that do not check IPsec policy themselves "
            "are checked here."
        ),
        then=(
            "ip_local_deliver_finish() in net/ipv4/ip_input.c looks up inet_protos[] and calls the "
            "handler; inet_init() in net/ipv4/af_inet.c filled the table with "
            "inet_add_protocol(). UDP and TCP are entered with no_policy, so they check IPsec "
            "policy themselves."
        ),
        now=(
            "The same in ip_protocol_deliver_rcu(), with direct calls for TCP and UDP. "
            "Ip.InDelivers is counted after the handler came back, whatever it did."
        ),
        lost=(
            "A protocol without a handler (Ip.InUnknownProtos) and IPsec's refusals. "
            "Ip.InDelivers does not say that a program got anything: UDP may have dropped the "
            "datagram after that."
        ),
        aliases=("ip_local_deliver", "protocol handler", "inet_add_protocol", "inet_protos"),
        stages=("nf-input-drop", "proto-unknown", "xfrm-policy", "ip-unattributed"),
        counters=("Ip.InDelivers", "Ip.InUnknownProtos"),
    ),
)
