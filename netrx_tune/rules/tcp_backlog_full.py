"""Segments met a locked connection whose backlog was full.

What it means: the program was inside a system call on the connection while segments came in. They
wait on the connection's own backlog until it is done, and that was full. TCP sends them again: it
costs time, not data.

How it is counted: TcpExt.TCPBacklogDrop.
Kernel: net/ipv4/tcp_ipv4.c, tcp_add_backlog().

Remedy: read and write in smaller pieces, so that the lock is held shorter; larger buffers
(net.ipv4.tcp_rmem) make the backlog longer, too, unless the program set SO_RCVBUF: that switches
auto-tuning off, and no sysctl changes that connection.

When not to act: a few in a large transfer. This backlog has nothing to do with
net.core.netdev_max_backlog.
"""

from __future__ import annotations

from netrx_tune.model.finding import Finding
from netrx_tune.model.ledger import Account
from netrx_tune.rules.advice import do
from netrx_tune.rules.outcome import found, loss_rule
from netrx_tune.rules.rule import Facts
from netrx_tune.rules.tcp_advice import larger_windows
from netrx_tune.rules.words import lost_of


def check(facts: Facts, account: Account) -> Finding:
    """Return the finding when a connection's backlog overflowed."""
    return found(
        facts,
        account,
        f"{lost_of(facts, account, 'segments')} met a connection that its program held locked",
        meaning="The program was inside a long read or write. The peer sends them again: it costs"
        " time, not data.",
        recommendations=(
            do(
                "application",
                "reader",
                why="Read in pieces of at most a few hundred KiB: the lock is held for one at a"
                " time.",
                cost="more system calls",
            ),
            *larger_windows(facts, "The backlog's length follows the connection's buffers."),
        ),
    )


RULE = loss_rule(("tcp-backlog-full",), check, requires=("TcpExt.TCPBacklogDrop",))
