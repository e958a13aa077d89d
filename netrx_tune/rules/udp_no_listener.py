"""Datagrams for a port that no program listens on.

What it means: the datagram was good and no socket matched it, so the kernel answered with an
ICMP port unreachable (rate limited, so those tell nothing of how many). Strays from scans and
stale clients are normal; a large part of the traffic means a program that stopped, listens on
another port or address, or is connected to another peer.

A listener that was there when the window began and is not at its end is a warning, however few
came for it.

How it is counted: Udp.NoPorts and its IPv6 and UDP-Lite twins, once per datagram.
Kernel: net/ipv4/udp.c, __udp4_lib_rcv().

Remedy: start the listener, or stop the sender. No buffer is involved.

When not to act: a few per second from many sources are scans.
"""

from __future__ import annotations

from collections.abc import Iterator

from netrx_tune.collectors.udp_ports import udp_ports
from netrx_tune.model.finding import Finding, Recommendation
from netrx_tune.model.snapshot import Snapshot
from netrx_tune.rules.judge import account_evidence, confidence, present
from netrx_tune.rules.rule import Facts, Rule
from netrx_tune.rules.words import lost_of

_LARGE_SHARE = 0.10  # of all UDP datagrams; below it, strays
_FEW = 50  # a handful is a scan whatever its share
_EPHEMERAL = 32768  # the first of net.ipv4.ip_local_port_range, by default


def check(facts: Facts) -> Iterator[Finding]:
    """Yield a finding for datagrams without a listener."""
    account = facts.ledger.account("udp-no-port")
    if account is None or not account.lost:
        return
    gone = _gone(facts)
    large = (account.share or 0) >= _LARGE_SHARE and account.lost >= _FEW
    summary = f"{lost_of(facts, account)} came for UDP ports that no program listens on"
    if gone:
        summary += f"; the listener on port {', '.join(gone)} went away meanwhile"
    elif not large:
        summary += ": strays such as scans or stale clients"
    yield Finding(
        rule="",
        stage=account.stage,
        severity="warning" if large or gone else "note",
        confidence=confidence(facts, account),
        summary=summary,
        lost=account.lost,
        share=account.share,
        present=present(facts),
        meaning=_meaning(gone, large=large),
        evidence=account_evidence(facts, account),
        recommendations=(_ADVICE,) if large or gone else (),
    )


def _meaning(gone: tuple[str, ...], *, large: bool) -> str:
    if gone:
        return (
            "A program closed its socket within the window and none took its place: it stopped,"
            " crashed, or is being restarted. Its senders go on."
        )
    if large:
        return (
            "A service that stopped, or that listens on another port, address or VRF;"
            " a socket connected to one peer takes no one else's datagrams."
        )
    return "Few enough to be strays."


def _gone(facts: Facts) -> tuple[str, ...]:
    """Return the ports of listeners that were there first and not last.

    Clients have ports, too, from 32768 on, and close them all the time: of those only a socket
    counts that had lost something, since such a one is in every table while it lives.
    """
    before, after = facts.delta.before, facts.delta.after
    if before is None:
        return ()
    was, now = udp_ports(before.files), udp_ports(after.files)
    missing = set() if was is None or now is None else {n for n in was - now if n < _EPHEMERAL}
    left = _ports_with_drops(after)
    missing |= {n for n in _ports_with_drops(before) - left if now is None or n not in now}
    return tuple(map(str, sorted(missing)))


def _ports_with_drops(snap: Snapshot) -> set[int]:
    sockets = snap.sockets.sockets if snap.sockets else ()
    ends = [s.local.rpartition(":")[2] for s in sockets if s.protocol == "udp" and s.drops]
    return {int(port) for port in ends if port.isdecimal()}


_ADVICE = Recommendation(
    kind="application",
    target="listener",
    scope="application",
    why="The datagrams are good; only a program that reads them is missing.",
    cost="none",
    command="ss -ulnp",
)

RULE = Rule(("udp-no-port",), check, requires=("Udp.NoPorts|Udp6.NoPorts",))
