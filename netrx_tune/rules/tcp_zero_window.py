"""Data came for connections whose window was closed.

What it means: the program does not read, so its connection told the peer to stop. What came
nevertheless (a probe, or data on its way) was dropped; the peer waits and sends it again.

How it is counted: TcpExt.TCPZeroWindowDrop (from 4.19). Windows that closed and opened are
TCPToZeroWindowAdv and TCPFromZeroWindowAdv: no loss.
Kernel: net/ipv4/tcp_input.c, tcp_data_queue().

Remedy: make the program read.

When not to act: a receiver that pauses on purpose. Larger buffers help no program that has stopped.
"""

from __future__ import annotations

from netrx_tune.model.finding import Finding
from netrx_tune.model.ledger import Account
from netrx_tune.rules.advice import look
from netrx_tune.rules.judge import evidence
from netrx_tune.rules.outcome import found, loss_rule
from netrx_tune.rules.rule import Facts
from netrx_tune.rules.words import lost_of


def check(facts: Facts, account: Account) -> Finding:
    """Return the note when data met closed windows."""
    why = "Shows the connections with unread data (Recv-Q): their programs do not read."
    return found(
        facts,
        account,
        f"{lost_of(facts, account, 'segments')} came for a TCP window that was closed",
        meaning="A program reads too slowly or not at all, and its peer waits. No data is gone.",
        severity="note",
        evidence=evidence(facts.delta, "TcpExt.TCPToZeroWindowAdv"),
        recommendations=(look(facts, "ss -tn", kind="application", target="reader", why=why),),
    )


RULE = loss_rule(("tcp-zero-window",), check, requires=("TcpExt.TCPZeroWindowDrop",))
