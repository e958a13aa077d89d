"""A capture or a raw socket missed its copy of packets.

What it means: a program that listens to all packets (tcpdump, an IDS, a DHCP client) or to a raw
protocol (ping) was too slow, and its copy was discarded. The packets themselves went on to the
programs they were for. Of a protocol that the kernel leaves to programs (OSPF, VRRP ...) the raw
socket's was the only one, so these packets are lost.

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
from typing import NamedTuple

from netrx_tune.model.finding import Finding, Severity
from netrx_tune.model.ledger import Account
from netrx_tune.model.sample import Socket
from netrx_tune.rules.advice import do
from netrx_tune.rules.buffers import losers, report
from netrx_tune.rules.outcome import found, lost_at
from netrx_tune.rules.rule import Facts, Rule
from netrx_tune.rules.words import lost_of
from netrx_tune.rxpath.books.ip import has_raw_alone

_MOST = 10


class What(NamedTuple):
    """What a kind of socket lost, and what its program can do."""

    unit: str
    socket: str
    meaning: str
    severity: Severity
    advice: str
    cost: str


_COPIES = What(
    "copies of packets",
    "capture or raw",
    "Only the capture's copy is gone: the packets went on to the programs they were for. What it"
    " shows is incomplete, so its silence proves nothing.",
    "note",
    "Give the capture a larger ring of its own (tcpdump -B 65536, Suricata ring-size), a narrower"
    " filter, or more threads.",
    "memory of the size of the ring",
)
_ALONE = What(
    "packets",
    "raw",
    "No other program and no part of the kernel takes this protocol (the socket's last number):"
    " these packets are gone, and their senders may have been told that nobody takes it.",
    "warning",
    "Read faster, or ask for a larger SO_RCVBUF: routing daemons have a setting for it.",
    "memory of the size of the buffer",
)


def check(facts: Facts) -> Iterator[Finding]:
    """Yield a note when copies were lost, and a finding for what was a raw socket's alone."""
    account = lost_at(facts, "packet-tap-drop")
    if account is None:
        return
    all_of = losers(facts.delta, ("packet", "raw"))
    alone = [pair for pair in all_of if has_raw_alone(pair[0])]
    copies = [pair for pair in all_of if not has_raw_alone(pair[0])]
    if alone:
        yield _finding(facts, account, alone, _ALONE)
    if copies:
        yield _finding(facts, account, copies, _COPIES)


def _finding(facts: Facts, account: Account, lost: list[tuple[Socket, int]], what: What) -> Finding:
    reports = tuple(report(facts.delta, sock, drops) for sock, drops in lost[:_MOST])
    names = sorted({report.process for report in reports if report.process})
    by = f" of {', '.join(names)}" if names else ""
    account = account._replace(lost=sum(drops for _, drops in lost))
    return found(
        facts,
        account,
        f"{lost_of(facts, account, what.unit)} met a full {what.socket} socket{by}",
        meaning=what.meaning,
        severity=what.severity,
        sockets=reports,
        recommendations=(
            do("application", names[0] if names else what.socket, why=what.advice, cost=what.cost),
        ),
    )


RULE = Rule(("packet-tap-drop",), check)
