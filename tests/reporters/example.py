"""Diagnoses to render: a bad day with every kind of advice, a good day, and a hostile host."""

from __future__ import annotations

from typing import get_args

from netrx_tune.model.finding import (
    Diagnosis,
    Evidence,
    Finding,
    Kind,
    Recommendation,
    Skipped,
    SocketReport,
    Window,
)
from netrx_tune.model.kernel import KernelVersion
from netrx_tune.model.ledger import Account, Entry, Ledger
from netrx_tune.model.sample import Gap
from netrx_tune.model.snapshot import HostFacts

HOST = HostFacts(
    release="6.1.0-18-amd64",
    kernel=KernelVersion(6, 1),
    distribution="debian-12",
    cpus=8,
    memory_bytes=16 << 30,
    page_bytes=4096,
    boot_id=None,
    uptime_seconds=90_000.0,
    netns=None,
    initial_netns=True,
)
WINDOW = Window("interval", 5.003)
NO_COUNTER = "netfilter counts no drop by itself: a rule needs a counter"

GOOD_ACCOUNTS = (
    Account("nic-wire-error", 0, "exact", (), 50_100),
    Account("nic-ring-overflow", 0, "exact", (), 50_100),
    Account("cpu-backlog-overflow", 0, "exact", (), 61_000),
    Account("nf-ingress-drop", None, "unseen", (), None, why=NO_COUNTER),
    Account("l2-unhandled-proto", 0, "exact", (), 50_100),
    Account("ip-header-invalid", 0, "exact", (), 50_050),
    Account("nf-prerouting-drop", None, "unseen", (), 50_050, why=NO_COUNTER),
    Account("conntrack-table-full", 0, "exact", (), 50_050),
    Account("defrag-timeout", 0, "exact", (), 0),
    Account("route-rpfilter", 0, "exact", (), 50_050),
    Account("nf-input-drop", None, "unseen", (), 50_050, why=NO_COUNTER),
    Account("udp-no-port", 0, "exact", (), 50_000),
    Account("udp-rcvbuf-full", 0, "exact", (), 50_000),
    Account("udp-csum-late", 0, "exact", (), 50_000),
    Account("tcp-listen-overflow", 0, "exact", (), 4),
    Account("tcp-rcvbuf-full", 0, "exact", (), 50),
    Account("ip-unattributed", 0, "exact", (), 50_050),
)
GOOD_LEDGER = Ledger(
    GOOD_ACCOUNTS,
    50_050,
    50_050,
    0,
    0,
    0,
    since_boot={
        "route-rpfilter": Account("route-rpfilter", 12, "exact", ()),
        "udp-rcvbuf-full": Account("udp-rcvbuf-full", 12_400, "exact", ()),
    },
)
GOOD = Diagnosis(HOST, WINDOW, GOOD_LEDGER, (), (), ())

_LOST = {
    "cpu-backlog-overflow": Account(
        "cpu-backlog-overflow", 60, "exact", (Entry("softnet.dropped", 60),), 61_060
    ),
    "l2-unhandled-proto": Account(
        "l2-unhandled-proto", 7, "at-most", (Entry("eth0.rx_dropped", 7),), 50_100
    ),
    "nf-input-drop": Account(
        "nf-input-drop", 412, "exact", (Entry("nft inet filter input handle 7", 412),), 50_050
    ),
    "udp-no-port": Account("udp-no-port", 30, "exact", (Entry("Udp.NoPorts", 30),), 49_578),
    "udp-rcvbuf-full": Account(
        "udp-rcvbuf-full",
        3_956,
        "at-least",
        (Entry("Udp.RcvbufErrors", 3_956),),
        49_578,
        why="this kernel counts most full buffers as InErrors only",
    ),
    "tcp-listen-overflow": Account(
        "tcp-listen-overflow", 2, "exact", (Entry("TcpExt.ListenOverflows", 2),), 6
    ),
    "ip-unattributed": Account(
        "ip-unattributed",
        25,
        "exact",
        (Entry("Ip.InReceives", 25),),
        50_050,
        why="Ip.InReceives less every IP counter and delivery",
    ),
}
BAD_LEDGER = Ledger(
    accounts=tuple(_LOST.get(a.stage, a) for a in GOOD_ACCOUNTS),
    offered=50_110,
    delivered=45_525,
    queued=100,
    lost=4_485,
    unattributed=25,
    since_boot={
        "route-rpfilter": Account("route-rpfilter", 12, "exact", ()),
        "udp-rcvbuf-full": Account("udp-rcvbuf-full", 16_356, "at-least", ()),
    },
)

RMEM = Recommendation(
    kind="sysctl",
    target="net.core.rmem_max",
    scope="host",
    why="The program asked for 8 MiB and got 208 KiB; a burst of 0.2 s needs 5.1 MiB.",
    cost="up to 8 MiB of kernel memory for each socket that asks for it",
    takes_effect="new-sockets",
    current=212_992,
    proposed=8_388_608,
    command="sysctl -w net.core.rmem_max=8388608",
    undo="sysctl -w net.core.rmem_max=212992",
)
BATCH = Recommendation(
    kind="application",
    target="recvmmsg",
    scope="application",
    why="One system call for each datagram costs half of the reader's time.",
    cost="a change of the program",
    takes_effect="restart",
)
BUFFER = Finding(
    rule="socket-buffer-full",
    stage="udp-rcvbuf-full",
    severity="critical",
    confidence="high",
    summary="at least 3,956 of 49,578 datagrams (8.0 %) in 5.0 s met a full receive buffer",
    lost=3_956,
    share=0.0798,
    cause="burst",
    meaning="The reader reads 45,000 a second and keeps up between bursts; a burst of 0.2 s"
    " does not fit the buffer.",
    evidence=(
        Evidence("Udp.RcvbufErrors", 12_400, 16_356, 3_956, 790.726),
        Evidence("udp_socket.drops", None, None, 3_956, 790.726),
    ),
    sockets=(
        SocketReport(
            242, "inet", "udp", "0.0.0.0:514", None, 812, "rsyslogd", 3_900, 212_992, "rmem-max"
        ),
        SocketReport(977, "inet6", "udp", "[::]:6343", "blue", None, None, 56, 2_304, "unknown"),
    ),
    recommendations=(RMEM, BATCH),
)
BACKLOG = Finding(
    rule="cpu-backlog-full",
    stage="cpu-backlog-overflow",
    severity="warning",
    confidence="medium",
    summary="60 of 61,060 packets (0.1 %) in 5.0 s met a full backlog of CPU 3",
    lost=60,
    share=0.00098,
    evidence=(Evidence("softnet.dropped", 0, 60, 60, 11.993),),
)
FIREWALL = Finding(
    rule="firewall-drop",
    stage="nf-input-drop",
    severity="note",
    confidence="high",
    summary="412 of 50,050 packets (0.8 %) in 5.0 s were dropped by rule inet filter input 7",
    lost=412,
    meaning="A firewall rule did what it was told.",
    recommendations=(
        Recommendation(
            "none",
            "nft",
            "netns",
            "If the rule is meant, all is well.",
            "none",
            command="nft -a list chain inet filter input",
        ),
    ),
)
PAST = Finding(
    rule="socket-buffer-full",
    stage="udp-rcvbuf-full",
    severity="note",
    confidence="high",
    summary="12,400 datagrams met a full receive buffer since boot, none of them now",
    lost=12_400,
    present=False,
    meaning="It is over.",
)
BAD = Diagnosis(
    HOST,
    WINDOW,
    BAD_LEDGER,
    (BUFFER, BACKLOG, FIREWALL, PAST),
    (Skipped("nic-ring", ("ethtool", "eth0.rx_missed_errors|eth0.rx_fifo_errors"), "no ethtool"),),
    (
        Gap("/proc/net/stat/nf_conntrack", "denied", "EACCES"),
        Gap("sock_diag:raw/inet", "absent", "the kernel answers ENOENT"),
        Gap("sock_diag:raw/inet6", "absent", "the kernel answers ENOENT"),
    ),
    ("the clock stood still for 0.3 s",),
)


def advice_of_every_kind() -> tuple[Recommendation, ...]:
    """Return one recommendation of each kind, in the order of the contract."""
    return tuple(
        RMEM._replace(kind=kind, target=f"target-of-{kind}", why=f"Why {kind}.")
        for kind in get_args(Kind)
    )


def hostile(text: str) -> Diagnosis:
    """Return a bad day on a host that has `text` wherever the host has a say."""
    sock = BUFFER.sockets[0]._replace(process=text, local=text, netns=text)
    advice = RMEM._replace(target=text, why=text, cost=text, command=text, undo=text, current=text)
    finding = BUFFER._replace(
        summary=text,
        meaning=text,
        evidence=(Evidence(text, 1, 2, 1, 0.2),),
        sockets=(sock,),
        recommendations=(advice,),
    )
    return Diagnosis(
        HOST._replace(release=text, distribution=text, netns=text, sandbox=text),
        WINDOW,
        BAD_LEDGER._replace(
            accounts=tuple(a._replace(why=text) for a in BAD_LEDGER.accounts),
        ),
        (finding, finding._replace(severity="note")),
        (Skipped(text, (text,), text),),
        (Gap(text, "denied", text),),
        (text,),
    )
