"""Datagrams for a port that no program listens on.

What it means: the datagram was good and no socket matched it, so the kernel answered with an
ICMP port unreachable (rate limited, so those tell nothing of how many). Strays from scans and
stale clients are normal; a large part of the traffic means a program that stopped, listens on
another port or address, or is connected to another peer.

How it is counted: Udp.NoPorts and its IPv6 and UDP-Lite twins, once per datagram.
Kernel: net/ipv4/udp.c, __udp4_lib_rcv().

Remedy: start the listener, or stop the sender. No buffer is involved.

When not to act: a few per second from many sources are scans.
"""

from __future__ import annotations

from collections.abc import Iterator

from netrx_tune.model.finding import Finding, Recommendation
from netrx_tune.rules.judge import account_evidence, confidence, present
from netrx_tune.rules.rule import Facts, Rule
from netrx_tune.rules.words import lost_of

_LARGE_SHARE = 0.10  # of all UDP datagrams; below it, strays
_FEW = 50  # a handful is a scan whatever its share


def check(facts: Facts) -> Iterator[Finding]:
    """Yield a finding for datagrams without a listener."""
    account = facts.ledger.account("udp-no-port")
    if account is None or not account.lost:
        return
    large = (account.share or 0) >= _LARGE_SHARE and account.lost >= _FEW
    yield Finding(
        rule="",
        stage=account.stage,
        severity="warning" if large else "note",
        confidence=confidence(facts, account),
        summary=f"{lost_of(facts, account)} came for UDP ports that no program listens on"
        + ("" if large else ": strays such as scans or stale clients"),
        lost=account.lost,
        share=account.share,
        present=present(facts),
        meaning="A service that stopped, or that listens on another port, address or VRF;"
        " a socket connected to one peer takes no one else's datagrams."
        if large
        else "Few enough to be strays.",
        evidence=account_evidence(facts, account),
        recommendations=(_ADVICE,) if large else (),
    )


_ADVICE = Recommendation(
    kind="application",
    target="listener",
    scope="application",
    why="The datagrams are good; only a program that reads them is missing.",
    cost="none",
    command="ss -ulnp",
)

RULE = Rule(("udp-no-port",), check, requires=("Udp.NoPorts|Udp6.NoPorts",))
