"""A capture or a raw socket missed its copy of packets.

What it means: a program that listens to all packets (tcpdump, an IDS, a DHCP client) or to a raw
protocol (ping, a routing daemon) was too slow, and its copy was discarded. The packets themselves
went on to the programs they were for.

How it is counted: the drops of packet and raw sockets, from sock_diag or /proc/net/raw. A program
that reads PACKET_STATISTICS sets its own back to 0.
Kernel: net/packet/af_packet.c, packet_rcv(), tpacket_rcv(); net/ipv4/raw.c, raw_rcv().

Remedy: the capture's own settings: a larger ring (tcpdump -B, Suricata ring-size), a narrower
filter, more capture threads, a faster disk.

When not to act: it says nothing of the application's traffic. A memory-mapped ring has its own
size, so no sysctl of socket buffers changes it.
"""

from __future__ import annotations

from collections.abc import Iterator

from netrx_tune.model.finding import Finding
from netrx_tune.rules.advice import do
from netrx_tune.rules.buffers import report
from netrx_tune.rules.outcome import found, lost_at
from netrx_tune.rules.rule import Facts, Rule
from netrx_tune.rules.words import lost_of

_MOST = 10


def check(facts: Facts) -> Iterator[Finding]:
    """Yield a note when copies were lost."""
    account = lost_at(facts, "packet-tap-drop")
    if account is None:
        return
    losers = [(s, n) for s, n in facts.delta.socket_drops or () if s.protocol in ("packet", "raw")]
    losers.sort(key=lambda loser: -loser[1])
    reports = tuple(report(facts.delta, sock, drops) for sock, drops in losers[:_MOST])
    names = sorted({report.process for report in reports if report.process})
    by = f" of {', '.join(names)}" if names else ""
    yield found(
        facts,
        account,
        f"{lost_of(facts, account, 'copies of packets')} met a full capture or raw socket{by}",
        meaning="Only the capture's copy is gone: the packets went on to the programs they were"
        " for. What it shows is incomplete, so its silence proves nothing.",
        severity="note",
        sockets=reports,
        recommendations=(
            do(
                "application",
                names[0] if names else "capture",
                why="Give the capture a larger ring of its own (tcpdump -B 65536, Suricata"
                " ring-size), a narrower filter, or more threads.",
                cost="memory of the size of the ring",
            ),
        ),
    )


RULE = Rule(("packet-tap-drop",), check)
