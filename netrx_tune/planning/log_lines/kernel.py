"""Lines that the kernel writes to its log."""

from __future__ import annotations

from netrx_tune.planning.log_lines.message import Message

KERNEL_LINES: tuple[Message, ...] = (
    Message(
        "log-conntrack-full",
        "The table of connections is full",
        r"(?:nf_conntrack|ip_conntrack): table full(?: in netns \d+)?, dropping packet",
        "A packet of a connection that is not in the table was discarded, since the table holds as"
        " many as net.netfilter.nf_conntrack_max allows.",
        "Yes: each line is at least one packet, and most are not written (the line is limited to a"
        " few each second). The column drop of /proc/net/stat/nf_conntrack has the number.",
        "sudo netrx-tune diagnose says how full the table is and computes a size. Where the traffic"
        " needs no state, a notrack rule costs no memory at all.",
        "net/netfilter/nf_conntrack_core.c, __nf_conntrack_alloc()",
        ("conntrack-table-full",),
        ("nf_conntrack.drop",),
        ("net.netfilter.nf_conntrack_max", "net.netfilter.nf_conntrack_buckets"),
    ),
    Message(
        "log-syn-flooding",
        "More connections are being opened than the listener's queue holds",
        r"possible syn flooding on port",
        "The queue of half-open connections of one listening socket is full. That is an attack, or"
        " a program whose listen() backlog is small for its clients. The kernel writes the line"
        " once for each listener, however long it lasts.",
        "With 'Sending cookies' nothing is lost, though connections lose options; with 'Dropping"
        " request' each is (TCPReqQFullDrop), and clients try again after a second or more.",
        "The length is the smallest of the program's listen() backlog and net.core.somaxconn, so"
        " raising the latter alone changes nothing: netrx-tune diagnose shows both.",
        "net/ipv4/tcp_input.c, tcp_syn_flood_action()",
        ("tcp-syn-queue-full", "tcp-listen-overflow"),
        ("TcpExt.TCPReqQFullDrop", "TcpExt.TCPReqQFullDoCookies"),
        ("net.core.somaxconn", "net.ipv4.tcp_max_syn_backlog", "net.ipv4.tcp_syncookies"),
    ),
    Message(
        "log-tcp-out-of-memory",
        "TCP has all the memory it may have",
        r"tcp: out of memory -- consider tuning tcp_mem",
        "All TCP sockets of the host together reached the third value of net.ipv4.tcp_mem, which is"
        " in pages. Mostly many connections hold data that no program reads or no peer takes.",
        "Connections are reset and segments dropped.",
        "Find who holds it first: ss -tanm, largest Recv-Q and Send-Q. A pool that is raised fills"
        " as well if the reader is stuck.",
        "net/ipv4/tcp.c, tcp_check_oom()",
        ("tcp-memory",),
        (),
        ("net.ipv4.tcp_mem", "net.ipv4.tcp_rmem"),
    ),
    Message(
        "log-udp-bad-checksum",
        "A datagram's checksum was wrong",
        r"udp(?:v6|-lite|lite)?: bad checksum\. from",
        "The datagram was damaged on its way, or its sender computes no checksum, or a capture or"
        " tunnel took it before hardware had filled it in.",
        "Yes, one datagram for each; the line is limited, InCsumErrors is not.",
        "No setting of this host cures it. Compare InCsumErrors by device and by sender.",
        "net/ipv4/udp.c, __udp4_lib_rcv()",
        ("udp-csum-early", "udp-csum-late"),
        ("Udp.InCsumErrors",),
        (),
    ),
    Message(
        "log-martian-source",
        "A packet came from an address that cannot come from there",
        r"martian (?:source|destination)\b",
        "The source address is this host's own, a broadcast, loopback, or fails rp_filter: the way"
        " back to it does not lead through the device it came in by.",
        "Yes: each such packet is discarded. The line is only written with log_martians.",
        "Where two devices lead to the same network rp_filter 2 (loose) accepts it: sudo netrx-tune"
        " diagnose names device and counter.",
        "net/ipv4/route.c, ip_handle_martian_source()",
        ("route-martian", "route-rpfilter"),
        ("rt_cache.in_martian_src", "TcpExt.IPReversePathFilter"),
        ("net.ipv4.conf.IF.rp_filter", "net.ipv4.conf.IF.log_martians"),
    ),
    Message(
        "log-page-allocation-failure",
        "The kernel found no free memory while it could not wait",
        r"page allocation failure.*(?:gfp_atomic|mode:0x(?:4|10|40)?20\b)",
        "A driver or the network stack needed pages in an interrupt, and the reserve was used up.",
        "Likely packets of that moment: rx_dropped, rx_alloc_failed or the like of the device.",
        "vm.min_free_kbytes is the reserve; a large burst on a host whose memory is all page cache"
        " needs more of it. netrx-tune diagnose computes it when the device's counters moved.",
        "mm/page_alloc.c, warn_alloc()",
        ("nic-alloc-fail",),
        (),
        ("vm.min_free_kbytes",),
    ),
    Message(
        "log-budget-ran-out",
        "The receive softirq used up its budget",
        r"netdev.budget.ran.outs?|(?<!node_)softnet.times?.?squeezed?",
        "Monitoring counts time_squeeze: polling stopped with work left and goes on at once, or in"
        " ksoftirqd.",
        "No. Nothing is discarded there. A ring that overflows while it waits shows in the device's"
        " own counters, a full backlog in the second column of softnet_stat.",
        "Nothing, while neither of those grows: silence the alarm. Budgets of 65535 that are passed"
        " around let one softirq hold a CPU for longer.",
        "net/core/dev.c, net_rx_action()",
        ("softirq-squeeze",),
        ("softnet.time_squeeze",),
        ("net.core.netdev_budget", "net.core.netdev_budget_usecs"),
    ),
    Message(
        "log-drop-open-request",
        "A connection was refused while the queue of half-open ones was nearly full",
        r"drop open request from",
        "SYN cookies are switched off (net.ipv4.tcp_syncookies = 0) and less than a quarter of"
        " net.ipv4.tcp_max_syn_backlog was free: the kernel then takes only peers that it knows.",
        "Yes, one SYN for each line, and most lines are suppressed (net_ratelimit). ListenDrops"
        " counts them, TCPReqQFullDrop does not. The client tries again after a second or more.",
        "sysctl -w net.ipv4.tcp_syncookies=1 answers when the queue is full; undo: write 0. For"
        " honest bursts a larger net.ipv4.tcp_max_syn_backlog, and the program's listen() backlog."
        " txqueuelen is for sending and plays no part.",
        "net/ipv4/tcp_input.c, tcp_conn_request()",
        ("tcp-syn-queue-full",),
        ("TcpExt.ListenDrops",),
        ("net.ipv4.tcp_syncookies", "net.ipv4.tcp_max_syn_backlog"),
    ),
    Message(
        "log-tcp-orphans",
        "Too many connections that no program holds any more",
        r"too many (?:of )?orphaned sockets|out of socket memory",
        "Connections that their program has closed still have data to send, more of them than"
        " net.ipv4.tcp_max_orphans. Old kernels write 'Out of socket memory' for that and for a"
        " full net.ipv4.tcp_mem alike.",
        "Nothing that was received. Such a connection is reset, and what it still had to send is"
        " gone.",
        "cat /proc/net/sockstat: orphan against net.ipv4.tcp_max_orphans, mem against the third"
        " value of net.ipv4.tcp_mem (pages). Then ss -tan state fin-wait-1: peers that do not take"
        " the rest.",
        "net/ipv4/tcp.c, tcp_check_oom()",
        ("tcp-memory",),
        (),
        ("net.ipv4.tcp_mem",),
    ),
    Message(
        "log-tcp-time-wait",
        "More closed connections than the kernel keeps in TIME-WAIT",
        r"time wait bucket table overflow",
        "net.ipv4.tcp_max_tw_buckets is reached, so a closed connection skips TIME-WAIT.",
        "No. No packet is discarded by it.",
        "Nothing, or fewer short connections (keep-alive). It is no matter of receive buffers.",
        "net/ipv4/tcp_minisocks.c, tcp_time_wait()",
    ),
    Message(
        "log-udp-short-packet",
        "A datagram was shorter than its header says",
        r"udp(?:v6|-lite|lite)?: short packet: from",
        "The length in the UDP header does not fit what IP delivered: a broken or hostile sender,"
        " often a scan.",
        "Yes, one datagram for each; the line is limited, InErrors is not.",
        "Nothing here: no buffer and no setting is involved. Look at the sender.",
        "net/ipv4/udp.c, __udp4_lib_rcv()",
        ("udp-short",),
        ("Udp.InErrors",),
    ),
    Message(
        "log-netlink-overrun",
        "A program missed messages of the kernel about routes or devices",
        r"netlink.{0,60}(?:no buffer space available|receive buffer overrun|recvmsg overrun)"
        r"|receive buffer overrun on .{0,40}netlink",
        "A netlink socket was full: its program was too slow for a burst of events (routes,"
        " neighbours, conntrack). Routing daemons, keepalived and conntrackd write such lines.",
        "No packet of the network: only the program's copy of events. It has to ask for them anew.",
        "The program's own setting for its netlink buffer (keepalived netlink_rcv_bufs, conntrackd"
        " NetlinkBufferSize, FRR --nl-bufsize); net.core.rmem_max only where it is asked for more"
        " than that.",
        "net/netlink/af_netlink.c, netlink_overrun()",
    ),
    Message(
        "log-dropwatch",
        "dropwatch or a trace names the function that discarded a packet",
        r"(?:[0-9] drops|drop) at:? [\w.]+\+(?:0x)?[0-9a-f]+|\bkfree_skb(?:_reason)? ?[:({]"
        r"|skb_drop_reason_\w|\b(?:netfilter_drop|socket_rcvbuff|ip_rpfilter|ip_innoroutes)\b",
        "udp_queue_rcv_skb, __udp_queue_rcv_skb and udp_queue_rcv_one_skb: at the socket, mostly a"
        " full buffer, else its filter. __udp4_lib_rcv: no such port, or a bad checksum or length."
        " enqueue_to_backlog: the CPU's backlog. nf_hook_slow: the firewall. tcp_v4_rcv,"
        " tcp_v4_do_rcv and tcp_rcv_state_process: mostly segments that were of no use any more."
        " tpacket_rcv and packet_rcv: a capture's copy, the packet itself went on. Since 5.17 a"
        " reason stands beside it: NO_SOCKET is no such port, SOCKET_RCVBUFF a full buffer,"
        " PROTO_MEM the pool of udp_mem or tcp_mem, NETFILTER_DROP the firewall, IP_RPFILTER the"
        " reverse-path filter, CPU_BACKLOG the backlog; NOT_SPECIFIED says nothing.",
        "That is what tells nothing by itself: the tool counts every packet that is freed early.",
        "Compare with the counters of the same seconds: sudo netrx-tune diagnose --interval 10"
        " charges each loss to one place.",
        "net/core/drop_monitor.c",
        ("udp-rcvbuf-full", "udp-no-port", "cpu-backlog-overflow"),
        ("Udp.RcvbufErrors", "Udp.NoPorts", "softnet.dropped"),
    ),
    Message(
        "log-firewall-rule",
        "A rule of the firewall wrote down a packet (UFW BLOCK, FINAL_REJECT and the like)",
        r"\bin=[\w.@+-]{0,15} out=[\w.@+-]{0,15} .{0,160}\bsrc=\S+ dst=",
        "A LOG target or nft's log statement. With OUT= empty the packet was for this host, or"
        " came in by the hook before routing; with both it was to be forwarded. The words before"
        " IN= are the rule's own: BLOCK, DROP and REJECT there mean that the rule after it"
        " discards, ALLOW and AUDIT that it does not.",
        "The line itself discards nothing, and is mostly limited to a few each minute (ufw: 3), so"
        " lines cannot be counted. What a firewall drops is policy: strays from the internet are"
        " what it is for.",
        "If DPT or the group is one that a program here waits for, let it in (ufw allow,"
        " firewall-cmd --add-port). The counters tell how many: nft list ruleset, or"
        " iptables-save -c; no buffer and no ring plays a part.",
        "net/netfilter/nf_log_syslog.c",
        ("nf-input-drop", "nf-prerouting-drop"),
    ),
    Message(
        "log-lines-suppressed",
        "The kernel left out lines of its log",
        r"[0-9]+ callbacks suppressed",
        "More lines came than the kernel writes each few seconds (net.core.message_burst).",
        "The line says nothing of that. The one that stands after it does, and the number of lines"
        " tells nothing of the number of packets: counters do.",
        "Ask explain about the line that follows, and sudo netrx-tune diagnose for the counters.",
        "lib/ratelimit.c, ___ratelimit()",
    ),
)
