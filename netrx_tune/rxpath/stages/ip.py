"""IP: header checks, firewall, reassembly, routing, handing over to a protocol.

Versions read: 3.10 to 6.19. "nft." names are sums over rules of that hook that count what
they drop; "rt_cache." and "nf_conntrack." are files below /proc/net/stat.
"""

from __future__ import annotations

from netrx_tune.model.kernel import KernelVersion
from netrx_tune.model.stage import Stage

_HEADER_STAGES: tuple[Stage, ...] = (
    Stage(
        name="ip-otherhost",
        order=40,
        layer="ip",
        kind="stray",
        title="a frame for another host's MAC address",
        function="ip_rcv_core() in net/ipv4/ip_input.c, ip6_rcv_core() in net/ipv6/ip6_input.c",
        what=(
            "The frame's destination MAC is not this device's: the device is promiscuous, the "
            "switch floods, or the frame has a VLAN tag and no VLAN device takes it. IP ignores "
            "it before it counts anything."
        ),
        counters=("rx_otherhost_dropped",),
        reasons=("OTHERHOST",),
        remedy=(
            "Mostly none. Leave promiscuous mode if nobody needs it; create the VLAN interface if "
            "the tagged frames are wanted."
        ),
        wrong_when="Counting it as loss: the packet was not for this host.",
        blind=(
            "Only rtnetlink shows it (ip -s -s link): not sysfs, not /proc/net/dev, and it is not "
            "in Ip.InReceives."
        ),
        versions="Counted from 5.19; before, nothing moved.",
    ),
    Stage(
        name="ip-header-invalid",
        order=41,
        layer="ip",
        title="a broken IP header",
        function="ip_rcv_core() in net/ipv4/ip_input.c, ip6_rcv_core() in net/ipv6/ip6_input.c",
        what=(
            "The IP header has a wrong version, length or checksum, or its options cannot be "
            "read. On a forwarding host a packet whose TTL ran out is counted here too."
        ),
        counters=("Ip.InHdrErrors", "Ip6.InHdrErrors"),
        also=("IpExt.InCsumErrors",),
        reasons=("IP_CSUM", "IP_INHDR"),
        remedy="Find the sender or the card that damages headers: tcpdump -vv shows bad cksum.",
        wrong_when="Any buffer. With a forwarded TTL of 1 it is somebody's traceroute.",
        blind="IPv6 has no header checksum and no counter for one.",
        versions=(
            "A bad header checksum moves InHdrErrors and IpExt.InCsumErrors, one packet in both "
            "(3.10 to 6.18)."
        ),
    ),
    Stage(
        name="ip-truncated",
        order=42,
        layer="ip",
        title="shorter than its IP header says",
        function="ip_rcv_core() in net/ipv4/ip_input.c",
        what="The packet holds fewer bytes than its IP header claims.",
        counters=("IpExt.InTruncatedPkts", "Ip6.InTruncatedPkts"),
        reasons=("PKT_TOO_SMALL",),
        remedy="Compare MTUs along the way; look for a card or tunnel that cuts frames.",
        wrong_when="Any buffer.",
        versions="It does not move InHdrErrors (3.10 to 6.18).",
    ),
    Stage(
        name="ip-internal-discard",
        order=43,
        layer="ip",
        title="IP had no memory for it",
        function="ip_rcv_core() in net/ipv4/ip_input.c, ip6_rcv_core() in net/ipv6/ip6_input.c",
        what=(
            "A good packet could not be copied, trimmed or prepared, which happens when memory is "
            "short. IPv6 also counts packets here that came while IPv6 was disabled on the device."
        ),
        counters=("Ip.InDiscards", "Ip6.InDiscards"),
        reasons=("NOMEM", "IPV6DISABLED", "NOT_SPECIFIED"),
        knobs=("vm.min_free_kbytes", "net.ipv6.conf.IF.disable_ipv6"),
        remedy="End the memory pressure; for IPv6 see whether disable_ipv6 is meant.",
        wrong_when=(
            "Socket buffers. Ip6.InDiscards also counts multicast from a source that a joined "
            "group excludes."
        ),
        versions="All kernels; the reason NOMEM stands here from 6.18.",
    ),
)

_FILTER_STAGES: tuple[Stage, ...] = (
    Stage(
        name="nf-prerouting-drop",
        order=50,
        layer="ip",
        kind="policy",
        title="a firewall rule dropped it before routing",
        function="nf_hook_slow() in net/netfilter/core.c, hook PREROUTING",
        what=(
            "A rule in the raw or mangle table, or an nftables chain at prerouting, dropped the "
            "packet. Connection tracking looks at packets at this hook as well."
        ),
        counters=("nft.prerouting",),
        reasons=("NETFILTER_DROP",),
        knobs=("nft ruleset",),
        remedy="Look at the rules and their counters: nft -a list ruleset, iptables-save -c.",
        wrong_when="Counting it as a lack of room: a rule did what it says.",
        blind=(
            "The kernel has no counter for it. Ip.InReceives moved and nothing after it: the "
            "books find the number, a rule's `counter` finds the rule."
        ),
        versions="All kernels; the reason NETFILTER_DROP after 5.17 and in late 5.15.",
    ),
    Stage(
        name="conntrack-table-full",
        order=51,
        layer="ip",
        title="no room in the connection table",
        function="__nf_conntrack_alloc() in net/netfilter/nf_conntrack_core.c",
        what=(
            "Each new flow needs an entry in the connection table. When "
            "net.netfilter.nf_conntrack_max entries exist and no unassured one can be evicted, "
            "the packet of the new flow is dropped. Flows that have an entry go on."
        ),
        counters=("nf_conntrack.drop",),
        also=("nf_conntrack.early_drop",),
        reasons=("NETFILTER_DROP",),
        knobs=(
            "net.netfilter.nf_conntrack_max",
            "net.netfilter.nf_conntrack_buckets",
            "net.netfilter.nf_conntrack_udp_timeout",
            "net.netfilter.nf_conntrack_udp_timeout_stream",
            "NOTRACK",
        ),
        remedy=(
            "Leave stateless UDP out of tracking (a notrack rule), shorten the UDP timeouts, or "
            "raise nf_conntrack_max together with nf_conntrack_buckets."
        ),
        wrong_when=(
            "nf_conntrack_count is far below nf_conntrack_max: then `drop` has another cause (a "
            "clash of two entries, a tracker's verdict)."
        ),
        blind=(
            "The maximum is one number for the host and is compared with each namespace's own "
            "count. The kernel log line `table full` is rate-limited."
        ),
        versions="3.10 to 6.19.",
    ),
    Stage(
        name="conntrack-insert-fail",
        order=52,
        layer="ip",
        title="two packets raced for one connection entry",
        function="__nf_conntrack_confirm() in net/netfilter/nf_conntrack_core.c",
        what=(
            "Two packets of one new flow were tracked at the same time, typically a DNS client's "
            "A and AAAA questions, and the second could not be entered; or the hash chain of the "
            "entry was too long."
        ),
        counters=("nf_conntrack.insert_failed",),
        also=("nf_conntrack.drop", "nf_conntrack.chainlength"),
        reasons=("NETFILTER_DROP",),
        knobs=("net.netfilter.nf_conntrack_buckets", "NOTRACK"),
        remedy=(
            "Leave that traffic out of tracking, send the questions one after the other, or grow "
            "nf_conntrack_buckets when chains are too long."
        ),
        wrong_when="Raising nf_conntrack_max: the table was not full.",
        blind=(
            "From 4.9 to 5.4 insert_failed rises for clashes that were resolved and accepted too; "
            "the loss is then in `drop` alone."
        ),
        versions=(
            "Up to 4.4 insert_failed is a lost packet. 4.9 to 5.4: see above. From 5.10 an "
            "unresolved clash moves insert_failed and drop, a resolved one clash_resolve. From "
            "5.15 a chain that is too long moves chaintoolong and insert_failed."
        ),
    ),
    Stage(
        name="conntrack-invalid",
        order=53,
        layer="ip",
        kind="policy",
        title="connection tracking called it invalid",
        function="nf_conntrack_in() in net/netfilter/nf_conntrack_core.c",
        what=(
            "The tracker could not fit the packet into a connection. The packet goes on, unless a "
            "rule drops what is invalid: then it is that rule's loss."
        ),
        also=("nf_conntrack.invalid",),
        reasons=("NETFILTER_DROP",),
        knobs=("net.netfilter.nf_conntrack_checksum", "net.netfilter.nf_conntrack_log_invalid"),
        remedy="Set net.netfilter.nf_conntrack_log_invalid to see why, then judge the rule.",
        wrong_when="Counting `invalid` as loss.",
        blind="Whether a rule drops it shows only in that rule's counter.",
        versions="3.10 to 6.18. Up to 5.4 a bad checksum also moves the `icmp_error` column.",
    ),
)

_FRAGMENT_STAGES: tuple[Stage, ...] = (
    Stage(
        name="defrag-memory",
        order=54,
        layer="ip",
        title="no memory left for reassembly",
        function="inet_frag_find() in net/ipv4/inet_fragment.c, ip_find() in "
        "net/ipv4/ip_fragment.c",
        what=(
            "Fragments wait for their fellows in memory that ipfrag_high_thresh limits. Above it "
            "fragments are refused, each one counted, until old ones time out. A single lost "
            "fragment keeps its datagram's memory for the whole timeout."
        ),
        counters=("Ip.ReasmFails", "Ip6.ReasmFails"),
        knobs=(
            "net.ipv4.ipfrag_high_thresh",
            "net.ipv4.ipfrag_time",
            "net.ipv6.ip6frag_high_thresh",
            "net.ipv6.ip6frag_time",
            "net.netfilter.nf_conntrack_frag6_high_thresh",
            "net.netfilter.nf_conntrack_frag6_timeout",
        ),
        remedy=(
            "Make the sender's datagrams fit the MTU. Else shorten ipfrag_time and raise "
            "ipfrag_high_thresh."
        ),
        wrong_when=(
            "Fragments are lost on the way: then ReasmTimeout rises, and more memory only stores "
            "more halves."
        ),
        blind=(
            "ReasmFails also counts timeouts and overlaps. With connection tracking, IPv6 "
            "reassembles in a pool of its own that refuses without any Ip6 counter."
        ),
        versions=(
            "3.10 evicts the oldest datagrams; 4.4 evicts in a worker; 4.14 refuses new datagrams "
            "only; from 4.19 every fragment is refused, even for a datagram that is nearly "
            "complete, until memory falls."
        ),
        unit="fragments",
    ),
    Stage(
        name="defrag-timeout",
        order=55,
        layer="ip",
        title="a fragment never came",
        function="ip_expire() in net/ipv4/ip_fragment.c, ip6frag_expire_frag_queue() in "
        "include/net/ipv6_frag.h",
        what=(
            "A datagram's fragments did not all arrive within ipfrag_time seconds, so the ones "
            "that did are thrown away. The lost fragment was lost earlier: in the network, in the "
            "ring, in a backlog."
        ),
        counters=("Ip.ReasmTimeout", "Ip6.ReasmTimeout"),
        also=("Ip.ReasmFails", "Ip6.ReasmFails"),
        reasons=("FRAG_REASM_TIMEOUT",),
        knobs=("net.ipv4.ipfrag_time", "net.ipv6.ip6frag_time"),
        remedy=(
            "Find where the fragment was lost, stages before this one first. Make the sender's "
            "datagrams fit the MTU."
        ),
        wrong_when="Raising ipfrag_high_thresh: memory was not short.",
        blind="It counts datagrams ipfrag_time after the loss, and not which fragment was missing.",
        versions="Each moves ReasmTimeout and ReasmFails. The reason is there from 6.2.",
        unit="datagrams",
    ),
    Stage(
        name="defrag-overlap",
        order=56,
        layer="ip",
        title="fragments overlapped or came too far apart",
        function="inet_frag_queue_insert() in net/ipv4/inet_fragment.c, ip_frag_queue() in "
        "net/ipv4/ip_fragment.c",
        what=(
            "Two fragments of one datagram covered the same bytes, so the whole datagram was "
            "discarded; or more than ipfrag_max_dist other fragments of that sender came in "
            "between, so the earlier ones were."
        ),
        counters=("IpExt.ReasmOverlaps",),
        also=("Ip.ReasmFails",),
        reasons=("DUP_FRAG", "FRAG_TOO_FAR", "NOT_SPECIFIED"),
        knobs=("net.ipv4.ipfrag_max_dist",),
        remedy=(
            "For reordering over many paths raise net.ipv4.ipfrag_max_dist (0 switches the test "
            "off). Overlaps are a broken or hostile sender."
        ),
        wrong_when="Raising ipfrag_high_thresh: memory was not short.",
        blind=(
            "An exact duplicate is dropped without a counter. The distance test moves ReasmFails "
            "alone. IPv6 exports no such field."
        ),
        versions="The counter is there from 4.14 and in el7.9; it moves ReasmFails too from 5.4.",
        since=KernelVersion(4, 14),
        unit="datagrams",
    ),
)

_ROUTE_STAGES: tuple[Stage, ...] = (
    Stage(
        name="route-no-route",
        order=60,
        layer="ip",
        title="no route for it",
        function="ip_error() in net/ipv4/route.c, ip6_pkt_drop() in net/ipv6/route.c",
        what="The packet was not for this host, and no route says where it should go.",
        counters=("IpExt.InNoRoutes", "Ip6.InNoRoutes"),
        also=("rt_cache.in_no_route",),
        reasons=("IP_INNOROUTES",),
        knobs=("ip route",),
        remedy="Add the address or the route that is missing: ip route get ADDRESS.",
        wrong_when="Any buffer.",
        versions="3.10 to 6.18; the reason from 5.19.",
    ),
    Stage(
        name="route-not-local",
        order=61,
        layer="ip",
        title="not this host's address, and it does not forward",
        function="ip_error() in net/ipv4/route.c, ip6_forward() in net/ipv6/ip6_output.c",
        what=(
            "The frame came to this host's MAC, its IP address is not one of this host's, and "
            "forwarding is off. A virtual address moved away, a neighbour's ARP entry is old, or "
            "a load balancer sends to a host that lacks the address."
        ),
        counters=("Ip.InAddrErrors", "Ip6.InAddrErrors"),
        reasons=("IP_INADDRERRORS",),
        knobs=("ip address", "net.ipv4.ip_forward"),
        remedy="Put the address on this host, or correct the sender's route or ARP entry.",
        wrong_when="Any buffer.",
        blind="3.10 and 3.13 leave no counter for it: the books show it as ip-unattributed.",
        versions="Counted from 3.14; the reason from 5.19.",
    ),
    Stage(
        name="route-rpfilter",
        order=62,
        layer="ip",
        kind="policy",
        title="the reverse-path filter refused it",
        function="fib_validate_source() in net/ipv4/fib_frontend.c",
        what=(
            "With rp_filter on, a packet is dropped when the route back to its source does not "
            "leave by the device it came in on. It guards against forged sources and hits "
            "asymmetric routing and multicast sources without a route."
        ),
        counters=("TcpExt.IPReversePathFilter",),
        also=("rt_cache.in_martian_src",),
        reasons=("IP_RPFILTER",),
        knobs=("net.ipv4.conf.IF.rp_filter", "net.ipv4.conf.all.rp_filter", "ip route"),
        remedy=(
            "Add the route back to the source. If routing is asymmetric on purpose, set rp_filter "
            "to 2 (loose) on that device; the effective value is the larger of `all` and the "
            "device's."
        ),
        wrong_when="Switching it off without thought on a host at the edge of a network.",
        blind="IPv4 only: IPv6 has it as a netfilter match, which counts nothing.",
        versions="4.9 to 6.18 read; the counter is older. The reason after 5.17, and in late 5.15.",
    ),
    Stage(
        name="route-martian",
        order=63,
        layer="ip",
        title="an address that cannot be right",
        function="ip_route_input_slow() in net/ipv4/route.c",
        what=(
            "The source is multicast, broadcast, loopback or this host's own, or the destination "
            "is loopback or zero: no such packet should come from a network."
        ),
        counters=("rt_cache.in_martian_src", "rt_cache.in_martian_dst"),
        reasons=(
            "IP_INVALID_SOURCE",
            "IP_LOCAL_SOURCE",
            "IP_LOCALNET",
            "IP_INVALID_DEST",
            "NOT_SPECIFIED",
        ),
        knobs=(
            "net.ipv4.conf.IF.accept_local",
            "net.ipv4.conf.IF.route_localnet",
            "net.ipv4.conf.IF.log_martians",
        ),
        remedy=(
            "Set net.ipv4.conf.all.log_martians to see the addresses; correct the sender. "
            "accept_local and route_localnet allow the two cases that are sometimes meant."
        ),
        wrong_when="Any buffer.",
        blind=(
            "No SNMP counter. /proc/net/stat/rt_cache has it and counts for the whole host, and "
            "packets that rp_filter refused are in in_martian_src as well."
        ),
        versions="3.10 to 6.18; reasons of its own from 6.13.",
    ),
    Stage(
        name="mcast-not-joined",
        order=64,
        layer="ip",
        kind="stray",
        title="multicast of a group that was not joined here",
        function="ip_route_input_rcu() in net/ipv4/route.c, ip6_mc_input() in net/ipv6/ip6_input.c",
        what=(
            "The group is not joined on the device it came in on, so IP drops it. Either nobody "
            "wants it, or a program joined on another interface than the one it comes by."
        ),
        also=("Ip6.InDiscards",),
        reasons=("NOT_SPECIFIED", "IP_INADDRERRORS"),
        knobs=("IP_ADD_MEMBERSHIP", "net.ipv4.igmp_max_memberships"),
        remedy=(
            "Join with the interface's index (ip maddr show DEV lists what is joined where); "
            "raise net.ipv4.igmp_max_memberships if joins were refused."
        ),
        wrong_when="Any buffer. Groups that no program of this host wants are not loss.",
        blind=(
            "A group that nobody joined has no counter: the books show it within ip-unattributed. "
            "Ip6.InMcastPkts counts it with the joined ones; Ip6.InDiscards only what a joined "
            "group's source filter refuses."
        ),
        versions="3.10 to 6.18.",
    ),
    Stage(
        name="l2-mcast-unicast",
        order=65,
        layer="ip",
        kind="policy",
        title="a unicast packet in a multicast frame",
        function="ip_rcv_finish_core() in net/ipv4/ip_input.c",
        what=(
            "The frame was multicast or broadcast, the IP destination is a single host, and "
            "drop_unicast_in_l2_multicast is on. Some clusters and wireless bridges send such "
            "packets on purpose."
        ),
        also=("Ip6.InHdrErrors",),
        reasons=("UNICAST_IN_L2_MULTICAST",),
        knobs=(
            "net.ipv4.conf.IF.drop_unicast_in_l2_multicast",
            "net.ipv6.conf.IF.drop_unicast_in_l2_multicast",
        ),
        remedy="Switch drop_unicast_in_l2_multicast off if such packets are wanted.",
        wrong_when="Any buffer.",
        blind="IPv4 has no counter. Off by default.",
        versions="Read in 4.9 to 6.18, absent in 4.4.",
        since=KernelVersion(4, 5),
    ),
    Stage(
        name="ip-options",
        order=66,
        layer="ip",
        kind="policy",
        title="IP options that this host refuses",
        function="ip_rcv_options() in net/ipv4/ip_input.c",
        what=(
            "The packet carries IP options that are malformed, or asks for source routing, which "
            "hosts refuse by default."
        ),
        also=("Ip.InHdrErrors", "Ip.InDiscards"),
        reasons=("NOT_SPECIFIED", "IP_INHDR"),
        knobs=("net.ipv4.conf.IF.accept_source_route",),
        remedy="None: source routing is a way around firewalls. Ask who sends it.",
        wrong_when="Any buffer.",
        blind="A source-routed packet that is refused moves no counter but Ip.InReceives.",
        versions="All kernels.",
    ),
)

_DELIVERY_STAGES: tuple[Stage, ...] = (
    Stage(
        name="nf-input-drop",
        order=70,
        layer="ip",
        kind="policy",
        title="a firewall rule dropped it on the way in",
        function="nf_hook_slow() in net/netfilter/core.c, hook LOCAL_IN",
        what=(
            "A rule or the policy of an input chain dropped or rejected the packet, after routing "
            "had decided that it is for this host."
        ),
        counters=("nft.input",),
        reasons=("NETFILTER_DROP",),
        knobs=("nft ruleset",),
        remedy="Look at the rules and their counters: nft -a list ruleset, iptables-save -c.",
        wrong_when="Counting it as a lack of room: a rule did what it says.",
        blind=(
            "The kernel has no counter for it: Ip.InReceives moved and Ip.InDelivers did not. The "
            "books find the number, a rule's `counter` finds the rule."
        ),
        versions="All kernels; the reason NETFILTER_DROP after 5.17 and in late 5.15.",
    ),
    Stage(
        name="proto-unknown",
        order=71,
        layer="ip",
        title="no handler for this IP protocol",
        function="ip_protocol_deliver_rcu() in net/ipv4/ip_input.c",
        what=(
            "The packet is for this host and no module handles its protocol number (SCTP, GRE, "
            "ESP ...). The sender gets an ICMP protocol-unreachable."
        ),
        counters=("Ip.InUnknownProtos", "Ip6.InUnknownProtos"),
        reasons=("IP_NOPROTO",),
        remedy="Load the protocol's module, or stop the sender.",
        wrong_when="Any buffer.",
        versions="All kernels. Such packets are not in InDelivers.",
    ),
    Stage(
        name="xfrm-policy",
        order=72,
        layer="ip",
        kind="policy",
        title="IPsec refused it",
        function="__xfrm_policy_check() in net/xfrm/xfrm_policy.c, xfrm_input() in "
        "net/xfrm/xfrm_input.c",
        what=(
            "An IPsec policy blocks the packet or asks for protection that it did not have; or an "
            "ESP packet came with no matching state, a replayed number, a bad checksum."
        ),
        counters=(
            "xfrm.XfrmInError",
            "xfrm.XfrmInBufferError",
            "xfrm.XfrmInHdrError",
            "xfrm.XfrmInNoStates",
            "xfrm.XfrmInStateProtoError",
            "xfrm.XfrmInStateModeError",
            "xfrm.XfrmInStateSeqError",
            "xfrm.XfrmInStateExpired",
            "xfrm.XfrmInStateMismatch",
            "xfrm.XfrmInStateInvalid",
            "xfrm.XfrmInTmplMismatch",
            "xfrm.XfrmInNoPols",
            "xfrm.XfrmInPolBlock",
            "xfrm.XfrmInPolError",
            "xfrm.XfrmInStateDirError",
            "xfrm.XfrmInIptfsError",
        ),
        reasons=("XFRM_POLICY",),
        knobs=("ip xfrm policy", "ip xfrm state"),
        remedy="Compare `ip xfrm policy` and `ip xfrm state` with the peer's.",
        wrong_when="Any buffer, unless XfrmInBufferError moves (memory).",
        blind=(
            "Kernels without CONFIG_XFRM_STATISTICS have no /proc/net/xfrm_stat. UDP checks the "
            "policy itself: see udp-xfrm-policy."
        ),
        versions="Names were added over time: 28 in 5.10, 32 in 6.18.",
    ),
)

IP_STAGES: tuple[Stage, ...] = (
    *_HEADER_STAGES,
    *_FILTER_STAGES,
    *_FRAGMENT_STAGES,
    *_ROUTE_STAGES,
    *_DELIVERY_STAGES,
)
