"""Packets sat in memory that is reserved for emergencies.

What it means: memory was so short that the driver got its page from the kernel's last reserve. Such
a packet may only reach sockets that help to free memory (swap over the network); for all others it
is dropped to give the page back.

How it is counted: TcpExt.PFMemallocDrop, at the filter of a socket. Drops before that are in
rx_dropped of the device.
Kernel: net/core/filter.c, sk_filter_trim_cap(); net/core/dev.c, __netif_receive_skb_core().

Remedy: end the memory pressure; keep more free pages (vm.min_free_kbytes).

When not to act: a memory shortage that is over. Buffers of any kind need more of what is missing.
"""

from __future__ import annotations

from netrx_tune.model.finding import Finding
from netrx_tune.model.ledger import Account
from netrx_tune.rules.memory_advice import end_pressure, keep_more_free
from netrx_tune.rules.outcome import found, loss_rule
from netrx_tune.rules.rule import Facts
from netrx_tune.rules.words import lost_of


def check(facts: Facts, account: Account) -> Finding:
    """Return the finding when packets sat in the reserve."""
    return found(
        facts,
        account,
        f"{lost_of(facts, account, 'packets')} were dropped to refill the last reserve of memory",
        meaning="The host ran out of free memory while packets came in.",
        recommendations=(end_pressure(facts), keep_more_free(facts)),
    )


RULE = loss_rule(("pfmemalloc-drop",), check, requires=("TcpExt.PFMemallocDrop",))
