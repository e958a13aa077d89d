"""Too many half-open connections.

What it means: the queue of connections whose handshake is under way was full and SYN cookies were
not allowed, so the SYN was dropped.

How it is counted: TcpExt.TCPReqQFullDrop; each is in ListenDrops too, and is charged once.
TCPReqQFullDoCookies counts SYNs that were answered: no loss.
Kernel: net/ipv4/tcp_input.c, tcp_syn_flood_action().

Remedy: let SYN cookies answer (net.ipv4.tcp_syncookies = 1); for honest bursts a longer queue.

When not to act: in a SYN flood longer queues only hold more of it.

References: Documentation/networking/ip-sysctl.rst.
"""

from __future__ import annotations

from collections.abc import Iterator

from netrx_tune.model.finding import Finding, Recommendation
from netrx_tune.rules.advice import double_sysctl, set_sysctl, setting
from netrx_tune.rules.outcome import found, lost_at
from netrx_tune.rules.rule import Facts, Rule
from netrx_tune.rules.words import lost_of

_COOKIES = "net.ipv4.tcp_syncookies"
_QUEUE = "net.ipv4.tcp_max_syn_backlog"
_MOST = 65536


def check(facts: Facts) -> Iterator[Finding]:
    """Yield a finding when SYNs were dropped."""
    account = lost_at(facts, "tcp-syn-queue-full")
    if account is None:
        return
    off = setting(facts, _COOKIES) == 0
    yield found(
        facts,
        account,
        f"{lost_of(facts, account, 'connection attempts')} found the queue of half-open connections"
        " full",
        meaning="SYN cookies, which answer without that queue, are switched off here."
        if off
        else "A burst of new connections, or a SYN flood.",
        recommendations=(_cookies(facts) if off else None, _longer(facts)),
    )


def _cookies(facts: Facts) -> Recommendation:
    return set_sysctl(
        facts,
        _COOKIES,
        (1,),
        why="The kernel then answers when the queue is full instead of dropping.",
        cost="connections made that way may lack window scaling",
    )


def _longer(facts: Facts) -> Recommendation | None:
    return double_sysctl(
        facts,
        _QUEUE,
        at_most=_MOST,
        why="Room for twice as many handshakes under way, if they are honest ones; listen() and"
        " net.core.somaxconn bound it, too.",
        cost="about 300 B for each of them",
        takes_effect="restart",
    )


RULE = Rule(("tcp-syn-queue-full",), check, requires=("TcpExt.TCPReqQFullDrop",))
