"""Too many half-open connections.

What it means: the queue of connections whose handshake is under way was full and SYN cookies were
not allowed, so the SYN was dropped.

How it is counted: TcpExt.TCPReqQFullDrop; each is in ListenDrops too, and is charged once. With
SYN cookies off a SYN is refused as well when less than a quarter of tcp_max_syn_backlog is free,
and that is in ListenDrops alone. Where only ListenDrops is shown, what exceeds ListenOverflows is
the most that it can be. TCPReqQFullDoCookies counts SYNs that were answered: no loss.
Kernel: net/ipv4/tcp_input.c, tcp_syn_flood_action(), tcp_conn_request().

Remedy: let SYN cookies answer (net.ipv4.tcp_syncookies = 1); for honest bursts a longer queue.

When not to act: in a SYN flood longer queues only hold more of it.

References: Documentation/networking/ip-sysctl.rst.
"""

from __future__ import annotations

from netrx_tune.model.finding import Finding, Recommendation
from netrx_tune.model.ledger import Account
from netrx_tune.rules.advice import (
    Need,
    capped,
    look,
    set_sysctl,
    setting,
    shows_moments,
    sysctl_for,
)
from netrx_tune.rules.outcome import found, loss_rule
from netrx_tune.rules.rule import Facts
from netrx_tune.rules.words import count, lost_of, when
from netrx_tune.rxpath.queue_needs import HALF_OPEN_BYTES, USECS, arrivals, power_of_two

_FULL = "TcpExt.TCPReqQFullDrop"
_COOKIES = "net.ipv4.tcp_syncookies"
_QUEUE = "net.ipv4.tcp_max_syn_backlog"
_MOST = 65536
_STEP = 4096  # net/ipv4/tcp_ipv4.c: a 128th of the hash of connections, at most so many
_HANDSHAKE_USECS = 3 * USECS


def check(facts: Facts, account: Account) -> Finding:
    """Return the finding when SYNs were dropped."""
    cookies = setting(facts, _COOKIES)
    hidden = cookies is None and _FULL not in facts.delta.increases
    return found(
        facts,
        account,
        f"{lost_of(facts, account, 'connection attempts')} found the queue of half-open connections"
        " full",
        meaning=_meaning(cookies, hidden=hidden),
        recommendations=(
            _cookies(facts) if cookies == 0 else None,
            _look(facts) if hidden else _longer(facts, account.lost or 0),
        ),
    )


def _meaning(cookies: int | None, *, hidden: bool) -> str:
    if cookies == 0:
        return "SYN cookies, which answer without that queue, are switched off here."
    if hidden:
        return (
            "They are in ListenDrops and met no full accept queue. A full queue of half-open"
            " connections counts there, and so do a SYN without a route back, an ICMP error for a"
            " half-open connection, and want of memory."
        )
    return "A burst of new connections, or a SYN flood."


def _look(facts: Facts) -> Recommendation:
    return look(
        facts,
        "nstat -az TcpExtTCPReqQFullDrop TcpExtTCPReqQFullDoCookies",
        target="TCPReqQFullDrop",
        why=f"Tells whether it was that queue: TCPReqQFullDrop then grows. `sysctl {_COOKIES}`"
        " shows whether SYN cookies are allowed, with which nobody is refused for it.",
    )


def _cookies(facts: Facts) -> Recommendation:
    return set_sysctl(
        facts,
        _COOKIES,
        (1,),
        why="The kernel then answers when the queue is full instead of dropping.",
        cost="connections made that way may lack window scaling",
    )


def _longer(facts: Facts, refused: int) -> Recommendation | None:
    return sysctl_for(
        facts,
        _QUEUE,
        _need(facts, refused),
        why="If they are honest ones; listen() and net.core.somaxconn bound it, too.",
        cost=f"about {HALF_OPEN_BYTES} B for each of them",
        takes_effect="restart",
    )


def _need(facts: Facts, refused: int) -> Need:
    """Return room for the handshakes of the time until a lost answer was sent twice again."""
    delta = facts.delta
    if delta.mode == "since-boot" or not delta.seconds:
        return Need((_STEP,), f"One step, to {count(_STEP)}: the kernel's own with much memory.")
    rate = round(((delta.increase("Tcp.PassiveOpens") or 0) + refused) / delta.seconds)
    waits = arrivals(rate, _HANDSHAKE_USECS)
    text = (
        f"{count(rate)}/s x {_HANDSHAKE_USECS // USECS} s (until a lost answer was sent twice"
        f" again) = {count(waits)} under way"
    )
    if shows_moments(facts) and refused > waits:
        text += f", and {count(refused)} were refused{when(facts)}"
        waits = refused
    room = power_of_two(max(1, waits))
    return capped(
        room, _MOST, f"{text}: as a power of two {count(room)}", "more serves only a flood"
    )


RULE = loss_rule(("tcp-syn-queue-full",), check, requires=(f"{_FULL}|TcpExt.ListenDrops",))
