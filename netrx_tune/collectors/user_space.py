"""Counters that no kernel keeps: DPDK's, Open vSwitch's, and those of capture programs.

The names of the first two are those of cards (rx_missed_errors) or of ifconfig (RX packets:5
dropped:2), but what they count never was on the kernel's way to a program.

Source: DPDK 23.11, lib/ethdev/rte_ethdev.c, eth_dev_stats_strings and eth_dev_rxq_stats_strings;
Open vSwitch 3.2, lib/dpctl.c, show_dpif(), and lib/netdev-dpdk.c.
"""

from __future__ import annotations

import re

from netrx_tune.model.sample import Gap

# Suricata, tcpdump, dumpcap, PF_RING (pfcount and /proc/net/pf_ring), Zeek, Snort, xdpsock.
CAPTURE = (
    r"capture\.kernel_drops|\d packets? dropped (?:by kernel|from \w)|Absolute Stats: \["
    r"|\brecvd=\d+ dropped=\d+ link=|Packet I/O Totals:|\bTot Pkt Lost\b|rx queue full +\d"
)
# One of them stands in each of these: found sooner.
_CAPTURE_WORDS = (
    "kernel_drops", "dropped by k", "dropped from ", "Absolute S", "recvd=", "I/O Tot", "Tot Pkt",
    "rx queue full",
)  # fmt: skip
CAPTURE_MEANS = (
    "what a capture program counts: packets that it came too late for; where it has copies"
    " (AF_PACKET), they went on. Drops of packet sockets: netrx-tune diagnose, on that host"
)
_DPDK, _OVS = "DPDK's statistics", "Open vSwitch's statistics"
_WHY = {
    _DPDK: "a port that DPDK drives passes the kernel by: nothing of it is counted or set here",
    _OVS: "its ports' own counts; ip -s -s link has what the kernel counts of them",
}
_MARKED = re.compile(r"\brx_good_(?:packets|bytes)\b|mbuf_alloc|NIC extended statistics|ovs_[rt]x_")
_WORDS = ("rx_good_", "mbuf_alloc", "NIC extended", "ovs_rx_", "ovs_tx_")
_NUMBERS = re.compile(
    r"(?:^[ \t]*#+ NIC extended statistics for port .*\n)?"
    r"(?:^[ \t]*[a-z]\w{1,63}[ \t]*[:=|][ \t]*\d{1,20},?[ \t]*(?:\n|\Z))+",
    re.MULTILINE,
)
_LOOKUPS = re.compile(
    r"^[ \t]*lookups: hit:\d+ missed:\d+ lost:\d+.*\n"
    r"(?:[ \t]*(?:(?:flows|masks|cache|caches|masks-cache|port \d+|collisions|RX bytes):"
    r"|[RT]X packets:\d+ errors:).*(?:\n|\Z))*",
    re.MULTILINE | re.IGNORECASE,
)


def kernels_own(text: str, gaps: list[Gap]) -> str:
    """Return a text without counters of DPDK and Open vSwitch; what is not read is a gap."""
    if any(word in text for word in _CAPTURE_WORDS) and re.search(CAPTURE, text):
        gaps.append(Gap("a capture program's counters", "unparsed", CAPTURE_MEANS))
    left = text
    if any(word in text for word in _WORDS):
        left = _NUMBERS.sub(lambda run: "\n" if _MARKED.search(run[0]) else run[0], left)
        gaps += [Gap(_DPDK, "unparsed", _WHY[_DPDK])] if left != text else []
    without = _LOOKUPS.sub("\n", left) if "ookups: hit:" in left else left
    gaps += [Gap(_OVS, "unparsed", _WHY[_OVS])] if without != left else []
    return without
