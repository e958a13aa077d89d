"""Lines of logs as programs wrote them: the page each has, and the sizes wanted and got."""

from __future__ import annotations

LINES: list[tuple[str, str, tuple[int | None, int | None]]] = [
    (
        (
            "2024/05/03 13:09:29 failed to sufficiently increase receive buffer size (was:"
            " 208 kiB, wanted: 7168 kiB, got: 416 kiB). See"
            " https://github.com/quic-go/quic-go/wiki"
        ),
        "log-quic-go-buffer",
        (7_340_032, 425_984),
    ),
    ("failed to sufficiently increase receive buffer size", "log-quic-go-buffer", (None, None)),
    (
        (
            "[1626249031] unbound[110586:0] warning: so-rcvbuf 1048576 was not granted. Got"
            " 425984. To fix: start with root permissions(linux) or sysctl bigger"
            " net.core.rmem_max(linux)"
        ),
        "log-unbound-so-rcvbuf",
        (1_048_576, 425_984),
    ),
    ("so-rcvbuf 4194304 was not granted", "log-unbound-so-rcvbuf", (4_194_304, None)),
    (
        (
            "The kernel refused to set the receive buffer (SO_RCVBUF) to the requested size,"
            " you probably need to adjust buffer related kernel parameters;"
            " so_rcvbuf='1703936', so_rcvbuf_set='425984'"
        ),
        "log-syslog-ng-so-rcvbuf",
        (1_703_936, 425_984),
    ),
    (
        (
            "ros2: failed to increase socket receive buffer size to at least 10485760 bytes,"
            " current is 425984 bytes"
        ),
        "log-cyclone-dds-buffer",
        (10_485_760, 425_984),
    ),
    (
        "Can't set UDP SO_RCVBUF to 1048576, the system set it to 425984 instead",
        "log-tinc-buffer",
        (1_048_576, 425_984),
    ),
    (
        (
            "set_rcvbuf: failed to increase socket receive buffer size to 2097152 bytes,"
            " maximum is 425984 bytes"
        ),
        "log-aeron-buffer",
        (2_097_152, 425_984),
    ),
    (
        "[104235.156774] nf_conntrack: nf_conntrack: table full, dropping packet",
        "log-conntrack-full",
        (None, None),
    ),
    (
        "TCP: request_sock_TCP: Possible SYN flooding on port 127.0.0.1:23456. Sending cookies.",
        "log-syn-flooding",
        (None, None),
    ),
    ("possible SYN flooding on port 4671. Sending cookies.", "log-syn-flooding", (None, None)),
    ("TCP: out of memory -- consider tuning tcp_mem", "log-tcp-out-of-memory", (None, None)),
    (
        "UDP: bad checksum. From 208.105.163.98:28810 to 192.168.2.2:12287 ulen 73",
        "log-udp-bad-checksum",
        (None, None),
    ),
    (
        "IPv4: martian source 192.0.2.1 from 198.51.100.7, on dev eth0",
        "log-martian-source",
        (None, None),
    ),
    (
        "swapper/3: page allocation failure: order:2, mode:0xa20(GFP_ATOMIC), nodemask=(null)",
        "log-page-allocation-failure",
        (None, None),
    ),
    ("netdev budget ran outs", "log-budget-ran-out", (None, None)),
    (
        "rsyslogd: cannot set os socket rcvbuf size 16777216 for socket 5, value now is 212992",
        "log-rsyslog-rcvbuf",
        (16_777_216, 212_992),
    ),
    (
        (
            'UDP receive buffer is too small for a production set-up\t{"current": 425984,'
            ' "suggested": 5000000}'
        ),
        "log-livekit-buffer",
        (None, 425_984),
    ),
    (
        (
            "[WARNING] [UDP] The recv buffer could not be resized sufficiently.\nTarget sock"
            " buff size: 2453333 bytes.\nActual sock buff size: 163840 bytes.\nSee the"
            " transport application notes"
        ),
        "log-uhd-buffer",
        (2_453_333, 163_840),
    ),
    (
        (
            "[udp @ 0x55d1] attempted to set receive buffer to size 8388608 but it only"
            " ended up set as 425984"
        ),
        "log-ffmpeg-buffer",
        (8_388_608, 425_984),
    ),
    (
        (
            "WARN [org.jgroups.protocols.UDP] (main) JGRP000015: the receive buffer of"
            " socket MulticastSocket was set to 20MB, but the OS only allocated 212.99KB"
        ),
        "log-jgroups-buffer",
        (20_000_000, 212_990),
    ),
    (
        (
            "UnicastUdpSocket failed to set receive buffer size to 64 packets (4MB); actual"
            " size is 5%, 3 packets (208KB). Consult your OS documentation"
        ),
        "log-coherence-buffer",
        (4_194_304, 212_992),
    ),
    (
        (
            "UnicastUdpSocket failed to set receive buffer size to 1428 packets (2096304"
            " bytes); actual size is 714 packets (1048576 bytes)."
        ),
        "log-coherence-buffer",
        (2_096_304, 1_048_576),
    ),
    (
        (
            "Unable to set receive_buffer_bytes to desired size. Requested 33554432 but"
            " obtained 212992 bytes."
        ),
        "log-logstash-buffer",
        (33_554_432, 212_992),
    ),
    (
        (
            "Could not create a buffer of requested 8388608 bytes (Operation not permitted)."
            " Need net.admin privilege?"
        ),
        "log-gstreamer-buffer",
        (8_388_608, None),
    ),
    (
        (
            "magicsock: [warning] failed to force-set UDP read buffer size to 7340032:"
            " operation not permitted; using kernel default values (impacts throughput only)"
        ),
        "log-tailscale-buffer",
        (7_340_032, None),
    ),
    (
        "INFO ( default/core ): nfacctd_pipe_size: obtained=425984 target=16384000.",
        "log-pmacct-pipe-size",
        (16_384_000, 425_984),
    ),
    (
        "Thu Mar 10 06:55:15 2016 Socket Buffers: R=[212992->425984] S=[212992->212992]",
        "log-openvpn-buffer",
        (None, 425_984),
    ),
    (
        "net.core.rmem_max: recommended=134217728, current=212992 too small",
        "log-solana-limits",
        (134_217_728, None),
    ),
    (
        (
            "WARNING: Could not set desired SO_RCVBUF, adjust OS to allow"
            " aeron.socket.so_rcvbuf attempted=2097152, actual=212992"
        ),
        "log-aeron-buffer",
        (None, None),
    ),
    (
        (
            "ERR: Too many packets in UDP receive queue (more than 50), aborting loop."
            " Dropped packets possible"
        ),
        "log-rtpengine-queue",
        (None, None),
    ),
    (
        (
            "E! Error: statsd message queue full. We have dropped 10000 messages so far. You"
            " may want to increase allowed_pending_messages in the config"
        ),
        "log-statsd-pending",
        (None, None),
    ),
    (
        "[WARN] memberlist: handler queue full, dropping message (8) from=10.0.0.1:7946",
        "log-memberlist-queue",
        (None, None),
    ),
    (
        "[udp @ 0x1] Circular buffer overrun. To avoid, increase fifo_size URL option.",
        "log-ffmpeg-fifo",
        (None, None),
    ),
    (
        (
            "1:M 06 May 16:32:29.429 # WARNING: The TCP backlog setting of 511 cannot be"
            " enforced because /proc/sys/net/core/somaxconn is set to the lower value of 128."
        ),
        "log-redis-backlog",
        (None, None),
    ),
    (
        "Listen queue size is greater than the system max net.core.somaxconn (128).",
        "log-uwsgi-backlog",
        (None, None),
    ),
    (
        '*** uWSGI listen queue of socket "127.0.0.1:9001" (fd: 3) full !!! (101/100) ***',
        "log-uwsgi-queue-full",
        (None, None),
    ),
    ("1m ipv4 udp receive buffer errors | 23650 errors", "log-udp-buffer-alarm", (None, None)),
    (
        (
            "failed to sufficiently increase send buffer size (was: 208 kiB, wanted: 2048"
            " kiB, got: 416 kiB)"
        ),
        "log-send-buffer",
        (None, None),
    ),
    (
        (
            "JGRP000015: the send buffer of socket MulticastSocket was set to 1MB, but the"
            " OS only allocated 212.99KB"
        ),
        "log-send-buffer",
        (None, None),
    ),
    (
        (
            "kernel: net_ratelimit: 2193 callbacks suppressed\nkernel: TCP: drop open request"
            " from 192.0.2.1/16417"
        ),
        "log-drop-open-request",
        (None, None),
    ),
    (
        "write udp 192.0.2.1:4242->198.51.100.7:4242: sendto: no buffer space available",
        "log-send-enobufs",
        (None, None),
    ),
    ("TCP: too many orphaned sockets", "log-tcp-orphans", (None, None)),
    ("kernel: Out of socket memory", "log-tcp-orphans", (None, None)),
    ("TCP: time wait bucket table overflow", "log-tcp-time-wait", (None, None)),
    (
        "UDP: short packet: From 192.0.2.1:53 98/66 to 198.51.100.7:4000",
        "log-udp-short-packet",
        (None, None),
    ),
    (
        "Failed to receive from netlink: no buffer space available",
        "log-netlink-overrun",
        (None, None),
    ),
    ("391 drops at udp_queue_rcv_skb+3df (0xffffffff972d7c6f)", "log-dropwatch", (None, None)),
    (
        "drop at: ip_rcv_finish_core.isra.0+0x1de/0x440 (0xffffffff96b6294e)",
        "log-dropwatch",
        (None, None),
    ),
    (
        "bpftrace -e 'tracepoint:skb:kfree_skb { @[ksym(args->location)] = count(); }'",
        "log-dropwatch",
        (None, None),
    ),
    ("@[NETFILTER_DROP]: 1203", "log-dropwatch", (None, None)),
    ("988 drops at tpacket_rcv+5f (0xffffffff973642df)", "log-dropwatch", (None, None)),
    (
        (
            "0.104 curl/506057 skb:kfree_skb(skbaddr: 0xffff8880, location: 0xffff816e, rx_sk: 0x0,"
            " protocol: 2048, reason: SKB_DROP_REASON_NO_SOCKET)"
        ),
        "log-dropwatch",
        (None, None),
    ),
    (
        (
            "<idle>-0 [003] 1201.774: kfree_skb: skbaddr=ffff9363 protocol=2048 location=nf_hook"
            "_slow+0xa7/0xe0 reason: NETFILTER_DROP"
        ),
        "log-dropwatch",
        (None, None),
    ),
    (
        'ebpf_exporter_kfree_skb_total{reason="SKB_DROP_REASON_SOCKET_RCVBUFF"} 1.59664e+06',
        "log-dropwatch",
        (None, None),
    ),
    (
        (
            "Jun 23 08:51:22 server1 kernel: [486938.916177] [UFW BLOCK] IN=eth1 OUT= MAC=00:00"
            " SRC=192.0.2.88 DST=198.51.100.7 LEN=60 TOS=0x00 PROTO=TCP SPT=41945 DPT=16881 SYN"
        ),
        "log-firewall-rule",
        (None, None),
    ),
    (
        "kernel: rpfilter drop: IN=mycelium OUT= MAC= SRC=0566:0000 DST=fe80:0000 LEN=146 TC=0",
        "log-firewall-rule",
        (None, None),
    ),
    ("net_ratelimit: 44 callbacks suppressed", "log-lines-suppressed", (None, None)),
    (
        "[1234.5] NETDEV WATCHDOG: eth0 (e1000e): transmit queue 0 timed out",
        "log-transmit-timeout",
        (None, None),
    ),
    (
        "e1000e 0000:00:19.0 eth0: Detected Hardware Unit Hang:",
        "log-transmit-timeout",
        (None, None),
    ),
    (
        "ixgbe 0000:01:00.0 eth0: initiating reset due to tx timeout",
        "log-transmit-timeout",
        (None, None),
    ),
    ("neighbour: arp_cache: neighbor table overflow!", "log-neighbour-table-full", (None, None)),
    ("Neighbour table overflow.", "log-neighbour-table-full", (None, None)),
    (
        "br0: received packet on eth0 with own address as source address (addr:02:00:00:00:00:01)",
        "log-own-address",
        (None, None),
    ),
    ("eth0: hw csum failure", "log-hw-checksum-failure", (None, None)),
    (
        "watchdog: BUG: soft lockup - CPU#3 stuck for 22s! [ksoftirqd/3:25]",
        "log-cpu-stuck",
        (None, None),
    ),
    ("INFO: rcu_sched self-detected stall on CPU", "log-cpu-stuck", (None, None)),
    ("NOHZ: local_softirq_pending 08", "log-softirq-pending", (None, None)),
    (
        "NOHZ tick-stop error: local softirq work is pending, handler #08!!!",
        "log-softirq-pending",
        (None, None),
    ),
    (
        "nf_conntrack: nf_conntrack: table full in netns 4026532281, dropping packet",
        "log-conntrack-full",
        (None, None),
    ),
    ("nf_conntrack: expectation table full", "log-conntrack-expectations-full", (None, None)),
    (
        "swapper/0: page allocation failure: order:0, mode:0x20",
        "log-page-allocation-failure",
        (None, None),
    ),
    (
        "INFO: <core> probe_max_receive_buffer(): SO_RCVBUF is finally 425984",
        "log-kamailio-buffer",
        (None, 425_984),
    ),
    (
        (
            "[RTPS Warning] Receive buffer size could not be set to the desired value."
            " Using 131072 instead of 4194304 -> Function OpenAndBindInputSocket"
        ),
        "log-fast-dds-buffer",
        (4_194_304, None),
    ),
    (
        (
            "Warning: Default Linux receive buffer setting is lower than expected. You may"
            " experience poor GEV streaming performance."
        ),
        "log-flycapture-buffer",
        (None, None),
    ),
    (
        "\tRTP UDP socket receive buffer size set to 425984 but requested 8000000",
        "log-buffer-cut",
        (8_000_000, None),
    ),
    (
        (
            "WARN UDP recv buffer clamped by kernel (increase net.core.rmem_max) requested=16777216"
            " actual=425984"
        ),
        "log-buffer-cut",
        (16_777_216, None),
    ),
    (
        (
            "<initSocket> receive buffer size could not be set correctly, requested 5242880 but got"
            " 212992"
        ),
        "log-buffer-cut",
        (5_242_880, None),
    ),
    ("HTTP/3 UDP receive buffer capped by OS", "log-buffer-cut", (None, None)),
    (
        "[#4160970966 UDP 192.0.2.7:51751] recv queue overflow 1000 messages already queued.",
        "log-steam-queue",
        (None, None),
    ),
    ("[rtsp @ 0x55d] RTP: missed 12 packets", "log-sequence-gap", (None, None)),
    ("WAR [path cam] [RTSP source] 16 RTP packets lost", "log-sequence-gap", (None, None)),
    (
        "* continuity: packet index: 2,083,988, PID: 0x02FF, missing 8 packets",
        "log-sequence-gap",
        (None, None),
    ),
    ("[WARNING]pkt loss freq: 12139/14707", "log-sequence-gap", (None, None)),
    ("CommonRtp.cpp:53 inputRtp | rtp丢包:1961 -> 1963", "log-sequence-gap", (None, None)),
    (
        "Kernel dropped 512 more packets. Consider increase receive buffer size.",
        "log-kernel-dropped",
        (None, None),
    ),
    (
        "[srt] ALERT: kernel dropped 1204 UDP packets on listener :9000",
        "log-kernel-dropped",
        (None, None),
    ),
    (
        "UDP Failed to set receive buffer: requested 4194304, got 425984 (tr-udp.c:84)",
        "log-transmission-buffer",
        (4_194_304, 425_984),
    ),
    (
        'UDP Please add the line "net.core.rmem_max = 4194304" to /etc/sysctl.conf (tr-udp.c:83)',
        "log-transmission-buffer",
        (None, None),
    ),
    (
        "UDP Failed to set send buffer: requested 1048576, got 425984 (tr-udp.c:95)",
        "log-send-buffer",
        (None, None),
    ),
    (
        "UDP input: The maximum socket receive buffer size is too small (212992 bytes).",
        "log-buffer-cut",
        (None, None),
    ),
    (
        (
            "WARN : UdpTransport - receiveBufferSize (SO_RCVBUF) for input GELFUDPInput{title=x}"
            " (channel [id: 0x84d1, L:/0:0:0:0:0:0:0:0%0:12201]) should be 1048576 but is 425984."
        ),
        "log-graylog-buffer",
        (1_048_576, None),
    ),
    (
        (
            "WARN  [UdpTransport] receiveBufferSize (SO_RCVBUF) for input SyslogUDPInput{title=s}"
            " (channel [id: 0x12, L:/0.0.0.0:1514]) should be >= 262144 but is 212992."
        ),
        "log-graylog-buffer",
        (262_144, None),
    ),
    (
        "Standard setsockopt, SO_RCVBUF is 212992 Requested length is 2000000 bytes",
        "log-nfcapd-buffer",
        (2_000_000, None),
    ),
    (
        "nfcapd[812]: System set setsockopt, SO_RCVBUF to 425984 bytes",
        "log-nfcapd-buffer",
        (None, 425_984),
    ),
]
