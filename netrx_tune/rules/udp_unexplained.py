"""UDP errors that no counter names.

What it means: InErrors grew by more than full buffers, checksums and memory explain, and the
sockets' drops are not there to tell on which side of the socket it was: a filter, an IPsec policy,
a malformed header, on kernels before 5.11 a shortage of UDP memory, on kernels up to 3.15 a full
buffer.

How it is counted: Udp.InErrors less RcvbufErrors, InCsumErrors and MemErrors.
Kernel: net/ipv4/udp.c, __udp4_lib_rcv(), udp_queue_rcv_one_skb().

Remedy: look while it happens: the sockets' drops divide it.

When not to act: a total since boot cannot be divided; sockets that closed took their drops along.
"""

from __future__ import annotations

from netrx_tune.model.finding import Finding, Recommendation
from netrx_tune.model.ledger import Account
from netrx_tune.rules.outcome import found, loss_rule
from netrx_tune.rules.rule import Facts
from netrx_tune.rules.words import lost_of
from netrx_tune.rxpath.books.udp_errors import has
from netrx_tune.rxpath.books.udp_split import counts_full_buffers, has_mem_errors


def check(facts: Facts, account: Account) -> Finding:
    """Return the finding for errors without a name."""
    return found(
        facts,
        account,
        f"{lost_of(facts, account)} were counted in InErrors without a named cause",
        meaning=_meaning(facts),
        recommendations=(
            Recommendation(
                kind="none",
                target="netrx-tune diagnose",
                scope="host",
                why="two samples with the sockets' drops tell a filter or policy (which sockets"
                " count) from a malformed header (which none does)",
                cost="none",
                command="netrx-tune diagnose --interval 10",
            ),
        ),
    )


def _meaning(facts: Facts) -> str:
    delta = facts.delta
    causes = ["a socket filter", "an IPsec policy", "a malformed header"]
    if not has(delta, "InCsumErrors"):
        causes.append("a bad checksum")
    if not has_mem_errors(delta):
        causes.append("UDP memory (net.ipv4.udp_mem), which this kernel counts under no name")
    if not has(delta, "RcvbufErrors"):
        causes.append("most of all full socket buffers, which nothing here counts by name")
    elif not counts_full_buffers(delta):
        whose = "this kernel leaves" if delta.after.host.kernel else "kernels up to 3.15 leave"
        causes.append(f"most of all full socket buffers, which {whose} out of RcvbufErrors")
    return f"It can be {', '.join(causes[:-1])} or {causes[-1]}."


RULE = loss_rule(("udp-unattributed",), check)
