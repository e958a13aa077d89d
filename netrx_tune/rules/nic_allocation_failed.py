"""The driver got no memory for received frames.

What it means: the driver asked for a page or a packet header while packets came in, where it may
not wait, and the kernel had none at that moment.

How it is counted: the driver's own counters (alloc_rx_page_failed, rx_buff_alloc_err ...). Most
count attempts, and an attempt may be repeated with success.
Kernel: each driver's refill function in drivers/net; mm/page_alloc.c, __alloc_pages().

Remedy: end the memory pressure; keep more free pages for such moments (vm.min_free_kbytes).

When not to act: a few at the time of a memory shortage that is over. Longer rings and larger
socket buffers make it worse: they need more of what is missing.
"""

from __future__ import annotations

from netrx_tune.model.finding import Finding
from netrx_tune.model.ledger import Account
from netrx_tune.rules.advice import listed
from netrx_tune.rules.judge import severity
from netrx_tune.rules.memory_advice import end_pressure, keep_more_free
from netrx_tune.rules.outcome import by_device, found, loss_rule
from netrx_tune.rules.rule import Facts
from netrx_tune.rules.words import lost_of


def check(facts: Facts, account: Account) -> Finding:
    """Return the finding when a driver could not allocate."""
    devices = listed(by_device(account))
    return found(
        facts,
        account,
        f"{lost_of(facts, account, 'frames')} met a driver without memory on {devices}",
        meaning="The kernel had no free page at the moment a frame needed one. The driver counts"
        " attempts, so some may have succeeded later.",
        severity=severity(facts, account, worst="warning"),
        recommendations=(keep_more_free(facts), end_pressure(facts)),
    )


RULE = loss_rule(("nic-alloc-fail",), check)
