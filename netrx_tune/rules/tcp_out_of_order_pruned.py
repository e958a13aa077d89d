"""Out-of-order data of TCP connections was thrown away.

What it means: segments that came before a missing one filled the buffer. The kernel dropped the
next, or some that it held, to make room for the missing one. All of it is sent again.

How it is counted: TcpExt.TCPOFODrop, segments refused.
Kernel: net/ipv4/tcp_input.c, tcp_data_queue_ofo(), tcp_prune_ofo_queue().

Remedy: find why segments are lost or reordered before this. Only where the third value of
net.ipv4.tcp_rmem stands below the kernel's long-time default of 6 MiB a larger one is proposed.

When not to act: the cause is loss in the network: a larger buffer only hides it.
"""

from __future__ import annotations

from netrx_tune.model.finding import Finding
from netrx_tune.model.ledger import Account
from netrx_tune.rules.advice import Need, look
from netrx_tune.rules.judge import evidence
from netrx_tune.rules.outcome import found, loss_rule
from netrx_tune.rules.rule import Facts
from netrx_tune.rules.tcp_advice import KERNEL_WINDOW_BYTES, window_up_to
from netrx_tune.rules.words import lost_of

_DEFAULT = Need((KERNEL_WINDOW_BYTES,), "The kernel's default is 6 MiB or more.")


def check(facts: Facts, account: Account) -> Finding:
    """Return the finding when out-of-order segments were discarded."""
    why = "Shows the connections with their losses and reordering; the missing segments come first."
    named = {entry.counter for entry in account.by}
    more = [n for n in ("TcpExt.OfoPruned", "TcpExt.PruneCalled") if n not in named]
    return found(
        facts,
        account,
        f"{lost_of(facts, account, 'segments')} were discarded because an earlier one was missing",
        meaning="A segment was lost or late before this host, and what came after it filled the"
        " buffer. All of it is sent again.",
        evidence=evidence(facts.delta, *more),
        recommendations=(
            look(facts, "ss -tin", kind="sender", target="path", why=why),
            window_up_to(facts, _DEFAULT, "A smaller ceiling is part of it."),
        ),
    )


RULE = loss_rule(("tcp-ofo-pruned",), check, requires=("TcpExt.TCPOFODrop|TcpExt.OfoPruned",))
