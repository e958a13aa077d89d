"""TCP made room in full receive buffers, again and again, and lost nothing by it.

What it means: connections held as much as their buffers bear, since their programs read too slowly
or small segments cost far more than their data. TCP then merges what it holds (collapsed) and gives
up what came out of order: that takes CPU time and slows the peer. In-order data is kept.

How it is counted: TcpExt.PruneCalled, once for each time, and TCPRcvCollapsed, the segments that
were merged: neither is a packet lost. What is lost counts in TCPRcvQDrop, TCPOFODrop or OfoPruned.
Spoken of from ten times on that are one in 1,000 segments.
Kernel: net/ipv4/tcp_input.c, tcp_prune_queue(), tcp_collapse().

Remedy: find the connections whose data is not read and let their programs read faster. A larger
third value of net.ipv4.tcp_rmem is for readers that keep up on average.

When not to act: where the peer is fast enough for you. The words "because of socket buffer overrun"
in netstat are about this and no loss.
"""

from __future__ import annotations

from collections.abc import Iterator

from netrx_tune.model.finding import Finding
from netrx_tune.rules.advice import look
from netrx_tune.rules.judge import evidence, present
from netrx_tune.rules.rule import Facts, Rule, note
from netrx_tune.rules.words import count, when

_PRUNED, _COLLAPSED = "TcpExt.PruneCalled", "TcpExt.TCPRcvCollapsed"
_LOST_BY_IT = ("tcp-rcvbuf-full", "tcp-ofo-pruned")
_FEWEST, _SHARE = 10, 0.001


def check(facts: Facts) -> Iterator[Finding]:
    """Yield a note where it happens often."""
    times = facts.delta.increase(_PRUNED) or 0
    segments = facts.delta.increase("Tcp.InSegs") or 0
    if times < max(_FEWEST, _SHARE * segments):
        return
    if any(facts.ledger.lost_at(stage) for stage in _LOST_BY_IT):
        return
    merged = facts.delta.increase(_COLLAPSED)
    also = f", which merged {count(merged)} segments" if merged else ""
    yield note(
        "tcp-rcvbuf-full",
        f"TCP made room in full receive buffers {count(times)} times{when(facts)}{also}",
        present=present(facts),
        confidence="medium",
        meaning="Programs read their connections too slowly for what came. It takes CPU time and"
        " slows the peers down; no packet is lost by it.",
        evidence=evidence(facts.delta, _PRUNED, _COLLAPSED),
        recommendations=(
            look(
                facts,
                "ss -tmn",
                kind="application",
                target="reader",
                why="Shows connections whose data is not read (Recv-Q): their programs are too"
                " slow. One whose rb is small and whose program sets SO_RCVBUF is better left to"
                " auto-tuning.",
            ),
        ),
    )


RULE = Rule((), check, requires=(_PRUNED,))
