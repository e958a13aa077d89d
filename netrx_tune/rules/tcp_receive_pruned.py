"""Segments came for a connection whose receive buffer was full.

What it means: the window had promised room, and the memory was used up: small segments cost far
more memory than their data. TCP collapses and prunes what it holds first, then drops. The peer
sends again: it costs time, not data.

How it is counted: TcpExt.TCPRcvQDrop; up to 4.18 RcvPruned, which holds out-of-order data too.
PruneCalled and TCPRcvCollapsed are work, not loss.
Kernel: net/ipv4/tcp_input.c, tcp_data_queue(), tcp_prune_queue().

Remedy: read faster; leave the buffer to auto-tuning and let it go further (third value of
net.ipv4.tcp_rmem).

When not to act: never by SO_RCVBUF: it switches auto-tuning off and often makes the buffer smaller.
When all of TCP's memory is used up, larger buffers take more of what is missing.
"""

from __future__ import annotations

from netrx_tune.model.finding import Finding
from netrx_tune.model.ledger import Account
from netrx_tune.rules.advice import look
from netrx_tune.rules.judge import evidence
from netrx_tune.rules.outcome import found, loss_rule
from netrx_tune.rules.rule import Facts
from netrx_tune.rules.tcp_advice import larger_windows, memory_is_short
from netrx_tune.rules.words import lost_of


def check(facts: Facts, account: Account) -> Finding:
    """Return the finding when connections' buffers were full."""
    why = "Shows connections whose data is not read (Recv-Q): their programs are too slow."
    short = " All TCP sockets together are near the host's limit." if memory_is_short(facts) else ""
    named = {entry.counter for entry in account.by}
    more = [n for n in ("TcpExt.PruneCalled", "TcpExt.RcvPruned") if n not in named]
    return found(
        facts,
        account,
        f"{lost_of(facts, account, 'segments')} met a full TCP receive buffer",
        meaning=f"The programs read too slowly for what came.{short} The peer sends them again: it"
        " costs time, not data.",
        evidence=evidence(facts.delta, *more),
        recommendations=(
            look(facts, "ss -tmn", kind="application", target="reader", why=why),
            *larger_windows(facts, "Only for readers that keep up on average."),
        ),
    )


RULE = loss_rule(("tcp-rcvbuf-full",), check, requires=("TcpExt.TCPRcvQDrop|TcpExt.RcvPruned",))
